"""Reads a subcluster as the recovery engine sees it, and what may be asked of it now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from assignments.models import Population
from assignments.population.selectors import Board
from assignments.recovery.rules import commands
from assignments.recovery.rules.commands import Command
from assignments.recovery.rules.kept import SrmState
from assignments.recovery.rules.n_minus_one import Verdict, n_minus_one
from assignments.recovery.rules.pair import Member, Memory, Pair, Parameters, Phase
from assignments.recovery.rules.pair_state import PairState
from assignments.recovery.rules.relogin_window import Effect, Window, effect, pair_window, window_users
from assignments.recovery.rules.step import automatic_fallback_at, recent_failovers
from assignments.recovery.rules.waiting import users_without_service
from topology.models import Cluster, Node, Policy, Subcluster
from topology.reasons import NODE_NOT_IN_SUBCLUSTER, Refused
from topology.rules.clock import set_back_since
from topology.rules.states import State, StateReason
from topology.structure import removed


@dataclass(frozen=True)
class Button:
    """One command of a subcluster: for which node, and why it is refused now, if it is."""

    command: Command
    node: Node | None
    refused: Refused | None

    @property
    def label(self) -> str:
        return {"enable_ha": "Enable HA", "disable_ha": "Disable HA"}.get(self.command, self.command.title())

    @property
    def legal(self) -> bool:
        return self.refused is None


def cluster_seconds(cluster: Cluster, real: datetime) -> int:
    """The whole seconds of cluster time at a real instant."""
    return int(cluster.now(real).timestamp())


def real_time(cluster: Cluster, seconds: int) -> datetime:
    """A real instant at which the cluster's clock has just reached so many seconds."""
    at = cluster.clock.real(datetime.fromtimestamp(seconds, UTC))
    return at.replace(microsecond=at.microsecond + 1) if at.microsecond < 999_999 else at


def by_the_clock(subcluster: Subcluster, real: datetime) -> Subcluster:
    """The subcluster with what is remembered of it as of now, also where the clocks of all machines were set back.

    Its latest step is to come then, and so is all that it waits for. Cluster must be loaded with it.
    """
    at, cluster = subcluster.srm.get("at", 0), subcluster.cluster
    if at > cluster_seconds(cluster, set_back_since(real)):
        kept, by = SrmState.of(subcluster.srm), at - cluster_seconds(cluster, real)
        if was := kept.window_was:
            until = datetime.fromisoformat(was.until) - timedelta(seconds=by / cluster.clock_speed)
            kept = replace(kept, window_was=replace(was, until=until.isoformat()))
        subcluster.srm = kept.moved_back(by).as_json()
    return subcluster


def parameters(policy: Policy) -> Parameters:
    """The part of a policy that the engine follows."""
    return Parameters(**{one.name: getattr(policy, one.name) for one in fields(Parameters)})


def read_pair(subcluster: Subcluster, now: int) -> tuple[Pair, list[Node]]:
    """A subcluster and its nodes in slot order, in two queries; cluster and policy must be loaded with it."""
    nodes = list(Node.objects.filter(subcluster=subcluster).order_by("slot"))
    at = {node.pk: i for i, node in enumerate(nodes)}
    rows = Population.objects.filter(home_node__in=nodes, serving_node__in=nodes, users__gt=0)
    counts = {
        (at[home], at[serving]): (users, signed_in)
        for home, serving, users, signed_in in rows.values_list("home_node", "serving_node", "users", "signed_in")
    }
    return _pair(subcluster, nodes, counts, now), nodes


def _member(node: Node, kept: SrmState, now: int) -> Member:
    return Member(
        node.name,
        node.capacity_users,
        node.profile,
        node.truth,
        State(node.state),
        StateReason(node.reason),
        kept.watch(str(node.pk), now),
        key=str(node.pk),
        maintenance=int(node.maintenance_until.timestamp()) if node.maintenance_until else None,
    )


def _memory(sub: Subcluster, kept: SrmState, members: tuple[Member, ...]) -> Memory:
    """What is kept of the pair; of one never looked at, that its nodes were made Normal.

    Of other nodes than these, none of which is replaced while HA is on, it is only since when that is off.
    """
    if kept.memory and kept.watches.keys() != {m.key for m in members}:
        return Memory(since=kept.memory.since)
    healthy = sub.ha_enabled and len(members) == 2 and all(m.state is State.NORMAL for m in members)
    return kept.memory or (Memory(phase=Phase.NORMAL) if healthy else Memory())


