"""What the engine remembers of a node while its peer comes, leaves or is exchanged."""

from datetime import timedelta

import pytest

from assignments.models import Assignment, Population
from assignments.recovery import service
from assignments.recovery.rules.kept import SrmState
from assignments.recovery.rules.pair import Watch
from tests.recovery.driven import B, node, scenario, sub
from tests.recovery.recovery_world import Drive, clock_at, make
from topology.models import Event, Subcluster
from topology.structure.nodes import add_node, move_node, remove_node, unassign_node

pytestmark = pytest.mark.django_db


@pytest.fixture
def drive(db: None) -> Drive:
    """A pair without HA, of which only the first node has users; it has just come back from a loss of power."""
    cluster = make(scenario())
    with clock_at(cluster.clock_real):
        service.disable_ha(sub())
    drive = Drive(cluster, scenario())
    drive.until(20)
    Assignment.objects.filter(home_node=node(B)).delete()
    for change in (service.inject, service.repair):
        with clock_at(drive.real):
            change(node(), "power")
        drive.until(40)
    return drive


def watched() -> Watch:
    return SrmState.of(sub().srm).watches[str(node().pk)]


def waiting() -> int:
    row = Population.objects.get(home_node=node())
    return row.users - row.signed_in


@pytest.mark.parametrize("how", ["unassigned", "removed", "added"])
def test_users_of_a_node_wait_and_sign_in_as_before(drive: Drive, how: str) -> None:
    before = watched()
    assert (waiting(), before.relogin_at > 0) == (300, True)
    with clock_at(drive.real):
        if how == "removed":
            remove_node(node(B))
        else:
            unassign_node(node(B))
        drive.real += timedelta(seconds=1)
        if how == "added":
            drive.tick()
            move_node(node(B), sub())
        drive.tick()
    assert (waiting(), watched().relogin_at) == (300, before.relogin_at)
    drive.until(150)
    assert 200 < waiting() < 300
    drive.until(400)
    assert waiting() == 0


def test_another_window_is_told_when_the_weaker_node_comes(drive: Drive) -> None:
    with clock_at(drive.real):
        unassign_node(node(B))
        drive.tick()
        Event.objects.all().delete()
        add_node(drive.cluster, "c.example.org", profile=1000, subcluster=sub())
        drive.tick()
    assert Event.objects.filter(code="WINDOW_CHANGED").count() == 1


def test_a_pair_of_other_nodes_begins_without_the_failovers_of_the_former(drive: Drive) -> None:
    with clock_at(drive.real):
        srm = sub().srm
        srm["memory"] |= {"failovers": [1, 2, 3], "fell_back_at": 5}
        Subcluster.objects.update(srm=srm)
        unassign_node(node(B))
        drive.tick()
        move_node(node(B), sub())
        drive.tick()
    memory = SrmState.of(sub().srm).memory
    assert memory
    assert (memory.failovers, memory.fell_back_at, memory.since) == ((), None, srm["memory"]["since"])
