"""What is shown of a directory: its state in a few bounded queries, and what each run did to whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count

from assignments.directory import secret
from assignments.models import (
    DirectoryAgreement,
    DirectoryChange,
    DirectoryPerson,
    DirectoryRun,
    DirectorySkipped,
    RunState,
)
from topology import reasons
from topology.models import Cluster
from topology.reasons import REASONS, Reason, Refused
from topology.reasons.general import said_of_a_user
from topology.reasons.words import counted
from topology.rules import spans

SHOWN = 20  # runs, and entries of a list, on the page
PAGE = 200  # changes of a run
LISTED = 1000  # users who are removed within a day
LATE = 2  # schedules after which a directory is late
Told = tuple[Reason, dict[str, Any]]


def state_of(cluster: Cluster, now: datetime) -> dict[str, Any]:
    """The agreement of a cluster, its last runs, and what is wrong with it."""
    agreement = DirectoryAgreement.objects.filter(cluster=cluster).first()
    if agreement is None:
        return {"agreement": None}
    runs = list(DirectoryRun.objects.filter(agreement=agreement)[:SHOWN])
    finished, stopped = (_last(agreement, state) for state in (RunState.FINISHED, RunState.STOPPED))
    code_shown = stopped.code if stopped else ""  # its card says it
    people = DirectoryPerson.objects.filter(agreement=agreement)
    gone = people.set_aside()
    return {
        "agreement": agreement,
        "runs": [_shown(run) for run in runs],
        "reading": next((run for run in runs if run.state == RunState.READING), None),
        "stopped": _shown(stopped) if stopped else None,
        "stopped_first": _touched(stopped, 0)[:SHOWN] if stopped else [],
        "finished": finished,
        "expected": finished.read if finished else 0,
        "skipped": skipped_of(agreement, 0)[0][:SHOWN],
        "skipped_total": DirectorySkipped.objects.filter(agreement=agreement).count(),
        "directory_troubles": [each for each in troubles(agreement, runs, now) if each.code != code_shown],
        "gone": gone.count(),
        "gone_first": _ids(gone),
        "soon_removed": _ids(soon := gone.filter(gone_at__lt=now - timedelta(days=agreement.keep_days - 1)), LISTED),
        "soon_total": soon.count(),
        "waiting": _waiting(people),
        "counted": people.filter(gone_at__isnull=True).count(),
    }


class InShort(NamedTuple):
    """A directory in a few words: its state, how it is shown, and when it was so."""

    state: str
    said: str
    tone: str
    icon: str
    at: datetime | None


SAID = {
    RunState.FINISHED: ("In step", "good", "check"),
    RunState.STOPPED: ("Waits for a person", "bad", "alert"),
    RunState.FAILED: ("Cannot be read", "bad", "alert"),
    RunState.DROPPED: ("Stopped run dropped", "warn", "alert"),
    RunState.ACCEPTED: ("Changes accepted", "busy", "loader"),
}


def in_short(cluster: Cluster) -> InShort | None:
    """The directory of a cluster as the summary bar says it; None without an agreement."""
    agreement = DirectoryAgreement.objects.filter(cluster=cluster).only("password").first()
    if agreement is None:
        return None
    if not secret.is_readable(agreement.password):
        return InShort("password", "Enter the password again", "bad", "alert", None)
    run = DirectoryRun.objects.filter(agreement=agreement).exclude(state=RunState.READING).first()
    if run is None:
        return InShort("new", "Not read yet", "mute", "loader", None)
    return InShort(run.state, *SAID[RunState(run.state)], run.finished_at)


def expected(cluster: Cluster) -> int | None:
    """About how many people a run will read: as many as the last one; None before the first."""
    runs = DirectoryRun.objects.filter(agreement__cluster=cluster, state=RunState.FINISHED)
    return runs.values_list("read", flat=True).first()


def _last(agreement: DirectoryAgreement, state: RunState) -> DirectoryRun | None:
    return DirectoryRun.objects.filter(agreement=agreement, state=state).first()


def _ids(people: Any, most: int = SHOWN) -> list[Any]:
    return [person.user for person in people.select_related("user").order_by("user__user_id")[:most]]


def _waiting(people: Any) -> list[tuple[str, int]]:
    """Why users wait for a home node, and how many."""
    homeless = people.exclude(waits_code="").filter(user__assignment__home_node=None)
    rows = homeless.values_list("waits_code").annotate(n=Count("pk")).order_by("waits_code")
    return [(_sentence(code, {}), users) for code, users in rows]


def counts_of(agreement: DirectoryAgreement) -> dict[str, int]:
    """How many users of a directory are there, set aside, and how many entries cannot be taken."""
    people = DirectoryPerson.objects.filter(agreement=agreement)
    gone = people.set_aside().count()
    skipped = DirectorySkipped.objects.filter(agreement=agreement).count()
    return {"users": people.count() - gone, "set_aside": gone, "skipped_total": skipped}


def why_of(run: DirectoryRun) -> str:
    """Why a run stopped or failed, in words; nothing otherwise."""
    return _sentence(run.code, run.facts)


def _shown(run: DirectoryRun) -> dict[str, Any]:
    fix = REASONS[run.code].say_fix(**run.facts) if run.code in REASONS else ""
    return {"run": run, "why": _sentence(run.code, run.facts), "fix": fix, "label": RunState(run.state).label}


def _sentence(code: str, facts: dict[str, Any]) -> str:
    if code not in REASONS:
        return ""
    return REASONS[code].say(**facts) if facts else said_of_a_user(code)


def skipped_of(agreement: DirectoryAgreement, after: int) -> tuple[list[dict[str, str]], int]:
    """A page of the entries that the last run could not take, and where the next page begins; 0: nowhere."""
    rows = list(DirectorySkipped.objects.filter(agreement=agreement, pk__gt=after).order_by("pk")[: PAGE + 1])
    shown = [
        {
            "entry": row.entry,
            "code": row.code,
            "reason": _sentence(row.code, row.facts),
            "fix": REASONS[row.code].say_fix(**row.facts) if row.code in REASONS else "",
        }
        for row in rows[:PAGE]
    ]
    return shown, rows[PAGE - 1].pk if len(rows) > PAGE else 0


def troubles(agreement: DirectoryAgreement, runs: list[DirectoryRun], now: datetime) -> list[Refused]:
    """What is wrong with a directory now: its key, its last run, its age."""
    told: list[Told] = []
    if not secret.is_readable(agreement.password):
        told.append((reasons.DIRECTORY_PASSWORD_LOST, {}))
    last = next((run for run in runs if run.state != RunState.READING), None)
    if last and last.state in (RunState.STOPPED, RunState.FAILED) and last.code in REASONS:
        told.append((REASONS[last.code], last.facts))
    late = now - agreement.next_at - timedelta(seconds=LATE * agreement.schedule)
    if late > timedelta(0):
        facts = {"late": _span(now - agreement.next_at), "schedule": spans.write(agreement.schedule)}
        told.append((reasons.DIRECTORY_LATE, facts))
    return [Refused(why, **facts) for why, facts in told]


def problems(cluster: Cluster, now: datetime) -> list[tuple[str, str]]:
    """What is wrong with the directory of a cluster, and the fix of each; nothing without an agreement."""
    agreement = DirectoryAgreement.objects.filter(cluster=cluster).first()
    if agreement is None:
        return []
    runs = list(DirectoryRun.objects.filter(agreement=agreement)[:SHOWN])
    told = [(trouble.message, trouble.fix) for trouble in troubles(agreement, runs, now)]
    if skipped := DirectorySkipped.objects.filter(agreement=agreement).count():
        problem = f"{counted(skipped, 'entry|entries')} cannot be taken."
        told.append((problem, "The page Directory lists them, with the reason."))
    people = DirectoryPerson.objects.filter(agreement=agreement)
    if soon := people.set_aside().filter(gone_at__lt=now - timedelta(days=agreement.keep_days - 1)).count():
        told.append((f"Set aside and removed within a day: {soon:,}.", "The page Directory lists them."))
    return told


def _span(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def changes_of(cluster: Cluster, pk: int, after: int) -> tuple[DirectoryRun, list[DirectoryChange], int]:
    """A run of a cluster, a page of what it did to whom, and where the next page begins; 0: nowhere. Raises Refused."""
    run = DirectoryRun.objects.filter(agreement__cluster=cluster, pk=pk).first()
    if run is None:
        raise Refused(reasons.DIRECTORY_NO_RUN, run=pk)
    changes = _touched(run, after)
    return run, changes[:PAGE], changes[PAGE - 1].pk if len(changes) > PAGE else 0


def _touched(run: DirectoryRun, after: int) -> list[DirectoryChange]:
    rows = DirectoryChange.objects.filter(run=run, pk__gt=after).select_related("user").order_by("pk")
    return list(rows[: PAGE + 1])
