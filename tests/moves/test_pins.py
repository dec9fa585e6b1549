"""Pins: who may be pinned and who is left alone, what a pin means for a move, and what it costs."""

import json
import threading
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assignments.models import Assignment, Pin, Population
from assignments.moves import pins
from assignments.moves.selection import Selection
from assignments.runs.hand_moves import move_users
from assignments.users.listing.filter import UserFilter
from tests.support.worlds import make_acme, node
from topology.models import Cluster, Event
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=10, imp2a=3, waiting=5)


def anna() -> Any:
    return get_user_model().objects.get_or_create(username="anna")[0]


def bert() -> Any:
    return get_user_model().objects.get_or_create(username="bert")[0]


def of(cluster: Cluster, place: str, count: int | None = None) -> Selection:
    home = None if place == "waiting" else node(cluster, place)
    rows = Assignment.objects.filter(cluster=cluster, home_node=home).order_by("user_id")
    return Selection(cluster, tuple(rows.values_list("user_id", flat=True)[:count]))


def pinned() -> set[int]:
    """Keys of pinned users; flag and row must say the same."""
    flagged = set(Assignment.objects.filter(pinned=True).values_list("user_id", flat=True))
    assert flagged == set(Pin.objects.values_list("user_id", flat=True))
    return flagged


def test_a_pin_has_a_reason_and_an_owner_and_holds_against_a_move(acme: Cluster) -> None:
    chosen = of(acme, "imp1a", 2)
    before = list(Population.objects.order_by("pk").values())
    found = pins.pin(chosen, "  their lines hang on imp1a ", actor=anna())
    assert (found.users, found.left) == (2, 0)
    assert pinned() == set(chosen.users)
    row = Pin.objects.get(user=chosen.users[0])
    assert (row.owner, row.owner_name, row.reason) == (anna(), "anna", "their lines hang on imp1a")
    assert list(Population.objects.order_by("pk").values()) == before
    with pytest.raises(Refused) as refusal:
        move_users(acme, chosen.users, node(acme, "imp1b"), actor=bert())
    assert refusal.value.code == "USERS_PINNED"
    event = Event.objects.get(code="USERS_WERE_PINNED")
    assert event.sentence == "anna pinned 2 users to their home nodes (their lines hang on imp1a); 0 left alone."


def test_unpinning_frees_them_and_says_whose_pins_they_were(acme: Cluster) -> None:
    pins.pin(of(acme, "imp1a", 2), "stay", actor=anna())
    pins.pin(of(acme, "imp2a", 1), "stay too", actor=bert())
    everybody = Selection(acme, where=UserFilter(acme.pk))
    found = pins.unpin(everybody, actor=bert())
    assert (found.users, found.left) == (3, 15)
    assert pinned() == set()
    assert Event.objects.get(code="USERS_WERE_UNPINNED").facts["foreign"] == 2
    assert move_users(acme, of(acme, "imp1a", 2).users, node(acme, "imp1b"), actor=bert()).done == 2


def test_all_that_match_a_filter_are_pinned_and_those_without_a_home_left_alone(acme: Cluster) -> None:
    found = pins.pin(Selection(acme, where=UserFilter(acme.pk)), "freeze", actor=anna())
    assert (found.users, found.left) == (13, 5)
    assert [reason.code for reason, _ in found.notes] == ["PIN_UNASSIGNED"]
    assert found.sentences == [
        "waiting-0001 has no home node to be pinned to (5 of 18 without one).",
    ]
    assert len(pinned()) == 13


def test_the_pin_of_another_stays_with_who_and_why_and_ones_own_gets_the_new_reason(acme: Cluster) -> None:
    first, second = of(acme, "imp1a", 1), of(acme, "imp1a", 2)
    pins.pin(first, "a gateway", actor=anna())
    with pytest.raises(Refused) as refusal:
        pins.pin(first, "mine now", actor=bert())
    assert refusal.value.code == "PIN_OF_ANOTHER"
    assert refusal.value.message == "anna already pinned imp1a-0001: a gateway (1 of 1 pinned by someone else)."
    assert pins.pin(second, "mine too", actor=bert()).left == 1
    since = Pin.objects.get(user=first.users[0]).at
    pins.pin(first, "a gateway until June", actor=anna())
    row = Pin.objects.get(user=first.users[0])
    assert (row.owner_name, row.reason, row.at) == ("anna", "a gateway until June", since)


