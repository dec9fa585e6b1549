"""Undo in any order: of runs, moves by hand, undos and undos of undos, against the sentence that an undo promises.

Who stands where the operation put them goes back to where it took them from, unless a later change of that user's home
still stands.
"""

import random
from dataclasses import dataclass

import pytest
from django.utils import timezone

from assignments.models import Assignment, Goal, Move, Operation
from assignments.planning import plans
from assignments.runs import hand_moves, operations, selectors
from assignments.runs.views.run_shown import Run
from tests.support import torture
from tests.support.crowd import Hands, homes, make_crowd, nodes_of, people_of
from topology.models import Cluster
from topology.reasons import Refused

pytestmark = pytest.mark.django_db

SEEDS = torture.many(20) if torture.WHOLE else 2
STEPS = 20


@dataclass(frozen=True)
class Change:
    """One change of one user's home, in order of time; `of` is the operation that it takes back."""

    operation: int
    before: int | None
    after: int | None
    of: int | None


def stands(change: Change, story: list[Change]) -> bool:
    """Whether nothing that stands took it back."""
    return not any(other.of == change.operation and stands(other, story) for other in story)


def goes_back(operation: int, home: int | None, story: list[Change]) -> bool:
    """The sentence above for one user, word by word."""
    mine = next((n for n, change in enumerate(story) if change.operation == operation), None)
    if mine is None or story[mine].after != home:
        return False
    later = story[mine + 1 :]
    took_back_a_later_one = {change.operation for change in later}
    return not any(stands(one, story) and one.of not in took_back_a_later_one for one in later)


def stories() -> dict[int, list[Change]]:
    rows = Move.objects.filter(done=True).order_by("pk").select_related("operation")
    found: dict[int, list[Change]] = {}
    for row in rows:
        change = Change(row.operation_id, row.from_node_id, row.to_node_id, row.operation.undo_of_id)
        found.setdefault(row.user_id, []).append(change)
    return found


def undo(operation: int) -> Operation | None:
    """Undo it as page and worker do; None when it says that nobody can go back."""
    try:
        plan = operations.plan_undo(operation, actor="ada")
    except Refused as refusal:
        if refusal.code not in ("RUN_NOTHING_TO_UNDO", "RUN_MOVED_NO_ONE"):
            raise
        return None
    found = operations.start_run(plan.hash, actor="ada", unthrottled=True)
    Hands().finish(found)
    return found


def places() -> dict[int, int | None]:
    return dict(Assignment.objects.values_list("user_id", "home_node_id"))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whoever_can_go_back_does_in_any_order(seed: int) -> None:
    chance = random.Random(seed)
    cluster = make_crowd(14, 4, 0, waiting=2)
    for _ in range(STEPS):
        made = list(Operation.objects.values_list("pk", flat=True))
        if made and chance.random() < 0.6:
            chosen, told, before = chance.choice(made), stories(), places()
            undo(chosen)
            wanted = {
                user: next(c.before for c in told[user] if c.operation == chosen)
                if goes_back(chosen, home, told.get(user, []))
                else home
                for user, home in before.items()
            }
            assert places() == wanted, f"undo of {chosen}"
        else:
            change_something(cluster, chance)


def change_something(cluster: Cluster, chance: random.Random) -> None:
    """A move of some by hand, or a run that is carried out wholly or cancelled on its way."""
    nodes = nodes_of(cluster)
    try:
        if chance.random() < 0.6:
            some = chance.sample(people_of(chance.choice([*nodes, None])), k=2)
            hand_moves.move_users(cluster, some, chance.choice([*nodes, *nodes, None]), actor="bob")
            return
        goal, scope = chance.choice([(Goal.BALANCE, {}), (Goal.FILL, {}), (Goal.EVACUATE, {"node": nodes[0].pk})])
        found = operations.start_run(plans.make_plan(cluster, goal, scope).hash, actor="ada", rate=1)
    except (Refused, ValueError):
        return  # nobody there, or nothing to do
    hands = Hands()
    hands.tick(chance.randint(1, 4))
    if Operation.objects.get(pk=found.pk).active:
        operations.cancel(found.pk, actor="ada")


def offered(cluster: Cluster) -> set[int]:
    """The operations whose row has the button."""
    return {row.pk for row in selectors.of_cluster(cluster) if Run(row, timezone.now()).undoable}


def test_the_later_run_and_then_the_earlier_one_leave_nobody_behind() -> None:
    cluster = make_crowd(30, 0, 0)
    first, second, third = nodes_of(cluster)
    before = places()
    earlier = hand_moves.move_users(cluster, people_of(first, 20), second, actor="ada")
    later = hand_moves.move_users(cluster, people_of(second, 10), third, actor="bob")
    undone = undo(later.pk)
    assert undone
    assert homes(cluster) == [10, 20, 0]
    assert offered(cluster) == {earlier.pk, undone.pk}, "an undo is not offered where it was done"
    plan = operations.plan_undo(earlier.pk, actor="ada")
    assert (plan.moves, plan.body["left_alone"]["users"]) == (20, 0)
    undo(earlier.pk)
    assert places() == before
    # And both again, the earlier one first: a redo is the undo of an undo.
    redo = Operation.objects.order_by("-pk").first()
    assert redo
    assert undo(redo.pk)
    assert earlier.pk in offered(cluster), "its undo was undone"
    assert undo(undone.pk)
    assert homes(cluster) == [10, 10, 10]


def test_an_undo_whose_own_undo_moved_no_one_still_stands() -> None:
    cluster, hands = make_crowd(4, 0), Hands()
    one, two = nodes_of(cluster)
    moved = hand_moves.move_users(cluster, people_of(one, 2), two, actor="ann")
    back = operations.start_run(operations.plan_undo(moved.pk, actor="ann").hash, actor="ann", unthrottled=True)
    hands.finish(back)
    again = operations.start_run(operations.plan_undo(back.pk, actor="ann").hash, actor="ann", rate=1)
    operations.cancel(again.pk, actor="ann")
    assert not Run(selectors.operation(moved.pk), timezone.now()).can_be_undone, "nobody is where it put them"
    assert Run(selectors.operation(back.pk), timezone.now()).can_be_undone
