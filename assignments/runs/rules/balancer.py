"""Whether the automatic balancer of a cluster acts now, and if not, which condition holds it back.

Every round measures the imbalance; it acts only when nothing below speaks against it, asked in this order:

    off -> maintenance -> failover on -> node degraded -> a run is active -> balanced enough -> cooldown
        -> outside the window -> not held long enough -> gain too small -> waits for a person
        -> its run was undone -> it would move back what was moved by hand | ACT

Only rounds in which it could act count as held: each of the first seven, and a stop of the console, begins anew. The
first round after a stop, maintenance, a failover or a degraded node never acts, even where one round is asked for. What
a person did it never takes back by itself: then it makes the plan and leaves the rest to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from assignments.runs.rules.window import RunWindow
from topology import reasons
from topology.reasons import Reason


class Automation(StrEnum):
    """Off; recommend makes plans and waits for a person; on runs them."""

    OFF = "off"
    RECOMMEND = "recommend"
    ON = "on"


UNSETTLED = {why.code for why in (reasons.BALANCER_MAINTENANCE, reasons.BALANCER_FAILOVER, reasons.BALANCER_DEGRADED)}
GAP = timedelta(minutes=2)  # after so long without a round the next one begins anew


@dataclass(frozen=True)
class BalancerRules:
    """What a cluster asks of its balancer; spans in real seconds."""

    automation: Automation
    threshold: int  # percent of a node's fair share by which the fullest node exceeds it
    rounds: int  # rounds in a row past the threshold
    minimum_gain: int  # percentage points by which the plan lowers that excess
    cooldown: timedelta  # after any move, by hand or by a run
    window: RunWindow


@dataclass(frozen=True)
class Load:
    """Users at home on a node that takes part, and what it is rated for."""

    users: int
    capacity: int


@dataclass(frozen=True)
class BalancerInput:
    """What a round finds: loads now and after the best plan, and what is going on in the cluster."""

    loads: tuple[Load, ...]
    after: tuple[Load, ...]  # after the plan; the same as `loads` when there is nothing to move
    moves: int
    failover: str = ""  # name of a subcluster that is not normal
    degraded: str = ""  # name of a node that does not serve
    maintenance: str = ""  # name of a node that a person works on
    operation: str = ""  # a run that is active
    held: int = 0  # rounds in a row past the threshold before this one
    moved_at: datetime | None = None  # the last move by hand or by a run
    checked_at: datetime | None = None  # the round before this one
    said: str = ""  # the code of that round


@dataclass(frozen=True)
class Hands:
    """What people did since a person last ran a plan for balance, held against a plan of the balancer."""

    run: str = ""  # its own run that a person undid or cancelled
    how: str = ""
    moved: Mapping[tuple[int, int], int] = field(default_factory=dict)  # users still there, by (from, to) node
    taken_back: int = 0  # those of them whom the plan moves straight back


@dataclass(frozen=True)
class BalancerVerdict:
    """Act, or the reason that holds the balancer back; `held` is kept for the next round."""

    act: bool
    why: Reason
    facts: dict[str, Any]
    held: int

    @property
    def sentence(self) -> str:
        return self.why.say(**self.facts)


def imbalance(loads: tuple[Load, ...]) -> int:
    """How far the fullest node is above its fair share of the capacity, in percent of that share, rounded down."""
    users, capacity = sum(n.users for n in loads), sum(n.capacity for n in loads)
    if not users:
        return 0
    return max(0, max((n.users * capacity * 100) // (n.capacity * users) for n in loads) - 100)


def decide(rules: BalancerRules, load: BalancerInput, now: datetime) -> BalancerVerdict:
    """One round of the balancer."""
    excess = imbalance(load.loads)

    def blocked(why: Reason, **facts: Any) -> BalancerVerdict:
        return BalancerVerdict(False, why, facts, 0)

    if rules.automation is Automation.OFF:
        return blocked(reasons.BALANCER_OFF)
    if load.maintenance:
        return blocked(reasons.BALANCER_MAINTENANCE, node=load.maintenance)
    if load.failover:
        return blocked(reasons.BALANCER_FAILOVER, subcluster=load.failover)
    if load.degraded:
        return blocked(reasons.BALANCER_DEGRADED, node=load.degraded)
    if load.operation:
        return blocked(reasons.BALANCER_BUSY, operation=load.operation)
    if excess < rules.threshold:
        return blocked(reasons.BALANCER_BALANCED, excess=excess, threshold=rules.threshold)
    if load.moved_at and now < load.moved_at + rules.cooldown:
        return blocked(reasons.BALANCER_COOLDOWN, until=_moment(load.moved_at + rules.cooldown, rules.window))
    if not rules.window.holds(now):
        opens = _moment(rules.window.opens(now), rules.window)
        return blocked(reasons.BALANCER_WINDOW, window=str(rules.window), opens=opens)
    return _judge(rules, load, excess, _held(rules, load, now))


def _held(rules: BalancerRules, load: BalancerInput, now: datetime) -> int:
    """Rounds in a row with this one. After a while in which it could not look or act, this one alone is not enough."""
    stopped = load.checked_at is not None and now - load.checked_at > GAP
    if stopped or load.said in UNSETTLED:
        return min(1, rules.rounds - 1)
    return load.held + 1


def _judge(rules: BalancerRules, load: BalancerInput, excess: int, held: int) -> BalancerVerdict:
    """A round in which it could act."""
    if held < rules.rounds:
        facts = {"excess": excess, "held": held, "rounds": rules.rounds}
        return BalancerVerdict(False, reasons.BALANCER_HOLDING, facts, held)
    gain = excess - imbalance(load.after)
    if not load.moves or gain < rules.minimum_gain:
        return BalancerVerdict(False, reasons.BALANCER_GAIN, {"gain": gain, "minimum": rules.minimum_gain}, held)
    act = rules.automation is Automation.ON
    why = reasons.BALANCER_ACTS if act else reasons.BALANCER_RECOMMENDS
    return BalancerVerdict(act, why, {"moves": load.moves, "excess": excess, "gain": gain}, 0 if act else held)


def defer(rules: BalancerRules, verdict: BalancerVerdict, loads: Mapping[int, Load], hands: Hands) -> BalancerVerdict:
    """The verdict to act, or to recommend only because a person did the opposite; `loads` by node.

    Moves by hand are respected as persons, whom the plan would move back, and as counts: when the nodes would be
    balanced enough without them, the imbalance is what somebody wanted.
    """
    if hands.run:
        return recommend(rules, verdict, reasons.BALANCER_UNDONE, run=hands.run, how=hands.how)
    wanted = bool(hands.moved) and imbalance(_without(loads, hands.moved)) < rules.threshold
    users = sum(hands.moved.values()) if wanted else hands.taken_back
    return recommend(rules, verdict, reasons.BALANCER_MOVED_BY_HAND, users=users) if users else verdict


def recommend(rules: BalancerRules, verdict: BalancerVerdict, why: Reason, **facts: Any) -> BalancerVerdict:
    """Not to act but to recommend, for this reason; the next round has held long enough, too."""
    return BalancerVerdict(False, why, verdict.facts | facts, rules.rounds)


def _without(loads: Mapping[int, Load], moved: Mapping[tuple[int, int], int]) -> tuple[Load, ...]:
    """The loads if no one had been moved by hand."""
    users = {node: load.users for node, load in loads.items()}
    for (source, to), count in moved.items():
        if source in users and to in users:
            users[source] += count
            users[to] -= count
    return tuple(Load(users[node], load.capacity) for node, load in loads.items())


def _moment(at: datetime, window: RunWindow) -> str:
    return at.astimezone(ZoneInfo(window.zone)).isoformat(timespec="seconds")
