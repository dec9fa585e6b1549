"""What-if runs: the form, the result and its address, forks, exports, deletion, and the verdict on every node."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from assignments.models import Assignment, Population, Simulation
from assignments.recovery import service
from assignments.simulation import scenario_reader, simulate, whatif
from assignments.simulation.log import told, told_result
from assignments.simulation.rules import catalogue, start_state, timeline
from assignments.simulation.rules.play import run
from assignments.simulation.views.chart import charts, instant
from tests import torture
from tests.recovery import golden
from tests.worlds import make_acme, node
from topology.accounts import pseudonyms
from topology.models import Cluster, Event, Policy, Subcluster
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


def client_of(role: str = "operator", name: str = "") -> Client:
    person, _ = get_user_model().objects.get_or_create(username=name or role)
    person.groups.set([Group.objects.get(name=role)])
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def acme() -> Cluster:
    """1,200 users on four nodes, all signed in, recovery managers at rest."""
    cluster = make_acme(imp1a=400, imp1b=400, imp2a=15, imp3a=385)
    Assignment.objects.filter(cluster=cluster).exclude(home_node=None).update(signed_in=True)
    play(cluster, 40)
    return cluster


def play(cluster: Cluster, seconds: int) -> None:
    """Let the live engine work from now on for so many seconds of a driven clock; the cluster's time goes on so far."""
    start = cluster.clock_real
    for passed in range(0, seconds + 1, 10):
        for sub in Subcluster.objects.filter(cluster=cluster):
            service.step(sub.pk, start + timedelta(seconds=passed))
    ahead = cluster.clock_cluster + timedelta(seconds=seconds)
    Cluster.objects.filter(pk=cluster.pk).update(clock_real=timezone.now(), clock_cluster=ahead)
    cluster.refresh_from_db()


SIZED = {"source": "sized", "nodes": "4", "users": "8000", "model": "balanced_redundant", "profile": "5000"}


def form(**values: Any) -> dict[str, Any]:
    """What the page posts: the power of node-1a fails and comes back."""
    plain = {
        "change": "run",
        **SIZED,
        "begin": "as_is",
        "entry": "",
        "until": "60m",
        "seed": "1",
        "at": ["1m", "20m", "30m"],
        "node": ["node-1a"] * 3,
        "do": ["fault", "repair", "fallback"],
        "what": ["power"] * 3,
    }
    return in_lines(plain | values)


def in_lines(values: dict[str, Any]) -> dict[str, Any]:
    """The same with each line of the timeline under its own number, as the formset of the page sends them."""
    columns = {name: values.pop(name) for name in ("at", "node", "do", "what")}
    count = min(map(len, columns.values()))
    lines = {f"line-{i}-{name}": column[i] for name, column in columns.items() for i in range(count)}
    return values | lines | {"line-TOTAL_FORMS": count, "line-INITIAL_FORMS": count}


def post(client: Client, cluster: Cluster, **values: Any) -> Any:
    return client.post(f"/clusters/{cluster.name}/what-if/", form(**values))


# --- Running --------------------------------------------------------------------------------------
def test_a_run_has_an_address_and_is_kept(acme: Cluster) -> None:
    answer = post(client_of(), acme)
    found = Simulation.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/what-if/{found.key}/"
    assert (found.author_name, found.seed, found.users, found.cluster) == ("operator", 1, 8000, acme)
    page = client_of("viewer").get(answer["Location"])
    assert page.status_code == 200
    text = page.content.decode()
    numbers = found.result["result"]
    assert numbers["never_returned"] == 0
    assert f"{numbers['user_minutes_without_service']:,.0f}" in text
    assert "Never came back" in text
    assert 'style="' not in text  # the content security policy allows none


def test_the_same_scenario_again_is_the_same_run(acme: Cluster) -> None:
    first, again = post(client_of(), acme), post(client_of(name="other"), acme)
    assert first["Location"] == again["Location"]
    assert Simulation.objects.get().author_name == "operator"
    assert post(client_of(), acme, seed="2")["Location"] != first["Location"]


