"""Charts, instants and the log of a what-if run, and its verdict on every node."""

import re
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client

from assignments.models import Simulation
from assignments.simulation.rules import timeline
from assignments.simulation.rules.play import run
from assignments.simulation.views.chart import charts, instant
from tests.recovery.rules import golden
from tests.simulation.whatif_pages import client_of, post
from tests.support.worlds import node
from topology.models import Cluster, Subcluster

pytestmark = pytest.mark.django_db


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
    assert "No node takes over: 385 users would be without service" in card(client, acme, "imp3a")
    type(node(acme, "imp1b")).objects.filter(pk=node(acme, "imp1b").pk).update(capacity_users=500)
    assert "imp1b takes 100 and is 100% full: 300 users would be left without service" in card(client, acme, "imp1a")
    Subcluster.objects.filter(pk=sub.pk).update(ha_enabled=False)
    assert "No node takes over: 400" in card(client, acme, "imp1a")


def test_a_card_follows_its_peer_too(acme: Cluster) -> None:
    text = client_of().get(f"/clusters/{acme.name}/nodes/{node(acme, 'imp1a').pk}").content.decode()
    assert f'data-live="node-{node(acme, "imp1a").pk} node-{node(acme, "imp1b").pk}"' in text
