"""Where the next hundred users would go: what is shown is what an import does."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assignments.planning.preview import next_users
from assignments.users.importing.imports import import_users
from tests.support.crowd import add_people, homes, make_crowd, nodes_of
from tests.support.lists import csv_of
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.accounts.sign_in import give_role
from topology.models import Cluster, DeploymentModel, Mode, Node
from topology.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("mode", [Mode.BALANCED, Mode.ACTIVE_STANDBY, Mode.MANUAL])
@pytest.mark.parametrize("model", [DeploymentModel.BALANCED_NON_REDUNDANT, DeploymentModel.BALANCED_REDUNDANT])
def test_an_import_places_users_as_the_preview_said(mode: str, model: str) -> None:
    crowd = make_crowd(40, 10, 0, 300, model=model, capacity=1000)
    Cluster.objects.update(mode=mode)
    crowd.refresh_from_db()
    found = next_users(crowd)
    kinds = "desk_phone|sametime"  # two endpoints, as all others have
    import_users(crowd, csv_of("user_id,endpoints", *(f"new{n},{kinds}" for n in range(100))), actor="anna")
    if mode == Mode.MANUAL:
        assert found.manual
        assert homes(crowd) == [40, 10, 0, 300]
    else:
        assert sum(place.coming for place in found.places) == 100
        assert [place.after for place in found.places] == homes(crowd)


def test_another_mode_can_be_looked_at_and_a_strange_one_is_the_cluster_s_own() -> None:
    crowd = make_crowd(0, 0)
    assert [place.coming for place in next_users(crowd).places] == [50, 50]
    assert [place.coming for place in next_users(crowd, "active_standby").places] == [100, 0]
    assert next_users(crowd, "no such mode").mode == Mode.BALANCED


def test_who_finds_no_place_is_told_the_rule() -> None:
    crowd = make_crowd(30, 20, capacity=60)
    found = next_users(crowd)
    assert found.refusal
    assert found.refusal.code == "PLAN_NO_ROOM_USERS"


def test_nobody_is_placed_during_a_failover() -> None:
    acme = make_acme(imp1a=3)
    Node.objects.filter(pk=node(acme, "imp1b").pk).update(state=State.TAKING_OVER)
    found = next_users(acme)
    assert found.refusal
    assert found.refusal.code == "CLUSTER_IN_FAILOVER"


def test_the_dialogs_show_it_for_the_same_price_however_many_users_there_are() -> None:
    crowd = make_crowd(10, 0)
    user, _ = get_user_model().objects.get_or_create(username="administrator")
    give_role(user, roles.ADMINISTRATOR)
    client = Client(headers={"HX-Request": "true"})
    client.force_login(user)
    addresses = [reverse(name, args=["crowd"]) for name in ("import", "settings", "placing")]

    def costs() -> list[int]:
        found = []
        for address in addresses:
            with CaptureQueriesContext(connection) as spent:
                page = client.get(address).content.decode()
            assert "Where the next 100 users would go" in page
            found.append(len(spent))
        return found

    costs()  # the first visit also looks up the role
    before = costs()
    add_people(crowd, nodes_of(crowd)[1], 2000)
    assert costs() == before
    page = client.get(reverse("placing", args=["crowd"]), {"mode": "manual"}).content.decode()
    assert "stay unassigned" in page
