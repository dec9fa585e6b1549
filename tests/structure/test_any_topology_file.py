"""Any document is read whole or refused with places, and leads from any cluster to any other."""

from typing import Any

import pytest
import yaml
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assignments.board.topology_file import apply_topology
from tests.structure.acme_file import ACME, changes
from tests.support import torture
from topology.models import Cluster
from topology.rules import topology_file
from topology.rules.difference import difference
from topology.rules.file_problems import FileProblem, FileRefused
from topology.structure import topology_reader
from topology.structure.files import present_topology
from topology.structure.limits import RULES


@pytest.fixture
def acme() -> dict[str, Any]:
    return dict(yaml.safe_load(ACME))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 30_000) | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=6,
)
NODES = st.lists(
    VALUES
    | st.fixed_dictionaries(
        {"name": st.sampled_from(["a", "b", "c.d"]) | VALUES},
        optional={
            "profile": st.sampled_from([500, 5000]) | VALUES,
            "publisher": st.booleans() | VALUES,
            "users": VALUES,
        },
    ),
    max_size=3,
)
DOCUMENTS = VALUES | st.fixed_dictionaries(
    {"cluster": st.just("acme") | VALUES},
    optional={
        "mode": st.just("manual") | VALUES,
        "policy": VALUES | st.dictionaries(st.sampled_from(sorted(RULES.policy)), VALUES, max_size=3),
        "subclusters": VALUES
        | st.lists(
            st.fixed_dictionaries({"name": st.just("sc") | VALUES}, optional={"nodes": NODES, "ha": VALUES}), max_size=2
        ),
        "unassigned_nodes": NODES,
    },
)


@settings(max_examples=torture.many(80), deadline=None)
@given(document=DOCUMENTS)
def test_any_document_is_read_whole_or_refused_with_places(document: object) -> None:
    try:
        spec = topology_reader.parse(document)
    except FileRefused as refused:
        found = refused.problems
    else:
        found = (FileProblem("none", "none", "none"),)
        assert topology_reader.parse(topology_file.render(spec, RULES)) == spec
        assert difference(spec, spec, prune=True).changes == ()
    assert found
    assert all(problem.place and problem.message and problem.fix for problem in found)


def names(letters: str) -> st.SearchStrategy[list[str]]:
    return st.permutations(letters).map(lambda order: [f"n-{letter}" for letter in order])


@st.composite
def specifications(draw: st.DrawFn) -> dict[str, Any]:
    """Any legal file of up to five nodes without HA whose publisher is unassigned, so that nothing must stay."""
    nodes = [{"name": name, "profile": draw(st.sampled_from([500, 5000]))} for name in draw(names("abcde"))]
    nodes = nodes[: draw(st.integers(0, 5))]
    groups = []
    for name in draw(st.permutations(["x", "y", "z"]))[: draw(st.integers(0, 3))]:
        size = draw(st.integers(0, min(2, len(nodes))))
        groups.append({"name": name, "nodes": nodes[:size]})
        nodes = nodes[size:]
    return {
        "cluster": "acme",
        "mode": draw(st.sampled_from(["balanced", "manual"])),
        "policy": {"clock_speed": draw(st.integers(1, 3))},
        "subclusters": groups,
        "unassigned_nodes": [{"name": "n-pub", "publisher": True}, *nodes],
    }


@pytest.mark.in_turns
@pytest.mark.django_db
@settings(max_examples=torture.many(10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=specifications(), second=specifications())
def test_from_any_cluster_to_any_other_in_one_run(first: dict[str, Any], second: dict[str, Any]) -> None:
    with transaction.atomic():
        for document in (first, second):
            apply_topology(document, prune=True)
            assert changes(document, prune=True) == []
            wanted = topology_reader.parse(document)
            there = present_topology(Cluster.objects.get())
            assert there.subclusters == wanted.subclusters
            assert set(there.unassigned_nodes) == set(wanted.unassigned_nodes)
        transaction.set_rollback(True)
