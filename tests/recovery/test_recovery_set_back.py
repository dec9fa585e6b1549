"""Recovery after the clock of all machines was set back: what waits goes on at once, as far as it was."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pytest

from assignments.models import Operation, Population
from assignments.recovery import reads, service
from assignments.recovery.rules.kept import SrmState
from assignments.recovery.rules.pair import Memory, Phase, Watch
from assignments.recovery.rules.relogin_window import Throttle
from assignments.simulation.simulate import present
from tests.recovery.driven import all_home, node, scenario, sub
from tests.recovery.recovery_world import Drive, clock_at, make
from topology.models import Cluster

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def phase() -> Phase:
    memory = SrmState.of(sub().srm).memory
    assert memory is not None
    return memory.phase


def set_back(drive: Drive, by: timedelta = HOUR) -> datetime:
    """The clock of every machine is set back; the instant that it shows now."""
    drive.real -= by
    return drive.real


def ticks(drive: Drive, seconds: int) -> None:
    """A tick in each second of so many."""
    for _ in range(seconds):
        drive.real += timedelta(seconds=1)
        drive.tick()


@pytest.mark.parametrize("speed", [1, 30])
def test_a_failure_is_found_in_its_time_after_the_clock_was_set_back(speed: int) -> None:
    pair = make(scenario(), speed=speed)
    drive = Drive(pair, scenario())
    drive.until(speed * 20)
    with clock_at(drive.real):
        service.inject(node(), "power")
    set_back(drive)
    ticks(drive, 30 // speed)
    assert phase() is Phase.NORMAL
    ticks(drive, 40)
    assert phase() in (Phase.FAILING_OVER, Phase.FAILED_OVER)


def failing_over() -> tuple[Cluster, Drive]:
    """A pair of 600 users whose first node has just begun to fail over."""
    pair = make(scenario(users=600))
    drive = Drive(pair, scenario(users=600))
    with clock_at(drive.real):
        service.failover(node())
    return pair, drive


@pytest.mark.in_turns
def test_users_go_on_to_sign_in_at_their_rate_after_the_clock_was_set_back() -> None:
    pair, drive = failing_over()
    drive.until(150)
    waited = out(pair)
    set_back(drive)
    ticks(drive, 20)
    assert 0 < waited - out(pair) <= 21 * 6
    ticks(drive, 200)
    assert out(pair) == 0
    with clock_at(drive.real):
        service.fallback(node())
    ticks(drive, 400)
    assert all_home()


def out(pair: Cluster) -> int:
    found: int = sum(row.users - row.signed_in for row in Population.objects.filter(cluster=pair))
    return found


def test_what_is_told_and_asked_counts_from_the_clock_as_it_is() -> None:
    pair, drive = failing_over()
    drive.until(30)
    with clock_at(drive.real):
        service.step(sub().pk, drive.real)
    run = Operation.objects.get()

    def told(real: datetime) -> tuple[Any, Any, float]:
        with clock_at(real):
            effect = service.try_sign_in_rate(run, per_second=None, minutes=10)
            waits = reads.controls(pair)[sub().pk].waits[node().pk]
            until = (waits.until - real).total_seconds() if waits.until else None
            found, now = present(pair.name)
            since = now - found[0].memory.since
        return effect, until, since

    before = told(drive.real)
    assert told(set_back(drive)) == before


def test_a_command_right_after_the_clock_was_set_back_begins_then() -> None:
    pair = make(scenario())
    drive = Drive(pair, scenario())
    drive.until(20)
    with clock_at(drive.real):
        service.step(sub().pk, drive.real)
    real = set_back(drive)
    with clock_at(real):
        service.failover(node())
    kept = SrmState.of(sub().srm)
    assert kept.at == kept.memory.since == reads.cluster_seconds(pair, real)  # type: ignore[union-attr]


def test_every_instant_that_is_remembered_moves_with_the_clock() -> None:
    watch = Watch(
        started_at=1000, heard_at=1001, troubled_at=1002, healthy_at=1003, relogin_at=1004, interrupted_at=1005,
        throttle=Throttle(1006, 5.0, 7, 20),
    )  # fmt: skip
    memory = Memory(since=1007, resume_at=1008, failovers=(1009, 1010), fell_back_at=1011, to_move=4, canary=1)
    kept = SrmState(memory, {"1": watch}, at=1012, wake=1013)
    moved = asdict(kept.moved_back(100))
    flat = str(moved)
    for instant in range(1000, 1014):
        assert str(instant) not in flat
        assert str(instant - 100) in flat
    assert kept.moved_back(100).moved_back(-100) == kept
    assert SrmState().moved_back(100) == SrmState(at=-100)
    never = Watch()
    assert SrmState(Memory(), {"1": never}).moved_back(100).watches["1"] == never


def test_clocks_that_differ_a_little_move_nothing() -> None:
    pair = make(scenario())
    drive = Drive(pair, scenario())
    drive.until(20)
    with clock_at(drive.real):
        service.inject(node(), "power")
        kept = SrmState.of(sub().srm)
    with clock_at(drive.real - timedelta(seconds=9)):
        assert SrmState.of(reads.with_policy(sub()).srm) == kept
        assert service.due_subclusters(drive.real - timedelta(seconds=9)) == []