def _pair(sub: Subcluster, nodes: list[Node], counts: dict[tuple[int, int], tuple[int, int]], now: int) -> Pair:
    kept = SrmState.of(sub.srm)
    members = tuple(_member(node, kept, now) for node in nodes)
    return Pair(
        sub.name,
        members,
        counts,
        ha=sub.ha_enabled,
        model=sub.cluster.model,
        parameters=parameters(sub.cluster.policy),
        memory=_memory(sub, kept, members),
    )


def with_policy(subcluster: Subcluster, real: datetime | None = None) -> Subcluster:
    """The subcluster as it is now, with its cluster and policy, in one query. Raises Refused when it is gone."""
    current = Subcluster.objects.select_related("cluster__policy").filter(pk=subcluster.pk).first()
    if current is None:
        raise removed.gone(subcluster)
    return by_the_clock(current, real or timezone.now())


def placed(node: Node) -> tuple[Node, Subcluster]:
    """A node as it is now, and its subcluster. Raises Refused when it is gone, or in none."""
    current = Node.objects.select_related("subcluster", "cluster").filter(pk=node.pk).first()
    if current is None:
        raise removed.gone(node)
    if current.subcluster is None:
        raise Refused(NODE_NOT_IN_SUBCLUSTER, node=current.name)
    return current, current.subcluster


def position(pair: Pair, node: Node) -> int:
    """Where a node stands in its pair, whatever its name is by now. Raises Refused when it is not there any more."""
    keys = [member.key for member in pair.members]
    if str(node.pk) not in keys:
        placed(node)
        raise Refused(NODE_NOT_IN_SUBCLUSTER, node=node.name)
    return keys.index(str(node.pk))


def buttons(subcluster: Subcluster) -> list[Button]:
    """Every command of a subcluster, for each node that it is for, legal or with the reason of its refusal."""
    return _buttons(*read_pair(with_policy(subcluster), 0))


def _buttons(pair: Pair, nodes: list[Node]) -> list[Button]:
    buttons = []
    for command in Command:
        about = list(enumerate(nodes)) if command in commands.OF_A_NODE else [(0, None)]
        if nodes:
            buttons += [Button(command, node, commands.refusal(pair, command, i)) for i, node in about]
    return buttons


@dataclass(frozen=True)
class Outlook:
    """How a failed-over node comes back where automatic fallback is on: by itself at `at`, or by a person."""

    node: Node
    at: datetime | None  # real; None: a person must, for there were so many failovers in so many hours
    failovers: int
    hours: int


@dataclass(frozen=True)
class Waits:
    """Users of a node without service: those who cannot sign in, and those who do until a real instant."""

    cannot: int
    signing_in: int
    until: datetime | None


@dataclass(frozen=True)
class FormerWindow:
    """The upper limit that a re-login window had, until when, and when the last client that got it has signed in."""

    upper: int
    until: datetime
    gone: datetime  # both in real time


@dataclass(frozen=True)
class Controls:
    """What may be asked of a subcluster now, what happens if a node fails now (by its id), and its re-login window."""

    buttons: list[Button]
    verdicts: dict[int, Verdict]
    window: Window | None
    effect: Effect | None  # of the window or the budget, when the fuller node fails (domain.md §4.8)
    budget: str  # in words; empty where the window decides
    pair: Pair
    outlook: Outlook | None = None
    former_window: FormerWindow | None = None  # while a client may go by it
    waits: dict[int, Waits] = field(default_factory=dict)  # of the nodes whose users wait, by id


def controls(cluster: Cluster) -> dict[int, Controls]:
    """The controls of every subcluster of a cluster by id, in three queries."""
    return {sub.pk: _controls(sub, pair, nodes) for sub, pair, nodes in _pairs(cluster)}


def controls_of(board: Board, subclusters: Collection[int | None] | None = None) -> dict[int, Controls]:
    """The same of what a board read, or of some of its subclusters."""
    some = [view for view in board.subclusters if subclusters is None or view.subcluster.pk in subclusters]
    nodes = [view.node for sub in some for view in sub.nodes]
    rows = [(row.home_node_id, row.serving_node_id, row.users, row.signed_in) for row in board.populations]
    pairs = _paired([view.subcluster for view in some], nodes, rows)
    return {sub.pk: _controls(sub, pair, members) for sub, pair, members in pairs}


