"""The topology troubleshooter: each test fails for what it is about, and a healthy cluster passes all."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from assignments.board.checks import check_report, facts_of
from assignments.board.views import mending
from assignments.users.importing.imports import import_users
from tests.support.lists import csv_of
from tests.users.pairs import make
from topology.models import Cluster
from topology.rules import checks
from topology.rules.check_facts import ClusterFacts, NodeFacts, SubclusterFacts
from topology.rules.check_list import PASSED, worst


def node(name: str, **columns: Any) -> NodeFacts:
    base = NodeFacts(name, 5000, 5000, 10_000, 2000, 4000, 2000, 0, 0, "normal")
    return replace(base, **{"serving": columns.get("home", 2000), **columns})


def pair(number: int = 1, **columns: Any) -> SubclusterFacts:
    nodes = (node(f"n{number}a", publisher=number == 1), node(f"n{number}b"))
    return replace(SubclusterFacts(f"sc-{number}", True, nodes, (120, 453)), **columns)


HEALTHY = ClusterFacts(
    name="acme",
    mode="balanced",
    model="balanced_redundant",
    subclusters=(pair(1), pair(2)),
    unassigned_nodes=(),
    unassigned_users=0,
    keep_alive_interval=15,
    keep_alive_timeout=60,
    initialization_keep_alive_timeout=120,
    serve_beyond_capacity=False,
)
FIRST, SECOND = HEALTHY.subclusters


def outcomes(facts: ClusterFacts) -> dict[str, str]:
    return {check.code: check.outcome for check in checks.run(facts) if check.outcome != PASSED}


def with_first(*nodes: NodeFacts, **columns: Any) -> ClusterFacts:
    return replace(HEALTHY, subclusters=(replace(FIRST, nodes=nodes or FIRST.nodes, **columns), SECOND))


def test_a_healthy_cluster_passes_every_test() -> None:
    found = checks.run(HEALTHY)
    # What nobody looked for is no fault: the name server of the cluster is not given.
    assert outcomes(HEALTHY) == {"relogin_window": "info", "dns_records": "info"}
    assert [check.code for check in found[:9]] == [
        "no_unassigned_users",
        "nodes_assigned",
        "no_empty_subclusters",
        "nodes_have_users",
        "pairs_have_ha",
        "ha_normal",
        "nobody_failed_over",
        "keep_alive",
        "initialization_keep_alive",
    ]
    assert worst(found) == "info"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (replace(HEALTHY, unassigned_users=1), {"no_unassigned_users": "warning"}),
        (replace(HEALTHY, unassigned_nodes=(node("spare", home=0),)), {"nodes_assigned": "warning"}),
        (
            replace(HEALTHY, subclusters=(FIRST, SECOND, SubclusterFacts("sc-3", True))),
            {"no_empty_subclusters": "warning"},
        ),
        (
            with_first(node("a", publisher=True), node("b", home=0, endpoints=0)),
            {"nodes_have_users": "warning", "balanced": "warning"},
        ),
        (with_first(ha=False), {"pairs_have_ha": "warning", "same_protection": "warning"}),
        (with_first(node("a", publisher=True), node("b", state="idle")), {"ha_normal": "failed"}),
        (with_first(node("a", publisher=True, away=3), node("b")), {"nobody_failed_over": "failed"}),
        (
            with_first(node("a", publisher=True, away=3, state="failed_over"), node("b")),
            {"ha_normal": "failed"},
        ),
        (replace(HEALTHY, keep_alive_timeout=29), {"keep_alive": "failed"}),
        (replace(HEALTHY, keep_alive_interval=20), {"keep_alive": "info"}),
        (replace(HEALTHY, initialization_keep_alive_timeout=59), {"initialization_keep_alive": "warning"}),
        (replace(HEALTHY, initialization_keep_alive_timeout=180), {"initialization_keep_alive": "info"}),
        (with_first(node("a", publisher=True, out_of_service=1), node("b")), {"users_in_service": "failed"}),
        (with_first(node("a", publisher=True, home=2300), node("b", home=1700)), {"balanced": "warning"}),
        (
            with_first(node("a", publisher=True, endpoints=10_001), node("b")),
            {"within_capacity": "failed", "failover_fits": "failed"},
        ),
        (with_first(node("a", publisher=True, serving=5001), node("b")), {"within_capacity": "warning"}),
        (
            with_first(node("a", publisher=True, profile=15000), node("b")),
            {"same_hardware": "warning"},
        ),
        (
            with_first(node("a", publisher=True)),
            {"single_nodes": "warning"},
        ),
        (with_first(node("a"), node("b")), {"publisher": "failed"}),
        (replace(HEALTHY, miscounted=("Home a is off by 1",)), {"counts_true": "failed"}),
        (replace(HEALTHY, strays=2), {"served_at_home": "failed"}),
        (replace(HEALTHY, twins=("Σ, ς",)), {"user_ids_differ": "warning"}),
        (replace(HEALTHY, mode="active_standby"), {"mode_fits": "warning"}),
        (replace(HEALTHY, model="active_standby"), {"mode_fits": "warning"}),
        (replace(HEALTHY, subclusters=()), {"publisher": "warning"}),
    ],
)
def test_each_test_finds_what_it_is_about(facts: ClusterFacts, expected: dict[str, str]) -> None:
    found = outcomes(facts)
    found.pop("relogin_window", None)
    assert found.pop("dns_records") == "info"
    assert found == expected
    for check in checks.run(facts):
        assert bool(check.problem) == (check.outcome != PASSED)
        assert bool(check.fix) == (check.outcome != PASSED)


def test_a_correct_standby_node_is_no_problem() -> None:
    standby = SubclusterFacts("sc-1", True, (node("a", publisher=True), node("b", home=0, endpoints=0)))
    facts = replace(HEALTHY, mode="active_standby", model="active_standby", subclusters=(standby,))
    assert outcomes(facts) == {"dns_records": "info"}
    wrong = replace(facts, subclusters=(replace(standby, nodes=(standby.nodes[0], node("b", home=1))),))
    assert outcomes(wrong) == {"mode_fits": "warning", "dns_records": "info"}


def test_failover_overload_says_how_many_and_for_whom() -> None:
    facts = with_first(node("a", publisher=True, home=3000), node("b", home=2500))
    check = next(check for check in checks.run(facts) if check.code == "failover_fits")
    assert check.outcome == "failed"
    assert "If b fails, 500 users more than a is rated for stay out of service." in check.problem
    best_effort = replace(facts, model="balanced_non_redundant", serve_beyond_capacity=True)
    check = next(check for check in checks.run(best_effort) if check.code == "failover_fits")
    assert check.outcome == "warning"
    assert "are served beyond its rating" in check.problem


# --- From the database ----------------------------------------------------------------------------


@pytest.fixture
def acme(db: None) -> Cluster:
    cluster = make()
    import_users(cluster, csv_of("user_id,node,endpoints", "ann,acme-1a,desk_phone", "bob,-,"))
    return cluster


def test_facts_come_from_the_cluster(acme: Cluster) -> None:
    facts = facts_of(acme)
    first = facts.subclusters[0].nodes[0]
    assert (first.name, first.home, first.endpoints, first.publisher) == ("acme-1a", 1, 1, True)
    assert (facts.unassigned_users, facts.miscounted, facts.strays) == (1, (), 0)
    assert facts.subclusters[0].relogin_window == (120, 203)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE assignments_population SET users = users + 1, signed_in = signed_in",
        "DELETE FROM assignments_population",
        "UPDATE assignments_population SET endpoints = endpoints + 1 WHERE home_node_id IS NOT NULL",
    ],
)
def test_counts_changed_past_the_triggers_are_found(acme: Cluster, tampering: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(tampering)
    assert outcomes(facts_of(acme))["counts_true"] == "failed"


def test_a_user_served_outside_the_subcluster_is_found(acme: Cluster) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE assignments_assignment SET serving_node_id = (SELECT id FROM topology_node WHERE name = 'acme-2a')"
            " WHERE home_node_id IS NOT NULL"
        )
    assert outcomes(facts_of(acme))["served_at_home"] == "failed"


def test_the_command_prints_the_report_and_fails_for_a_failed_test(
    acme: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("check_topology", "acme", "--json")
    shown = json.loads(capsys.readouterr().out)
    assert shown == check_report(acme)
    assert (shown["outcome"], len(shown["checks"])) == ("warning", len(checks.TESTS))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM assignments_population")
    with pytest.raises(SystemExit):
        call_command("check_topology", "acme")
    assert "FAILED  The counts of users equal the users" in capsys.readouterr().out


def test_each_check_has_the_button_that_mends_it() -> None:
    """Without one are those that say so: nothing to do, or a command and a look of somebody at the machine."""
    cluster = Cluster(name="acme")
    told = {"relogin_window", "counts_true", "served_at_home", "old_entries"}
    for check in checks.run(HEALTHY):
        failed = replace(check, outcome=checks.FAILED)
        by_state = check.code in mending.COMMANDS
        buttons = by_state or mending.Mending(cluster, operates=True, administers=True).of(failed)
        assert bool(buttons) != (check.code in told), check.code
