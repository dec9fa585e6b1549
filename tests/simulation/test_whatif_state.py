"""What-if from a cluster in any state, from exported files, and whoever looks."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command

from assignments.models import Simulation
from assignments.recovery import service
from assignments.recovery.rules.pair import Pair
from assignments.simulation import simulate, whatif
from assignments.simulation.log import lines_in_words, told_result
from assignments.simulation.rules import start_state
from assignments.simulation.rules.play import Scenario, run
from tests.recovery.rules import golden
from tests.simulation.whatif_pages import client_of, play, post
from tests.support import torture
from tests.support.worlds import node
from topology.accounts import pseudonyms
from topology.models import Cluster, Policy, Subcluster
from topology.reasons import Refused

pytestmark = pytest.mark.django_db
HOUR, DAY = 3600, 86_400


# --- Sharing --------------------------------------------------------------------------------------
def simulated_file(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    path = tmp_path / "scenario.yaml"
    path.write_text(text)
    call_command("simulate", str(path), "--json")
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("source", ["sized", "present"])
def test_the_exported_file_gives_the_same_result(
    acme: Cluster, source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = "imp1a.acme.org" if source == "present" else "node-1a"
    client = client_of()
    key = post(client, acme, source=source, node=[place] * 3)["Location"].split("/")[2]
    Subcluster.objects.filter(cluster=acme).update(ha_enabled=False)  # the cluster goes on
    answer = client.get(f"/what-if/{key}/scenario.yaml")
    assert answer["Content-Disposition"] == f'attachment; filename="what-if-{key}.yaml"'
    assert simulated_file(answer.content.decode(), tmp_path, capsys) == told_result(Simulation.objects.get().result)


# --- Present topology -----------------------------------------------------------------------------
def test_a_cluster_at_rest_needs_no_state(acme: Cluster) -> None:
    assert set(whatif.freeze({"cluster": "acme"})) == {"topology"}


@pytest.mark.parametrize("beside", [{"topology": {}}, {"topology": None}, {"state": {}}, {"state": None}])
def test_nothing_that_is_written_is_replaced_by_what_the_cluster_is(acme: Cluster, beside: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        whatif.freeze({"cluster": "acme", **beside})


@pytest.mark.parametrize("begin", ["as_is", "half_moved"])
def test_fallback_by_itself_that_the_form_switches_on_waits_for_the_hours_of_the_day(acme: Cluster, begin: str) -> None:
    """The hours are those of the policy; the run begins at the time of the cluster, and not at midnight."""
    now = int(acme.now().timestamp())
    opens = (now // HOUR + 5) * HOUR  # more than four hours from now, and the failover is long over
    Policy.objects.filter(cluster=acme).update(
        automatic_fallback_from=opens % DAY, automatic_fallback_until=(opens + HOUR) % DAY
    )
    rows = {"at": ["1m", "20m"], "node": ["imp1a.acme.org"] * 2, "do": ["fault", "repair"], "what": ["power"] * 2}
    post(client_of(), acme, source="present", begin=begin, enable_automatic_fallback="on", until="8h", **rows)
    run = Simulation.objects.get()
    started = [line["t"] for line in run.result["log"] if line["event"] == "FALLBACK_STARTED"]
    assert started == [opens - run.scenario["state"]["at"]]


@pytest.mark.parametrize("seconds", torture.part([30, 90, 200, 400], 2))
def test_a_cluster_in_the_middle_of_a_failover_is_frozen_as_it_is(
    acme: Cluster, seconds: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the file says goes on as the cluster itself would, from whatever moment of a failover."""
    service.inject(node(acme, "imp1a"), "power")
    play(acme, seconds)
    pairs, now = simulate.present("acme")
    document = {"until": "90m", "timeline": [{"at": "50m", "do": "repair", "node": "imp1a.acme.org", "kind": "power"}]}
    with mock.patch("assignments.simulation.simulate.present", return_value=(pairs, now)):
        frozen = whatif.freeze(document | {"cluster": "acme"})
        live = simulate.simulate(document | {"cluster": "acme"})
    assert frozen["state"]["subclusters"]["sc-1"]["nodes"]["imp1a.acme.org"]["truth"]["power"] is False
    made = whatif.start(frozen, cluster=acme, actor="test")
    assert made.result == json.loads(json.dumps(live.as_dict()))
    assert simulated_file(whatif.export(made), tmp_path, capsys) == told_result(made.result)


def test_what_is_kept_of_a_run_does_not_depend_on_who_looks(acme: Cluster) -> None:
    """A run that is made while names are hidden is kept as it is, for everybody; each reader has it told anew."""
    begin = {"at": "1m", "do": "fault", "node": "imp1a.acme.org", "kind": "power"}
    document = whatif.freeze({"cluster": "acme", "until": "10m", "timeline": [begin]})
    with pseudonyms.enabled("key"):
        hidden = whatif.start(document, cluster=acme, actor="test").result
    Simulation.objects.all().delete()
    plain = whatif.start(document, cluster=acme, actor="test").result
    assert hidden == plain
    assert all("message" not in line and line["facts"]["subcluster"] for line in plain["log"])
    assert lines_in_words(plain["log"])[0]["message"].startswith("The scenario made imp1a.acme.org fail")
    assert lines_in_words(plain["log"], {"imp1a.acme.org": "imp1a"})[0]["message"].startswith(
        "The scenario made imp1a fail"
    )
    kept_before = {"event": "NODE_LOST", "message": "As an older version said it."}
    assert lines_in_words([kept_before])[0]["message"] == "As an older version said it."