def test_a_run_that_an_older_engine_made_is_made_anew(acme: Cluster) -> None:
    post(client_of(), acme)
    right = Simulation.objects.get()
    Simulation.objects.update(result={"log": [], "result": {}})
    post(client_of(), acme)
    assert Simulation.objects.get().result == right.result


def test_nothing_of_the_cluster_changes(acme: Cluster) -> None:
    before = list(Population.objects.order_by("pk").values()), Event.objects.count()
    assert post(client_of(), acme, source="present", node=["imp1a.acme.org"] * 3).status_code == 302
    assert (list(Population.objects.order_by("pk").values()), Event.objects.count()) == before


def test_a_viewer_looks_and_does_not_run(acme: Cluster) -> None:
    viewer = client_of("viewer")
    assert viewer.get(f"/clusters/{acme.name}/what-if/").status_code == 200
    assert post(viewer, acme).status_code == 403
    assert not Simulation.objects.exists()


# --- Errors ---------------------------------------------------------------------------------------
def test_every_error_names_its_place_and_its_fix_and_what_was_typed_stays(acme: Cluster) -> None:
    answer = post(
        client_of(),
        acme,
        at=["1m", "soon", "2h"],
        node=["node-9z", "node-1a", "node-1a"],
        until="60m",
        seed="x",
        budget="sign_ins_per_second",
        budget_value="fast",
        name="My <run>",
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    for said in (
        "Line 1: There is no node node-9z",
        "Line 2, at: soon is not a span of time",
        "Line 3 is at 2h, after the end at 60m",
        "“Seed” x is not allowed",
        "“Budget” fast is not allowed",
    ):
        assert said in text, said
    for fix in ("Known: node-1a, node-1b", "Write for example 90s", "let the run last longer", "such as 10"):
        assert fix in text, fix
    for typed in ('value="soon"', 'value="2h"', 'value="x"', 'value="fast"', "My &lt;run&gt;", "node-9z (not in this"):
        assert typed in text, typed
    assert not Simulation.objects.exists()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"nodes": "7"}, "“Nodes” 7 is not allowed"),
        ({"users": "many"}, "“Users” many is not allowed"),
        ({"users": "2000001"}, "“Users” 2000001 is not allowed"),
        ({"profile": "5001"}, "5001 is not one of"),
        ({"model": "round"}, "round is not one of"),
        ({"until": "49h"}, "The run would last until 49 h"),
        ({"until": "0s"}, "“Until” 0s is not allowed"),
        ({"until": ""}, "is not a span of time"),
        ({"what": ["fire", "power", "power"]}, "There is no service fire"),
        ({"do": ["explode", "repair", "fallback"]}, "explode is not one of fault, repair"),
        ({"budget": "done_within_minutes", "budget_value": "-3"}, "done_within_minutes"),
        ({"source": "run", "run": "nothere"}, "There is no what-if run nothere"),
    ],
)
def test_wrong_values_are_refused(acme: Cluster, values: dict[str, Any], said: str) -> None:
    answer = post(client_of(), acme, **values)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_cluster_without_placed_nodes_offers_a_sized_topology() -> None:
    bare = Cluster.objects.create(name="bare")
    Policy.objects.create(cluster=bare)
    page = client_of().get("/clusters/bare/what-if/")
    assert page.status_code == 200
    answer = post(client_of(), bare, source="present")
    assert answer.status_code == 422
    assert "nothing can fail" in answer.content.decode()


# --- The form -------------------------------------------------------------------------------------
def rows(text: str) -> list[str]:
    return re.findall(r'name="line-[0-9]+-at" value="([^"]*)"', text)


def test_lines_are_added_and_removed_without_a_script(acme: Cluster) -> None:
    added = post(client_of(), acme, change="add").content.decode()
    assert rows(added) == ["1m", "20m", "30m", "30m"]
    removed = post(client_of(), acme, change="remove-1").content.decode()
    assert rows(removed) == ["1m", "30m"]
    empty = post(client_of(), acme, change="add", at=[], node=[], do=[], what=[]).content.decode()
    assert rows(empty) == ["1m"]


