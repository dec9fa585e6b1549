"""The verdict of a drop on a subcluster whose nodes share the users: how many go to which node, and what follows.

chosen (by home and endpoints) + nodes that take users  ->  spreading.py  ->  who goes where, or why no one does
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from assignments.moves.drop_context import Chosen, Chosens, DropContext
from assignments.moves.drop_verdict import DropVerdict, Note
from assignments.moves.outlook import after_failure, are_many, is_standby, no_room, pair_refusals, sign_in_again
from assignments.planning.rules.loads import Room
from assignments.planning.rules.spreading import Spread, spread_over
from assignments.population.selectors import Counts, percent
from topology import reasons
from topology.models import Node, Subcluster
from topology.reasons import Refused, Said


def spread_verdict(target: str, sub: Subcluster, context: DropContext, chosen: Chosens) -> DropVerdict:
    """What would become of a drop on the panel of a subcluster in a cluster that is balanced, or kept by hand."""
    members = context.members(sub.pk)
    takers = [node for node in members if context.homes.takes(node.pk) is None]
    ids = {node.pk for node in takers}
    new = sum((one.free for home, one in chosen.items() if home not in ids), Counts())
    pinned = sum(one.pinned for one in chosen.values())
    verdict = DropVerdict(
        target=target,
        name=sub.name,
        notes=(),
        coming=new.users,
        users_after=sum(context.home[pk].users for pk in ids) + new.users,
        capacity=sum(node.capacity_users for node in takers),
        endpoints_after=sum(context.home[pk].endpoints for pk in ids) + new.endpoints,
        endpoint_capacity=sum(node.capacity_endpoints for node in takers),
    )
    if refusal := next(iter(_refusals(context, sub, members, takers, chosen, new)), None):
        return replace(verdict, notes=(refusal,))
    try:
        loads = [replace(context.load(node), name=node.short_name) for node in takers]
        spread = spread_over(loads, {home: one.classes for home, one in chosen.items()})
    except Refused as refused:
        return replace(verdict, notes=((refused.reason, refused.facts),))
    coming = sum(spread.arriving.values())
    if not coming:
        why = (reasons.USERS_PINNED, {"users": pinned}) if pinned else (reasons.USER_ALREADY_THERE, {"node": sub.name})
        return replace(verdict, notes=(why,))
    notes = [*_left_out(context, members), *_news(context, takers, spread, chosen, new)]
    notes += _outlook(context, sub, members, takers, spread, new)
    if pinned:
        notes.append((reasons.MOVE_PINNED_STAY, {"users": pinned}))
    notes.sort(key=lambda note: note[0].level != reasons.WARNING)
    shares = tuple((context.nodes[pk].name, users) for pk, users in spread.arriving.items())
    return replace(verdict, notes=tuple(notes), coming=coming, inside=coming - new.users, shares=shares, spread=spread)


def _refusals(
    context: DropContext,
    sub: Subcluster,
    members: list[Node],
    takers: list[Node],
    chosen: Chosens,
    new: Counts,
) -> Iterable[Note]:
    """Why no one can be spread there, the most telling reason first."""
    if not members:
        yield reasons.MOVE_SUBCLUSTER_EMPTY, {"subcluster": sub.name}
        return
    if not any(one.free.users for one in chosen.values()):
        yield reasons.USERS_PINNED, {"users": sum(one.users for one in chosen.values())}
    if not takers and (closed := context.homes.takes(members[0].pk)):
        yield closed
    if chosen.get(None) and (waits := context.homes.assigns()):
        yield waits
    for node in [*takers[:1], *(context.nodes[home] for home in chosen if home is not None)]:
        yield from pair_refusals(context, node, are_many(chosen))
    room = sum((context.load(node).room for node in takers), Room())
    if lack := room.lacks(new.users, new.endpoints):
        yield no_room(sub.name, *lack)


def _left_out(context: DropContext, members: list[Node]) -> Iterable[Note]:
    for node in members:
        if closed := context.homes.takes(node.pk):
            yield reasons.MOVE_NODE_LEFT_OUT, {"node": node.short_name, "what": Said(*closed)}


def _news(context: DropContext, takers: list[Node], spread: Spread, chosen: Chosens, new: Counts) -> Iterable[Note]:
    coming, again = spread.arriving, new.signed_in
    for node in takers:
        leaving = sum(flow.users for flow in spread.flows if flow.from_id == node.pk)
        free = chosen.get(node.pk, Chosen()).free
        again += max(0, leaving - (free.users - free.signed_in))
    shares = [
        f"{users:,} to {context.nodes[pk].short_name} ({_percent_after(context, context.nodes[pk], spread)}%)"
        for pk, users in coming.items()
    ]
    yield reasons.MOVE_SPREAD, {"users": sum(coming.values()), "shares": " and ".join(shares)}
    if again:
        yield sign_in_again(context, again, max(coming.values()))


def _percent_after(context: DropContext, node: Node, spread: Spread) -> int:
    leaving = sum(flow.users for flow in spread.flows if flow.from_id == node.pk)
    return percent(context.home[node.pk].users + spread.arriving.get(node.pk, 0) - leaving, node.capacity_users)


def _outlook(
    context: DropContext, sub: Subcluster, members: list[Node], takers: list[Node], spread: Spread, new: Counts
) -> Iterable[Note]:
    """What the drop means for the day on which a node of the pair fails (domain.md §3)."""
    if len(members) == 2 and sub.ha_enabled:
        yield after_failure(context, members[0], members[1], new.users)
    else:
        why = "HA is off" if len(members) == 2 else "it has no peer"
        yield reasons.MOVE_NO_PROTECTION, {"node": takers[0].short_name if len(members) == 1 else sub.name, "why": why}
    for node in takers:
        if is_standby(context, node) and spread.arriving.get(node.pk):
            yield reasons.MOVE_TO_STANDBY, {"node": node.short_name}
