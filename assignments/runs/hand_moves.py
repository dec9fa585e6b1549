"""Moves by hand: a few users at once inside the request, more of them as a throttled run.

    users + target -> where they are (expected?) -> locks -> row locks, judged again -> moved | Refused and nothing

The first of several people who move the same user wins; the others are told who did (the trace of the winner's move).
A run that was about to move such a user skips it: a human move beats a pending planned one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from assignments.models import RECOVERIES, Assignment, Kind, Move, Operation, Plan, Progress, SubclusterLock
from assignments.planning import pick
from assignments.planning.approvals import FEW
from assignments.planning.plans import plan_move, plan_spread
from assignments.planning.room import room_of
from assignments.planning.rules.loads import Room
from assignments.planning.rules.spreading import Spread
from assignments.runs.move_rows import MovedRows, changed_nodes, move_picked, touched_topics
from assignments.runs.operations import start_run
from topology import reasons
from topology.live import actors, events
from topology.models import Cluster, EndUser, Node
from topology.reasons import Refused
from topology.reasons.words import UNASSIGNED_LIST, UNASSIGNED_USERS
from topology.rules.homes import demand_allowed
from topology.structure.homes import homes_of
from topology.structure.locks import all_subclusters, hold_places, hold_subclusters

NAMED = 3  # users whom the line of a move by hand names
AT_ONCE = FEW  # users moved inside the request; more become a throttled run
Users = Iterable[int] | QuerySet[Any]


class HandMove(NamedTuple):
    """A move that is done, and the nodes that have other numbers now."""

    operation: Operation
    nodes: frozenset[int]


class Wanted(NamedTuple):
    """A user (by key), the home that was shown, the home to be, and the home there is; None: unassigned."""

    user: int
    shown: int | None
    to: int | None
    home: int | None


def move_users(
    cluster: Cluster,
    users: Users,
    to_node: Node | None,
    *,
    actor: Any,
    expected: Mapping[int, int | None] | None = None,
) -> Operation:
    """Make `to_node` the home of these users (primary keys, or a queryset of one column of them); None unassigns.

    Up to 50 are moved now, all in one transaction, and the operation answered is finished; more become a throttled run.
    `expected` is where the page showed them (primary key -> home node's, None: unassigned): a user who is elsewhere now
    was moved by somebody else and is left alone, with a trace. Raises Refused when no one can be moved, when the node
    cannot take users, or has no room for all of them.
    """
    if to_node is not None and to_node.cluster_id != cluster.pk:
        raise Refused(reasons.PLAN_NO_NODE, node=to_node.name)
    if to_node is not None:
        demand_allowed(homes_of(cluster).takes(to_node.pk))
    if too_many(users):
        return start_run(plan_move(cluster, users, to_node, author=actor).hash, actor=actor)
    with transaction.atomic():
        wanted = _to_node(cluster, users, to_node, expected or {})
        _judge(cluster, wanted)
        places = {pk for one in wanted for pk in (one.shown, one.home, one.to)}
        nodes = Node.objects.in_bulk([pk for pk in places if pk is not None])
        return _move_now(cluster, wanted, nodes, actor).operation


def move_judged(
    cluster: Cluster,
    users: Users,
    to: Node | Spread | None,
    *,
    actor: Any,
    nodes: Mapping[int, Node],
    homes: Mapping[int, int | None] | None = None,
) -> HandMove | Plan:
    """What `move_users` does, for a caller who holds the locks of all these users' homes and has judged under them.

    `to` may be a spread over the nodes of a subcluster. More than 50 users are a plan that `start_run` runs: in a
    transaction of its own, for one that waits for an approval must stay. `nodes` are those of the cluster and `homes`
    where the users are, as they were read under the locks. Raises Refused as `move_users` does.
    """
    if isinstance(to, Spread):
        if too_many(users):
            return plan_spread(cluster, users, to, author=actor)
        picked = pick.rows(pick.spread(cluster.pk, users, to))
        return _move_now(cluster, [Wanted(pk, home, node, home) for pk, home, node in picked], nodes, actor)
    if too_many(users):
        return plan_move(cluster, users, to, author=actor)
    key = to.pk if to else None
    known = homes and [Wanted(pk, home, key, home) for pk, home in homes.items()]
    return _move_now(cluster, known or _to_node(cluster, users, to, {}), nodes, actor)


def too_many(users: Users) -> bool:
    """Whether so many are moved by a run, not at once."""
    return len(users[: AT_ONCE + 1] if isinstance(users, QuerySet) else set(users)) > AT_ONCE


def _to_node(cluster: Cluster, users: Users, to_node: Node | None, shown: Mapping[int, int | None]) -> list[Wanted]:
    rows = Assignment.objects.filter(cluster=cluster, user__in=list(users))
    homes = dict(rows.values_list("user_id", "home_node_id"))
    to = to_node.pk if to_node else None
    return [Wanted(pk, shown.get(pk, home), to, home) for pk, home in homes.items()]


def _judge(cluster: Cluster, wanted: Sequence[Wanted]) -> None:
    """Hold the subclusters of all homes, and raise Refused when one of them may not change now."""
    keys = {pk for one in wanted for pk in (one.shown, one.home, one.to) if pk is not None}
    # Whether unassigned users may get a home is a question to every pair of the cluster.
    if any(one.home is None for one in wanted):
        hold_subclusters(all_subclusters(cluster.pk))
    subclusters = hold_places(keys)
    now = homes_of(cluster)
    demand_allowed(*(now.changes(home, to) for home, to in {(one.home, one.to) for one in wanted}))
    # No one is moved by hand while a failover or fallback moves the same pair (domain.md §1.4).
    held = SubclusterLock.holder(subclusters)
    if held and held.operation.kind in RECOVERIES:
        raise held.refusal


def _move_now(cluster: Cluster, wanted: Sequence[Wanted], nodes: Mapping[int, Node], actor: Any) -> HandMove:
    if not wanted:
        raise Refused(reasons.NO_USERS_TO_MOVE, cluster=cluster.name)
    operation = _create(cluster, wanted, nodes, actor)
    moved = _move(operation, wanted, operation.created_at)
    _demand_moved(operation, wanted, nodes, moved)
    _end(operation, moved)
    _say(operation, moved, wanted, nodes, actor)
    return HandMove(operation, changed_nodes(moved))


def _create(cluster: Cluster, wanted: Sequence[Wanted], nodes: Mapping[int, Node], actor: Any) -> Operation:
    """The operation as it ends when all of them move; no one sees it before it has."""
    sources, targets = {one.shown for one in wanted}, {one.to for one in wanted}
    now = timezone.now()
    return Operation.objects.create(
        cluster=cluster,
        kind=Kind.MOVE,
        state=Progress.FINISHED,
        from_node_id=next(iter(sources)) if len(sources) == 1 else None,
        to_node=_only(nodes, targets),
        total=len(wanted),
        done=len(wanted),
        **actors.author(actor),
        created_at=now,
        started_at=now,
        finished_at=now,
    )


def _only(nodes: Mapping[int, Node], places: set[int | None]) -> Node | None:
    """The node of a set of one; none of several, or where it is no home."""
    place = next(iter(places)) if len(places) == 1 else None
    return nodes[place] if place is not None else None


def _move(operation: Operation, wanted: Sequence[Wanted], at: datetime) -> list[MovedRows]:
    picked = (
        "SELECT place, user_id, from_node_id, to_node_id FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])"
        " WITH ORDINALITY AS v (user_id, from_node_id, to_node_id, place)"
    )
    params = [[one.user for one in wanted], [one.shown for one in wanted], [one.to for one in wanted]]
    return move_picked(operation, picked, params, why=reasons.MOVED_BY_HAND, at=at, named=NAMED, wakes=True)


def _demand_moved(
    operation: Operation, wanted: Sequence[Wanted], nodes: Mapping[int, Node], moved: list[MovedRows]
) -> None:
    """Raise Refused, which takes everything back, when no one was moved or a node is full."""
    if not any(m.skipped for m in moved):
        return
    rows = Move.objects.filter(operation=operation, done=False)
    left = dict(rows.order_by("-pk").values_list("code", "to_node_id"))
    full = left.get(reasons.SKIPPED_NODE_FULL.code)
    if full is not None:
        raise _full(operation, [one.user for one in wanted if one.to == full], nodes[full])
    if sum(m.done for m in moved):
        return
    people = [one.user for one in wanted]
    user = EndUser.objects.filter(pk__in=people).order_by("pk").first() if len(people) == 1 else None
    if reasons.SKIPPED_MOVED_SINCE.code in left:
        raise _moved_since(user, operation, len(people))
    if reasons.SKIPPED_PINNED.code in left:
        raise _pinned(user, len(people))
    to = _only(nodes, {one.to for one in wanted})
    raise Refused(reasons.USER_ALREADY_THERE, node=to.name if to else UNASSIGNED_LIST)


def _full(operation: Operation, people: Sequence[int], to_node: Node) -> Refused:
    """Room before this move, in what runs out first."""
    arriving = Assignment.objects.filter(user__in=people).aggregate(users=Count("pk"), endpoints=Sum("endpoints"))
    done = Move.objects.filter(operation=operation, to_node=to_node, done=True).values("user_id")
    come = Assignment.objects.filter(user__in=done).aggregate(users=Count("pk"), endpoints=Sum("endpoints"))
    room = room_of(to_node.pk) + Room(come["users"], come["endpoints"] or 0)
    lack = room.lacks(arriving["users"], arriving["endpoints"] or 0)
    what, free, wanted = lack or ("endpoints", room.endpoints, arriving["endpoints"])
    return Refused(reasons.NODE_NO_ROOM, node=to_node.name, room=max(0, free), what=what, wanted=wanted)


def _moved_since(user: EndUser | None, operation: Operation, count: int) -> Refused:
    last = (
        Move.objects.filter(user=user, done=True)
        .exclude(operation=operation)
        .select_related("operation", "to_node")
        .order_by("-pk")
        .first()
        if user
        else None
    )
    if user is None or last is None:
        return Refused(reasons.USERS_MOVED_SINCE, users=count)
    node = last.to_node.name if last.to_node else UNASSIGNED_USERS
    return Refused(reasons.USER_MOVED_SINCE, user=user.user_id, node=node, author=last.operation.author_name)


def _pinned(user: EndUser | None, count: int) -> Refused:
    if user is None:
        return Refused(reasons.USERS_PINNED, users=count)
    home = Assignment.objects.select_related("home_node").get(user=user).home_node
    return Refused(reasons.USER_PINNED, user=user.user_id, node=home.name if home else UNASSIGNED_USERS)


def _end(operation: Operation, moved: list[MovedRows]) -> None:
    operation.done = sum(m.done for m in moved)
    operation.skipped = operation.total - operation.done
    if operation.skipped:
        operation.save(update_fields=["done", "skipped"])


def _say(
    operation: Operation, moved: list[MovedRows], wanted: Sequence[Wanted], nodes: Mapping[int, Node], actor: Any
) -> None:
    events.record(
        reasons.HAND_MOVED,
        cluster=operation.cluster,
        node=operation.to_node,
        operation=operation,
        actor=actor,
        topics=[f"cluster-{operation.cluster_id}", *touched_topics(moved)],
        users=operation.done,
        skipped=operation.skipped,
        source=_sources(moved, nodes),
        to=_named(moved, nodes),
        people=_people(operation, moved),
        notified=sum(m.notified for m in moved),
        unassigned=sum(one.shown is None for one in wanted),
    )


def _named(moved: Sequence[MovedRows], nodes: Mapping[int, Node]) -> str:
    """Where users went; how many to each of several nodes."""
    done = {m.to_node_id: m.done for m in moved}
    names = {pk: nodes[pk].name if pk is not None else UNASSIGNED_USERS for pk in done}
    if len(done) == 1:
        return next(iter(names.values()))
    return " and ".join(f"{names[pk]} ({users:,})" for pk, users in done.items())


def _sources(moved: Sequence[MovedRows], nodes: Mapping[int, Node]) -> str:
    """The nodes that the users of a move came from, by name."""
    known = [nodes.get(pk) if pk is not None else None for m in moved for pk in m.from_ids]
    return " and ".join(sorted({node.name if node else UNASSIGNED_USERS for node in known})) or UNASSIGNED_USERS


def _people(operation: Operation, moved: Sequence[MovedRows]) -> dict[str, Any]:
    """Who was moved: the first of them by user ID, and how many more."""
    first = list(moved[0].people)
    return {"first": first, "more": operation.done - len(first)}