def test_htmx_gets_the_form_alone(acme: Cluster) -> None:
    answer = client_of().post(f"/clusters/{acme.name}/what-if/", form(change="add"), headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert text.lstrip().startswith("<form")
    assert "<html" not in text
    assert "HX-Request" in answer["Vary"]


def columns(form: Any) -> dict[str, list[str]]:
    """The lines of a form as `form` takes them."""
    return {name: [row[name] for row in form.rows] for name in ("at", "node", "do", "what")}


# Each entry with both sources, and with one of them in turn where not everything is tried.
ENTRIES = [
    (key, source)
    for turn, key in enumerate(catalogue.CATALOGUE)
    for source in (("sized", "present") if turn % 2 else ("present", "sized"))
]


@pytest.mark.parametrize(("key", "source"), torture.part(ENTRIES, 2))
def test_every_entry_of_the_catalogue_runs(acme: Cluster, key: str, source: str) -> None:
    client = client_of()
    filled = client.post(
        f"/clusters/{acme.name}/what-if/", form(change="fill", entry=key, source=source, at=[], node=[], do=[], what=[])
    )
    values = filled.context["form"]
    assert values.rows
    typed = {name: values.typed[name] for name in ("made", "begin", "until")}
    answer = post(client, acme, source=source, entry=key, **typed, **columns(values))
    assert answer.status_code == 302, answer.content.decode()
    found = Simulation.objects.get()
    assert found.name.startswith(catalogue.CATALOGUE[key].label)
    assert max(line["out_of_service"] for line in found.result["log"]) > 0
    assert client.get(answer["Location"]).status_code == 200


def test_the_seed_draws_the_flapping_network_and_nothing_else() -> None:
    pairs = golden.scenario("power_loss").pairs
    entries = catalogue.CATALOGUE
    first, same, other = (catalogue.timeline(entries["flapping"], pairs, seed) for seed in (1, 1, 2))
    assert first == same != other
    assert catalogue.timeline(entries["storm"], pairs, 1) == catalogue.timeline(entries["storm"], pairs, 2)


def test_lines_of_a_person_stay_when_the_topology_changes(acme: Cluster) -> None:
    text = post(client_of(), acme, change="topology", nodes="2").content.decode()
    assert rows(text) == ["1m", "20m", "30m"]


def test_lines_of_the_catalogue_follow_the_topology(acme: Cluster) -> None:
    client = client_of()
    first = client.get(f"/clusters/{acme.name}/what-if/").context["form"]
    assert first.rows[0]["node"] == "imp1a.acme.org"
    typed = {name: first.typed[name] for name in ("entry", "made")}
    changed = post(client, acme, change="topology", **typed, **columns(first)).context["form"]
    assert changed.rows[0]["node"] == "node-1a"


def test_a_rebalance_half_way_keeps_everybody(acme: Cluster) -> None:
    post(client_of(), acme, begin="half_moved")
    groups = Simulation.objects.get().scenario["topology"]["subclusters"]
    homes = {each["name"]: each["users"] for group in groups for each in group["nodes"]}
    assert homes == {"node-1a": 2333, "node-1b": 2333, "node-2a": 2334, "node-2b": 1000}


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


def test_a_fork_opens_the_form_with_the_scenario_and_runs_to_the_same(acme: Cluster) -> None:
    client = client_of()
    first = post(
        client,
        acme,
        source="present",
        at=["1m", "2m", "20m"],
        node=["imp1a.acme.org", "imp2a.acme.org", "imp1a.acme.org"],
        do=["fault", "disable_ha", "recover"],
        what=["Cisco SIP Proxy", "power", "power"],
        budget="sign_ins_per_second",
        budget_value="5",
        canary_fallback="on",
        name="mine",
        seed="7",
    )
    key = first["Location"].split("/")[2]
    page = client.get(f"/clusters/{acme.name}/what-if/?fork={key}")
    kept = page.context["form"]
    first_row = kept.rows[0]
    assert first_row == {"at": "1m", "node": "imp1a.acme.org", "do": "fault", "what": "Cisco SIP Proxy"}
    typed = {name: kept.typed[name] for name in ("source", "run", "seed", "name", "budget", "budget_value", "until")}
    begun = {"source": "run", "run": key, "seed": "7", "name": "mine", "budget": "sign_ins_per_second"}
    assert typed == begun | {"budget_value": "5", "until": "60m"}
    again = post(client, acme, **typed, canary_fallback="on", **columns(kept))
    assert again["Location"] == first["Location"]


def test_only_its_author_or_an_administrator_deletes_a_run(acme: Cluster) -> None:
    key = post(client_of(name="ann"), acme)["Location"].split("/")[2]
    refused = client_of(name="bob").post(f"/what-if/{key}/delete")
    assert refused.status_code == 403
    assert "made by ann" in refused.content.decode()
    assert client_of(name="ann").post(f"/what-if/{key}/delete").status_code == 302
    assert not Simulation.objects.exists()
    assert Event.objects.get(code="SIMULATION_DELETED").actor_name == "ann"
    key = post(client_of(name="ann"), acme)["Location"].split("/")[2]
    assert client_of("administrator").post(f"/what-if/{key}/delete").status_code == 302
    gone = client_of().get(f"/what-if/{key}/")
    assert gone.status_code == 404
    assert "may have been deleted" in gone.content.decode()


# --- Present topology -----------------------------------------------------------------------------
def test_a_cluster_at_rest_needs_no_state(acme: Cluster) -> None:
    assert set(whatif.freeze({"cluster": "acme"})) == {"topology"}


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
    assert told(plain["log"])[0]["message"].startswith("The scenario made imp1a.acme.org fail")
    assert told(plain["log"], {"imp1a.acme.org": "imp1a"})[0]["message"].startswith("The scenario made imp1a fail")
    kept_before = {"event": "NODE_LOST", "message": "As an older version said it."}
    assert told([kept_before])[0]["message"] == "As an older version said it."


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


# --- The timeline -------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", golden.NAMES)
def test_the_film_tells_what_the_log_tells(name: str) -> None:
    """At each line of the log the timeline has the states of that line, and everybody is counted once."""
    scenario = golden.scenario(name)
    result = run(scenario)
    kept = timeline.record(scenario, result)
    last: dict[tuple[int, str], Any] = {}
    for line in result.log:
        last[line["t"], line["subcluster"]] = line
    users = {pair.name: sum(n for n, _ in pair.populations.values()) for pair in scenario.pairs}
    for (t, group), line in last.items():
        shown = next(each for each in timeline.at(kept, t) if each["name"] == group)
        assert sum(each["home"] + each["backup"] + each["out"] for each in shown["nodes"]) == users[group]
        assert sum(each["out"] for each in shown["nodes"]) <= max(line["out_of_service"], users[group])
    for pair in scenario.pairs:
        final = next(each for each in timeline.at(kept, scenario.until) if each["name"] == pair.name)
        assert sum(each["out"] for each in final["nodes"]) <= result.never_returned
    assert sum(each["out"] for group in timeline.at(kept, 1e9) for each in group["nodes"]) == result.never_returned


def test_the_chart_has_the_area_that_the_result_has() -> None:
    """User-minutes without service are the red area of the chart."""
    scenario = golden.scenario("power_loss")
    result = run(scenario)
    kept = timeline.record(scenario, result)
    group, until = kept["subclusters"][0], kept["until"]
    curves = [timeline.curve(group, i, lambda each: each["out"], until) for i in range(2)]
    points = timeline.total(curves)
    area = sum((t2 - t1) * (v1 + v2) / 2 for (t1, v1), (t2, v2) in pairwise(points))
    assert area / 60 == pytest.approx(result.user_minutes, rel=0.02)


def test_sign_ins_stay_below_the_budget_in_the_chart() -> None:
    scenario = golden.scenario("budget_rate")
    kept = timeline.record(scenario, run(scenario))
    group, until = kept["subclusters"][0], kept["until"]
    for i in range(2):
        most = timeline.largest([timeline.sign_ins(group, i, until)])
        assert most <= timeline.largest([timeline.budget(group, i, until)]) + 0.01
    assert timeline.largest([timeline.sign_ins(group, 1, until)]) > 0


def test_any_instant_can_be_looked_at(acme: Cluster) -> None:
    client = client_of()
    address = post(client, acme)["Location"]
    found = Simulation.objects.get()
    before = instant(found.timeline, found.result["log"], 30)
    during = instant(found.timeline, found.result["log"], 90)
    after = instant(found.timeline, found.result["log"], 3600)
    assert (before.home, before.backup, before.out) == (8000, 0, 0)
    assert (during.home, during.backup, during.out) == (6000, 0, 2000)
    assert (after.home, after.backup, after.out) == (8000, 0, 0)
    assert during.groups[0].nodes[0].trouble == "power is off"
    text = client.get(f"{address}at?t=90").content.decode()
    assert "2,000 out of service" in text
    assert 'id="cursor"' in text
    assert 'id="scrub"' in text
    by_hand = client.get(f"{address}at?t=90", headers={"HX-Request": "true", "HX-Trigger": "scrubber"})
    assert 'id="scrub"' not in by_hand.content.decode()  # not replaced under the finger
    assert "2,000 out of service" in client.get(f"{address}?t=90").content.decode()
    assert client.get(f"{address}at?t=999999999").status_code == 200


def test_a_run_without_users_or_faults_is_drawn_too(acme: Cluster) -> None:
    answer = post(client_of(), acme, users="0", nodes="1", at=[], node=[], do=[], what=[])
    assert client_of().get(answer["Location"]).status_code == 200
    found = Simulation.objects.get()
    drawn = charts(found.timeline, found.result["result"])
    assert (drawn.users, drawn.lost_at, drawn.most_out) == (0, None, 0)


# --- N-1 ------------------------------------------------------------------------------------------
def card(client: Client, cluster: Cluster, short: str) -> str:
    text = client.get(f"/clusters/{cluster.name}/nodes/{node(cluster, short).pk}").content.decode()
    found = re.search(r"<p class=\"n1.*?</p>", text, re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


def test_every_card_says_what_happens_if_its_node_fails_now(acme: Cluster) -> None:
    sub = Subcluster.objects.get(cluster=acme, name="sc-1")
    client = client_of("viewer")
    assert card(client, acme, "imp1a").startswith("N\N{MINUS SIGN}1 imp1b takes all 400 in")
    assert card(client, acme, "imp1a").endswith("is 16% full.")
    assert "No node takes over: 385 users are without service" in card(client, acme, "imp3a")
    type(node(acme, "imp1b")).objects.filter(pk=node(acme, "imp1b").pk).update(capacity_users=500)
    assert "imp1b takes 100 and is 100% full: 300 users are left without service" in card(client, acme, "imp1a")
    Subcluster.objects.filter(pk=sub.pk).update(ha_enabled=False)
    assert "No node takes over: 400" in card(client, acme, "imp1a")


def test_a_card_follows_its_peer_too(acme: Cluster) -> None:
    text = client_of().get(f"/clusters/{acme.name}/nodes/{node(acme, 'imp1a').pk}").content.decode()
    assert f'data-live="node-{node(acme, "imp1a").pk} node-{node(acme, "imp1b").pk}"' in text


def test_golden_scenarios_are_documents_of_what_if() -> None:
    for name in golden.NAMES[:3]:
        frozen = whatif.freeze(golden.document(name))
        assert scenario_reader.parse(frozen, lambda cluster: ((), 0)) == golden.scenario(name)
