"""What-if runs: the result and its address, forks, deletion, and that the cluster stays as it is."""

import pytest

from assignments.models import Population, Simulation
from assignments.simulation import scenario_reader, whatif
from tests.recovery.rules import golden
from tests.simulation.whatif_pages import client_of, columns, post
from topology.models import Cluster, Event

pytestmark = pytest.mark.django_db


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


def test_golden_scenarios_are_documents_of_what_if() -> None:
    for name in golden.NAMES[:3]:
        frozen = whatif.freeze(golden.document(name))
        assert scenario_reader.parse(frozen, lambda cluster: ((), 0)) == golden.scenario(name)
