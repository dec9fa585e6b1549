"""The form of what-if: its lines, the catalogue, every error at its place, and what was typed stays."""

import re
from typing import Any

import pytest

from assignments.models import Simulation
from assignments.simulation.rules import catalogue
from tests.recovery.rules import golden
from tests.simulation.whatif_pages import client_of, columns, form, post
from tests.support import torture
from topology.models import Cluster, Policy

pytestmark = pytest.mark.django_db


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
        "Line 1, node: There is no node node-9z",
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
        ({"seed": str(2**63)}, "Write a whole number from -9,223,372,036,854,775,808 to 9,223,372,036,854,775,807."),
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


def test_more_fields_than_the_console_reads_are_called_that(acme: Cluster) -> None:
    lines = {name: ["power"] * 1000 for name in ("at", "node", "do", "what")}
    answer = post(client_of(), acme, **lines)
    assert answer.status_code == 413
    assert "The form is larger than the console accepts." in answer.content.decode()
