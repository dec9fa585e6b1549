"""Plans whose rows are old: what runs, what is kept, and what is made again."""

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from assignments.models import Assignment, Goal, Plan
from assignments.planning import plans
from assignments.retention import batches, removal
from assignments.runs import operations
from tests.retention.aged import DAY, age, removed_elsewhere, run
from tests.support.crowd import Hands, make_crowd, nodes_of
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


def test_a_plan_whose_rows_are_gone_does_not_run_and_can_be_made_again() -> None:
    cluster = make_crowd(6, 0)
    found = run(cluster)
    assert found.plan
    back = operations.start_run(operations.plan_undo(found.pk, actor="ann").hash, actor="ann", unthrottled=True)
    Hands().finish(back)
    age(31)
    removal.remove(timezone.now())
    with pytest.raises(Refused) as caught:
        operations.start_run(found.plan.hash, actor="ann")
    assert caught.value.code == "PLAN_ROWS_GONE"
    again = plans.make_plan(cluster, Goal.BALANCE)
    assert (again.hash, again.rows.count(), again.thinned_at) == (found.plan.hash, 3, None)
    run(cluster)
    assert Assignment.objects.filter(home_node=nodes_of(cluster)[1]).count() == 3


def test_a_plan_of_which_a_part_is_gone_does_not_run_and_is_made_again_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    cluster = make_crowd(6, 0)
    found = plans.make_plan(cluster, Goal.BALANCE)
    age(31)
    assert batches.planned_moves(timezone.now() - 30 * DAY) == (2, True)
    with pytest.raises(Refused) as caught:
        operations.start_run(found.hash, actor="ann", valid_only=True)
    assert caught.value.code == "PLAN_ROWS_GONE"
    assert batches.count_planned_moves(timezone.now() - 30 * DAY) == 1
    again = plans.make_plan(cluster, Goal.BALANCE)
    assert (again.pk, again.rows.count()) == (found.pk, 3)
    assert batches.planned_moves(timezone.now() - 30 * DAY) == (0, False)
    run(cluster)
    assert Assignment.objects.filter(home_node=nodes_of(cluster)[1]).count() == 3


def test_a_plan_that_was_made_again_is_kept_from_then_on() -> None:
    cluster = make_crowd(6, 0)
    found = plans.make_plan(cluster, Goal.BALANCE)
    age(29)
    assert plans.make_plan(cluster, Goal.BALANCE).hash == found.hash
    age(2)
    removal.remove(timezone.now())
    assert operations.start_run(found.hash, actor="ann").total == 3


@pytest.mark.django_db(transaction=True)
def test_an_old_plan_that_somebody_starts_keeps_its_rows() -> None:
    cluster = make_crowd(6, 0)
    plan = plans.make_plan(cluster, Goal.BALANCE)
    age(31)
    with transaction.atomic():
        operation = operations.start_run(plan.hash, actor="ann", unthrottled=True)
        assert removed_elsewhere().complete
    assert plan.rows.count() == 3
    Hands().finish(operation)
    assert Assignment.objects.filter(home_node=nodes_of(cluster)[1]).count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("step", "code"), [("planned moves", "PLAN_ROWS_GONE"), ("plans", "NO_SUCH_PLAN")])
def test_an_old_plan_that_goes_while_it_is_started_is_refused(
    step: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plans.make_plan(make_crowd(6, 0), Goal.BALANCE)
    age(31)
    hold = operations.hold_places

    def overtaken(*held: Any) -> Any:
        removed_elsewhere()
        return hold(*held)

    monkeypatch.setattr(operations, "hold_places", overtaken)
    if step == "planned moves":
        monkeypatch.setattr(batches, "_unused_plans", lambda cutoff: Plan.objects.none())
    with pytest.raises(Refused) as caught:
        operations.start_run(plan.hash, actor="ann")
    assert caught.value.code == code
