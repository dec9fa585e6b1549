"""Drops that are carried out: judged once more under the locks, and of two people one."""

import threading
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from assignments.moves import drop as moves
from assignments.moves.selection import Selection
from assignments.users.listing.filter import UserFilter
from tests.moves.dropped import change, form, homes, of, target
from tests.support.overtaken import overtaken
from tests.support.worlds import make_acme, node
from topology.models import Cluster, Event, Subcluster
from topology.reasons import Refused
from topology.rules.states import State
from topology.structure.homes import homes_from
from topology.structure.nodes import move_node

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=10, imp1b=4, imp2a=3, imp3a=2, waiting=5)


def test_a_few_users_are_moved_at_once_and_the_run_says_by_whom(acme: Cluster, bob: Any) -> None:
    chosen = of(acme, "imp1a")
    moved = moves.move(chosen, target(acme, "imp1b"), bob)
    assert homes(acme, chosen) == {"imp1b"}
    assert (moved.operation.done, moved.operation.author_name, moved.operation.active) == (3, "bob", False)
    assert moved.nodes == {node(acme, "imp1a").pk, node(acme, "imp1b").pk}


def test_a_drop_is_judged_once_under_the_locks(acme: Cluster, page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_of: list[Any] = []

    def spy(*args: Any, **kwargs: Any) -> Any:
        asked_of.append(args)
        return homes_from(*args, **kwargs)

    monkeypatch.setattr("topology.structure.homes.homes_from", spy)
    monkeypatch.setattr("assignments.moves.drop_context.homes_from", spy)
    chosen = of(acme, "imp1a")
    answer = page.post("/clusters/acme/moves/", form(chosen, to=target(acme, "imp1b")))
    assert answer.status_code == 200
    assert homes(acme, chosen) == {"imp1b"}
    assert len(asked_of) == 1


def test_users_are_assigned_and_unassigned_in_the_same_way(acme: Cluster, bob: Any) -> None:
    waiting = of(acme, "waiting")
    moves.move(waiting, target(acme, "imp3a"), bob)
    assert homes(acme, waiting) == {"imp3a"}
    moves.move(Selection(acme, waiting.users), "unassigned", bob)
    assert homes(acme, waiting) == {None}
    came, went = (event.sentence for event in Event.objects.filter(code="HAND_MOVED").order_by("pk"))
    assert f"to {node(acme, 'imp3a').name} from the unassigned users" in came
    assert f"to the unassigned users from {node(acme, 'imp3a').name}" in went
    with pytest.raises(Refused, match=r"^Already on the list of the unassigned users\.$"):
        moves.move(Selection(acme, waiting.users), "unassigned", bob)


@pytest.mark.parametrize("wrong", ["", "node:", "node:999999", "subcluster:x", "node:1; DROP", "all"])
def test_a_target_that_is_none_is_refused(acme: Cluster, bob: Any, wrong: str) -> None:
    with pytest.raises(Refused) as refusal:
        moves.move(of(acme, "imp1a"), wrong, bob)
    assert refusal.value.code == "MOVE_OTHER_TARGET"


def test_a_drop_of_nobody_says_so(acme: Cluster, page: Client, bob: Any) -> None:
    for none in (Selection(acme), Selection(acme, where=UserFilter(acme.pk, q="nobody like this"))):
        with pytest.raises(Refused) as refusal:
            moves.move(none, target(acme, "imp1b"), bob)
        assert refusal.value.code == "NO_USERS_TO_MOVE"
    answer = page.post("/clusters/acme/moves/", {"users": "", "list": "cluster", "to": target(acme, "imp1b")})
    assert "NO_USERS_TO_MOVE" in answer.content.decode()


def test_what_the_verdict_refuses_the_move_refuses_too(acme: Cluster, bob: Any) -> None:
    change(acme, "imp2b", state=State.RUNNING_IN_BACKUP_MODE)
    chosen = of(acme, "imp2a")
    with pytest.raises(Refused) as refusal:
        moves.move(chosen, target(acme, "imp1b"), bob)
    assert refusal.value.code == "MOVE_PAIR_IN_FAILOVER"
    assert homes(acme, chosen) == {"imp2a"}


def test_who_moved_a_user_meanwhile_is_named_with_when_and_where_to(acme: Cluster, bob: Any, page: Client) -> None:
    chosen = of(acme, "imp1a")
    moves.move(Selection(acme, chosen.users[:1]), target(acme, "imp3a"), bob)
    with pytest.raises(Refused) as refusal:
        moves.move(chosen, target(acme, "imp1b"), bob)
    said = refusal.value.message
    assert said.startswith("bob moved imp1a-0001 to imp3a at ")
    assert said.endswith("(1 of 3 chosen users now at home elsewhere).")
    assert homes(acme, chosen) == {"imp1a", "imp3a"}
    answer = page.post("/clusters/acme/moves/", form(chosen, to=target(acme, "imp1b")))
    assert answer.status_code == 409
    assert "bob moved imp1a-0001 to imp3a" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_drop_the_same_users_one_wins_and_the_other_is_told() -> None:
    cluster = make_acme(imp1a=3)
    chosen = of(cluster, "imp1a")
    together, told = threading.Barrier(2), []

    def drop(name: str, short: str) -> None:
        person = get_user_model().objects.create_user(name, is_superuser=True)
        together.wait()
        try:
            moves.move(chosen, target(cluster, short), person)
        except Refused as refusal:
            told.append((name, refusal.message))
        finally:
            connection.close()

    threads = [threading.Thread(target=drop, args=pair) for pair in (("amy", "imp1b"), ("bob", "imp3a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (loser, message), winner = told[0], {"amy", "bob"} - {told[0][0]}
    assert len(told) == 1
    assert message.startswith(f"{winner.pop()} moved imp1a-000")
    assert homes(cluster, chosen) == ({"imp3a"} if loser == "amy" else {"imp1b"})


@pytest.mark.django_db(transaction=True)
def test_a_target_that_came_into_another_subcluster_meanwhile_gets_nobody_without_its_lock() -> None:
    cluster = make_acme(imp1a=3)
    cluster.subclusters.update(ha_enabled=False)
    chosen, to = of(cluster, "imp1a"), node(cluster, "imp2a")
    other = Subcluster.objects.get(name="sc-3")
    root = get_user_model().objects.create_superuser("root")
    answer = overtaken(lambda: moves.move(chosen, f"node:{to.pk}", root), lambda: move_node(to, other))
    assert answer.code == "CHANGED_MEANWHILE"
    assert homes(cluster, chosen) == {"imp1a"}
    moves.move(chosen, f"node:{to.pk}", root)
    assert homes(cluster, chosen) == {"imp2a"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("whence", ["imp1a", "waiting"])
def test_who_has_another_home_meanwhile_leaves_it_only_under_its_lock(whence: str) -> None:
    cluster = make_acme(imp1a=3, imp1b=1, waiting=3)
    chosen = Selection(cluster, of(cluster, whence).users)  # of a list of several homes
    root = get_user_model().objects.create_superuser("root")
    first, place = Selection(cluster, chosen.users[:1]), "imp3a" if whence == "imp1a" else "imp2a"
    answer = overtaken(
        lambda: moves.move(chosen, target(cluster, "imp1b"), root),
        lambda: moves.move(first, target(cluster, place), root),
    )
    if whence == "waiting":  # all subclusters were held
        assert homes(cluster, chosen) == {"imp1b"}
    else:
        assert answer.code == "CHANGED_MEANWHILE"
        assert homes(cluster, chosen) == {"imp1a", "imp3a"}


@pytest.mark.django_db(transaction=True)
def test_who_has_no_home_any_more_gets_one_only_under_the_locks_of_all() -> None:
    cluster = make_acme(imp1a=3)
    chosen = Selection(cluster, of(cluster, "imp1a").users)
    root = get_user_model().objects.create_superuser("root")
    answer = overtaken(
        lambda: moves.move(chosen, target(cluster, "imp1b"), root),
        lambda: moves.move(Selection(cluster, chosen.users[:1]), "unassigned", root),
    )
    assert answer.code == "CHANGED_MEANWHILE"
    assert homes(cluster, chosen) == {"imp1a", None}
