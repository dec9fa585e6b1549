"""A run of the directory: read without a transaction, a page at a time, then compared and carried out in one.

    begin -> read and staged (reading.py) -> compare -> guard -> people, homes, one history line
                                                            \\-> stopped: nothing changed, a person decides

A run whose worker dies is taken up by the next one after its heartbeat is old, where it stands: what was staged whole
is not read again, and what was not carried out to the end left nothing behind.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from assignments.directory import agreements, comparing, outcome, placing, reading, secret, staging, writing
from assignments.directory.reading import Progress
from assignments.directory.rules import guard
from assignments.directory.rules.agreement import Agreement
from assignments.directory.rules.patience import Patience
from assignments.models import DirectoryAgreement, DirectoryChange, DirectoryPerson, DirectoryRun, RunState
from topology import reasons
from topology.live import events
from topology.models import Cluster, Subcluster
from topology.reasons import REASONS, Reason, Refused, Said
from topology.structure import guards
from topology.structure.homes import homes_of

FIRST = 10  # people of a preview


@dataclass
class SyncReport:
    """What a run did, or a dry run would do."""

    cluster: str
    dry_run: bool
    read: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    back: int = 0
    waiting: int = 0
    nodes: dict[str, int] = field(default_factory=dict)
    skipped_total: int = 0
    touched: int = 0
    skipped: list[dict[str, Any]] = field(default_factory=list)
    stopped: dict[str, Any] | None = None
    listed: list[dict[str, str]] = field(default_factory=list)
    first: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """People to whom a run does anything."""
        return self.new + self.changed + self.gone + self.back

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page, the command and the API give."""
        skipped = [
            {"entry": each["entry"], "reason": said(each), "fix": fix_of(each), "code": each["code"]}
            for each in self.skipped
        ]
        whole = asdict(self) | {"skipped": skipped}
        return {name: whole[name] for name in whole if name != "listed"} | {"would_touch": self.listed}


def said(skipped: dict[str, Any]) -> str:
    """The sentence of an entry that was skipped."""
    return REASONS[skipped["code"]].say(**skipped["facts"])


def fix_of(skipped: dict[str, Any]) -> str:
    """What to do about an entry that was skipped."""
    return REASONS[skipped["code"]].say_fix(**skipped["facts"])


def why_stopped(stopped: dict[str, Any]) -> Reason:
    """The reason of a stop: too many people, or no one at all."""
    return reasons.DIRECTORY_GUARD if stopped["hash"] else reasons.DIRECTORY_EMPTY


def sync(
    cluster: Cluster,
    *,
    actor: Any = None,
    dry_run: bool = False,
    accept: str = "",
    progress: Progress | None = None,
    now: datetime | None = None,
    most: int | None = outcome.LISTED,
) -> SyncReport:
    """Bring the people of a cluster's directory in line with it. Raises Refused, with nothing changed.

    `accept` is the hash of a set of changes that a person has seen: another set stops again. A dry run changes and
    stores nothing. `progress` hears how many are read so far. The report lists `most` people of each kind, or all.
    """
    agreement = agreements.of_cluster(cluster)
    if dry_run:
        password = secret.decrypt(agreement.password)
        return try_out(cluster, agreements.spec_of(agreement), password, progress=progress, most=most)
    run = reading.begin(agreement, actor, accept, now or timezone.now())
    try:
        spec = agreements.spec_of(run.agreement)
        reading.read(run, spec, secret.decrypt(run.agreement.password), progress or _unheard)
        return _apply(run, cluster, spec, most)
    except Refused as refusal:
        _fail(run, refusal)
        raise
    except BaseException:
        reading.mine(run).delete()
        raise
    finally:
        staging.sweep()


def _unheard(count: int) -> None:
    """No one listens."""


def try_out(
    cluster: Cluster,
    spec: Agreement,
    password: str,
    *,
    progress: Progress | None = None,
    most: int | None = outcome.LISTED,
    patience: Patience | None = None,
) -> SyncReport:
    """What an agreement, stored or not, would do to whom: the real directory is read and nothing is changed."""
    agreements.check(spec)
    stored = DirectoryAgreement.objects.filter(cluster=cluster).first()
    with staging.for_trial():
        reading.read_for_trial(spec, password, progress or _unheard, patience)
        with transaction.atomic():
            agreement = stored.pk if stored else 0
            _hold(cluster, staging.TRIED)
            report = _compared(cluster, agreement, spec, "", most)
            report.dry_run = True
            report.listed = outcome.listed_touched(most)
            report.nodes, report.waiting = placing.preview(agreement, cluster)
            transaction.set_rollback(True)
    return report