def _controls(sub: Subcluster, pair: Pair, nodes: list[Node]) -> Controls:
    window, budget = relogin_window(pair), pair.parameters.budget
    users = window_users(pair.model, [pair.home(i) for i in range(len(pair.members))])
    shown = effect(budget, window, users) if window else None
    outlook = _outlook(sub, pair, nodes)
    verdicts, former = _verdicts(pair, nodes), _former_window(sub)
    waits = _waits(sub, pair, nodes)
    return Controls(_buttons(pair, nodes), verdicts, window, shown, budget.words, pair, outlook, former, waits)


def _waits(sub: Subcluster, pair: Pair, nodes: list[Node]) -> dict[int, Waits]:
    waits = users_without_service(pair, cluster_seconds(sub.cluster, timezone.now()))
    return {
        node.pk: Waits(w.cannot, w.signing_in, real_time(sub.cluster, w.until) if w.until is not None else None)
        for node, w in zip(nodes, waits, strict=True)
        if w.cannot or w.signing_in
    }


def _former_window(sub: Subcluster) -> FormerWindow | None:
    """What the window was before its latest change, while who lost the connection before it may wait by it.

    A client signs in within the upper limit that it was told, by the cluster's clock (domain.md §4.8).
    """
    if not (was := SrmState.of(sub.srm).window_was):
        return None
    until = datetime.fromisoformat(was.until)
    gone = sub.cluster.clock.real(sub.cluster.now(until) + timedelta(seconds=was.upper))
    return FormerWindow(was.upper, until, gone) if timezone.now() < gone else None


def _outlook(sub: Subcluster, pair: Pair, nodes: list[Node]) -> Outlook | None:
    """Whether a failed-over node is fallen back to by itself, and when (domain.md §4.2)."""
    if pair.memory.phase is not Phase.FAILED_OVER:
        return None
    state = PairState(pair, cluster_seconds(sub.cluster, timezone.now()))
    at = automatic_fallback_at(state)
    if at is None:
        return None
    failovers, p = recent_failovers(state, at), pair.parameters
    real = real_time(sub.cluster, at) if failovers < p.failover_limit and not pair.memory.asked else None
    return Outlook(nodes[pair.memory.side], real, p.failover_limit, p.failover_limit_hours)


def verdicts(cluster: Cluster) -> dict[int, Verdict]:
    """For each node in a subcluster, by id: what happens if it fails now; in three queries."""
    by_node: dict[int, Verdict] = {}
    for _, pair, nodes in _pairs(cluster):
        by_node |= _verdicts(pair, nodes)
    return by_node


def _verdicts(pair: Pair, nodes: list[Node]) -> dict[int, Verdict]:
    return {node.pk: n_minus_one(pair, i) for i, node in enumerate(nodes)}


def _pairs(cluster: Cluster) -> Iterator[tuple[Subcluster, Pair, list[Node]]]:
    """Every subcluster of a cluster as the engine sees it, in three queries."""
    subclusters = list(Subcluster.objects.filter(cluster=cluster).select_related("cluster__policy"))
    nodes = list(Node.objects.filter(cluster=cluster, subcluster__isnull=False).order_by("subcluster_id", "slot"))
    rows = list(
        Population.objects.filter(cluster=cluster, home_node__isnull=False, users__gt=0).values_list(
            "home_node", "serving_node", "users", "signed_in"
        )
    )
    return _paired(subclusters, nodes, rows)


def _paired(
    subclusters: Iterable[Subcluster], nodes: Iterable[Node], rows: Sequence[tuple[int | None, int | None, int, int]]
) -> Iterator[tuple[Subcluster, Pair, list[Node]]]:
    now = timezone.now()
    for sub in subclusters:
        by_the_clock(sub, now)
        mine = [node for node in nodes if node.subcluster_id == sub.pk]
        at = {node.pk: i for i, node in enumerate(mine)}
        counts = {(at[h], at[s]): (users, signed) for h, s, users, signed in rows if h in at and s in at}
        yield sub, _pair(sub, mine, counts, 0), mine


def relogin_window(pair: Pair) -> Window | None:
    """The window of a subcluster; none for one without nodes (domain.md §4.8)."""
    if not pair.members:
        return None
    homes = [pair.home(i) for i in range(len(pair.members))]
    profiles = [m.profile for m in pair.members]
    p = pair.parameters
    return pair_window(profiles, pair.model, homes, p.relogin_lower_limit, p.second_connection_percent)
