"""Whether the automatic balancer of a cluster acts now, and if not, which condition holds it back.

Every round measures the imbalance; it acts only when nothing below speaks against it, asked in this order:

    off -> maintenance -> failover on -> node degraded -> a run is active -> balanced enough -> not held long enough
        -> cooldown -> outside the window -> gain too small -> waits for a person | ACT

A human move is never reverted: after one, the cooldown runs. At start-up no round has been held yet, so a fresh
balancer never acts at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from assignments.runs.rules.window import Window
from topology import reasons
from topology.reasons import Reason


class Automation(StrEnum):
    """Off; recommend makes plans and waits for a person; on runs them."""

    OFF = "off"
    RECOMMEND = "recommend"
    ON = "on"


@dataclass(frozen=True)
class Rules:
    """What a cluster asks of its balancer; spans in real seconds."""

    automation: Automation
    threshold: int  # percent of a node's fair share by which the fullest node exceeds it
    rounds: int  # rounds in a row past the threshold
    minimum_gain: int  # percentage points by which the plan lowers that excess
    cooldown: timedelta  # after any move, by hand or by a run
    window: Window


@dataclass(frozen=True)
class Load:
    """Users at home on a node that takes part, and what it is rated for."""

    users: int
    capacity: int


@dataclass(frozen=True)
class Ground:
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


@dataclass(frozen=True)
class Verdict:
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


def decide(rules: Rules, ground: Ground, now: datetime) -> Verdict:
    """One round of the balancer."""
    excess = imbalance(ground.loads)
    held = ground.held + 1 if excess >= rules.threshold else 0

    def idle(why: Reason, **facts: Any) -> Verdict:
        return Verdict(False, why, facts, held)

    if rules.automation is Automation.OFF:
        return Verdict(False, reasons.BALANCER_OFF, {}, 0)
    if ground.maintenance:
        return idle(reasons.BALANCER_MAINTENANCE, node=ground.maintenance)
    if ground.failover:
        return idle(reasons.BALANCER_FAILOVER, subcluster=ground.failover)
    if ground.degraded:
        return idle(reasons.BALANCER_DEGRADED, node=ground.degraded)
    if ground.operation:
        return idle(reasons.BALANCER_BUSY, operation=ground.operation)
    if excess < rules.threshold:
        return idle(reasons.BALANCER_BALANCED, excess=excess, threshold=rules.threshold)
    if held < rules.rounds:
        return idle(reasons.BALANCER_HOLDING, excess=excess, held=held, rounds=rules.rounds)
    if ground.moved_at and now < ground.moved_at + rules.cooldown:
        return idle(reasons.BALANCER_COOLDOWN, until=_moment(ground.moved_at + rules.cooldown, rules.window))
    if not rules.window.holds(now):
        return idle(
            reasons.BALANCER_WINDOW, window=str(rules.window), opens=_moment(rules.window.opens(now), rules.window)
        )
    gain = excess - imbalance(ground.after)
    if not ground.moves or gain < rules.minimum_gain:
        return idle(reasons.BALANCER_GAIN, gain=gain, minimum=rules.minimum_gain)
    act = rules.automation is Automation.ON
    why = reasons.BALANCER_ACTS if act else reasons.BALANCER_RECOMMENDS
    return Verdict(act, why, {"moves": ground.moves, "excess": excess, "gain": gain}, 0 if act else held)


def _moment(at: datetime, window: Window) -> str:
    return f"{at.astimezone(ZoneInfo(window.zone)):%Y-%m-%d %H:%M} {window.zone}"
