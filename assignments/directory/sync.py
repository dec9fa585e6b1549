"""A run of the directory: read to a file without a transaction, then compared and carried out in one.

    start -> read (a page at a time, to a file) -> compare -> guard -> people, homes, one history line
                                                              \\-> stopped: nothing changed, a person decides

A run that dies is taken up by the next one after its heartbeat is old; it begins anew, and nothing was changed by it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from assignments.directory import agreements, comparing, connector, outcome, placing, secret, writing
from assignments.directory.rules import guard
from assignments.directory.rules.agreement import Agreement
from assignments.directory.rules.people import EntryPerson, Skipped, person_of
from assignments.models import DirectoryAgreement, DirectoryChange, DirectoryPerson, DirectoryRun, RunState
from topology import reasons
from topology.live import actors, events
from topology.models import ENDPOINT_KINDS, MAX_USER_ID, Cluster, Subcluster
from topology.reasons import REASONS, Reason, Refused
from topology.structure import guards, locks
from topology.structure.homes import homes_of
from topology.structure.selectors import cluster_named

DEAD_AFTER = timedelta(seconds=150)  # real time without a page: the longest answer is 60 s
FIRST = 10  # people of a preview
Progress = Callable[[int], None]


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
        skipped = [{"entry": each["entry"], "reason": said(each), "code": each["code"]} for each in self.skipped]
        whole = asdict(self) | {"skipped": skipped}
        return {name: whole[name] for name in whole if name != "listed"} | {"would_touch": self.listed}


def said(skipped: dict[str, Any]) -> str:
    """The sentence of an entry that was skipped."""
    return REASONS[skipped["code"]].say(**skipped["facts"])


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
    stores nothing. `progress` hears the number of people read so far. The report lists `most` people of each kind,
    all of them without that.
    """
    agreement = agreements.of_cluster(cluster)
    if dry_run:
        password = secret.decrypt(agreement.password)
        return try_out(cluster, agreements.spec_of(agreement), password, progress=progress, most=most)
    run = _begin(agreement, actor, now or timezone.now())
    try:
        report = _carry(run, cluster, accept, progress, most)
    except Refused as refusal:
        _fail(run, refusal, actor)
        raise
    except BaseException:
        DirectoryRun.objects.filter(pk=run.pk, state=RunState.READING).delete()
        raise
    return report


def try_out(
    cluster: Cluster,
    spec: Agreement,
    password: str,
    *,
    progress: Progress | None = None,
    most: int | None = outcome.LISTED,
) -> SyncReport:
    """What an agreement, stored or not, would do to whom: the real directory is read and nothing is changed."""
    agreements.check(spec)
    stored = DirectoryAgreement.objects.filter(cluster=cluster).first()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        _spool(file, spec, password, progress or (lambda _: None))
        with transaction.atomic():
            agreement = stored.pk if stored else 0
            report = _compared(cluster, agreement, spec, file, "", most)
            report.dry_run = True
            report.listed = outcome.listed_touched(most)
            report.nodes, report.waiting = placing.preview(agreement, cluster)
            transaction.set_rollback(True)
    return report


# --- Reading ----------------------------------------------------------------------------------------------------------
def _begin(agreement: DirectoryAgreement, actor: Any, now: datetime) -> DirectoryRun:
    """The row of a new run; the one that died is over. Raises Refused while another one reads."""
    dead = DirectoryRun.objects.filter(agreement=agreement, state=RunState.READING, heartbeat_at__lt=now - DEAD_AFTER)
    with transaction.atomic():
        dead.delete()
        try:
            with transaction.atomic():
                return DirectoryRun.objects.create(
                    agreement=agreement,
                    **actors.author(actor),
                    started_at=now,
                    heartbeat_at=now,
                )
        except IntegrityError:
            raise Refused(reasons.DIRECTORY_RUNNING, cluster=agreement.cluster.name) from None


def _carry(run: DirectoryRun, cluster: Cluster, accept: str, progress: Progress | None, most: int | None) -> SyncReport:
    spec = agreements.spec_of(run.agreement)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        _spool(file, spec, secret.decrypt(run.agreement.password), _heart(run, cluster, progress))
        return _apply(run, cluster, spec, file, accept, most)


def _heart(run: DirectoryRun, cluster: Cluster, progress: Progress | None) -> Progress:
    """Say how far the run is, so that no other one takes it up."""

    def read(count: int) -> None:
        DirectoryRun.objects.filter(pk=run.pk).update(read=count, heartbeat_at=timezone.now())
        events.publish([f"directory-{cluster.pk}"])
        if progress:
            progress(count)

    return read


