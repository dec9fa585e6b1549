"""How many bytes the page of a cluster takes, as it is sent and before it is compressed."""

import pytest
from django.urls import reverse

from tests.board.pages import as_
from tests.support.crowd import make_crowd
from topology.accounts import roles
from topology.models import Cluster, Node


@pytest.fixture(autouse=True)
def _layout_of_templates() -> None:
    """Pages as they are sent, not as tests read them."""


@pytest.mark.django_db
def test_a_cluster_among_34_takes_less_than_100_kilobytes() -> None:
    shown = make_crowd(*[50] * 6, waiting=20, capacity=300_000, name="region-00", named=True)
    Cluster.objects.bulk_create(Cluster(name=f"region-{number:02}") for number in range(1, 34))
    last = Node.objects.filter(cluster=shown).latest("number")
    client, address = as_(roles.ADMINISTRATOR), reverse("cluster", args=[shown.name])
    for query in ("", f"?node={last.pk}", f"?subcluster={last.subcluster_id}", "?q=person+1"):
        page = client.get(address + query).content
        assert page.count(b"region-33") >= 3, "in the switcher, and as a target"
        assert len(page) < 97_000, "with a million users their names and keys are longer: 3 kB are theirs"
