"""Runs that are throttled: for each receiving node, over all nodes, by the clock of the cluster."""

import pytest
from django.test import Client

from assignments.models import Goal, Operation, TargetProgress
from assignments.planning import plans
from assignments.runs import operations
from assignments.runs.rules.rate import BURST
from tests.runs.begun import begin, fresh
from tests.support.crowd import Hands, make_crowd
from topology.models import Cluster, Policy
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


def moved_to(found: Operation) -> list[int]:
    return list(TargetProgress.objects.filter(operation=found).order_by("pk").values_list("done", flat=True))


def test_the_throttle_holds_for_every_receiving_node() -> None:
    cluster = make_crowd(600, 0, 0)
    found, hands = begin(cluster, rate=10), Hands()
    before = [0, 0]
    while fresh(found).active:
        hands.tick()
        now = moved_to(found)
        assert all(b - a <= 11 for a, b in zip(before, now, strict=True))  # a second's worth, and what was rounded off
        assert max(now) - min(now) <= 1
        before = now
    seconds = (hands.at - fresh(found).created_at).total_seconds()
    assert 19 <= seconds <= 23  # 200 users each at 10 per second


def test_the_policy_gives_the_rate_where_none_is_asked() -> None:
    cluster = make_crowd(1_000, 0)
    Policy.objects.filter(cluster=cluster).update(moves_per_second=7)
    found = begin(cluster)
    assert found.rate == 7


def test_a_rate_over_all_nodes_holds_too() -> None:
    cluster = make_crowd(600, 0, 0)
    found, hands = begin(cluster, rate=50, rate_total=10), Hands()
    for second in range(1, 11):
        hands.tick()
        assert fresh(found).done <= 10 * (second + 1)
    assert 90 <= fresh(found).done <= 110


def test_time_that_was_missed_is_not_made_up_for() -> None:
    cluster = make_crowd(2_000, 0)
    found, hands = begin(cluster, rate=10), Hands()
    hands.tick()
    done = fresh(found).done
    hands.tick(60)
    assert fresh(found).done - done <= 10 * BURST + 1


def test_a_very_slow_rate_moves_in_the_end() -> None:
    cluster = make_crowd(4, 0)
    found, hands = begin(cluster, rate=0.25), Hands()
    ticks = hands.finish(found)
    assert 6 <= ticks <= 10


def test_the_clock_of_the_cluster_drives_the_throttle() -> None:
    cluster = make_crowd(2_000, 0)
    Cluster.objects.filter(pk=cluster.pk).update(clock_speed=60)
    cluster.refresh_from_db()
    found, hands = begin(cluster, rate=5), Hands()
    hands.tick()
    assert 290 <= fresh(found).done <= 620


def test_the_rate_changes_while_it_runs() -> None:
    cluster = make_crowd(4_000, 0)
    found, hands = begin(cluster, rate=5), Hands()
    for _ in range(4):
        hands.tick()
    done = fresh(found).done
    assert 15 <= done <= 25
    operations.set_rate(found.pk, actor="ada", rate=None)
    hands.finish(found)
    assert fresh(found).done == 2_000
    for wrong in (0, -1, float("nan"), float("inf")):
        with pytest.raises(Refused):
            operations.start_run(
                plans.make_plan(make_crowd(2, 0, name=f"w{id(wrong)}"), Goal.BALANCE).hash, actor="a", rate=wrong or -1
            )


@pytest.mark.parametrize("rate", [5e-324, 1e-300, 0.009, 0, -1, 1e6, float("inf"), float("nan")])
def test_a_rate_at_which_a_run_would_stand_or_never_end_is_refused(rate: float) -> None:
    cluster = make_crowd(4, 0)
    plan = plans.make_plan(cluster, Goal.BALANCE)
    for asked in ({"rate": rate}, {"rate_total": rate}):
        with pytest.raises(Refused) as caught:
            operations.start_run(plan.hash, actor="ada", **asked)
        assert caught.value.code == "RUN_RATE_NOT_VALID"
        assert caught.value.fix == "Give at least 0.01 and less than 1,000,000."
        with pytest.raises(Refused):
            plans.seconds(plan, **{"rate": 1} | asked)


def test_the_slowest_rate_there_is_shows_on_every_page(admin_client: Client) -> None:
    cluster = make_crowd(4, 0)
    found = begin(cluster, rate=plans.LEAST_RATE)
    Hands().tick()
    for address in ("/clusters/crowd/", "/clusters/crowd/operations/", f"/operations/{found.pk}/"):
        assert admin_client.get(address).status_code == 200
