"""What a topology file changes in a cluster, and what it leaves alone."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from assignments.board.topology_file import apply_topology
from assignments.population.selectors import board_of
from assignments.users.importing.imports import import_users
from tests.structure.acme_file import ACME, changes
from tests.support.lists import csv_of
from topology.models import Cluster, Event, Node, Subcluster
from topology.reasons import Refused
from topology.rules import topology_file
from topology.rules.file_problems import FileRefused
from topology.rules.states import State
from topology.structure.clusters import create_cluster
from topology.structure.documents.reading import read_yaml_file
from topology.structure.files import present_topology
from topology.structure.limits import RULES

DEMO = Path(__file__).parent.parent.parent / "demo"


@pytest.fixture
def acme() -> dict[str, Any]:
    return dict(yaml.safe_load(ACME))


@pytest.mark.django_db
def test_a_file_creates_a_cluster_that_runs(acme: dict[str, Any]) -> None:
    assert changes(acme)[0] == "create cluster acme"
    cluster = Cluster.objects.get(name="acme")
    first, second = cluster.subclusters.all()
    assert (first.ha_enabled, second.ha_enabled) == (True, False)
    assert first.next_wake
    assert [(n.slot, n.state, n.publisher) for n in first.nodes.order_by("slot")] == [
        (1, State.NORMAL, True),
        (2, State.NORMAL, False),
    ]
    alone = second.nodes.get()
    assert (alone.state, alone.reason) == (State.UNKNOWN, "high_availability_not_enabled")
    assert (alone.capacity_users, alone.capacity_endpoints) == (4000, 7000)
    assert [view.node.name for view in board_of(cluster).unassigned_nodes] == ["spare.example.org"]


@pytest.mark.django_db
def test_the_same_file_again_changes_nothing(acme: dict[str, Any]) -> None:
    apply_topology(acme)
    events = Event.objects.count()
    assert changes(acme) == []
    assert Event.objects.count() == events


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["acme", "branch"])
def test_a_cluster_can_be_written_down_and_read_back(name: str) -> None:
    apply_topology(read_yaml_file(DEMO / f"{name}.yaml"))
    document = topology_file.render(present_topology(Cluster.objects.get(name=name)), RULES)
    assert document == read_yaml_file(DEMO / f"{name}.yaml").value
    assert changes(yaml.safe_load(yaml.safe_dump(document)), prune=True) == []


@pytest.mark.django_db
def test_a_dry_run_says_what_the_real_run_says_and_changes_nothing(acme: dict[str, Any]) -> None:
    dry = apply_topology(acme, dry_run=True)
    assert not Cluster.objects.exists()
    assert not Event.objects.exists()
    real = apply_topology(acme, expected=dry)
    assert real.as_dict() == {**dry.as_dict(), "dry_run": False}


@pytest.mark.django_db
def test_what_was_not_shown_is_not_applied(acme: dict[str, Any]) -> None:
    shown = apply_topology(acme, dry_run=True)
    create_cluster("acme")
    with pytest.raises(Refused) as refused:
        apply_topology(acme, expected=shown)
    assert refused.value.code == "TOPOLOGY_CHANGED_MEANWHILE"


@pytest.mark.django_db
def test_differences_are_made_true(acme: dict[str, Any]) -> None:
    apply_topology(acme)
    acme["mode"] = "manual"
    acme["policy"] = {"keep_alive_interval": 90, "keep_alive_timeout": 180, "clock_speed": 60}
    acme["subclusters"][1]["nodes"].insert(0, acme.pop("unassigned_nodes")[0])
    acme["subclusters"][1]["description"] = "Second"
    acme["subclusters"].reverse()
    assert changes(acme) == [
        "change cluster acme: mode balanced -> manual",
        "change cluster acme: policy.keep_alive_timeout 60 -> 180",
        "change cluster acme: policy.keep_alive_interval 15 -> 90",
        "change cluster acme: policy.clock_speed 1 -> 60",
        "change subcluster sc-2: description none -> Second",
        "change node spare.example.org: subcluster unassigned -> sc-2",
        "change subcluster sc-2: nodes imp2a.example.org, spare.example.org -> spare.example.org, imp2a.example.org",
        "change cluster acme: subclusters sc-1, sc-2 -> sc-2, sc-1",
    ]
    assert changes(acme) == []
    cluster = Cluster.objects.get()
    assert cluster.clock_speed == 60
    assert cluster.policy.keep_alive_interval == 90
    assert list(Node.objects.filter(subcluster__name="sc-2").order_by("slot").values_list("name", flat=True)) == [
        "spare.example.org",
        "imp2a.example.org",
    ]


@pytest.mark.django_db
def test_parameters_left_out_return_to_their_defaults(acme: dict[str, Any]) -> None:
    apply_topology({**acme, "policy": {"keep_alive_interval": 90, "keep_alive_timeout": 180}})
    assert len(changes({**acme, "policy": None})) == 2
    assert Cluster.objects.get().policy.keep_alive_timeout == 60


@pytest.mark.django_db
def test_only_prune_removes(acme: dict[str, Any]) -> None:
    apply_topology(acme)
    acme["subclusters"].pop()
    acme.pop("unassigned_nodes")
    kept = apply_topology(acme)
    assert kept.changes == ()
    assert kept.kept == ("subcluster sc-2", "node imp2a.example.org", "node spare.example.org")
    assert changes(acme, prune=True) == [
        "remove node imp2a.example.org",
        "remove node spare.example.org",
        "remove subcluster sc-2",
    ]
    assert Subcluster.objects.count() == 1
    assert Node.objects.count() == 2


@pytest.mark.django_db
def test_the_publisher_moves_only_with_its_whole_subcluster(acme: dict[str, Any]) -> None:
    acme["subclusters"][0]["ha"] = False
    apply_topology(acme)
    moved = copy.deepcopy(acme)
    publisher = moved["subclusters"][0]["nodes"].pop(0)
    moved["subclusters"][1]["nodes"].append(publisher)
    with pytest.raises(Refused) as refused:
        apply_topology(moved)
    assert refused.value.code == "PUBLISHER_STAYS"
    moved["subclusters"][0]["name"] = "sc-9"
    assert "remove subcluster sc-1" in changes(moved, prune=True)
    assert changes(moved, prune=True) == []


@pytest.mark.django_db
def test_a_refusal_undoes_what_came_before_it(acme: dict[str, Any]) -> None:
    apply_topology(acme)
    import_users(Cluster.objects.get(), csv_of("user_id,node", "ann,imp2a.example.org"))
    acme["mode"] = "manual"
    acme["unassigned_nodes"].append(acme["subclusters"][1]["nodes"].pop())
    with pytest.raises(Refused) as refused:
        apply_topology(acme)
    assert refused.value.code == "NODE_HAS_USERS"
    assert "Move its users" in refused.value.fix
    assert Cluster.objects.get().mode == "balanced"


@pytest.mark.django_db
def test_nodes_of_a_pair_with_ha_stay(acme: dict[str, Any]) -> None:
    apply_topology(acme)
    acme["subclusters"][0]["nodes"].reverse()
    with pytest.raises(Refused) as refused:
        apply_topology(acme)
    assert refused.value.code == "SUBCLUSTER_HA_ON"


@pytest.mark.django_db
def test_a_node_that_the_file_does_not_name_keeps_its_slot(acme: dict[str, Any]) -> None:
    acme["subclusters"][0]["ha"] = False
    apply_topology(acme)
    acme["subclusters"][0]["nodes"][1] = {"name": "new.example.org"}
    with pytest.raises(Refused) as refused:
        apply_topology(acme)
    assert refused.value.code == "SUBCLUSTER_FULL"
    apply_topology(acme, prune=True)
    assert list(Subcluster.objects.get(name="sc-1").nodes.order_by("slot").values_list("name", flat=True)) == [
        "imp1a.example.org",
        "new.example.org",
    ]


@pytest.mark.django_db
def test_a_node_of_another_cluster_is_refused(acme: dict[str, Any]) -> None:
    apply_topology(acme)
    with pytest.raises(Refused) as refused:
        apply_topology({**acme, "cluster": "other"})
    assert refused.value.code == "NODE_NAME_TAKEN"
    assert not Cluster.objects.filter(name="other").exists()


@pytest.mark.django_db
def test_another_publisher_is_refused(acme: dict[str, Any]) -> None:
    apply_topology(acme)
    first, second = acme["subclusters"][0]["nodes"]
    del first["publisher"]
    second["publisher"] = True
    with pytest.raises(Refused) as refused:
        apply_topology(acme)
    assert refused.value.code == "PUBLISHER_FIXED"


@pytest.mark.django_db
def test_all_changes_of_a_kind_that_must_not_be_are_told_at_once(acme: dict[str, Any]) -> None:
    apply_topology(acme)
    cluster = Cluster.objects.get(name="acme")
    homes = [node.name for node in cluster.nodes.exclude(subcluster=None)]
    users = [f"u{n},{homes[n % len(homes)]}" for n in range(3 * len(homes))]
    import_users(cluster, csv_of("user_id,node", *users))
    small = copy.deepcopy(acme)
    for group in small["subclusters"]:
        for node in group["nodes"]:
            node["users"] = 1
    with pytest.raises(FileRefused) as refused:
        apply_topology(small)
    told = [(problem.place, problem.code) for problem in refused.value.problems]
    assert told == [(f"subclusters[{g}].nodes[{n}]", "CAPACITY_BELOW_USERS") for g, n in [(0, 0), (0, 1), (1, 0)]]
    assert changes(acme, dry_run=True) == [], "nothing of it was done"


@pytest.mark.django_db
def test_changes_of_several_kinds_that_must_not_be_are_told_at_once(acme: dict[str, Any]) -> None:
    """Each mended mistake brought up the next one."""
    apply_topology(acme)
    cluster = Cluster.objects.get(name="acme")
    import_users(cluster, csv_of("user_id,node", *(f"u{n},{homes_of(acme)[0]}" for n in range(3))))
    wrong = copy.deepcopy(acme)
    first, second = wrong["subclusters"][0]["nodes"]
    first |= {"users": 1, "publisher": False}
    second["publisher"] = True
    with pytest.raises(FileRefused) as refused:
        apply_topology(wrong)
    told = {(problem.place, problem.code) for problem in refused.value.problems}
    assert told == {("subclusters[0].nodes[0]", code) for code in ("CAPACITY_BELOW_USERS", "PUBLISHER_FIXED")}


@pytest.mark.django_db
def test_what_hangs_on_a_change_that_must_not_be_is_not_told_beside_it(acme: dict[str, Any]) -> None:
    apply_topology(acme)
    cluster = Cluster.objects.get(name="acme")
    import_users(cluster, csv_of("user_id,node", *(f"u{n},{node}" for n, node in enumerate(homes_of(acme)))))
    other = {"cluster": "acme", "unassigned_nodes": [{"name": "new.example.org", "publisher": True}]}
    with pytest.raises(FileRefused) as refused:
        apply_topology(other, prune=True)
    told = {problem.code for problem in refused.value.problems} - {"NODE_PERHAPS_RENAMED"}
    assert told == {"SUBCLUSTER_HA_ON", "NODE_HAS_USERS", "PUBLISHER_STAYS"}, "not that the publisher goes last"


def homes_of(document: dict[str, Any]) -> list[str]:
    return [node["name"] for group in document["subclusters"] for node in group["nodes"]]
