"""Scenario files and `manage.py simulate`: what is read, what is refused, what comes out."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from assignments.recovery import service
from assignments.simulation import simulate
from assignments.simulation.rules import play
from tests.recovery.recovery_world import MIDNIGHT, clock_at, make
from tests.recovery.rules import golden
from topology.models import Event, Node, Subcluster
from topology.reasons import Refused
from topology.rules.file_problems import FileRefused

NODES = [{"name": "a", "profile": 5000, "users": 2500}, {"name": "b", "profile": 5000, "users": 2500}]


def document(**changes: Any) -> dict[str, Any]:
    topology = {"subclusters": [{"name": "sc-1", "ha": True, "nodes": NODES}]}
    timeline = [{"at": "1m", "do": "fault", "node": "a", "kind": "power"}]
    return {"name": "test", "topology": topology, "timeline": timeline, "until": "1h"} | changes


def simulate_file(tmp_path: Path, content: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> Any:
    path = tmp_path / "scenario.yaml"
    path.write_text(yaml.safe_dump(content))
    call_command("simulate", str(path), json=True)
    return json.loads(capsys.readouterr().out)


def test_the_command_prints_log_and_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = simulate_file(tmp_path, document(), capsys)
    assert set(printed) == {"log", "result"}
    assert set(printed["log"][0]) >= {"t", "subcluster", "event", "nodes", "out_of_service"}
    assert printed["log"][-1]["nodes"]["b"] == {
        "state": "running_in_backup_mode", "reason": "peer_reboot", "home": 2500, "serving": 5000,
    }  # fmt: skip
    assert printed["result"] == {
        "settled_at": 597,
        "served_again_at": 597,
        "user_minutes_without_service": pytest.approx(2500 * (120 + 417 / 2) / 60, rel=0.01),
        "peak_users": {"a": 2500, "b": 5000},
        "peak_sign_ins_per_second": {"a": 0.0, "b": 5.995},
        "never_returned": 0,
    }


def test_the_command_tells_which_server_clients_try_and_when_that_changes(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "scenario.yaml"
    nodes = [node | {"name": f"{node['name']}.example.org"} for node in NODES]
    topology = {"mode": "active_standby", "model": "active_standby", "subclusters": [{"name": "sc-1", "nodes": nodes}]}
    actions = [("1m", "fault", "power", 0), ("2m", "fault", "power", 1), ("30m", "repair", "power", 1)]
    timeline = [{"at": at, "do": do, "kind": kind, "node": nodes[n]["name"]} for at, do, kind, n in actions]
    path.write_text(yaml.safe_dump(document(topology=topology, timeline=timeline)))
    call_command("simulate", str(path), json=True, tries=True)
    found = json.loads(capsys.readouterr().out)["tries"]
    whole = [next(name for name in change["names"] if name["scope"] == "cluster") for change in found]
    assert {name["name"] for name in whole} == {"_cuplogin._tcp.example.org"}
    seen = [([(each["target"][0], each["outcome"], each["begun"]) for each in name["tries"]], name["worst"])
            for name in whole]  # fmt: skip
    assert seen[:3] == [
        ([("a", "serves", 0)], 0),
        ([("a", "silent", 0), ("b", "serves", 10)], 10),
        ([("a", "silent", 0), ("b", "silent", 10)], None),
    ]
    assert (seen[-1], [change["t"] for change in found][1:3]) == (seen[1], [60, 120])
    call_command("simulate", str(path), tries=True)
    assert "b.example.org serves; answered after 10 s at worst" in capsys.readouterr().out


def test_the_end_of_a_scenario_that_never_heals() -> None:
    alone = {"subclusters": [{"name": "sc-1", "nodes": NODES[:1]}]}
    result = simulate.simulate(document(topology=alone)).as_dict()["result"]
    assert result["served_again_at"] is None
    assert result["never_returned"] == 2500
    assert result["user_minutes_without_service"] == 2500 * 59


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"until": "1x"}, "SCENARIO_INVALID"),
        ({"until": ""}, "SCENARIO_INVALID"),
        ({"until": -1}, "SCENARIO_INVALID"),
        ({"seed": "x"}, "SCENARIO_INVALID"),
        ({"cluster": "acme"}, "SCENARIO_INVALID"),
        ({"weather": "fine"}, "SCENARIO_INVALID"),
        ({"timeline": {}}, "SCENARIO_INVALID"),
        ({"timeline": [{"at": "1m", "do": "dance"}]}, "SCENARIO_INVALID"),
        ({"timeline": [{"do": "fault", "node": "z", "kind": "power"}]}, "NO_SUCH_NODE"),
        ({"timeline": [{"do": "recover", "subcluster": "z"}]}, "NO_SUCH_SUBCLUSTER"),
        ({"timeline": [{"do": "fault", "node": "a", "kind": "fire"}]}, "FAULT_KIND_UNKNOWN"),
        ({"timeline": [{"do": "fault", "node": "a", "kind": "service", "service": "Tea"}]}, "NO_SUCH_SERVICE"),
        ({"topology": {"subclusters": [{"nodes": [{"name": "a", "users": -1}]}]}}, "TOPOLOGY_FILE_INVALID"),
        ({"topology": {"subclusters": "x"}}, "TOPOLOGY_FILE_INVALID"),
        ({"topology": []}, "TOPOLOGY_FILE_INVALID"),
        ({"topology": {"subclusters": [{"name": "sc-1", "nodes": "x"}]}}, "TOPOLOGY_FILE_INVALID"),
        ({"topology": {"policy": {"tea": 1}, "subclusters": []}}, "TOPOLOGY_FILE_INVALID"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_code(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        simulate.simulate(document(**changes))
    assert refused.value.code == code
    assert "{" not in refused.value.message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"do": "fault", "kind": "power"}, "There is no node without a name. Known: a, b."),
        ({"do": "recover", "node": "a"}, "There is no subcluster without a name in the scenario. Known: sc-1."),
        ({"do": "fault", "node": "a"}, "There is no fault without a kind. Known: power, network, database, service."),
    ],
)
def test_a_line_that_names_nothing_is_told_so(line: dict[str, Any], said: str) -> None:
    with pytest.raises(FileRefused) as refused:
        simulate.simulate(document(timeline=[line]))
    [problem] = refused.value.problems
    assert f"{problem.message}. {problem.fix}" == said


T = {"name": "t", "nodes": [{"name": "c", "users": 1}]}
TWO = {"subclusters": [{"name": "s", "ha": True, "nodes": NODES}, T]}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            {"do": "failover", "node": "a", "subcluster": "t"},
            "subcluster: a is in s, not in t. Leave subcluster out: failover goes by node; or write the node that is ",
        ),
        (
            {"do": "disable_ha", "subcluster": "s", "node": "c"},
            "node: c is in t, not in s. Leave node out: disable_ha goes by subcluster; or write the subcluster that ",
        ),
        ({"do": "fault", "node": "a", "kind": "power", "subcluster": "z"}, "subcluster: There is no subcluster z in "),
        ({"do": "recover", "subcluster": "s", "node": "z"}, "node: There is no node z. Known: a, b, c."),
        (
            {"do": "failover", "node": "a", "kind": "power"},
            "kind: failover takes no kind. Leave kind out: only a fault or repair has one.",
        ),
        ({"do": "recover", "subcluster": "s", "service": "x"}, "service: recover takes no service. Leave service out."),
        (
            {"do": "repair", "node": "a", "kind": "power", "service": "Cisco XCP Router"},
            "service: repair of power takes no service. Leave service out, or write kind: service.",
        ),
    ],
)
def test_a_key_of_a_line_that_is_not_used_or_says_otherwise_is_refused(line: dict[str, Any], said: str) -> None:
    with pytest.raises(FileRefused) as refused:
        simulate.simulate(document(topology=TWO, timeline=[line]))
    [problem] = refused.value.problems
    assert f"{problem.place}: {problem.message}. {problem.fix}".startswith(f"timeline[0].{said}")
    assert problem.message in refused.value.message


@pytest.mark.parametrize("line", [
    {"do": "failover", "node": "a", "subcluster": "s"}, {"do": "disable_ha", "subcluster": "s", "node": "B"},
])  # fmt: skip
def test_a_line_may_say_both_where_they_agree(line: dict[str, Any]) -> None:
    alone = line | ({"subcluster": None} if line["do"] == "failover" else {"node": None})
    alone = {key: value for key, value in alone.items() if value is not None}
    both = [simulate.simulate(document(topology=TWO, timeline=[each])) for each in (line, alone)]
    assert both[0] == both[1]


def test_a_node_that_is_in_no_subcluster_is_called_that() -> None:
    topology = {"subclusters": [{"name": "s", "nodes": NODES[:1]}], "unassigned_nodes": [{"name": "z"}]}
    with pytest.raises(FileRefused, match="Z is in no subcluster"):
        simulate.simulate(document(topology=topology, timeline=[{"do": "fault", "node": "Z", "kind": "power"}]))


@pytest.mark.django_db
def test_so_is_an_unassigned_node_of_a_cluster() -> None:
    cluster = make(golden.scenario("power_loss"))
    Node.objects.create(cluster=cluster, number=6, name="spare", capacity_users=1, capacity_endpoints=2)
    with pytest.raises(FileRefused, match="spare is in no subcluster"):
        simulate.simulate({"cluster": cluster.name, "timeline": [{"do": "fault", "node": "spare", "kind": "power"}]})


def test_everything_that_is_wrong_with_the_lines_is_told_at_once() -> None:
    first = {"at": "2h", "do": "fault", "node": "q", "service": "x"}
    last = {"at": "3h", "do": "recover", "subcluster": "z"}
    lines = [first, {"do": "failover"}, last]
    with pytest.raises(FileRefused) as refused:
        simulate.simulate(document(timeline=lines))
    assert [problem.place for problem in refused.value.problems] == [
        "timeline[0].kind", "timeline[0].node", "timeline[0].at", "timeline[1].node", "timeline[2].subcluster",
        "timeline[2].at",
    ]  # fmt: skip


def test_a_state_that_lacks_a_part_says_which() -> None:
    with pytest.raises(FileRefused, match=r"state: cannot be read \(subclusters is missing\)"):
        simulate.simulate(document(state={"at": 5}))


def test_what_is_wrong_with_the_state_of_each_pair_is_told_at_once() -> None:
    groups = [{"name": f"sc-{n}", "nodes": [{"name": f"n{n}"}]} for n in (1, 2)]
    state = {"at": 5, "subclusters": {"sc-1": {"memory": {}}, "sc-2": {"who": 1}}}
    with pytest.raises(FileRefused) as refused:
        simulate.simulate({"topology": {"subclusters": groups}, "state": state})
    assert [str(problem) for problem in refused.value.problems] == [
        "state.subclusters.sc-1: cannot be read (nodes is missing)",
        "state.subclusters.sc-2: cannot be read (the key who is not known)",
    ]


@pytest.mark.parametrize(
    "topology",
    [
        {},
        {"subclusters": []},
        {"subclusters": [{"name": "sc-1"}]},
        {"unassigned_nodes": [{"name": "a", "publisher": True}]},
    ],
)
def test_a_topology_in_which_nothing_can_happen_is_refused(topology: dict[str, Any]) -> None:
    """It was played, and answered with zeros: nobody without service, nothing to fear."""
    with pytest.raises(FileRefused, match="no node is in a subcluster, so nothing can happen") as refused:
        simulate.simulate({"topology": topology})
    assert refused.value.problems[0].place == "topology"


def test_a_node_is_found_whatever_the_case_as_commands_find_it() -> None:
    upper = simulate.simulate(document(timeline=[{"do": "fault", "node": "A", "kind": "power"}]))
    assert upper == simulate.simulate(document(timeline=[{"do": "fault", "node": "a", "kind": "power"}]))


@pytest.mark.parametrize("end", [{"until": "60m"}, {}])
def test_a_line_after_the_end_is_refused_and_not_left_out(end: dict[str, Any]) -> None:
    repair = {"do": "repair", "node": "a", "kind": "power"}
    late = document(timeline=[repair | {"at": at} for at in (3600, "70m", "60m", "2d")])
    del late["until"]
    with pytest.raises(FileRefused) as refused:
        simulate.simulate(late | end)
    assert [f"{problem.place}: {problem.message}" for problem in refused.value.problems] == [
        "timeline[1].at: 1h10m is after the end at 1h",
        "timeline[3].at: 48h is after the end at 1h",
    ]


@pytest.mark.parametrize("content", [None, [], "text", {"name": "empty"}])
def test_a_file_that_is_no_scenario_is_refused(content: object) -> None:
    with pytest.raises(Refused):
        simulate.simulate(content)


def test_capacity_overrides_the_profile() -> None:
    small = [NODES[0], NODES[1] | {"capacity": 3000}]
    topology = {"subclusters": [{"name": "sc-1", "ha": True, "nodes": small}]}
    result = simulate.simulate(document(topology=topology))
    assert result.never_returned == 2000
    assert result.peak_users["b"] == 3000


@pytest.mark.django_db
def test_a_rehearsal_on_the_present_cluster_changes_nothing() -> None:
    scenario = golden.scenario("power_loss")
    cluster = make(scenario)
    with clock_at(MIDNIGHT):
        service.inject(Node.objects.get(name="a.example.org"), "power")
    before = list(Subcluster.objects.values()), list(Node.objects.values()), Event.objects.count()
    with clock_at(MIDNIGHT):
        found = simulate.simulate({"cluster": cluster.name, "timeline": [], "until": "30m"})
    assert (list(Subcluster.objects.values()), list(Node.objects.values()), Event.objects.count()) == before
    assert [line["event"] for line in found.log] == ["FAILOVER_STARTED", "FAILOVER_FINISHED"]
    assert found.served_again_at == 537


def test_pairs_of_a_sized_topology_do_not_share_a_throttle() -> None:
    result = golden.simulated("failback_storm")
    assert set(result.peak_sign_ins.values()) == {15.015}
    assert result.steps < play.MOST_STEPS
