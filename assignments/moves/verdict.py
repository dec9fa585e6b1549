"""The one predicate for what may be dropped where, and why.

    what is chosen (counts by home) + nodes + populations + runs  ->  a verdict for every target

Page, dialog, command line and API ask it, and the move asks it again under its locks. It costs six queries, however
many users there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from assignments.models import Kind
from assignments.moves.drop_context import Chosen, Chosens, DropContext, count, drop_context
from assignments.moves.selection import UNASSIGNED, Selection
from assignments.population.selectors import Counts, percent
from assignments.runs.hand_moves import AT_ONCE
from topology import reasons
from topology.accounts import roles, sentences
from topology.models import DeploymentModel, Mode, Node
from topology.reasons import Reason, Refused

ALLOWED, WARNING, REFUSED = "allowed", "warning", "refused"
SHORT = {  # refusals on the target itself, where a sentence has no room
    reasons.USER_ALREADY_THERE.code: "already here",
    reasons.NODE_NO_ROOM.code: "no room",
    reasons.NODE_NOT_A_TARGET.code: "out of service",
    reasons.NODE_WITHOUT_SUBCLUSTER.code: "in no subcluster",
    reasons.NODE_IN_MAINTENANCE.code: "in maintenance",
    reasons.USERS_PINNED.code: "all are pinned",
    reasons.MOVE_PAIR_IN_FAILOVER.code: "in a failover",
    reasons.MOVE_NEW_DURING_FAILOVER.code: "no new users now",
    reasons.RUN_IN_PROGRESS.code: "held by a run",
}
RECOVERY = (Kind.FAILOVER.value, Kind.FAILBACK.value)


@dataclass(frozen=True)
class DropVerdict:
    """What would become of a drop on a target: whether, why (`notes`, the gravest first), and the numbers after it."""

    target: str
    name: str
    notes: tuple[tuple[Reason, dict[str, Any]], ...]
    coming: int = 0
    users_after: int = 0
    capacity: int = 0
    endpoints_after: int = 0
    endpoint_capacity: int = 0

    @property
    def level(self) -> str:
        levels = {reason.level for reason, _ in self.notes}
        return next((level for level in (REFUSED, WARNING) if level in levels), ALLOWED)

    @property
    def code(self) -> str:
        return self.notes[0][0].code

    @property
    def message(self) -> str:
        return " ".join(sentences.say(reason, facts) for reason, facts in self.notes)

    @property
    def lines(self) -> str:
        """The message with a line for each sentence, to be read while something hangs at the pointer."""
        return "\n".join(sentences.say(reason, facts) for reason, facts in self.notes)

    @property
    def fix(self) -> str:
        return sentences.fix(*self.notes[0])

    @property
    def percent_after(self) -> int:
        return percent(self.users_after, self.capacity)

    @property
    def short_name(self) -> str:
        return self.name.split(".", 1)[0]

    @property
    def users_before(self) -> int:
        return self.users_after - self.coming

    @property
    def sentences(self) -> list[dict[str, str]]:
        """Each note with its level and its fix."""
        return [
            {"code": why.code, "level": why.level, "text": sentences.say(why, facts), "fix": sentences.fix(why, facts)}
            for why, facts in self.notes
        ]

    @property
    def short(self) -> str:
        """The line on the target itself."""
        if self.level == REFUSED:
            return SHORT.get(self.code, "refused")
        return f"{self.users_after:,} of {self.capacity:,} users" if self.capacity else f"{self.users_after:,} users"

    @property
    def refusal(self) -> Refused:
        return Refused(self.notes[0][0], **self.notes[0][1])

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page and the API give."""
        names = (
            "level",
            "code",
            "message",
            "lines",
            "fix",
            "short",
            "coming",
            "users_after",
            "capacity",
            "percent_after",
        )
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Judgement:
    """How many users are chosen, and the verdict of every target of the cluster."""

    users: int
    targets: dict[str, DropVerdict]
    context: DropContext

    def groups(self) -> list[tuple[str, list[DropVerdict]]]:
        """The verdicts of the nodes below the name of their subcluster, in the order of the page."""
        nodes = sorted(self.context.nodes.values(), key=lambda node: (node.slot or 0, node.number))
        groups = [
            (sub.name, [n for n in nodes if n.subcluster_id == sub.pk]) for sub in self.context.subclusters.values()
        ]
        groups.append(("Unassigned nodes", [n for n in nodes if n.subcluster_id is None]))
        return [(name, [self.targets[f"node:{n.pk}"] for n in members]) for name, members in groups if members]


def judge(selection: Selection, actor_role: str | None) -> Judgement:
    """What a drop of the selection on each target of the cluster would do, in six queries."""
    context, chosen = drop_context(selection.cluster), count(selection)
    every = _refused_everywhere(selection, chosen, actor_role)
    verdicts = {
        target: DropVerdict(target, name, (every,)) if every else _judge(target, context, chosen)
        for target, name in _targets(context)
    }
    return Judgement(sum(one.users for one in chosen.values()), verdicts, context)


def verdicts(selection: Selection, actor_role: str | None) -> dict[str, DropVerdict]:
    """The verdict of every target."""
    return judge(selection, actor_role).targets


def _targets(context: DropContext) -> Iterable[tuple[str, str]]:
    yield from ((f"subcluster:{pk}", sub.name) for pk, sub in context.subclusters.items())
    yield from ((f"node:{pk}", node.name) for pk, node in context.nodes.items())
    yield UNASSIGNED, "Unassigned users"