# --- Comparing, and carrying out --------------------------------------------------------------------------------------
def _hold(cluster: Cluster, table: str) -> None:
    """What was staged, ready to be compared, and nothing else that moves in the cluster until the transaction ends."""
    comparing.fill(table)
    guards.hold_with_users(cluster)


def _compared(cluster: Cluster, agreement: int, spec: Agreement, accept: str, most: int | None) -> SyncReport:
    """The report of what was read, with `stopped` where the guard stops it; the tables stay for what follows."""
    comparing.match(agreement, cluster.pk)
    comparing.compare()
    gone, stay = outcome.note_gone(agreement, sorted(homes_of(cluster).locked))
    counted = outcome.counted()
    _demand_attributes(spec, counted)
    report = SyncReport(cluster.name, False, counted.read, counted.new, counted.changed, gone, counted.back)
    report.skipped = outcome.listed_skipped(most)
    report.skipped_total = counted.skipped + stay
    report.first = outcome.first(FIRST)
    report.warnings = _warnings(spec, counted)
    _judge(report, agreement, spec, accept, most)
    return report


def _demand_attributes(spec: Agreement, counted: outcome.Counted) -> None:
    """Raise Refused where an attribute that many had is no one's now: hidden from the account, or named wrongly."""
    if not counted.taken:
        return
    for name, attribute in outcome.unused(spec.attributes):
        users = outcome.emptied(name)
        if guard.is_many(users, counted.taken, percent=spec.guard_percent, people=spec.guard_people):
            facts: dict[str, Any] = {"read": counted.taken, "attribute": attribute, "field": name, "users": users}
            raise Refused(reasons.DIRECTORY_ATTRIBUTE_GONE, **facts)


def _warnings(spec: Agreement, counted: outcome.Counted) -> list[dict[str, Any]]:
    told = [(reason, facts) for _, reason, facts in agreements.warnings(spec)]
    if counted.taken:
        for name, attribute in outcome.unused(spec.attributes):
            facts = {"read": counted.read, "attribute": attribute, "field": name}
            told.append((reasons.DIRECTORY_ATTRIBUTE_UNUSED, facts))
    return [{"code": why.code, "message": why.say(**facts), "fix": why.say_fix(**facts)} for why, facts in told]


def _judge(report: SyncReport, agreement: int, spec: Agreement, accept: str, most: int | None) -> None:
    known = outcome.known(agreement)
    report.touched = touched = report.gone + outcome.count_touched()
    stop = guard.judge(
        read=report.read,
        known=known,
        touched=touched,
        set_hash=guard.hash_of(outcome.touched()) if touched else "",
        percent=spec.guard_percent,
        people=spec.guard_people,
    )
    if stop is None or (accept and accept == stop.hash and not stop.is_empty):
        return
    report.stopped = stop.as_dict()
    report.listed = outcome.listed_touched(most)


def _apply(run: DirectoryRun, cluster: Cluster, spec: Agreement, most: int | None) -> SyncReport:
    with transaction.atomic():
        _hold(cluster, staging.table_of(run))
        reading.hold(run)
        report = _compared(cluster, run.agreement_id, spec, run.accepts, most)
        writing.write_skipped(run.agreement_id)
        if report.stopped:
            _stop(run, cluster, report, run.accepts)
        else:
            _finish(run, cluster, report, run.accepts)
    return report


