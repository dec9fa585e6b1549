"""Which deployment model a cluster satisfies, and what stands in the way."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from topology.rules.check_facts import ClusterFacts, NodeFacts, SubclusterFacts
from topology.rules.deployment import NON_REDUNDANT, REDUNDANT, STANDBY, judge


def node(name: str, home: int, capacity: int = 5000) -> NodeFacts:
    return NodeFacts(name, capacity, capacity, 2 * capacity, home, 2 * home, home, 0, 0, "normal")


def cluster(*pairs: tuple[NodeFacts, ...], ha: bool = True, model: str = REDUNDANT) -> ClusterFacts:
    groups = tuple(SubclusterFacts(f"sc-{n}", ha, pair) for n, pair in enumerate(pairs, 1))
    return ClusterFacts("acme", "balanced", model, groups, (), 0, 15, 60, 120, False)


def satisfied(facts: ClusterFacts) -> set[str]:
    return {fit.model for fit in judge(facts) if fit.satisfied}


def test_half_full_pairs_satisfy_both_balanced_models() -> None:
    facts = cluster((node("a", 2500), node("b", 2500)), (node("c", 2500), node("d", 2500)))
    assert satisfied(facts) == {NON_REDUNDANT, REDUNDANT}
    assert [fit.model for fit in judge(facts) if fit.wanted] == [REDUNDANT]


def test_full_nodes_are_non_redundant_only() -> None:
    facts = cluster((node("a", 5000), node("b", 5000)))
    assert satisfied(facts) == {NON_REDUNDANT}
    redundant = next(fit for fit in judge(facts) if fit.model == REDUNDANT)
    assert redundant.obstacles[0].problem == "sc-1 has 10,000 users; a alone can carry 5,000."
    assert redundant.obstacles[0].fix.startswith("Move 5,000 users")


def test_all_on_the_first_nodes_is_active_standby() -> None:
    facts = cluster((node("a", 5000), node("b", 0)), (node("c", 5000), node("d", 0)))
    assert satisfied(facts) == {STANDBY}


def test_a_single_node_and_ha_that_is_off_stand_in_the_way_of_every_model() -> None:
    assert satisfied(cluster((node("a", 10),))) == set()
    assert satisfied(cluster((node("a", 10), node("b", 10)), ha=False)) == set()
    assert satisfied(cluster()) == set()
    for fit in judge(cluster((node("a", 10),))):
        assert "Add a second node to sc-1." in [o.fix for o in fit.obstacles]


def test_over_its_rating_is_no_model_at_all() -> None:
    assert satisfied(cluster((node("a", 5001), node("b", 5001)))) == set()


homes = st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 6000)), min_size=1, max_size=3)


@given(homes)
def test_every_obstacle_names_a_place_and_a_fix_and_redundant_is_the_stricter_one(pairs: list) -> None:
    facts = cluster(*((node(f"a{i}", one), node(f"b{i}", two)) for i, (one, two) in enumerate(pairs)))
    fits = {fit.model: fit for fit in judge(facts)}
    for fit in fits.values():
        assert all(obstacle.problem and obstacle.fix for obstacle in fit.obstacles)
    if fits[REDUNDANT].satisfied:
        assert fits[NON_REDUNDANT].satisfied
    turned = replace(facts, subclusters=tuple(replace(g, nodes=g.nodes[::-1]) for g in facts.subclusters))
    assert judge(turned)[1].satisfied == fits[REDUNDANT].satisfied
