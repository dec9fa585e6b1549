"""The one predicate for what may be dropped where, and why.

    what is chosen (counts by home) + nodes + populations + runs  ->  a verdict for every target

Page, dialog, command line and API ask it, and the move asks it under its locks. It costs four queries, however many
users there are, and one more while a run holds a subcluster.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from assignments.moves.drop_context import Chosen, Chosens, DropContext, count_chosen, drop_context
from assignments.moves.drop_verdict import REFUSED, WARNING, DropVerdict, Note
from assignments.moves.outlook import after_failure, are_many, is_standby, no_room, pair_refusals, sign_in_again
from assignments.moves.selection import UNASSIGNED, Selection
from assignments.moves.subcluster_drop import spread_verdict
from assignments.population.selectors import Counts, percent
from topology import reasons
from topology.accounts import roles
from topology.models import Node
from topology.reasons.words import UNASSIGNED_LIST


@dataclass(frozen=True)
class Judgement:
    """What the verdict of a target of the cluster follows from: the chosen users, and what refuses all targets."""

    chosen: Chosens
    context: DropContext
    every: Note | None = None

    @property
    def users(self) -> int:
        """How many are chosen."""
        return sum(one.users for one in self.chosen.values())

    @property
    def homes(self) -> dict[int, int | None]:
        """Where each of a few chosen users is at home, by key."""
        return dict(sorted((pk, home) for home, one in self.chosen.items() for pk in one.people))

    def on(self, target: str) -> DropVerdict | None:
        """The verdict of a target; None where the cluster has none of that name."""
        name = dict(_targets(self.context)).get(target)
        if name is None:
            return None
        return DropVerdict(target, name, (self.every,)) if self.every else _judge(target, self.context, self.chosen)

    @cached_property
    def targets(self) -> dict[str, DropVerdict]:
        """The verdict of every target."""
        return {target: verdict for target, _ in _targets(self.context) if (verdict := self.on(target))}

    def groups(self) -> list[tuple[str, list[DropVerdict]]]:
        """Below the name of each subcluster its own verdict, where it has a choice, and those of its nodes in order."""
        groups = []
        for sub in self.context.subclusters.values():
            members = [self.targets[f"node:{node.pk}"] for node in self.context.members(sub.pk)]
            groups.append((sub.name, [self.targets[f"subcluster:{sub.pk}"], *members] if members[1:] else members))
        alone = [self.targets[f"node:{pk}"] for pk, n in self.context.nodes.items() if n.subcluster_id is None]
        return [(name, members) for name, members in [*groups, ("Unassigned nodes", alone)] if members]


def judge_drop(selection: Selection, actor_role: str | None) -> Judgement:
    """What a drop of the selection on each target of the cluster would do, in four queries."""
    context, chosen = drop_context(selection.cluster), count_chosen(selection)
    return Judgement(chosen, context, _refused_everywhere(selection, chosen, actor_role))


def verdicts(selection: Selection, actor_role: str | None) -> dict[str, DropVerdict]:
    """The verdict of every target."""
    return judge_drop(selection, actor_role).targets


def _targets(context: DropContext) -> Iterable[tuple[str, str]]:
    yield from ((f"subcluster:{pk}", sub.name) for pk, sub in context.subclusters.items())
    yield from ((f"node:{pk}", node.name) for pk, node in context.nodes.items())
    yield UNASSIGNED, "Unassigned users"


def _refused_everywhere(selection: Selection, chosen: Chosens, role: str | None) -> Note | None:
    if not roles.suffices(role, roles.OPERATE):
        return reasons.ROLE_NEEDED, roles.lacking(roles.OPERATE, selection.cluster).facts
    users = sum(one.users for one in chosen.values())
    cluster = selection.cluster.name
    if not users:
        return reasons.NO_USERS_TO_MOVE, {"cluster": cluster}
    if not selection.where and users < len(set(selection.users)):
        return reasons.MOVE_OTHER_CLUSTER, {"users": len(set(selection.users)) - users, "cluster": cluster}
    return None


def _judge(target: str, context: DropContext, chosen: Chosens) -> DropVerdict:
    kind, _, key = target.partition(":")
    if kind == "subcluster":
        return _on_subcluster(target, context, chosen, int(key))
    to = context.nodes[int(key)] if kind == "node" else None
    coming, pinned = _coming(chosen, to)
    after = context.home[to.pk if to else None] + coming
    refusal = next(iter(_refusals(context, chosen, to, coming, pinned)), None)
    notes = (
        [refusal] if refusal else [*_news(context, to, coming, after), *_outlook(context, to, coming, pinned, chosen)]
    )
    notes.sort(key=lambda note: note[0].level != WARNING)
    return DropVerdict(
        target=target,
        name=to.name if to else "Unassigned users",
        notes=tuple(notes),
        coming=coming.users,
        users_after=after.users,
        capacity=to.capacity_users if to else 0,
        endpoints_after=after.endpoints,
        endpoint_capacity=to.capacity_endpoints if to else 0,
        shares=((to.name, coming.users),) if to else (),
        node=to.pk if to else None,
    )


def _on_subcluster(target: str, context: DropContext, chosen: Chosens, key: int) -> DropVerdict:
    """As the assignment mode says: all to the first node, or spread over the nodes (domain.md §2)."""
    sub, members = context.subclusters[key], context.members(key)
    if members and context.cluster.fills_first_nodes:
        first = _judge(f"node:{members[0].pk}", context, chosen)
        said = reasons.MOVE_ALL_TO_FIRST, {"node": members[0].short_name, "subcluster": sub.name}
        warned = [note for note in first.notes if note[0].level == WARNING]
        notes = [*warned, said, *(note for note in first.notes if note not in warned)]
        return replace(
            first, target=target, name=sub.name, notes=first.notes if first.level == REFUSED else tuple(notes)
        )
    return spread_verdict(target, sub, context, chosen)


def _coming(chosen: Chosens, to: Node | None) -> tuple[Counts, int]:
    """Who would come to a target, and how many pinned ones would stay where they are."""
    key = to.pk if to else None
    elsewhere = [one for home, one in chosen.items() if home != key]
    return sum((one.free for one in elsewhere), Counts()), sum(one.pinned for one in elsewhere)


def _refusals(context: DropContext, chosen: Chosens, to: Node | None, coming: Counts, pinned: int) -> Iterable[Note]:
    """Why the users cannot go there, the most telling reason first."""
    if not coming.users and not pinned:
        yield reasons.USER_ALREADY_THERE, {"node": to.short_name} if to else {"node": UNASSIGNED_LIST}
    if not coming.users:
        yield reasons.USERS_PINNED, {"users": pinned}
    if to:
        yield from _target_refusals(context, chosen, to, coming)
    many = are_many(chosen)
    touched = [to] if to else []
    touched += [context.nodes[home] for home in chosen if home is not None and (to is None or home != to.pk)]
    for node in touched:
        yield from pair_refusals(context, node, many)


def _target_refusals(context: DropContext, chosen: Chosens, to: Node, coming: Counts) -> Iterable[Note]:
    if closed := context.homes.takes(to.pk):
        yield closed
    if chosen.get(None) and (waits := context.homes.assigns()):
        yield waits
    if lack := context.load(to).room.lacks(coming.users, coming.endpoints):
        yield no_room(to.short_name, *lack)


def _outlook(context: DropContext, to: Node | None, coming: Counts, pinned: int, chosen: Chosens) -> Iterable[Note]:
    if to is None:
        yield reasons.MOVE_UNASSIGNS, {"users": coming.users}
    else:
        yield from _protection(context, to, coming, chosen)
    if pinned:
        yield reasons.MOVE_PINNED_STAY, {"users": pinned}


def _protection(context: DropContext, to: Node, coming: Counts, chosen: Chosens) -> Iterable[Note]:
    """What the drop means for the day on which a node of the pair fails (domain.md §3)."""
    sub, peer = context.subclusters[to.subcluster_id or 0], context.peer(to)
    if not peer or not sub.ha_enabled:
        yield reasons.MOVE_NO_PROTECTION, {"node": to.short_name, "why": "HA is off" if peer else "it has no peer"}
    else:
        within = chosen.get(peer.pk, Chosen()).free.users
        yield after_failure(context, to, peer, coming.users - within)
    if is_standby(context, to):
        yield reasons.MOVE_TO_STANDBY, {"node": to.short_name}


def _news(context: DropContext, to: Node | None, coming: Counts, after: Counts) -> Iterable[Note]:
    if to:
        facts = {"users": f"{after.users:,}", "capacity": f"{to.capacity_users:,}", "node": to.short_name}
        yield reasons.MOVE_FITS, facts | {"percent": percent(after.users, to.capacity_users)}
    if to and coming.signed_in:
        yield sign_in_again(context, coming.signed_in, coming.users)
