"""Balance across clusters: the fewest moves, proven; each cluster so full that any one of its nodes may fail."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from assignments.intercluster import balance
from assignments.models import Assignment, Plan
from tests.structure.test_constraints import assert_counts_true
from tests.support.worlds import make_acme, node
from topology.models import Cluster, Node
from topology.reasons import Refused
from topology.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def two() -> tuple[Cluster, Cluster]:
    both = make_acme(imp1a=80, imp1b=10, imp3a=10), make_acme("branch", imp1a=20)
    Node.objects.filter(name__startswith="imp2b").update(capacity_users=5000, capacity_endpoints=10_000)
    return both


def test_the_fewest_users_change_their_cluster_and_it_is_proven(two: Any) -> None:
    found = balance.propose(two)
    assert [(fill.name, fill.capacity, fill.before, fill.after) for fill in found.clusters] == [
        ("acme", 15_000, 100, 60), ("branch", 15_000, 20, 60),
    ]  # fmt: skip
    assert [(source.name, to.name, users) for source, to, users in found.flows] == [("acme", "branch", 40)]
    assert found.moves == found.minimum_moves == 40
    assert "no cluster above" in str(found.certificate)
    assert str(found.certificate).endswith(
        "and leaves these clusters with less than they have: acme by 40. A move takes one user off one cluster, so 40"
        " is the minimum. Endpoints do not limit the choice: any users fit."
    )
    assert not Plan.objects.exists()


def test_a_cluster_that_is_named_twice_is_one(two: Any) -> None:
    acme, branch = two
    assert balance.propose([acme, branch, acme]).as_dict() == balance.propose(two).as_dict()
    for command in (["balance_clusters", "acme", "acme"], ["balance_clusters", "acme"]):
        with pytest.raises(CommandError, match="BALANCE_NEEDS_CLUSTERS"):
            call_command(*command)


def test_the_plans_take_from_the_fullest_nodes_and_run(two: Any, capsys: Any) -> None:
    acme, branch = two
    call_command("balance_clusters", "--run", "--json")
    told = json.loads(capsys.readouterr().out)
    assert [operation["done"] for operation in told["operations"]] == [40]
    assert Assignment.objects.filter(cluster=branch).count() == 60
    left = dict.fromkeys(("imp1a", "imp1b", "imp3a"), 0)
    for short in left:
        left[short] = Assignment.objects.filter(home_node=node(acme, short)).count()
    assert left == {"imp1a": 40, "imp1b": 10, "imp3a": 10}
    assert_counts_true()
    call_command("balance_clusters", "--dry-run")
    assert "The clusters are already as balanced" in capsys.readouterr().out


def test_a_cluster_that_is_called_node_keeps_its_name_in_the_proof() -> None:
    found = balance.propose((make_acme("node", imp1a=80), make_acme("branch", imp1a=20)))
    assert "node by 30" in str(found.certificate)


def test_a_cluster_in_a_failover_is_left_out(two: Any) -> None:
    Node.objects.filter(pk=node(two[1], "imp2a").pk).update(state=State.FAILED_OVER)
    with pytest.raises(Refused) as refused:
        balance.propose(two)
    assert refused.value.code == "BALANCE_NEEDS_CLUSTERS"
    found = balance.propose([*two, make_acme("lab")])
    assert [left["cluster"] for left in found.left_out] == ["branch"]


def test_the_page_proposes_and_makes_the_plans(two: Any, admin_client: Client) -> None:
    page = admin_client.get("/balance/").content.decode()
    assert "40 users" in page
    assert "Make the plans" in page
    made = admin_client.post("/balance/").content.decode()
    assert Plan.objects.get().hash in made
