"""Pins: users whom no plan and no drag takes off their home node, with a reason and an owner.

    selection -> locks of the cluster's subclusters -> judged (home? whose pin?) -> Pin rows, Assignment.pinned, Event

A pin of somebody else is left alone, with who and why; when no one is left to pin, that is the refusal. Anybody who may
move users may unpin them: what is taken off is said before, and stands in the history.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from assignments.models import Pin
from assignments.moves.drop import demand_unmoved
from assignments.moves.selection import Selection
from assignments.users import table_statistics
from assignments.users.listing.filter import keys_of
from topology import reasons
from topology.accounts import sentences
from topology.live import events
from topology.live.actors import account_of, name_of
from topology.models import Cluster, EndUser, Subcluster
from topology.reasons import Reason, Refused
from topology.structure.locks import hold_subclusters

LIMIT = 200  # characters of a reason
Note = tuple[Reason, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Pinned:
    """How many users were pinned or unpinned, and who was left alone, with the reason."""

    users: int
    left: int
    notes: tuple[Note, ...] = ()

    @property
    def sentences(self) -> list[str]:
        return [sentences.say(reason, facts) for reason, facts in self.notes]

    def as_dict(self) -> dict[str, Any]:
        """The shape that the commands and the API give."""
        notes = [{"code": reason.code, "message": sentences.say(reason, facts)} for reason, facts in self.notes]
        return {"users": self.users, "left_alone": self.left, "notes": notes}


@transaction.atomic
def pin(selection: Selection, reason: str, *, actor: Any) -> Pinned:
    """Pin the chosen users to the nodes where they are at home, with the reason; raises Refused.

    One's own pins get the new reason; pins of others and users without a home node are left alone.
    """
    said = reason.strip().replace("\0", "")
    if not 0 < len(said) <= LIMIT:
        raise Refused(reasons.PIN_NEEDS_REASON, limit=LIMIT, length=len(said))
    _hold(selection)
    owner, who = account_of(actor), name_of(actor)
    rows = _run(PIN, selection, [who, owner and owner.pk, said, who, timezone.now(), who])
    pinned = _sum_up(selection.cluster, rows)
    _say(reasons.USERS_WERE_PINNED, selection.cluster, rows, actor, users=pinned.users, because=said, left=pinned.left)
    return pinned


@transaction.atomic
def unpin(selection: Selection, *, actor: Any) -> Pinned:
    """Take the pins off the chosen users, also those of others; raises Refused when none of them is pinned."""
    _hold(selection)
    rows = _run(UNPIN, selection, [name_of(actor)])
    unpinned = _sum_up(selection.cluster, rows)
    foreign = sum(row.foreign for row in rows if not row.code)
    _say(reasons.USERS_WERE_UNPINNED, selection.cluster, rows, actor, users=unpinned.users, foreign=foreign)
    return unpinned


def pins_of(selection: Selection) -> list[dict[str, Any]]:
    """The pins of the chosen users by owner and reason, the most first; at most ten kinds."""
    rows = Pin.objects.filter(user__in=selection.rows().filter(pinned=True).order_by().values("user_id"))
    counted = rows.values("owner_name", "reason").annotate(users=Count("pk")).order_by("-users", "owner_name", "reason")
    return [dict(row) for row in counted[:10]]


def named(cluster: Cluster, user_ids: Iterable[str]) -> Selection:
    """These users of a cluster by user ID, in any spelling. Raises Refused with one that is unknown."""
    return Selection(cluster, keys_of(cluster, user_ids))


def _hold(selection: Selection) -> None:
    """All subclusters of the cluster: then no home and no pin changes between judging and writing."""
    hold_subclusters(Subcluster.objects.filter(cluster=selection.cluster).values_list("pk", flat=True))
    demand_unmoved(selection)
    if not selection.is_few:
        table_statistics.refresh(selection.rows().count() if selection.where else len(selection.users))


CHOSEN = """
chosen AS MATERIALIZED (
    SELECT a.user_id, a.home_node_id, a.pinned, p.owner_name, p.reason FROM assignments_assignment a
    LEFT JOIN assignments_pin p ON p.user_id = a.user_id AND a.pinned WHERE a.user_id IN ({selected})
)"""
COUNTED = """
SELECT code, home_node_id, count(*), min(user_id), count(*) FILTER (WHERE owner_name <> %s) FROM judged
GROUP BY code, home_node_id ORDER BY code, home_node_id"""
# Who is pinned is asked of what was read, not of the table: its statistics are old when thousands were just pinned, and
# a plan that believes in one pinned user takes minutes for thirty thousand.
PIN = f"""
WITH {CHOSEN},
judged AS (
    SELECT *, CASE WHEN home_node_id IS NULL THEN '{reasons.PIN_UNASSIGNED.code}'
        WHEN owner_name <> %s THEN '{reasons.PIN_OF_ANOTHER.code}' ELSE '' END AS code FROM chosen
),
stored AS (
    INSERT INTO assignments_pin (user_id, owner_id, reason, owner_name, at)
    SELECT user_id, %s, %s, %s, %s FROM judged WHERE code = '' ORDER BY user_id
    -- One of somebody else is of a user who is not pinned: it was kept for a return to a directory.
    ON CONFLICT (user_id) DO UPDATE SET reason = excluded.reason, (owner_id, owner_name, at) = (
        SELECT * FROM (VALUES (assignments_pin.owner_id, assignments_pin.owner_name, assignments_pin.at)) AS old
        WHERE assignments_pin.owner_name = excluded.owner_name
        UNION ALL SELECT excluded.owner_id, excluded.owner_name, excluded.at
        WHERE assignments_pin.owner_name <> excluded.owner_name
    )
),
marked AS (
    UPDATE assignments_assignment a SET pinned = true FROM judged j
    WHERE a.user_id = j.user_id AND j.code = '' AND NOT j.pinned
){COUNTED}"""
UNPIN = f"""
WITH {CHOSEN},
judged AS (
    SELECT *, CASE WHEN pinned OR owner_name IS NOT NULL THEN '' ELSE '{reasons.PIN_NOT_PINNED.code}' END AS code
    FROM chosen
),
removed AS (DELETE FROM assignments_pin p USING judged j WHERE p.user_id = j.user_id AND j.code = ''),
marked AS (
    UPDATE assignments_assignment a SET pinned = false FROM judged j
    WHERE a.user_id = j.user_id AND j.code = '' AND j.pinned
){COUNTED}"""


@dataclass(frozen=True, slots=True)
class _Row:
    """The chosen users of one home with one outcome ("": done); `first` is the key of one of them."""

    code: str
    home_id: int | None
    users: int
    first: int
    foreign: int


def _run(statement: str, selection: Selection, params: list[Any]) -> list[_Row]:
    try:
        selected, values = selection.rows().order_by().values("user_id").query.sql_with_params()
    except EmptyResultSet:  # a choice that no one can be in
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement.format(selected=selected), [*values, *params])
        return [_Row(*row) for row in cursor.fetchall()]


def _sum_up(cluster: Cluster, rows: list[_Row]) -> Pinned:
    """What was done; raises Refused, which takes nothing back because nothing was done, when that is no one."""
    if not rows:
        raise Refused(reasons.PEOPLE_NOBODY, cluster=cluster.name)
    chosen, done = sum(row.users for row in rows), sum(row.users for row in rows if not row.code)
    notes = tuple(_note(code, rows, chosen) for code in sorted({row.code for row in rows} - {""}))
    if not done:
        raise Refused(notes[0][0], **notes[0][1])
    return Pinned(done, chosen - done, notes)


def _note(code: str, rows: list[_Row], chosen: int) -> Note:
    """Why users were left alone, with one of them by name; of a foreign pin its owner and reason."""
    left = [row for row in rows if row.code == code]
    user = EndUser.objects.select_related("pin").get(pk=min(row.first for row in left))
    facts: dict[str, Any] = {"user": user.user_id, "users": sum(row.users for row in left), "chosen": chosen}
    if code == reasons.PIN_OF_ANOTHER.code:
        facts |= {"owner": user.pin.owner_name, "because": user.pin.reason}
    return reasons.REASONS[code], facts


def _say(why: Reason, cluster: Cluster, rows: list[_Row], actor: Any, **facts: Any) -> None:
    nodes = [f"node-{row.home_id}" for row in rows if row.home_id is not None and not row.code]
    events.record(why, cluster=cluster, actor=actor, topics=[f"cluster-{cluster.pk}", *nodes], **facts)
