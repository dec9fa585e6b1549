"""What is removed, kind by kind: each call is one short transaction that removes at most a batch.

A batch touches only what has ended: no row that a run or a recovery writes, and none of the locks they take.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from assignments.models import (
    ACTIVE,
    DirectoryChange,
    DirectoryRun,
    FormerUser,
    Move,
    Operation,
    Plan,
    PlannedMove,
    RunPolicy,
    Simulation,
)
from assignments.retention import archive
from topology.models import ApiAnswer, ApiToken, Event, SignInLink

BATCH = 5000  # rows in one transaction at most
FEW = 200  # the same for rows that are large or have rows of their own
LINKS = timedelta(days=30)  # for so long an old sign-in link or token still says that it has expired
ANSWERS = timedelta(days=1)


@dataclass
class RemovalStep:
    """Removal of one kind before an instant; None keeps it for ever."""

    kind: str
    cutoff: datetime | None
    batch: Callable[[datetime], tuple[int, bool]]  # rows removed, and whether there may be more
    count: Callable[[datetime], int]
    removed: int = 0


# --- Moves: the traces of ended operations --------------------------------------------------------
ENDED = "o.finished_at < %(cutoff)s AND o.state <> ALL(%(active)s)"
LATER = "EXISTS (SELECT 1 FROM assignments_move l WHERE l.user_id = m.user_id AND l.done AND l.id > m.id)"
CHUNK = """
SELECT operation_id, user_id FROM assignments_move
WHERE operation_id = ANY(%s) AND (operation_id, user_id) > (%s, %s) ORDER BY operation_id, user_id LIMIT %s
"""
# Of everybody in the chunk also what earlier operations kept as their last move, and what no longer is.
FORGET = f"""
DELETE FROM assignments_move m USING assignments_operation o
WHERE m.user_id = ANY(%(users)s) AND o.id = m.operation_id AND {ENDED} AND (NOT m.done OR {LATER})
"""
COUNT_MOVES = f"""
SELECT count(*) FROM assignments_move m JOIN assignments_operation o ON o.id = m.operation_id
WHERE {ENDED} AND (NOT m.done OR {LATER}) AND m.user_id IN (
    SELECT c.user_id FROM assignments_move c JOIN assignments_operation o ON o.id = c.operation_id
    WHERE {ENDED} AND o.thinned_at IS NULL
)
"""


@dataclass
class Moves:
    """Goes through operations that ended before the cutoff, in order; those it is through with are marked."""

    place: tuple[int, int] = (0, 0)
    now: datetime | None = None

    def due(self, cutoff: datetime) -> QuerySet[Operation]:
        rows = Operation.objects.filter(finished_at__lt=cutoff, thinned_at=None).exclude(state__in=ACTIVE)
        return rows.order_by("pk")

    def batch(self, cutoff: datetime) -> tuple[int, bool]:
        due = list(self.due(cutoff).values_list("pk", flat=True)[:FEW])
        if not due:
            return 0, False
        with connection.cursor() as cursor:
            cursor.execute(CHUNK, [due, *self.place, BATCH])
            rows = cursor.fetchall()
            facts: dict[str, Any] = {"users": [user for _, user in rows], "cutoff": cutoff, "active": list(ACTIVE)}
            cursor.execute(FORGET, facts)
            removed = cursor.rowcount
        self.place = rows[-1] if len(rows) == BATCH else (0, 0)
        if len(rows) < BATCH:
            Operation.objects.filter(pk__in=due).update(thinned_at=self.now or cutoff)
        return removed, True

    def count(self, cutoff: datetime) -> int:
        return _count(COUNT_MOVES, cutoff=cutoff, active=list(ACTIVE))


def _count(sql: str, **facts: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, facts)
        return int(cursor.fetchone()[0])


# --- What imports and removals of users kept ------------------------------------------------------
# Operations that are marked above are not undone any more. The moves of whom they removed name no one by then.
FORMER = """
WITH due AS (
    SELECT f.id FROM assignments_formeruser f JOIN assignments_operation o ON o.id = f.operation_id
    WHERE o.thinned_at IS NOT NULL AND o.finished_at < %s ORDER BY f.id LIMIT %s
), gone AS (
    DELETE FROM assignments_formeruser WHERE id IN (SELECT id FROM due) RETURNING user_key
), unnamed AS (
    DELETE FROM assignments_move m USING gone WHERE m.user_id = gone.user_key
        AND NOT EXISTS (SELECT FROM topology_enduser person WHERE person.id = gone.user_key)
)
SELECT count(*) FROM gone
"""


def former_users(cutoff: datetime) -> tuple[int, bool]:
    """What was kept of people so that it could be undone."""
    with connection.cursor() as cursor:
        cursor.execute(FORMER, [cutoff, BATCH])
        removed = int(cursor.fetchone()[0])
    return removed, removed == BATCH


def count_former_users(cutoff: datetime) -> int:
    """How many of them are due."""
    return FormerUser.objects.filter(operation__finished_at__lt=cutoff).count()


def _held(due: QuerySet[Any], most: int) -> list[Any]:
    """Keys of some that are due, locked; of those that somebody took up meanwhile, such as a plan that runs, none."""
    rows = due.order_by("pk").select_for_update(skip_locked=True, of=("self",))
    locked = list(rows.values_list("pk", flat=True)[:most])
    return list(due.filter(pk__in=locked).values_list("pk", flat=True))


# --- Plans and their rows -------------------------------------------------------------------------
def _old_plans(cutoff: datetime) -> QuerySet[Plan]:
    """Plans that no one runs, ran lately, or is recommended."""
    late = Operation.objects.filter(plan=OuterRef("pk")).exclude(finished_at__lt=cutoff, state__in=_ended())
    wanted = RunPolicy.objects.filter(plan=OuterRef("pk"))
    return Plan.objects.filter(~Exists(late), ~Exists(wanted), created_at__lt=cutoff)


def _ended() -> list[str]:
    return [state for state, _ in Operation._meta.get_field("state").choices or [] if state not in ACTIVE]


PLANNED = """
DELETE FROM assignments_plannedmove WHERE (plan_id, user_id) IN (
    SELECT row.plan_id, row.user_id FROM assignments_plan plan JOIN assignments_plannedmove row ON row.plan_id = plan.id
    WHERE plan.thinned_at IS NOT NULL LIMIT %s
)
"""


def planned_moves(cutoff: datetime) -> tuple[int, bool]:
    """Rows of old plans. A plan is marked before the first of them goes, so that no one runs what is left of it."""
    due = _held(_old_plans(cutoff).filter(thinned_at=None), FEW)
    marked = Plan.objects.filter(pk__in=due).update(thinned_at=cutoff)
    with connection.cursor() as cursor:
        cursor.execute(PLANNED, [BATCH])
        return cursor.rowcount, bool(marked) or cursor.rowcount == BATCH


def count_planned_moves(cutoff: datetime) -> int:
    """How many of them are due."""
    old = Plan.objects.filter(Q(pk__in=_old_plans(cutoff)) | Q(thinned_at__isnull=False))
    return int(PlannedMove.objects.filter(plan__in=old).count())


def _unused_plans(cutoff: datetime) -> QuerySet[Plan]:
    return _old_plans(cutoff).filter(operations=None)


# --- The rest -------------------------------------------------------------------------------------
@dataclass
class Rows:
    """Rows that go by a condition, so many at a time, with whatever belongs to them."""

    find: Callable[[datetime], QuerySet[Any]]
    most: int = BATCH

    def batch(self, cutoff: datetime) -> tuple[int, bool]:
        keys = _held(self.find(cutoff), self.most)
        self.find(cutoff).model._default_manager.filter(pk__in=keys).delete()
        return len(keys), len(keys) == self.most

    def count(self, cutoff: datetime) -> int:
        return self.find(cutoff).count()


@dataclass
class Events:
    """Events in the order of their ids, each batch in a file before it goes."""

    folder: Path
    files: list[str] = field(default_factory=list)

    def batch(self, cutoff: datetime) -> tuple[int, bool]:
        events = list(Event.objects.order_by("pk")[:BATCH])
        old = [event for event in events if event.at < cutoff]
        if old:
            self.files.append(archive.write(self.folder, old).name)
            Event.objects.filter(pk__in=[event.pk for event in old])._raw_delete("default")
        return len(old), len(old) == BATCH

    def count(self, cutoff: datetime) -> int:
        return Event.objects.filter(at__lt=cutoff).count()


def _old_operations(cutoff: datetime) -> QuerySet[Operation]:
    """Operations that no user's last move belongs to."""
    traced = Move.objects.filter(operation=OuterRef("pk"))
    return Operation.objects.filter(~Exists(traced), finished_at__lt=cutoff).exclude(state__in=ACTIVE)