@pytest.mark.parametrize(
    ("place", "reason", "code"),
    [
        ("imp1b", "nobody is there", "PEOPLE_NOBODY"),
        ("waiting", "no node", "PIN_UNASSIGNED"),
        ("imp1a", "  ", "PIN_NEEDS_REASON"),
        ("imp1a", "x" * 201, "PIN_NEEDS_REASON"),
    ],
)
def test_what_is_refused_changes_nothing(acme: Cluster, place: str, reason: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        pins.pin(of(acme, place), reason, actor=anna())
    assert refusal.value.code == code
    assert pinned() == set()
    assert not Event.objects.exists()


def test_unpinning_whom_nobody_pinned_is_refused(acme: Cluster) -> None:
    with pytest.raises(Refused) as refusal:
        pins.unpin(of(acme, "imp1a"), actor=anna())
    assert refusal.value.code == "PIN_NOT_PINNED"


def test_users_of_another_cluster_are_not_pinned(acme: Cluster) -> None:
    other = make_acme("other", imp1a=2)
    with pytest.raises(Refused) as refusal:
        pins.pin(Selection(acme, of(other, "imp1a").users), "stay", actor=anna())
    assert refusal.value.code == "PEOPLE_NOBODY"
    assert pinned() == set()


def test_a_list_that_is_old_is_told_who_moved_the_user(acme: Cluster) -> None:
    chosen = of(acme, "imp1a", 1)
    move_users(acme, chosen.users, node(acme, "imp1b"), actor=bert())
    with pytest.raises(Refused) as refusal:
        pins.pin(Selection(acme, chosen.users, drawn=node(acme, "imp1a").pk), "stay", actor=anna())
    assert (refusal.value.code, refusal.value.facts["author"]) == ("MOVE_GROUND_CHANGED", "bert")


def test_the_number_of_queries_is_the_same_for_one_and_for_all(acme: Cluster) -> None:
    costs = []
    for chosen in (of(acme, "imp1a", 1), Selection(acme, where=UserFilter(acme.pk))):
        with CaptureQueriesContext(
            connection,
        ) as spent:
            pins.pin(chosen, "stay", actor=anna())
        costs.append(len(spent))
    assert costs[1] <= costs[0] + 1, "one more names a user who is left alone"


@pytest.mark.django_db(transaction=True)
def test_two_people_who_pin_the_same_user_at_once_are_told_who_won() -> None:
    acme = make_acme(imp1a=3)
    chosen = of(acme, "imp1a")
    people = [get_user_model().objects.create(username=f"p{n}") for n in range(6)]
    outcomes: list[str] = []
    gate = threading.Barrier(len(people))

    def act(person: Any) -> None:
        try:
            gate.wait()
            pins.pin(chosen, f"reason of {person.username}", actor=person)
            outcomes.append("won")
        except Refused as refusal:
            outcomes.append(f"{refusal.code} {refusal.facts['owner']}")
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owners = set(Pin.objects.values_list("owner_name", flat=True))
    assert len(owners) == 1
    assert sorted(outcomes) == [f"PIN_OF_ANOTHER {owners.pop()}"] * 5 + ["won"]
    assert pinned() == set(chosen.users)


@pytest.mark.django_db(transaction=True)
def test_a_pin_and_a_move_at_once_leave_a_pinned_user_where_the_pin_found_them() -> None:
    acme = make_acme(imp1a=1)
    chosen, target = of(acme, "imp1a"), node(acme, "imp1b")
    for _ in range(8):
        gate = threading.Barrier(2)
        moved: list[bool] = []

        def move(gate: threading.Barrier = gate, moved: list[bool] = moved) -> None:
            try:
                gate.wait()
                moved.append(bool(move_users(acme, chosen.users, target, actor="mover").done))
            except Refused as refusal:
                moved.append(refusal.code != "USER_PINNED")
            finally:
                connection.close()

        thread = threading.Thread(target=move)
        thread.start()
        gate.wait()
        pins.pin(chosen, "stay", actor="pinner")
        thread.join()
        assert pinned() == set(chosen.users)
        home = Assignment.objects.get(user=chosen.users[0]).home_node
        assert home == (target if moved[0] else node(acme, "imp1a"))
        pins.unpin(chosen, actor="pinner")
        if moved[0]:
            move_users(acme, chosen.users, node(acme, "imp1a"), actor="mover")


def call(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_commands_pin_and_unpin_by_user_id(acme: Cluster) -> None:
    assert call("pin", "acme", "IMP1A-0001", "waiting-0001", "--reason", "a gateway") == (
        "Pinned: 1. Left alone: 1.\nwaiting-0001 has no home node to be pinned to (1 of 2 without one).\n"
    )
    told = json.loads(call("unpin", "acme", "imp1a-0001", "--json"))
    assert told == {"users": 1, "left_alone": 0, "notes": []}
    with pytest.raises(CommandError, match="NO_SUCH_USER"):
        call("pin", "acme", "nobody", "--reason", "why not")
