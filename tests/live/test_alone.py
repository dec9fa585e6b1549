"""What waits for the servers of others takes one process of a worker at most: the others are there for a failover."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from assignments import tasks
from assignments.directory import schedule
from topology.dns import checking
from topology.live.alone import alone

pytestmark = pytest.mark.django_db
OUTSIDE: list[tuple[Any, Any, str]] = [(tasks.sync_directory, schedule, "run"), (tasks.check_dns, checking, "check")]


@pytest.mark.parametrize(("task", "room", "verb"), OUTSIDE)
def test_two_servers_that_hang_keep_one_process_only(
    monkeypatch: pytest.MonkeyPatch, task: Any, room: Any, verb: str
) -> None:
    begun, answers, done = threading.Event(), threading.Event(), []

    def hangs(pk: int, now: Any) -> None:
        begun.set()
        assert answers.wait(60)
        done.append(pk)

    monkeypatch.setattr(room, verb, hangs)

    def deliver(pk: int) -> None:
        try:
            task.apply(args=[pk], throw=True)
        finally:
            connection.close()

    first = threading.Thread(target=deliver, args=(1,))
    first.start()
    assert begun.wait(60)
    second = threading.Thread(target=deliver, args=(2,))
    second.start()
    second.join(60)
    assert not second.is_alive(), "no process would be left for a failover"
    assert done == []
    answers.set()
    first.join(60)
    task.apply(args=[2], throw=True)
    assert done == [1, 2]


def test_the_removal_of_the_night_comes_again_when_a_directory_is_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks.remove_old, "apply_async", lambda countdown: sent.append(countdown))
    with alone("long-work") as mine:
        assert mine
        tasks.remove_old()
    assert sent == [tasks.GOES_ON_AFTER]
    tasks.remove_old()
    assert sent == [tasks.GOES_ON_AFTER]


def test_a_tick_sends_a_few_of_what_is_done_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[str, list[int]] = {"directory": [], "dns": []}
    monkeypatch.setattr(schedule, "due", lambda now: list(range(34)))
    monkeypatch.setattr(checking, "due", lambda now: list(range(34)))
    monkeypatch.setattr(tasks.sync_directory, "delay", sent["directory"].append)
    monkeypatch.setattr(tasks.check_dns, "delay", sent["dns"].append)
    tasks.tick()
    assert sent == {"directory": [0, 1, 2, 3], "dns": [0, 1, 2, 3]}


def test_a_folder_that_cannot_be_written_leaves_no_work_undone(settings: LazySettings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "file"
    settings.DATA_DIR.write_text("")
    with alone("long-work") as mine:
        assert mine
