"""Who asks for something that another person removed is told what it was, who removed it and when."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from assignments.board.removal import remove_cluster
from assignments.moves import drop
from assignments.moves.selection import Selection
from tests.structure.structure_pages import HTMX
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.models import Cluster, Node, Subcluster
from topology.reasons import Refused
from topology.structure.nodes import remove_node
from topology.structure.subclusters import remove_subcluster

OFFER = "Add it again if it is needed. Known: "


@pytest.fixture
def acme(db: None) -> Cluster:
    return make_acme(imp1a=3)


@pytest.fixture
def ada(db: None) -> Any:
    return get_user_model().objects.create(username="ada")


@pytest.fixture
def spare(acme: Cluster, ada: Any) -> Node:
    """A node that was removed."""
    found = node(acme, "spare")
    key = found.pk
    remove_node(found, actor=ada)
    found.pk = key
    return found


@pytest.fixture
def empty(acme: Cluster, ada: Any) -> Subcluster:
    """A subcluster that was removed."""
    found = Subcluster.objects.create(cluster=acme, name="sc-9", position=9)
    key = found.pk
    remove_subcluster(found, actor=ada)
    found.pk = key
    return found


def said(client: Client, address: str) -> str:
    answer = client.get(address, headers=HTMX)
    assert answer.status_code == 422
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize(
    "address", ["structure/nodes/{}", "nodes/{}/maintenance", "users?node={}", "nodes/{}/ask/failover", "nodes/{}"]
)
def test_a_node(admin_client: Client, spare: Node, address: str) -> None:
    page = said(admin_client, f"/clusters/acme/{address.format(spare.pk)}")
    assert "There is no node spare.acme.org: ada removed it at <time datetime=" in page
    assert OFFER in page


@pytest.mark.parametrize("address", ["subclusters/{}/ask/recover", "users?subcluster={}"])
def test_a_subcluster(admin_client: Client, empty: Subcluster, address: str) -> None:
    page = said(admin_client, f"/clusters/acme/{address.format(empty.pk)}")
    assert "There is no subcluster sc-9 in acme: ada removed it at <time datetime=" in page
    assert OFFER in page


def test_what_a_drag_aims_at(acme: Cluster, spare: Node, empty: Subcluster, ada: Any) -> None:
    roles_of = {"actor": ada, "role": roles.ADMINISTRATOR}
    for target, name in ((f"node:{spare.pk}", "spare.acme.org"), (f"subcluster:{empty.pk}", "sc-9 in acme")):
        with pytest.raises(Refused, match=f"{name}: ada removed it at 20"):
            drop.move(Selection(acme, (1,)), target, **roles_of)


def test_what_is_removed_while_its_lock_is_waited_for(acme: Cluster, ada: Any, spare: Node) -> None:
    with pytest.raises(Refused, match=r"There is no node spare\.acme\.org: ada removed it at 20"):
        remove_node(spare, actor=ada)


def test_a_cluster_for_those_who_may_see_all(admin_client: Client, acme: Cluster, ada: Any, client: Client) -> None:
    other = Cluster.objects.create(name="other")
    reader = get_user_model().objects.create(username="reader")
    reader.cluster_roles.create(cluster=other, role=roles.VIEWER)
    remove_cluster(acme, "acme", actor=ada)
    page = said(admin_client, "/clusters/acme/")
    assert "There is no cluster acme: ada removed it at <time datetime=" in page
    assert "If that was a mistake, restore a backup. Known: other." in page
    client.force_login(reader)
    for answer in (client.get("/clusters/acme/", headers=HTMX), client.get("/find?cluster=acme", headers=HTMX)):
        assert "ada" not in answer.content.decode()


def test_who_removed_it_is_hidden_with_the_names(admin_client: Client, spare: Node) -> None:
    admin_client.post("/hide-names")
    page = said(admin_client, f"/clusters/acme/structure/nodes/{spare.pk}")
    assert "There is no node spare.acme.org: operator " in page
    assert "ada removed" not in page


def test_what_never_was_is_named_by_its_key(admin_client: Client, acme: Cluster) -> None:
    page = said(admin_client, "/clusters/acme/structure/nodes/987654")
    assert "There is no node with the key 987654." in page
    assert "Add it again" not in page
