"""Runs that are undone, and what an undo leaves alone."""

import pytest

from assignments.models import Assignment
from assignments.runs import hand_moves, operations
from tests.runs.begun import begin, fresh
from tests.support.crowd import Hands, homes, make_crowd, nodes_of, people_of
from topology.models import EndUser
from topology.reasons import Refused
from topology.structure.nodes import remove_node

pytestmark = pytest.mark.django_db


def test_undo_moves_everybody_back_through_a_plan() -> None:
    cluster = make_crowd(60, 0, 0)
    before = dict(Assignment.objects.values_list("user_id", "home_node_id"))
    found, hands = begin(cluster, unthrottled=True), Hands()
    hands.finish(found)
    back = operations.plan_undo(found.pk, actor="ada")
    assert (back.goal, back.moves) == ("undo", 40)
    again = operations.start_run(back.hash, actor="ada", unthrottled=True)
    assert again.undo_of_id == found.pk
    hands.finish(again)
    assert dict(Assignment.objects.values_list("user_id", "home_node_id")) == before


def test_undo_leaves_alone_who_moved_again() -> None:
    cluster = make_crowd(60, 0, 0)
    first, second, third = nodes_of(cluster)
    found, hands = begin(cluster, unthrottled=True), Hands()
    hands.finish(found)
    there_and_back = people_of(second, 1)
    hand_moves.move_users(cluster, there_and_back, third, actor="bob")
    hand_moves.move_users(cluster, there_and_back, second, actor="bob")
    pinned = people_of(third, 1)
    Assignment.objects.filter(user__in=pinned).update(pinned=True)
    back = operations.plan_undo(found.pk, actor="ada")
    assert back.moves == 38
    assert back.body["left_alone"]["users"] == 2
    assert len(back.body["left_alone"]["sample"]) == 2
    assert not back.rows.filter(user__in=[*there_and_back, *pinned]).exists()
    assert not back.rows.exclude(to_node=first).exists()


def test_undo_of_a_move_by_hand_and_of_an_assignment() -> None:
    cluster = make_crowd(4, 0, waiting=3)
    first, second = nodes_of(cluster)
    moved = hand_moves.move_users(cluster, people_of(first, 2), second, actor="bob")
    assigned = hand_moves.move_users(cluster, people_of(None), second, actor="bob")
    hands = Hands()
    hands.finish(operations.start_run(operations.plan_undo(assigned.pk, actor="bob").hash, actor="bob"))
    assert len(people_of(None)) == 3
    hands.finish(operations.start_run(operations.plan_undo(moved.pk, actor="bob").hash, actor="bob"))
    assert homes(cluster) == [4, 0]
    with pytest.raises(Refused) as caught:
        operations.plan_undo(moved.pk, actor="bob")
    assert caught.value.code == "RUN_NOTHING_TO_UNDO"


@pytest.mark.parametrize("moves", [False, True])
def test_an_undo_that_finds_nobody_does_not_speak_of_moves_or_pins(moves: bool) -> None:
    cluster = make_crowd(10, 0)
    found, hands = begin(cluster, rate=1), Hands()
    if moves:
        hands.tick(2)
    operations.cancel(found.pk, actor="ada")
    EndUser.objects.filter(assignment__home_node=nodes_of(cluster)[1]).delete()
    with pytest.raises(Refused) as caught:
        operations.plan_undo(found.pk, actor="ada")
    assert bool(fresh(found).done) == moves
    assert (caught.value.code, caught.value.reason.status) == ("RUN_MOVED_NO_ONE", 409)


def test_an_active_run_is_not_undone() -> None:
    found = begin(make_crowd(10, 0), rate=1)
    with pytest.raises(Refused) as caught:
        operations.plan_undo(found.pk, actor="ada")
    assert caught.value.code == "RUN_STATE_WRONG"


def test_an_undo_takes_nobodys_home_because_the_node_of_before_is_gone() -> None:
    cluster = make_crowd(2, 0, 0, waiting=2)
    _, second, third = nodes_of(cluster)
    hand_moves.move_users(cluster, people_of(nodes_of(cluster)[0]), third, actor="bob")
    both = [*people_of(None), *people_of(third)]
    moved = hand_moves.move_users(cluster, both, second, actor="bob")
    remove_node(third, actor="bob")
    undo = operations.plan_undo(moved.pk, actor="bob")
    assert undo.moves == 2, "only who had no home before goes back to none"
    assert undo.body["left_alone"]["users"] == 2
    Hands().finish(operations.start_run(undo.hash, actor="bob"))
    assert homes(cluster)[1] == 2


def test_an_undo_of_whom_no_node_is_left_for_says_so() -> None:
    cluster = make_crowd(0, 0, 2)
    _, second, third = nodes_of(cluster)
    moved = hand_moves.move_users(cluster, people_of(third), second, actor="bob")
    remove_node(third, actor="bob")
    with pytest.raises(Refused) as caught:
        operations.plan_undo(moved.pk, actor="bob")
    assert caught.value.code == "RUN_NOTHING_TO_UNDO"
    assert "the node was removed" in caught.value.message