def test_a_cluster_at_rest_gives_the_same_as_its_file_but_for_one_heartbeat(acme: Cluster) -> None:
    """A file at rest counts heartbeats from its start, so that it is the same file a minute later."""
    line = {"at": "1m", "do": "fault", "node": "imp1a.acme.org", "kind": "power"}
    document = {"cluster": "acme", "until": "30m", "timeline": [line]}
    live, kept = simulate.simulate(document).log, whatif.start(document, actor="test").result["log"]
    assert [(line["subcluster"], line["event"], line["nodes"]) for line in live] == [
        (line["subcluster"], line["event"], line["nodes"]) for line in kept
    ]
    assert all(abs(one["t"] - two["t"]) <= 15 for one, two in zip(live, kept, strict=True))


@pytest.mark.parametrize("name", golden.NAMES)
@pytest.mark.parametrize("share", torture.part([0.5, 0.1, 0.9], 3))
def test_a_state_is_written_and_read_back_in_the_middle_of_any_run(name: str, share: float) -> None:
    """Whatever a pair is doing, reading what was written gives it again; so the engine goes on with the same."""
    whole = golden.scenario(name)
    cut = int(whole.until * share)
    first = run(type(whole)(whole.name, whole.pairs, tuple(a for a in whole.timeline if a.at <= cut), cut))
    last = {sample.pair.name: sample.pair for sample in first.samples}
    pairs = tuple(last.get(pair.name, pair) for pair in whole.pairs)
    written = json.loads(json.dumps(start_state.write(pairs, cut)))
    topology = tuple(replace(pair, ha=now.ha) for pair, now in zip(whole.pairs, pairs, strict=True))
    assert start_state.read(written, topology) == (pairs, cut)


EDGES = [("rate", 1e-6), ("rate", 1e7), ("anchor", -(10**12)), ("done", 10**12), ("total", 10**12)]
BEYOND = [
    ("rate", 1e-300),
    ("rate", float("nan")),
    ("rate", float("inf")),
    ("done", 10**30),
    ("done", -5),
    ("total", -5),
]
MEMORY = [("per_second", 1e-300), ("per_second", -1.0), ("minutes", -1.0), ("minutes", float("nan")), ("since", 10**30)]


def signing_in() -> tuple[tuple[Pair, ...], dict[str, Any]]:
    """A scenario in which people sign in at the backup, and its state then."""
    scenario = golden.scenario("power_loss")
    sample = next(each for each in run(scenario, every_batch=True).samples if each.t > 130)
    return scenario.pairs, json.loads(json.dumps(start_state.write([sample.pair], sample.t)))


@pytest.mark.parametrize(("name", "value"), EDGES)
def test_numbers_at_the_edge_of_what_a_state_may_say_are_played(name: str, value: float) -> None:
    pairs, state = signing_in()
    nodes = state["subclusters"][pairs[0].name]["nodes"]
    [throttle] = [node["watch"]["throttle"] for node in nodes.values() if node["watch"]["throttle"]]
    throttle |= {name: value}
    begun, at = start_state.read(state, pairs)
    assert run(Scenario("edge", begun, until=600, start=at)).steps


@pytest.mark.parametrize(("part", "name", "value"), [("throttle", *each) for each in BEYOND] + [
    ("memory", *each) for each in MEMORY
])  # fmt: skip
def test_numbers_that_no_run_would_end_with_are_refused(part: str, name: str, value: float) -> None:
    pairs, state = signing_in()
    group = state["subclusters"][pairs[0].name]
    nodes = [node["watch"] for node in group["nodes"].values() if node["watch"]["throttle"]]
    (nodes[0] if part == "throttle" else group)[part] |= {name: value}
    with pytest.raises(Refused, match=name):
        start_state.read(state, pairs)


def test_a_state_that_cannot_be_is_refused_with_its_place() -> None:
    scenario = golden.scenario("power_loss")
    good = start_state.write(scenario.pairs, 0)
    [group] = good["subclusters"]
    name = scenario.pairs[0].members[0].name
    wrong: list[tuple[tuple[str, ...], object, str]] = [
        (("at",), -1, "not a whole number"),
        (("subclusters", group, "nodes", name, "state"), "asleep", "asleep"),
        (("subclusters", group, "nodes", name, "watch", "started_at"), "noon", "started_at cannot be noon"),
        (("subclusters", group, "nodes", name, "truth", "power"), "yes", "power is not true or false"),
        (("subclusters", group, "memory", "side"), 7, "side 7"),
        (("subclusters", group, "memory", "phase"), "lost", "lost"),
        (("subclusters", group, "users"), [], "0 users at home"),
        (("subclusters", group, "extra"), 1, "the key extra"),
    ]
    for path, value, said in wrong:
        document = json.loads(json.dumps(good))
        spot = document
        for step in path[:-1]:
            spot = spot[step]
        spot[path[-1]] = value
        with pytest.raises(Refused) as refused:
            start_state.read(document, scenario.pairs)
        assert said in refused.value.message
        assert "state" in refused.value.message
        assert refused.value.fix
