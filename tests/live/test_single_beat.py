"""However many beats run, one ticks; another goes on when it leaves or dies."""

import os
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from config import beat
from config.celery import app
from config.local.processes import wait_until
from config.local.state import BASE_DIR
from tests.support import shifted
from topology.live import events

Sent = list[tuple[str, str]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What each beat sent: its name and the task."""
    tasks: Sent = []

    def note(self: Any, entry: Any, **_: Any) -> None:
        tasks.append((Path(self.schedule_filename).name, entry.task))

    monkeypatch.setattr(beat.SingleScheduler, "apply_async", note)
    monkeypatch.setattr(events, "stream_name", lambda: "beats-of-a-test")  # a live stack may have a beat of its own
    events.client().delete(f"{events.stream_name()}:lease:beat")
    return tasks


@pytest.fixture
def beats(tmp_path: Path, sent: Sent) -> Iterator[list[beat.SingleScheduler]]:
    """Two beats of one console."""
    started = [beat.SingleScheduler(app=app, schedule_filename=str(tmp_path / name)) for name in ("first", "second")]
    yield started
    for scheduler in started:
        scheduler.close()


def ticked(scheduler: beat.SingleScheduler, sent: Sent) -> bool:
    """Whether it sent the tick when its turn came."""
    entry = scheduler.schedule["tick"]
    entry.last_run_at = entry.last_run_at.replace(year=2000)
    scheduler._heap = None
    before = len(sent)
    scheduler.tick()
    return (Path(scheduler.schedule_filename).name, "assignments.tick") in sent[before:]


def test_a_second_beat_stands_by_until_the_first_leaves(beats: list[beat.SingleScheduler], sent: Sent) -> None:
    first, second = beats
    assert [ticked(first, sent), ticked(second, sent), ticked(first, sent)] == [True, False, True]
    first.close()
    assert ticked(second, sent)


def test_the_lease_of_a_beat_that_died_ends(beats: list[beat.SingleScheduler], sent: Sent) -> None:
    first, second = beats
    assert ticked(first, sent)
    left = events.client().pttl(f"{events.stream_name()}:lease:beat")
    assert 0 < left <= beat.LEASE * 1000
    events.client().delete(f"{events.stream_name()}:lease:beat")
    assert ticked(second, sent)
    assert not ticked(first, sent)


def test_a_beat_goes_on_when_the_clock_was_set_back(beats: list[beat.SingleScheduler], sent: Sent) -> None:
    first, _ = beats
    assert ticked(first, sent)
    for entry in first.schedule.values():  # as after an hour of ticks, whose clock is then set back
        entry.last_run_at += timedelta(hours=1)
    first._heap = None
    before = len(sent)
    tick = ("first", "assignments.tick")  # others may be due too, such as at a full minute
    assert wait_until(lambda: first.tick() is not None and tick in sent[before:], 10)


def test_without_redis_every_beat_tries(
    beats: list[beat.SingleScheduler], sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1)
    monkeypatch.setattr(events, "client", lambda: nowhere)
    assert all(ticked(scheduler, sent) for scheduler in beats)


def health_checks() -> list[str]:
    """What Docker and Kubernetes run in the container of a beat."""
    compose = yaml.safe_load((BASE_DIR / "docker" / "compose.yml").read_text())
    manifest = list(yaml.safe_load_all((BASE_DIR / "docker" / "kubernetes.yaml").read_text()))
    pod = next(part for part in manifest if part["kind"] == "Deployment" and "beat" in part["metadata"]["name"])
    container = pod["spec"]["template"]["spec"]["containers"][0]
    return [compose["services"]["beat"]["healthcheck"]["test"][1], container["livenessProbe"]["exec"]["command"][-1]]


@pytest.mark.skipif(shifted.IS_ON, reason="find sees the real times of files under faketime")
@pytest.mark.parametrize("check", health_checks())
def test_a_beat_is_well_while_it_ticks_or_stands_by(
    check: str, beats: list[beat.SingleScheduler], sent: Sent, tmp_path: Path
) -> None:
    for scheduler, ticks in zip(beats, (True, False), strict=True):
        folder = tmp_path / f"of-{Path(scheduler.schedule_filename).name}"
        folder.mkdir()
        scheduler.schedule_filename = str(folder / "beat-schedule")

        def well(folder: Path = folder) -> bool:
            return subprocess.run(["sh", "-c", check.replace("/tmp", str(folder))]).returncode == 0

        assert not well()
        scheduler.tick()
        assert scheduler._lease.hold() == ticks
        assert well()
        long_ago = time.time() - 300
        os.utime(folder / "beat-schedule.alive", (long_ago, long_ago))
        assert not well()
        scheduler.tick()
        assert well()
