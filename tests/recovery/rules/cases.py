"""Cases of faults, commands and people that the rules of recovery are played against, drawn by Hypothesis."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from assignments.recovery.rules import commands, maintenance
from assignments.recovery.rules.commands import Command, Fault
from assignments.recovery.rules.pair import Member, Outcome, Pair, Parameters
from assignments.recovery.rules.relogin_window import Budget
from assignments.recovery.rules.step import step_pair
from assignments.simulation.rules import play as simulator
from assignments.simulation.rules.play import Action, at_rest
from tests.support import torture
from topology.reasons import Refused
from topology.rules.states import RECOVERY_MANAGER

SERVICES = ("Cisco Presence Engine", "Cisco XCP Router", RECOVERY_MANAGER, "Cisco OAM Agent")
DAY = 86_400


@dataclass(frozen=True)
class Person:
    """What people do besides commands: another rate for a transition, maintenance of a node."""

    at: int
    do: str  # rate, begin, end
    member: int
    value: float = 0.0

    def act(self, pair: Pair, now: int) -> Outcome:
        if self.do == "rate":
            return commands.set_sign_in_rate(pair, Budget(per_second=self.value or None), now)
        if self.do == "begin":
            end = now + int(self.value)
            return commands.change_pair(pair, now, lambda d: maintenance.begin(d, self.member, end, "new disk", "ada"))
        return commands.change_pair(pair, now, lambda d: maintenance.end(d, self.member))


@dataclass(frozen=True)
class Case:
    pair: Pair
    actions: tuple[Action | Person, ...]


# Instants near each other and near the delays of the engine, where what is due meets what is done.
GAPS = st.sampled_from([0, 0, 1, 14, 15, 16, 59, 60, 61, 75, 89, 90, 91, 119, 120, 121, 300, 1800, 3600])


@st.composite
def actions(draw: st.DrawFn, nodes: int, at: int) -> Action | Person:
    member = draw(st.integers(0, nodes - 1))
    what = draw(st.sampled_from(["fault", "fault", "fault", "repair", "repair", "command", "command", "person"]))
    if what in ("fault", "repair"):
        kind = draw(st.sampled_from(list(Fault)))
        service = draw(st.sampled_from(SERVICES)) if kind is Fault.SERVICE else ""
        return Action(at, what, 0, member, kind, service)
    if what == "command":
        return Action(at, str(draw(st.sampled_from(list(Command)))), 0, member)
    do = draw(st.sampled_from(["rate", "begin", "end"]))
    values = {"rate": [0.0, 0.3, 5, 300], "begin": [60.0, 1800, 28_800], "end": [0.0]}
    return Person(at, do, member, draw(st.sampled_from(values[do])))


@st.composite
def timelines(draw: st.DrawFn, nodes: int) -> tuple[Action | Person, ...]:
    at, found = draw(st.integers(0, 200)), []
    for gap in draw(st.lists(st.one_of(GAPS, st.integers(0, 2000)), max_size=14)):
        at += gap
        found.append(draw(actions(nodes, at)))
    return tuple(found)


@st.composite
def parameters(draw: st.DrawFn) -> Parameters:
    budget = draw(st.sampled_from([{}, {}, {"sign_ins_per_second": 0.5}, {"sign_ins_per_second": 7},
                                   {"sign_ins_per_second": 400}, {"done_within_minutes": 3}]))  # fmt: skip
    return Parameters(
        enable_automatic_fallback=draw(st.booleans()),
        automatic_fallback_delay=draw(st.sampled_from([60, 1800])),
        failover_limit=draw(st.sampled_from([1, 3])),
        automatic_fallback_from=draw(st.sampled_from([None, 79_200])),
        automatic_fallback_until=draw(st.sampled_from([None, 7200])),
        critical_service_delay=draw(st.sampled_from([1, 90, 400])),
        keep_alive_interval=draw(st.sampled_from([1, 15, 60])),
        serve_beyond_capacity=draw(st.booleans()),
        canary_fallback=draw(st.booleans()),
        relogin_lower_limit=draw(st.sampled_from([0, 30, 120])),
        **budget,
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    nodes = draw(st.sampled_from([1, 2, 2, 2, 2]))
    capacity = draw(st.sampled_from([100, 1000, 5000]))
    homes = [draw(st.integers(0, capacity)) for _ in range(nodes)]
    members = tuple(Member(f"node-{i}", capacity, 5000) for i in range(nodes))
    counts = {(i, i): (n, n) for i, n in enumerate(homes)}
    ha = draw(st.booleans()) or nodes == 2
    pair = at_rest(Pair("sc", members, counts, ha, "balanced_redundant", draw(parameters())))
    return Case(pair, draw(timelines(nodes)))


def act(pair: Pair, action: Action | Person, now: int) -> Outcome:
    return action.act(pair, now) if isinstance(action, Person) else simulator.act(pair, action, now)


def pair_of(homes: tuple[int, int], capacity: int = 100, **values: Any) -> Pair:
    """A pair at rest, for cases that were found once."""
    members = tuple(Member(f"node-{i}", capacity, 5000) for i in (0, 1))
    counts = {(i, i): (n, n) for i, n in enumerate(homes)}
    return at_rest(Pair("sc", members, counts, True, "balanced_redundant", Parameters(**values)))


# The backup's own users still wait for their lower limit when the last of the others has come.
OWN_USERS_WAIT = Case(
    pair_of((1, 1), critical_service_delay=1, keep_alive_interval=1, relogin_lower_limit=30),
    (
        Action(0, "fault", 0, 0, Fault.POWER),
        Action(32, "fault", 0, 1, Fault.NETWORK),
        Action(32, "repair", 0, 1, Fault.NETWORK),
    ),
)
# The wake that fails the take-over comes two seconds after a batch.
FAILS_AFTER_A_BATCH = Case(
    pair_of((0, 356), 1000, relogin_lower_limit=0),
    (Action(0, "failover", 0, 1), Action(0, "fault", 0, 0, Fault.SERVICE, RECOVERY_MANAGER)),
)
# A day after a person was asked the limit of failovers would let the engine fall back.
ASKED_A_DAY_AGO = Case(
    pair_of(
        (0, 0),
        critical_service_delay=1,
        keep_alive_interval=1,
        relogin_lower_limit=0,
        enable_automatic_fallback=True,
        automatic_fallback_delay=60,
        failover_limit=1,
    ),
    (Action(0, "fault", 0, 0, Fault.NETWORK), Action(61, "fault", 0, 1, Fault.POWER)),
)
# The services that a person stopped run again in the step that turns HA off.
OFF_AFTER_A_FAILOVER_BY_HAND = Case(
    pair_of((0, 0), critical_service_delay=1, keep_alive_interval=1, relogin_lower_limit=0),
    (Action(0, "failover", 0, 0), Action(1, "disable_ha", 0, 0)),
)
MANY = settings(max_examples=600 if torture.WHOLE else 20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


Check = Callable[[Pair, Outcome, int], None]


def play(case: Case, check: Check | None = None, until: int = 2 * DAY) -> tuple[Pair, list[Outcome]]:
    """The whole case, with `check(before, outcome, now)` after every step."""
    pair, wake, outcomes = case.pair, 0, []
    todo = list(case.actions)
    for _ in range(20_000):
        at = todo[0].at if todo else None
        if (wake is None and at is None) or (at is None and wake is not None and wake > until):
            return pair, outcomes
        if at is not None and (wake is None or at < wake):
            now, action = at, todo.pop(0)
            try:
                outcome = act(pair, action, now)
            except Refused:
                continue
        else:
            assert wake is not None
            now = wake
            outcome = step_pair(pair, now)
        if check:
            check(pair, outcome, now)
        pair, wake = outcome.pair, outcome.next_wake
        outcomes.append(outcome)
    raise AssertionError("the engine never comes to rest")


def repairs(pair: Pair, at: int) -> tuple[Action | Person, ...]:
    found = []
    for i, member in enumerate(pair.members):
        truth = member.truth
        found += [Action(at, "repair", 0, i, kind) for kind in (Fault.POWER, Fault.NETWORK, Fault.DATABASE)
                  if not getattr(truth, kind.value)]  # fmt: skip
        found += [Action(at, "repair", 0, i, Fault.SERVICE, name) for name in sorted(truth.failed_services)]
    return tuple(found)