def _spool(file: IO[str], spec: Agreement, password: str, progress: Progress) -> None:
    """Read the whole directory into a file, a page at a time."""
    count, mapped = 0, spec.mapped
    for page in connector.pages(spec, password):
        for entry in page:
            person = person_of(entry, mapped, longest_id=MAX_USER_ID, kinds=ENDPOINT_KINDS)
            file.write(_line(person))
        count += len(page)
        progress(count)
    file.seek(0)


def _line(person: EntryPerson | Skipped) -> str:
    if isinstance(person, Skipped):
        found = {"dn": person.dn, "key": person.key, "code": person.reason.code, "facts": person.facts}
        return json.dumps(found) + "\n"
    return json.dumps(asdict(person)) + "\n"


def _lines(file: Iterable[str]) -> Iterator[EntryPerson | Skipped]:
    for line in file:
        found = json.loads(line)
        if "code" in found:
            yield Skipped(found["dn"], found["key"], REASONS[found["code"]], found["facts"])
        else:
            yield EntryPerson(**found)


# --- Comparing, and carrying out --------------------------------------------------------------------------------------
def _compared(
    cluster: Cluster, agreement: int, spec: Agreement, file: IO[str], accept: str, most: int | None
) -> SyncReport:
    """The report of what was read, with `stopped` where the guard stops it; the tables stay for what follows."""
    comparing.fill(_lines(file))
    locks.hold_cluster(cluster.pk)
    cluster_named(cluster.name)
    locks.hold_imports()
    locks.hold_subclusters(Subcluster.objects.filter(cluster=cluster).values_list("pk", flat=True))
    comparing.match(agreement, cluster.pk)
    comparing.compare()
    gone, stay = outcome.note_gone(agreement, sorted(homes_of(cluster).locked))
    counted = outcome.counted()
    report = SyncReport(cluster.name, False, counted.read, counted.new, counted.changed, gone, counted.back)
    report.skipped = outcome.listed_skipped(most)
    report.skipped_total = counted.skipped + stay
    report.first = outcome.first(FIRST)
    report.warnings = _warnings(spec, counted)
    _judge(report, agreement, spec, accept, most)
    return report


def _warnings(spec: Agreement, counted: outcome.Counted) -> list[dict[str, Any]]:
    told = [(reason, facts) for _, reason, facts in agreements.warnings(spec)]
    if counted.read > counted.skipped:
        for name, attribute in outcome.unused(spec.attributes):
            facts = {"read": counted.read, "attribute": attribute, "field": name}
            told.append((reasons.DIRECTORY_ATTRIBUTE_UNUSED, facts))
    return [{"code": why.code, "message": why.say(**facts), "fix": why.say_fix(**facts)} for why, facts in told]


def _judge(report: SyncReport, agreement: int, spec: Agreement, accept: str, most: int | None) -> None:
    known = outcome.known(agreement)
    report.touched = touched = report.gone + outcome.count_renamed()
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


def _apply(
    run: DirectoryRun, cluster: Cluster, spec: Agreement, file: IO[str], accept: str, most: int | None
) -> SyncReport:
    with transaction.atomic():
        report = _compared(cluster, run.agreement_id, spec, file, accept, most)
        mine = DirectoryRun.objects.select_for_update().filter(pk=run.pk, state=RunState.READING)
        if not mine.exists():  # it was taken for dead, and another one did its work
            transaction.set_rollback(True)
            raise Refused(reasons.DIRECTORY_RUNNING, cluster=cluster.name)
        writing.write_skipped(run.agreement_id)
        if report.stopped:
            _stop(run, cluster, report, accept)
        else:
            _finish(run, cluster, report, accept)
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
        _record(cluster, reasons.DIRECTORY_STOPPED, run, because=why.say(**facts))


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
def _fail(run: DirectoryRun, refusal: Refused, actor: Any) -> None:
    earlier = DirectoryRun.objects.filter(agreement=run.agreement).exclude(pk=run.pk)
    before = earlier.values_list("state", "code").first()
    ended = DirectoryRun.objects.filter(pk=run.pk, state=RunState.READING).update(
        state=RunState.FAILED, finished_at=timezone.now(), code=refusal.code, facts=refusal.facts
    )
    if ended and before != (RunState.FAILED, refusal.code):  # it is said once, however often the schedule meets it
        _record(run.agreement.cluster, reasons.DIRECTORY_STOPPED, run, because=refusal.message)
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