def _stop(run: DirectoryRun, cluster: Cluster, report: SyncReport, accept: str) -> None:
    assert report.stopped is not None
    why = why_stopped(report.stopped)
    facts = {name: report.stopped[name] for name in ("people", "percent")}
    set_hash = report.stopped["hash"]
    last = DirectoryRun.objects.filter(agreement=run.agreement).exclude(pk=run.pk).first()
    if last and last.state == RunState.STOPPED and last.set_hash == set_hash and not accept:
        # The schedule came to the same set again: it is said and listed once.
        DirectoryRun.objects.filter(pk=last.pk).update(finished_at=timezone.now())
        run.delete()
        events.touch(f"directory-{cluster.pk}")
        return
    _end(run, report, RunState.STOPPED, code=why.code, facts=facts, set_hash=set_hash)
    writing.write_stopped(run.pk)
    again = DirectoryRun.objects.filter(agreement=run.agreement, state=RunState.STOPPED).exclude(pk=run.pk)
    is_same = again.filter(set_hash=set_hash).exists()
    DirectoryChange.objects.filter(run__in=again).delete()
    again.update(state=RunState.DROPPED)
    if accept and set_hash:
        why = reasons.DIRECTORY_ACCEPTED_OTHER
    if not is_same:
        _record(cluster, reasons.DIRECTORY_STOPPED, run, because=Said(why, facts))


def _finish(run: DirectoryRun, cluster: Cluster, report: SyncReport, accept: str) -> None:
    agreement = run.agreement
    if report.changes:
        writing.write(agreement.pk, cluster.pk, run.pk, timezone.now())
    report.nodes = placing.place(agreement, cluster, reasons.DIRECTORY_SYNCED, actor=run.author or run.author_name)
    report.waiting = DirectoryPerson.objects.filter(agreement=agreement).exclude(waits_code="").count()
    _end(run, report, RunState.FINISHED)
    stopped = DirectoryRun.objects.filter(agreement=agreement, state=RunState.STOPPED)
    stopped.filter(set_hash=accept).update(state=RunState.ACCEPTED)
    stopped.update(state=RunState.DROPPED)  # what it would have done is done, or no longer wanted
    if report.changes:
        guards.wake(*Subcluster.objects.filter(cluster=cluster))  # their windows may change
        counts = {name: getattr(report, name) for name in ("read", "new", "changed", "gone", "back")}
        _record(cluster, reasons.DIRECTORY_SYNCED, run, skipped=report.skipped_total, **counts)


def _end(run: DirectoryRun, report: SyncReport, state: RunState, **more: Any) -> None:
    counts = {name: getattr(report, name) for name in ("read", "new", "changed", "gone", "back", "waiting")}
    DirectoryRun.objects.filter(pk=run.pk).update(
        state=state,
        finished_at=timezone.now(),
        skipped=report.skipped_total,
        **counts,
        **more,
    )
    events.touch(f"directory-{run.agreement.cluster_id}", f"cluster-{run.agreement.cluster_id}")


def _record(cluster: Cluster, why: Reason, run: DirectoryRun, **facts: Any) -> None:
    topics = [f"cluster-{cluster.pk}", f"directory-{cluster.pk}"]
    actor = run.author or run.author_name
    events.record(why, cluster=cluster, actor=actor, topics=topics, name=cluster.name, run=run.pk, **facts)


@transaction.atomic
def _fail(run: DirectoryRun, refusal: Refused) -> None:
    earlier = DirectoryRun.objects.filter(agreement=run.agreement).exclude(pk=run.pk)
    before = earlier.values_list("state", "code").first()
    ended = reading.mine(run).update(
        state=RunState.FAILED, finished_at=timezone.now(), code=refusal.code, facts=refusal.facts
    )
    if ended and before != (RunState.FAILED, refusal.code):  # it is said once, however often the schedule meets it
        _record(run.agreement.cluster, reasons.DIRECTORY_STOPPED, run, because=Said(refusal.reason, refusal.facts))
    events.touch(f"directory-{run.agreement.cluster_id}")


@transaction.atomic
def drop(cluster: Cluster, run: int, *, actor: Any) -> None:
    """Let go of what a stopped run would have done; the next run judges anew. Raises Refused when none is stopped."""
    agreement = agreements.of_cluster(cluster)
    rows = DirectoryRun.objects.filter(agreement=agreement, pk=run, state=RunState.STOPPED)
    if not rows.update(state=RunState.DROPPED):
        raise Refused(reasons.DIRECTORY_ACCEPTED_OTHER)
    topics = [f"directory-{cluster.pk}", f"cluster-{cluster.pk}"]
    events.record(reasons.DIRECTORY_DROPPED, cluster=cluster, actor=actor, topics=topics, name=cluster.name)
