"""Topology files: what they may say, what they change, and that a cluster can be written down and read back."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assignments.board.topology_file import apply_topology
from assignments.population.selectors import board_of
from assignments.users.importing.imports import import_users
from tests import torture
from tests.lists import csv_of
from topology.models import Cluster, Event, Node, Subcluster
from topology.reasons import Refused
from topology.rules import topology_file
from topology.rules.difference import difference
from topology.rules.file_problems import FileProblem, FileRefused
from topology.rules.states import State
from topology.structure import topology_reader
from topology.structure.clusters import create_cluster
from topology.structure.documents import read_yaml, read_yaml_file
from topology.structure.files import present
from topology.structure.limits import RULES

DEMO = Path(__file__).parent.parent.parent / "demo"

ACME = """
cluster: acme
mode: balanced
model: balanced_redundant
policy: {enable_automatic_fallback: false, clock_speed: 1}
subclusters:
  - name: sc-1
    ha: true
    nodes:
      - {name: imp1a.example.org, profile: 5000, publisher: true}
      - {name: imp1b.example.org, profile: 5000}
  - name: sc-2
    nodes:
      - {name: imp2a.example.org, profile: 5000, users: 4000, endpoints: 7000}
unassigned_nodes:
  - {name: spare.example.org, profile: 5000}