def steps(cutoffs: dict[str, datetime | None], now: datetime, folder: Path) -> tuple[list[RemovalStep], Events]:
    """All kinds in their order, and what writes the files."""
    moves, events = Moves(now=now), Events(folder)

    def rows(kind: str, cutoff: datetime | None, due: Rows) -> RemovalStep:
        return RemovalStep(kind, cutoff, due.batch, due.count)

    return [
        RemovalStep("moves", cutoffs["moves"], moves.batch, moves.count),
        RemovalStep("former users", cutoffs["moves"], former_users, count_former_users),
        RemovalStep("planned moves", cutoffs["moves"], planned_moves, count_planned_moves),
        rows("plans", cutoffs["moves"], Rows(_unused_plans, FEW)),
        rows("what-if runs", cutoffs["simulations"], Rows(_old_simulations, FEW)),
        rows("directory changes", cutoffs["moves"], Rows(_old_directory_changes)),
        rows("directory runs", cutoffs["moves"], Rows(_old_directory_runs)),
        rows("sessions", now, Rows(lambda cutoff: Session.objects.filter(expire_date__lt=cutoff))),
        rows("sign-in links", now - LINKS, Rows(_old_links)),
        rows("tokens", now - LINKS, Rows(_old_tokens)),
        rows("kept answers", now - ANSWERS, Rows(lambda cutoff: ApiAnswer.objects.filter(created_at__lt=cutoff))),
        RemovalStep("events", cutoffs["events"], events.batch, events.count),
        rows("operations", cutoffs["events"], Rows(_old_operations, FEW)),
    ], events


def _old_simulations(cutoff: datetime) -> QuerySet[Simulation]:
    return Simulation.objects.filter(created_at__lt=cutoff)


def _old_links(cutoff: datetime) -> QuerySet[SignInLink]:
    return SignInLink.objects.filter(expires_at__lt=cutoff)


def _old_tokens(cutoff: datetime) -> QuerySet[ApiToken]:
    """Tokens that were revoked, or have expired; history names them.

    What one of them made, a token or a plan, is its maker's by the row of that token: it stays as long.
    """
    mine = {"author_name": Concat(Value("token "), OuterRef("name"))}
    made = Exists(ApiToken.objects.filter(**mine)) | Exists(Plan.objects.filter(**mine))
    return ApiToken.objects.filter(Q(revoked_at__lt=cutoff) | Q(expires_at__lt=cutoff)).exclude(made)


def _old_directory_changes(cutoff: datetime) -> QuerySet[DirectoryChange]:
    """What runs of a directory did to whom."""
    return DirectoryChange.objects.filter(run__finished_at__lt=cutoff)


def _old_directory_runs(cutoff: datetime) -> QuerySet[DirectoryRun]:
    return DirectoryRun.objects.filter(finished_at__lt=cutoff)