Note = tuple[Reason, dict[str, Any]]


def _refused_everywhere(selection: Selection, chosen: Chosens, role: str | None) -> Note | None:
    if role is None or roles.ROLES.index(role) < roles.ROLES.index(roles.OPERATE):
        return reasons.ROLE_NEEDED, {"role": roles.OPERATE}
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
        sub = context.subclusters[int(key)]
        names = ", ".join(n.short_name for n in context.nodes.values() if n.subcluster_id == sub.pk)
        return DropVerdict(
            target, sub.name, ((reasons.MOVE_CHOOSE_NODE, {"subcluster": sub.name, "nodes": names or "none"}),)
        )
    to = context.nodes[int(key)] if kind == "node" else None
    coming, pinned = _coming(chosen, to)
    after = context.home[to.pk if to else None] + coming
    refusal = next(iter(_refusals(context, chosen, to, coming, pinned, after)), None)
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
    )


def _coming(chosen: Chosens, to: Node | None) -> tuple[Counts, int]:
    """Who would come to a target, and how many pinned ones would stay where they are."""
    key = to.pk if to else None
    elsewhere = [one for home, one in chosen.items() if home != key]
    return sum((one.free for one in elsewhere), Counts()), sum(one.pinned for one in elsewhere)


def _refusals(
    context: DropContext, chosen: Chosens, to: Node | None, coming: Counts, pinned: int, after: Counts
) -> Iterable[Note]:
    """Why the users cannot go there, the most telling reason first."""
    if not coming.users and not pinned:
        yield reasons.USER_ALREADY_THERE, {"node": to.short_name} if to else {"node": "no node"}
    if not coming.users:
        yield reasons.USERS_PINNED, {"users": pinned}
    if to:
        yield from _target_refusals(context, chosen, to, after, coming)
    many = sum(one.users for one in chosen.values()) > AT_ONCE
    touched = [to] if to else []
    touched += [context.nodes[home] for home in chosen if home is not None and (to is None or home != to.pk)]
    for node in touched:
        yield from _pair_refusals(context, node, many)


def _target_refusals(context: DropContext, chosen: Chosens, to: Node, after: Counts, coming: Counts) -> Iterable[Note]:
    if closed := context.homes.takes(to.pk):
        yield closed
    if chosen.get(None) and (waits := context.homes.assigns()):
        yield waits
    room = to.capacity_users - context.home[to.pk].users
    if after.users > to.capacity_users:
        yield reasons.NODE_NO_ROOM, _room(to, "users", room, coming.users)
    room = to.capacity_endpoints - context.home[to.pk].endpoints
    if after.endpoints > to.capacity_endpoints:
        yield reasons.NODE_NO_ROOM, _room(to, "endpoints", room, coming.endpoints)


def _pair_refusals(context: DropContext, node: Node, many: bool) -> Iterable[Note]:
    """Nobody's home changes while its pair fails over. Many users are a run, and runs never meet; a few may slip in."""
    if locked := context.homes.gives(node.pk):
        yield locked
    held = context.held.get(node.subcluster_id or 0)
    if held and (many or held.kind in RECOVERY):
        facts = {"operation": held.pk, "kind": held.get_kind_display().lower(), "author": held.author_name}
        yield reasons.RUN_IN_PROGRESS, {"subcluster": context.subclusters[node.subcluster_id or 0].name, **facts}


def _room(to: Node, what: str, room: int, wanted: int) -> dict[str, Any]:
    return {"node": to.short_name, "room": f"{max(room, 0):,}", "what": what, "wanted": f"{wanted:,}"}


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
        yield _after_failure(context, to, peer, coming, chosen)
    if to.slot == 2 and (
        context.cluster.mode == Mode.ACTIVE_STANDBY or context.cluster.model == DeploymentModel.ACTIVE_STANDBY
    ):
        yield reasons.MOVE_TO_STANDBY, {"node": to.short_name}


def _after_failure(context: DropContext, to: Node, peer: Node, coming: Counts, chosen: Chosens) -> Note:
    """Whether one node of the pair could serve both: a warning where the drop makes it worse (N-1)."""
    within = chosen.get(peer.pk, Chosen()).free.users
    together = context.home[to.pk].users + context.home[peer.pk].users + coming.users - within
    weaker = min(to, peer, key=lambda node: node.capacity_users)
    facts = {"users": f"{together:,}", "capacity": f"{weaker.capacity_users:,}"}
    redundant = context.cluster.model != DeploymentModel.BALANCED_NON_REDUNDANT
    if redundant and together > weaker.capacity_users and coming.users > within:
        return reasons.MOVE_ABOVE_PEER, facts | {"node": weaker.short_name}
    return reasons.MOVE_PAIR_AFTER, facts | {"subcluster": context.subclusters[to.subcluster_id or 0].name}


def _news(context: DropContext, to: Node | None, coming: Counts, after: Counts) -> Iterable[Note]:
    if to:
        facts = {"users": f"{after.users:,}", "capacity": f"{to.capacity_users:,}", "node": to.short_name}
        yield reasons.MOVE_FITS, facts | {"percent": percent(after.users, to.capacity_users)}
    if to and coming.signed_in:
        seconds = -(-coming.users // context.policy.moves_per_second) if coming.users > AT_ONCE else 1
        yield reasons.MOVE_SIGN_IN_AGAIN, {"users": f"{coming.signed_in:,}", "seconds": f"{seconds:,}"}
