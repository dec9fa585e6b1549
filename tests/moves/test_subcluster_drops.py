"""Users dropped on a subcluster: spread over its nodes as the mode says, named before the drop, and undone."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from assignments.models import Assignment
from assignments.moves import drop as moves
from assignments.moves.drop_verdict import DropVerdict
from assignments.moves.selection import Selection
from assignments.moves.verdict import verdicts
from assignments.runs import batches
from assignments.users.listing.filter import UserFilter
from tests.support.worlds import add_users, make_acme, node
from topology.models import Cluster, Mode, Node
from topology.reasons import Refused
from topology.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    cluster = make_acme(imp1a=10, imp1b=4, imp2a=3, imp3a=2, waiting=5)
    Node.objects.filter(cluster=cluster, number__gt=0).update(capacity_users=5000, capacity_endpoints=10_000)
    return cluster


@pytest.fixture
def bob() -> Any:
    person = get_user_model().objects.create_user("bob")
    person.groups.add(Group.objects.get(name="operator"))
    return person


def of(cluster: Cluster, place: str, count: int = 3) -> Selection:
    home = None if place == "waiting" else node(cluster, place)
    rows = Assignment.objects.filter(cluster=cluster, home_node=home).order_by("user__user_id")
    return Selection(cluster, tuple(rows.values_list("user_id", flat=True)[:count]), drawn=home.pk if home else 0)


def place(cluster: Cluster, name: str) -> str:
    return f"subcluster:{cluster.subclusters.get(name=name).pk}"


def judged(selection: Selection, name: str) -> DropVerdict:
    return verdicts(selection, "operator")[place(selection.cluster, name)]


def shares(cluster: Cluster, users: tuple[int, ...]) -> dict[str | None, int]:
    """How many of these users are at home where."""
    counted: dict[str | None, int] = {}
    for one in Assignment.objects.filter(cluster=cluster, user__in=users).select_related("home_node"):
        name = one.home_node.short_name if one.home_node else None
        counted[name] = counted.get(name, 0) + 1
    return counted


@pytest.mark.parametrize("mode", [Mode.BALANCED, Mode.MANUAL])
def test_users_are_spread_to_equal_shares_and_the_verdict_says_how_many_go_where(acme: Cluster, mode: Mode) -> None:
    Cluster.objects.update(mode=mode)
    acme.refresh_from_db()
    found = judged(of(acme, "imp1a", 7), "sc-2")
    assert (found.level, found.code, found.coming, found.users_after) == ("allowed", "MOVE_SPREAD", 7, 10)
    assert {name.split(".")[0]: users for name, users in found.shares} == {"imp2a": 2, "imp2b": 5}
    assert found.short == "2 to imp2a, 5 to imp2b"
    assert found.message == (
        "7 users go to equal shares of capacity: 2 to imp2a (0%) and 5 to imp2b (0%)."
        " 7 signed-in users sign in again, within 1 s. If one node of sc-2 fails, the other serves 10 of 5,000."
    )
    assert found.as_dict()["to"] == dict(found.shares)


def test_what_is_said_is_what_is_done_and_undone(acme: Cluster, bob: Any) -> None:
    chosen = Selection(acme, of(acme, "imp1a", 5).users + of(acme, "waiting", 4).users)
    before = shares(acme, chosen.users)
    told = {name.split(".")[0]: users for name, users in judged(chosen, "sc-2").shares}
    done = moves.move(chosen, place(acme, "sc-2"), bob)
    assert shares(acme, chosen.users) == told == {"imp2a": 3, "imp2b": 6}
    assert (done.operation.done, done.operation.to_node, done.operation.active) == (9, None, False)
    event = acme.events.get(operation_id=done.operation.pk)
    assert event.facts["to"] == "imp2a.acme.org (3) and imp2b.acme.org (6)"
    undo = moves.undo_move(done.operation.pk, bob)
    drive(undo)
    assert shares(acme, chosen.users) == before


def drive(operation: Any) -> None:
    """Run an operation to its end."""
    now = timezone.now()
    while operation.active:
        now += timedelta(seconds=60)
        batches.run(operation.pk, operation.generation, lambda: now)  # noqa: B023
        operation.refresh_from_db()


def test_more_than_fifty_are_one_run_to_both_nodes(acme: Cluster, bob: Any) -> None:
    add_users(acme, "imp2b", 90)
    everybody = Selection(acme, where=UserFilter(acme.pk, node_id=node(acme, "imp2b").pk))
    chosen = tuple(everybody.rows().values_list("user_id", flat=True))
    told = {name.split(".")[0]: users for name, users in judged(everybody, "sc-1").shares}
    operation = moves.move(everybody, place(acme, "sc-1"), bob).operation
    assert operation.active
    assert operation.total == len(chosen)
    drive(operation)
    assert shares(acme, chosen) == told == {"imp1a": 42, "imp1b": 48}


def test_users_of_the_pair_itself_move_only_as_far_as_equal_shares_ask(acme: Cluster, bob: Any) -> None:
    chosen = of(acme, "imp1a", 10)
    assert judged(chosen, "sc-1").shares == ((node(acme, "imp1b").name, 3),)
    moves.move(chosen, place(acme, "sc-1"), bob)
    assert shares(acme, chosen.users) == {"imp1a": 7, "imp1b": 3}
    assert judged(Selection(acme, chosen.users), "sc-1").code == "USER_ALREADY_THERE"


def test_in_active_standby_all_go_to_the_first_node(acme: Cluster, bob: Any) -> None:
    Cluster.objects.update(mode=Mode.ACTIVE_STANDBY)
    acme.refresh_from_db()
    found = judged(of(acme, "imp1a"), "sc-2")
    assert found.message.startswith("Active/standby: all go to imp2a, the first node of sc-2. imp2a will have 6")
    assert found.shares == ((node(acme, "imp2a").name, 3),)
    moves.move(of(acme, "imp1a"), place(acme, "sc-2"), bob)
    assert Assignment.objects.filter(home_node=node(acme, "imp2a")).count() == 6
    Node.objects.filter(pk=node(acme, "imp3a").pk).update(power_on=False)
    assert judged(of(acme, "imp1a"), "sc-3").code == "NODE_NOT_A_TARGET"


def test_pinned_users_stay_and_a_subcluster_without_room_or_nodes_takes_nobody(acme: Cluster) -> None:
    chosen = of(acme, "imp1a", 3)
    Assignment.objects.filter(user__in=chosen.users[:1]).update(pinned=True)
    found = judged(chosen, "sc-2")
    assert (found.level, found.code, found.coming) == ("warning", "MOVE_PINNED_STAY", 2)
    Assignment.objects.filter(user__in=chosen.users).update(pinned=True)
    assert judged(chosen, "sc-2").code == "USERS_PINNED"
    Node.objects.filter(subcluster__name="sc-2").update(capacity_users=3)
    found = judged(of(acme, "imp1b", 4), "sc-2")
    assert found.message == "sc-2 has room for 3 more users, and 4 would come."
    Node.objects.filter(subcluster__name="sc-2").update(capacity_users=5000, capacity_endpoints=1)
    assert judged(of(acme, "imp1b", 4), "sc-2").code == "NODE_NO_ROOM"
    Node.objects.filter(subcluster__name="sc-2").update(subcluster=None, slot=None)
    assert judged(of(acme, "imp1b", 4), "sc-2").code == "MOVE_SUBCLUSTER_EMPTY"


def test_a_node_that_takes_nobody_gets_none_and_is_named(acme: Cluster) -> None:
    acme.subclusters.update(ha_enabled=False)
    Node.objects.filter(pk=node(acme, "imp2a").pk).update(power_on=False)
    found = judged(of(acme, "imp1a"), "sc-2")
    assert found.level == "warning"
    assert found.shares == ((node(acme, "imp2b").name, 3),)
    assert "imp2a gets none of them: imp2a has no power." in found.message.replace("out of service: it ", "")


@pytest.mark.parametrize("source", ["imp1a", "waiting"])
def test_nobody_is_spread_over_a_pair_that_fails_over(acme: Cluster, source: str, bob: Any) -> None:
    Node.objects.filter(pk=node(acme, "imp2b").pk).update(state=State.RUNNING_IN_BACKUP_MODE)
    found = judged(of(acme, source), "sc-2")
    assert found.code in ("MOVE_PAIR_IN_FAILOVER", "MOVE_NEW_DURING_FAILOVER")
    with pytest.raises(Refused):
        moves.move(of(acme, source), place(acme, "sc-2"), bob)


def test_the_dialog_offers_the_subcluster_before_its_nodes(acme: Cluster, bob: Any) -> None:
    client = Client()
    client.force_login(bob)
    users = ",".join(map(str, of(acme, "imp1a").users))
    page = client.get(f"/clusters/acme/moves/dialog?users={users}").content.decode()
    assert page.index(f'value="{place(acme, "sc-2")}"') < page.index(f'value="node:{node(acme, "imp2a").pk}"')
    assert f'value="{place(acme, "sc-3")}"' not in page