"""


@pytest.fixture
def acme() -> dict[str, Any]:
    return dict(yaml.safe_load(ACME))


def problems(document: object) -> dict[str, tuple[str, str]]:
    with pytest.raises(FileRefused) as refused:
        topology_reader.parse(document)
    return {problem.place: (problem.message, problem.fix) for problem in refused.value.problems}


def changes(document: object, **how: Any) -> list[str]:
    return [str(change) for change in apply_topology(document, **how).changes]


# --- Reading, without a database ------------------------------------------------------------------


def test_the_example_is_read_with_its_defaults(acme: dict[str, Any]) -> None:
    spec = topology_reader.parse(acme)
    assert spec.policy["keep_alive_interval"] == 15
    assert spec.policy["clock_speed"] == 1
    first, second = spec.subclusters
    assert (first.ha, second.ha) == (True, False)
    assert first.nodes[0] == topology_file.NodeSpec("imp1a.example.org", 5000, 5000, 10_000, True)
    assert second.nodes[0].users == 4000
    assert second.nodes[0].endpoints == 7000
    assert [node.name for node in spec.unassigned_nodes] == ["spare.example.org"]


def test_a_file_is_written_as_it_was_read(acme: dict[str, Any]) -> None:
    spec = topology_reader.parse(acme)
    assert topology_reader.parse(topology_file.render(spec, RULES)) == spec


def test_every_problem_is_named_by_its_place_at_once(acme: dict[str, Any]) -> None:
    acme["modes"] = "balanced"
    acme["subclusters"][0]["nodes"][1]["profile"] = 4000
    acme["subclusters"][1]["ha"] = "yes"
    acme["unassigned_nodes"][0]["name"] = 17
    acme["policy"] = {"keep_alive_interval": 9000, "clok_speed": 2}
    found = problems(acme)
    assert found["modes"] == ("this key is not known", "Did you mean mode?")
    assert "4000 is not one of 500, 1000" in found["subclusters[0].nodes[1].profile"][0]
    assert found["subclusters[1].ha"][0] == "yes is not true or false"
    assert "quotes" in found["unassigned_nodes[0].name"][1]
    assert found["policy.keep_alive_interval"][0] == "9000 is not from 1 to 600"
    assert found["policy.clok_speed"][1] == "Did you mean clock_speed?"
    assert len(found) == 6


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        (lambda d: d.pop("cluster"), "cluster", "is missing"),
        (lambda d: d.update(cluster="a b"), "cluster", "is not a name"),
        (lambda d: d.update(mode="even"), "mode", "is not one of balanced, active_standby, manual"),
        (lambda d: d.update(subclusters={}), "subclusters", "is not a list"),
        (lambda d: d.update(subclusters=["sc-1"]), "subclusters[0]", "is not a mapping"),
        (lambda d: d["subclusters"][0].update(description="<b>"), "subclusters[0].description", "not a description"),
        (lambda d: d["subclusters"][1].update(name="sc-1"), "subclusters[1].name", "sc-1 appears twice"),
        (lambda d: d["subclusters"][1].update(ha=True), "subclusters[1].ha", "HA needs two nodes"),
        (
            lambda d: d["unassigned_nodes"][0].update(publisher=True),
            "unassigned_nodes[0].publisher",
            "second publisher",
        ),
        (
            lambda d: d["unassigned_nodes"][0].update(name="IMP1A.example.org"),
            "unassigned_nodes[0].name",
            "first at subclusters[0].nodes[0].name",
        ),
        (lambda d: d["subclusters"][0]["nodes"][0].update(publisher=False), "file", "no node is the publisher"),
        (lambda d: d["subclusters"][0]["nodes"].append({"name": "n3"}), "subclusters[0].nodes", "more than 2"),
        (lambda d: d["unassigned_nodes"].extend({"name": f"n{n}"} for n in "345"), "file", "7 nodes are more than 6"),
        (lambda d: d.update(policy={"keep_alive_timeout": 10}), "policy.keep_alive_timeout", "shorter than"),
        (lambda d: d.update(policy={"clock_speed": True}), "policy.clock_speed", "true is not a whole number"),
        (lambda d: d["unassigned_nodes"][0].update(users=0), "unassigned_nodes[0].users", "not from 1 to"),
    ],
)
def test_a_wrong_file_is_refused_at_its_place(acme: dict[str, Any], change: Any, place: str, message: str) -> None:
    change(acme)
    found = problems(acme)
    assert message in found[place][0]
    assert found[place][1]


@pytest.mark.parametrize("document", [None, [], "acme", 7])
def test_what_is_no_mapping_is_refused(document: object) -> None:
    assert "is not a mapping" in problems(document)["file"][0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("cluster: [a\nmode: b", "line 2"),
        ("cluster: 'a\nmode: b", "a quote is not closed"),
        ("cluster: acme\n\tmode: manual\n", "line 2, column 1: a tab stands where spaces belong"),
        ("cluster: acme\n---\ncluster: branch\n", "line 2, column 1: a second document begins here"),
        ("cluster: ac\x07me\n", "line 1, column 12: the character U+0007 is not allowed"),
        ("mode: *none\n", "line 1, column 7: this alias names nothing"),
        ("a: " + "[" * 30, "more than 24 levels"),
        ("a: &a [1]\nb: [" + "*a, " * 200 + "]", "more than 100 aliases"),
        ("a: &a [" + "1," * 2000 + "]\nb: [" + "*a, " * 90 + "]", "more than 100,000 values"),
        ("a" * 1_000_001, "1,000,001 characters are more than 1,000,000"),
        ("mode: %MODE%\n", "a placeholder or a % stands here"),
    ],
)
def test_unreadable_yaml_is_named_by_its_line(text: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        read_yaml(text, "acme.yaml")
    assert refused.value.code == "FILE_NOT_READABLE"
    assert why in refused.value.message


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        read_yaml_file(tmp_path / "none.yaml")
    (tmp_path / "latin").write_bytes(b"cluster: \xe4")
    with pytest.raises(Refused, match="not UTF-8"):
        read_yaml_file(tmp_path / "latin")


def test_each_range_of_the_policy_is_that_of_the_database() -> None:
    assert (RULES.policy["keep_alive_interval"].low, RULES.policy["keep_alive_interval"].high) == (1, 600)
    assert RULES.policy["keep_alive_timeout"].high == 3600
    assert (RULES.policy["clock_speed"].low, RULES.policy["clock_speed"].high) == (1, 600)
    assert RULES.policy["enable_automatic_fallback"].default is False


# --- Applying -------------------------------------------------------------------------------------


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
    document = topology_file.render(present(Cluster.objects.get(name=name)), RULES)
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


# --- Commands -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_command_shows_the_difference_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "acme.yaml").write_text(ACME)
    file = str(tmp_path / "acme.yaml")
    call_command("apply_topology", file, "--dry-run")
    assert capsys.readouterr().out.startswith("create cluster acme\ncreate subcluster sc-1\n")
    assert not Cluster.objects.exists()
    call_command("apply_topology", file, "--json")
    assert json.loads(capsys.readouterr().out)["changed"] is True
    call_command("apply_topology", file)
    assert capsys.readouterr().out == "acme already matches the file.\n"


@pytest.mark.django_db
def test_the_command_refuses_in_one_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "acme.yaml").write_text(ACME.replace("5000, publisher", "4000, publisher"))
    file = str(tmp_path / "acme.yaml")
    with pytest.raises(SystemExit) as ended:
        call_command("apply_topology", file, "--json")
    refusal = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert refusal["code"] == "TOPOLOGY_FILE_INVALID"
    assert refusal["problems"][0]["place"] == "subclusters[0].nodes[0].profile"
    with pytest.raises(CommandError, match="TOPOLOGY_FILE_INVALID"):
        call_command("apply_topology", file)


@pytest.mark.django_db
def test_show_topology_prints_the_shape_of_the_design(acme: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    apply_topology(acme)
    import_users(Cluster.objects.get(), csv_of("user_id,endpoints,node", "ann,desk_phone,imp1a.example.org", "bob,,-"))
    call_command("show_topology", "acme", "--json")
    shown = json.loads(capsys.readouterr().out)
    assert list(shown) == ["cluster", "mode", "model", "users", "subclusters", "unassigned_nodes"]
    assert shown["users"] == {"assigned": 1, "unassigned": 1, "out_of_service": 0}
    assert shown["subclusters"][0] == {
        "name": "sc-1",
        "ha": True,
        "relogin_window": {"lower": 120, "upper": 203},
        "nodes": [
            {
                "name": "imp1a.example.org",
                "publisher": True,
                "profile": 5000,
                "capacity": {"users": 5000, "endpoints": 10000},
                "state": "normal",
                "reason": "normal",
                "home": 1,
                "serving": 1,
                "endpoints": 1,
            },
            {
                "name": "imp1b.example.org",
                "publisher": False,
                "profile": 5000,
                "capacity": {"users": 5000, "endpoints": 10000},
                "state": "normal",
                "reason": "normal",
                "home": 0,
                "serving": 0,
                "endpoints": 0,
            },
        ],
    }
    call_command("show_topology", "acme", "--file")
    assert yaml.safe_load(capsys.readouterr().out)["subclusters"][0]["ha"] is True
    call_command("show_topology", "acme")
    assert "*imp1a.example.org" in capsys.readouterr().out


# --- Whatever a file holds ------------------------------------------------------------------------

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


@pytest.mark.django_db
@settings(max_examples=torture.many(10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=specifications(), second=specifications())
def test_from_any_cluster_to_any_other_in_one_run(first: dict[str, Any], second: dict[str, Any]) -> None:
    with transaction.atomic():
        for document in (first, second):
            apply_topology(document, prune=True)
            assert changes(document, prune=True) == []
            wanted = topology_reader.parse(document)
            there = present(Cluster.objects.get())
            assert there.subclusters == wanted.subclusters
            assert set(there.unassigned_nodes) == set(wanted.unassigned_nodes)
        transaction.set_rollback(True)
