"""The verdict on a drop: what is allowed, warned of and refused before anything moves."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assignments.models import Assignment, Kind, Operation, SubclusterLock
from assignments.moves import drop as moves
from assignments.moves.drop_verdict import DropVerdict
from assignments.moves.selection import Selection
from assignments.moves.verdict import verdicts
from assignments.users.listing.filter import UserFilter
from tests.moves.dropped import change, of
from tests.support.worlds import add_users, make_acme, node
from topology.models import Cluster, DeploymentModel, Mode
from topology.reasons import Refused
from topology.rules.states import State
from topology.structure.selectors import cluster_named

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=10, imp1b=4, imp2a=3, imp3a=2, waiting=5)


def judged(selection: Selection, place: str, role: str = "operator") -> DropVerdict:
    """The verdict of one target, by the short name of a node, or of a subcluster, or `unassigned`."""
    cluster = selection.cluster
    if place.startswith("sc-"):
        place = f"subcluster:{cluster.subclusters.get(name=place).pk}"
    elif place != "unassigned":
        place = f"node:{node(cluster, place).pk}"
    return verdicts(selection, role)[place]


def test_a_drop_on_the_peer_is_allowed_and_says_what_comes_of_it(acme: Cluster) -> None:
    found = judged(of(acme, "imp1a"), "imp1b")
    assert (found.level, found.code) == ("allowed", "MOVE_FITS")
    assert (found.coming, found.users_after, found.capacity, found.percent_after) == (3, 7, 5000, 0)
    assert found.message == (
        "imp1b will have 7 of 5,000 users (0%). 3 signed-in users sign in again, within 1 s."
        " If one node of sc-1 fails, the other serves 14 of 5,000."
    )
    assert found.short == "7 of 5,000 users"


def test_a_viewer_is_told_which_role_it_takes(acme: Cluster) -> None:
    every = verdicts(of(acme, "imp1a"), "viewer").values()
    assert {(found.level, found.code) for found in every} == {("refused", "ROLE_NEEDED")}
    assert {found.message for found in every} == {"This needs the role operator in acme."}
    assert {found.code for found in verdicts(of(acme, "imp1a"), None).values()} == {"ROLE_NEEDED"}


def test_where_they_are_already_there_is_nothing_to_do(acme: Cluster) -> None:
    assert judged(of(acme, "imp1a"), "imp1a").code == "USER_ALREADY_THERE"
    assert judged(of(acme, "waiting"), "unassigned").code == "USER_ALREADY_THERE"


def test_nobody_chosen_or_somebody_of_another_cluster_is_refused(acme: Cluster) -> None:
    assert judged(Selection(acme), "imp1b").code == "NO_USERS_TO_MOVE"
    other = make_acme("other")
    foreign = of(other, "imp1a").users or tuple(add_users(other, "imp2a", 1))
    mixed = Selection(acme, of(acme, "imp1a").users + foreign)
    assert judged(mixed, "imp1b").code == "MOVE_OTHER_CLUSTER"


def test_a_node_without_a_subcluster_or_out_of_service_takes_nobody(acme: Cluster) -> None:
    assert judged(of(acme, "imp1a"), "spare").code == "NODE_WITHOUT_SUBCLUSTER"
    change(acme, "imp3a", power_on=False)
    assert judged(of(acme, "imp1a"), "imp3a").code == "NODE_NOT_A_TARGET"


def test_users_may_leave_a_dead_node_that_no_peer_protects(acme: Cluster) -> None:
    change(acme, "imp3a", power_on=False)
    assert judged(of(acme, "imp3a"), "imp1b").level == "allowed"


def test_new_users_are_not_added_while_a_node_is_in_a_failover_state(acme: Cluster) -> None:
    change(acme, "imp2a", state=State.FAILED_OVER)
    change(acme, "imp2b", state=State.RUNNING_IN_BACKUP_MODE)
    found = judged(of(acme, "waiting"), "imp1b")
    assert found.code == "MOVE_NEW_DURING_FAILOVER"
    assert "imp2a is failed over" in found.message
    assert judged(of(acme, "imp1a"), "imp1b").level == "allowed"


@pytest.mark.parametrize(("source", "target"), [("imp1a", "imp2b"), ("imp2a", "imp1b"), ("imp2a", "unassigned")])
def test_homes_of_a_pair_stay_while_it_fails_over(acme: Cluster, source: str, target: str) -> None:
    change(acme, "imp2b", state=State.RUNNING_IN_BACKUP_MODE)
    assert judged(of(acme, source), target).code == "MOVE_PAIR_IN_FAILOVER"


def test_a_recovery_that_holds_the_subcluster_is_named(acme: Cluster) -> None:
    run = Operation.objects.create(cluster=acme, kind=Kind.FAILBACK, author_name="bob")
    SubclusterLock.objects.create(operation=run, subcluster=acme.subclusters.get(name="sc-2"))
    found = judged(of(acme, "imp1a"), "imp2b")
    assert found.code == "RUN_IN_PROGRESS"
    assert f"held by operation {run.pk} (fallback), started by bob" in found.message
    assert judged(of(acme, "imp1a"), "imp1b").level == "allowed"


def test_a_few_users_slip_into_a_run_and_many_wait(acme: Cluster) -> None:
    run = Operation.objects.create(cluster=acme, kind=Kind.REBALANCE, author_name="bob")
    SubclusterLock.objects.create(operation=run, subcluster=acme.subclusters.get(name="sc-1"))
    assert judged(of(acme, "imp2a"), "imp1b").level == "allowed"
    add_users(acme, "imp2b", 60)
    many = Selection(acme, where=UserFilter(acme.pk, node_id=node(acme, "imp2b").pk))
    assert judged(many, "imp1b").code == "RUN_IN_PROGRESS"


def test_a_full_node_says_how_much_room_it_has(acme: Cluster) -> None:
    add_users(acme, "imp2b", 18)
    assert judged(of(acme, "imp1a", 2), "imp2b").level != "refused"
    found = judged(of(acme, "imp1a", 3), "imp2b")
    assert found.code == "NODE_NO_ROOM"
    assert found.message == "imp2b has room for 2 more users, and 3 would come."
    change(acme, "imp1b", capacity_endpoints=5)
    assert judged(of(acme, "imp1a", 3), "imp1b").message == "imp1b has room for 1 more endpoints, and 3 would come."


def test_pinned_users_stay(acme: Cluster) -> None:
    chosen = of(acme, "imp1a", 3)
    Assignment.objects.filter(user__in=chosen.users[:2]).update(pinned=True)
    found = judged(chosen, "imp1b")
    assert (found.level, found.code, found.coming) == ("warning", "MOVE_PINNED_STAY", 1)
    Assignment.objects.filter(user__in=chosen.users).update(pinned=True)
    assert judged(chosen, "imp1b").code == "USERS_PINNED"


def test_more_than_the_peer_can_take_over_is_a_warning(acme: Cluster) -> None:
    change(acme, "imp1b", capacity_users=16)
    assert judged(of(acme, "imp2a", 2), "imp1a").level == "allowed"
    found = judged(of(acme, "imp2a", 3), "imp1a")
    assert (found.level, found.code) == ("warning", "MOVE_ABOVE_PEER")
    assert "imp1b must serve 17, and it is rated for 16" in found.message
    assert judged(of(acme, "imp1a", 3), "imp1b").level == "allowed"  # within the pair nothing changes
    Cluster.objects.update(model=DeploymentModel.BALANCED_NON_REDUNDANT)
    acme.refresh_from_db()
    assert judged(of(acme, "imp2a", 3), "imp1a").level == "allowed"


def test_a_node_without_protection_and_a_standby_node_are_warnings(acme: Cluster) -> None:
    found = judged(of(acme, "imp1a"), "imp3a")
    assert (found.level, found.code) == ("warning", "MOVE_NO_PROTECTION")
    assert "it has no peer" in found.message
    acme.subclusters.update(ha_enabled=False)
    assert "HA is off" in judged(of(acme, "imp1a"), "imp1b").message
    Cluster.objects.update(mode=Mode.ACTIVE_STANDBY)
    acme.refresh_from_db()
    acme.subclusters.update(ha_enabled=True)
    assert judged(of(acme, "imp1a"), "imp1b").code == "MOVE_TO_STANDBY"


def test_unassigning_warns(acme: Cluster) -> None:
    found = judged(of(acme, "imp1a"), "unassigned")
    assert (found.level, found.code, found.users_after) == ("warning", "MOVE_UNASSIGNS", 8)


def test_a_filter_and_a_whole_node_are_judged_alike(acme: Cluster) -> None:
    everyone = Selection(acme, where=UserFilter(acme.pk, node_id=node(acme, "imp1a").pk))
    assert judged(everyone, "imp1b").coming == 10
    some = Selection(acme, where=UserFilter(acme.pk, q="imp1a-000"))
    assert judged(some, "imp1b").coming == 9


def test_the_question_costs_four_queries_however_many_users(acme: Cluster) -> None:
    def cost(cluster: Cluster) -> int:
        with CaptureQueriesContext(connection) as asked:
            verdicts(Selection(cluster, where=UserFilter(cluster.pk)), "operator")
        return len(asked)

    make_acme("big", imp1a=2000, waiting=2000)
    assert cost(cluster_named("acme")) == cost(cluster_named("big")) == 4


def test_a_list_that_is_old_says_so(acme: Cluster) -> None:
    chosen = of(acme, "imp1a")
    moves.demand_unmoved(chosen)
    Assignment.objects.filter(user=chosen.users[0]).update(
        home_node=node(acme, "imp1b"), serving_node=node(acme, "imp1b")
    )
    with pytest.raises(Refused) as refusal:
        moves.demand_unmoved(chosen)
    assert refusal.value.code == "MOVE_NOT_THERE"


@pytest.fixture
def bob() -> Any:
    person = get_user_model().objects.create_user("bob")
    person.groups.set([Group.objects.get(name="operator")])
    return person
