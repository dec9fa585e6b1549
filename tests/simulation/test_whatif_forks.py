"""A fork of any run that is kept: the form has all of it, or says why it cannot."""

from typing import Any

import pytest

from assignments.models import Simulation
from assignments.recovery import service
from assignments.simulation import whatif
from assignments.simulation.views.line_form import MOST_ROWS
from tests.simulation.whatif_pages import client_of, columns, play, post
from tests.support.worlds import node
from topology.models import Cluster

pytestmark = pytest.mark.django_db

NODE = {"name": "a", "users": 3}
EMPTY: list[dict[str, Any]] = [{}, {"subclusters": None, "policy": None}, {"subclusters": [{"name": "x"}]}]
SHORT = {"subclusters": [{"name": "x", "nodes": None}, {"name": "y", "nodes": [NODE]}]}


def lines(count: int) -> list[dict[str, Any]]:
    return [{"at": f"{i}s", "do": "fault", "node": "a", "kind": "power"} for i in range(count)]


def kept(acme: Cluster, **document: Any) -> str:
    return whatif.start(document, cluster=acme, actor="test").key


def forked(acme: Cluster, key: str) -> Any:
    return client_of().get(f"/clusters/{acme.name}/what-if/?fork={key}")


def run_again(acme: Cluster, key: str, begin: str) -> Any:
    page = forked(acme, key)
    assert page.status_code == 200
    typed = {name: page.context["form"].typed[name] for name in ("source", "run", "until", "seed")}
    return post(client_of(), acme, **typed, begin=begin, **columns(page.context["form"]))


@pytest.mark.parametrize("begin", ["as_is", "half_moved"])
def test_what_a_file_may_leave_out_is_left_out_in_its_fork(acme: Cluster, begin: str) -> None:
    assert run_again(acme, kept(acme, topology=SHORT, until="5m"), begin).status_code == 302


@pytest.mark.parametrize("topology", EMPTY)
def test_a_fork_in_which_nothing_can_fail_says_so(acme: Cluster, topology: dict[str, Any]) -> None:
    key = kept(acme, topology=SHORT, until="5m")
    older = Simulation.objects.get(key=key)  # an older version ran such a topology, and kept zeros
    Simulation.objects.filter(key=key).update(scenario=older.scenario | {"topology": topology})
    refused = forked(acme, key)
    assert refused.status_code == 422
    assert "topology: no node is in a subcluster, so nothing can happen." in refused.content.decode()
    assert client_of().get(f"/what-if/{key}/").status_code == 200, "what it found is shown as before"


def test_a_fork_with_all_lines_or_none(acme: Cluster) -> None:
    topology = {"subclusters": [{"name": "x", "nodes": [NODE]}]}
    page = forked(acme, kept(acme, topology=topology, timeline=lines(MOST_ROWS)))
    assert len(page.context["form"].rows) == MOST_ROWS
    refused = forked(acme, kept(acme, topology=topology, timeline=lines(MOST_ROWS + 1)))
    assert refused.status_code == 422
    assert f"The timeline has {MOST_ROWS + 1} lines; on the page the limit is {MOST_ROWS}." in refused.content.decode()


def test_no_line_is_added_to_a_full_form_and_none_left_out(acme: Cluster) -> None:
    full = {"at": ["1m"] * MOST_ROWS, "node": ["node-1a"] * MOST_ROWS, "do": ["fault"] * MOST_ROWS}
    added = post(client_of(), acme, change="add", **full, what=["power"] * MOST_ROWS)
    assert len(added.context["form"].rows) == MOST_ROWS
    more = {name: [*values, values[0]] for name, values in full.items()}
    refused = post(client_of(), acme, **more, what=["power"] * (MOST_ROWS + 1))
    assert (refused.status_code, "SIMULATION_TOO_MANY_LINES" in refused.content.decode()) == (422, True)


def test_a_fork_has_the_budget_in_full(acme: Cluster) -> None:
    topology = {"subclusters": [{"name": "x", "nodes": [NODE]}], "policy": {"sign_ins_per_second": 1234.5678}}
    assert forked(acme, kept(acme, topology=topology)).context["form"].typed["budget_value"] == "1234.5678"


def test_a_fork_has_any_seed_that_a_file_may_have(acme: Cluster) -> None:
    assert run_again(acme, kept(acme, topology=SHORT, seed=-5), "as_is").status_code == 302


def test_the_start_of_a_fork_is_called_what_it_is(acme: Cluster) -> None:
    """Its users are where they were when the run began, and not all at home."""
    service.inject(node(acme, "imp1a"), "power")
    play(acme, 200)
    page = forked(acme, kept(acme, cluster=acme.name, until="5m")).content.decode()
    assert "As that run began" in page
    assert "All users at home" not in page
