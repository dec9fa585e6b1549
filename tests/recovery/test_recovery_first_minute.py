"""A pair that a file made, before the recovery engine has looked at it for the first time."""

import pytest
from django.core.management import call_command

from assignments.board.topology_file import apply_topology
from assignments.models import Operation
from assignments.recovery import service
from assignments.recovery.rules.commands import Command
from tests.board.pages import as_
from topology.accounts import roles
from topology.models import Cluster, Node, Subcluster
from topology.rules.states import State

pytestmark = pytest.mark.django_db
A, B = "a.example.org", "b.example.org"


@pytest.fixture
def fresh() -> Cluster:
    """A pair with HA on from a topology file; no tick has come yet."""
    nodes = [{"name": name, "profile": 5000, "publisher": name == A} for name in (A, B)]
    apply_topology({"cluster": "fresh", "subclusters": [{"name": "sc-1", "ha": True, "nodes": nodes}]})
    assert not Subcluster.objects.get().srm
    return Cluster.objects.get()


def states() -> list[str]:
    return list(Node.objects.order_by("number").values_list("state", flat=True))


def test_failover_is_offered_and_done_before_the_first_tick(fresh: Cluster) -> None:
    shown = {(b.command, b.node and b.node.name): b for b in service.buttons(Subcluster.objects.get())}
    assert shown[Command.FAILOVER, A].refused is None
    page = as_(roles.OPERATOR).get(f"/clusters/{fresh.name}/map").content.decode()
    assert f'id="failover-nodes-{Node.objects.get(name=A).pk}"' in page
    call_command("ha", "failover", A)
    assert states() == [State.FAILING_OVER, State.TAKING_OVER]
    assert Operation.objects.get().kind == "failover"


def test_a_fault_before_the_first_tick_is_no_failover_yet(fresh: Cluster) -> None:
    """Faults are noticed by heartbeats and delays, also when nobody has looked before."""
    call_command("fault", A, "power")
    assert states() == [State.NORMAL, State.NORMAL]


def test_the_first_tick_changes_nothing(fresh: Cluster) -> None:
    sub = Subcluster.objects.get()
    assert sub.next_wake is not None
    assert service.step(sub.pk, sub.next_wake)
    assert states() == [State.NORMAL, State.NORMAL]
    assert Subcluster.objects.get().srm["memory"]["phase"] == "normal"
    assert not Operation.objects.exists()
