"""The cluster that tests of what-if start from."""

import pytest

from assignments.models import Assignment
from tests.simulation.whatif_pages import play
from tests.support.worlds import make_acme
from topology.models import Cluster


@pytest.fixture
def acme() -> Cluster:
    """1,200 users on four nodes, all signed in, recovery managers at rest."""
    cluster = make_acme(imp1a=400, imp1b=400, imp2a=15, imp3a=385)
    Assignment.objects.filter(cluster=cluster).exclude(home_node=None).update(signed_in=True)
    play(cluster, 40)
    return cluster
