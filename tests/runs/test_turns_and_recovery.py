"""A run that waits for its turn beside one that yields to recovery: neither keeps the other waiting for ever."""

from collections.abc import Iterator
from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
import time_machine

from assignments.models import Goal, Kind, Operation, Progress, SubclusterLock
from assignments.planning import plans
from assignments.runs import balancer, locks, operations
from tests.support.crowd import Hands, make_crowd

pytestmark = pytest.mark.django_db


@pytest.fixture
def hands() -> Iterator[Hands]:
    """A noon at which the whole process stands."""
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=ZoneInfo("UTC")), tick=False) as traveller:
        yield Hands(traveller)


def test_a_run_that_waits_for_its_turn_takes_nothing_from_one_that_recovery_holds_up(hands: Hands) -> None:
    crowd = make_crowd(40, 0, 40, 0)
    balancer.configure(crowd, {"window_start": time(22), "window_end": time(6)}, actor=None)
    plan = plans.make_plan(crowd, Goal.BALANCE, author="anna")
    sleeper = operations.start_run(plan.hash, actor="anna", unthrottled=True, in_window=True)
    hands.tick()
    other = operations.start_run(plan.hash, actor="anna", rate=1)
    hands.at = datetime(2026, 11, 24, 22, 0, tzinfo=ZoneInfo("UTC"))
    hands.tick()
    sleeper.refresh_from_db()
    assert sleeper.wait_code == "WAITS_FOR_TURN"
    pair = crowd.subclusters.order_by("pk").first()
    assert pair
    recovery = Operation.objects.create(cluster=crowd, kind=Kind.FAILOVER, state=Progress.RUNNING)
    locks.lock_for_recovery(pair, recovery)
    Operation.objects.filter(pk=recovery.pk).update(state=Progress.FINISHED)
    locks.release_subclusters(recovery)
    other.refresh_from_db()
    assert other.wait_code == "", "it goes on where it was"
    hands.finish(other)
    hands.finish(sleeper)
    assert not SubclusterLock.objects.filter(active=True).exists()
