"""What is refused lists what there is, but nothing of clusters that the one who asked may not see."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.api.answers import Calls
from tests.board.pages import person
from tests.support.worlds import make_acme
from topology.accounts import roles
from topology.models import Cluster, ClusterRole

ASKED = (
    ("GET", "/clusters/nope", "acme"),
    ("GET", "/clusters/nope/subclusters/sc-9", "acme"),
    ("GET", "/clusters/acme/subclusters/sc-9", "sc-1, sc-2, sc-3"),
    ("GET", "/clusters/secret/subclusters/sc-9", ""),
    ("PATCH", "/nodes/nope", "imp1a.acme.org"),
    ("POST", "/nodes/nope/failover", "imp1a.acme.org"),
    ("GET", "/users?cluster=nope", "acme"),
    ("GET", "/users?node=nope", "imp1a.acme.org"),
    ("GET", "/operations?cluster=nope", "acme"),
    ("GET", "/events?cluster=nope", "acme"),
    ("GET", "/peers?cluster=nope", "acme"),
)


@pytest.fixture
def secret(acme: Cluster) -> Cluster:
    return make_acme("secret")


@pytest.mark.parametrize(("method", "path", "shown"), ASKED)
def test_a_program_of_one_cluster_is_told_no_names_of_others(
    acme: Cluster, secret: Cluster, calls: Calls, method: str, path: str, shown: str
) -> None:
    answer = calls("administrator", acme)(method, path, {} if method != "GET" else None)
    assert answer.status_code in (404, 422), answer.content
    assert shown in answer.data["fix"]
    assert "secret" not in answer.data["fix"]


def test_a_program_of_all_clusters_is_told_all(acme: Cluster, secret: Cluster, calls: Calls) -> None:
    assert calls("viewer").get("/clusters/nope").data["fix"] == "Known: acme, secret."


@pytest.mark.parametrize("how", [{}, {"HX-Request": "true"}, {"Accept": "application/json"}])
def test_a_person_of_one_cluster_is_told_no_names_of_others(
    acme: Cluster, secret: Cluster, how: dict[str, str]
) -> None:
    client, one = Client(), person("")
    ClusterRole.objects.create(user=one, cluster=acme, role=roles.ADMINISTRATOR)
    client.force_login(one)
    answer = client.get(reverse("duplicates") + "?cluster=nope", headers=how)
    assert answer.status_code == 422
    assert "Known: acme." in answer.content.decode()
    assert "secret" not in answer.content.decode()


def test_what_a_page_lists_by_itself_stays(acme: Cluster, secret: Cluster) -> None:
    client, one = Client(), person("")
    ClusterRole.objects.create(user=one, cluster=acme, role=roles.ADMINISTRATOR)
    client.force_login(one)
    gone = client.get(reverse("find-users") + "?subcluster=999999", headers={"Accept": "application/json"})
    assert gone.json()["fix"] == "Known: sc-1, sc-2, sc-3."
