"""The condition of a node is what people feel, whatever its recovery manager believes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.rules.states import (
    CONDITION_LOOKS,
    LOOKS,
    SERVING_STATES,
    Condition,
    State,
    condition,
    look_of,
)

states = st.sampled_from(State)
flags = st.booleans()
users = st.integers(0, 3)


@given(states, flags, flags, users, flags)
def test_nobody_is_shown_green_who_waits_or_whom_nothing_serves(
    state: State, serves: bool, broken: bool, out: int, protected: bool
) -> None:
    felt = condition(state, serves=serves, broken=broken, out=out, protected=protected)
    look = look_of(state, felt)
    assert look.label == LOOKS[state].label, "the product's word stays"
    if not serves or out:
        assert look.tone in ("bad", "warn")
    if not serves and (out or broken):
        assert felt is Condition.NOT_SERVING
        assert look.tone == "bad"
    if not protected and serves and not out:
        assert look.tone != "good"


@pytest.mark.parametrize("state", sorted(SERVING_STATES))
def test_a_node_without_power_is_red_in_every_state(state: State) -> None:
    felt = condition(state, serves=False, broken=True, out=0, protected=True)
    assert look_of(state, felt).tone == "bad"


def test_each_condition_has_a_look_of_its_own() -> None:
    assert len({(look.tone, look.icon) for look in CONDITION_LOOKS.values()}) == len(Condition)
    assert look_of(State.NORMAL, Condition.SERVING).tone == "good"
    assert look_of(State.UNKNOWN, Condition.UNPROTECTED).icon == "shield-off"
    assert look_of(State.FAILED_OVER, Condition.DEGRADED).label == "Failed Over"
