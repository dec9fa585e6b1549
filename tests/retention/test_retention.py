"""What is kept and for how long: removal in batches, the archive of events, what an undo and a plan then say."""

import io
import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from assignments import tasks
from assignments.board.checks import check_report
from assignments.models import Goal, Kind, Move, Operation, Plan, PlannedMove
from assignments.planning import plans
from assignments.retention import archive, batches, removal
from assignments.retention.rules.limits import KeepLimits
from assignments.runs import hand_moves, operations
from tests.retention.aged import DAY, age, last_moves, run
from tests.support.crowd import make_crowd, nodes_of, people_of
from topology import reasons
from topology.models import Event, Heartbeat, SignInLink
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kept(settings: object, tmp_path: Path) -> None:
    settings.KEEP_MOVES_DAYS, settings.KEEP_SIMULATIONS_DAYS, settings.KEEP_EVENTS_DAYS = 30, 20, 60  # type: ignore[attr-defined]
    settings.ARCHIVE_DIR = tmp_path / "archive"  # type: ignore[attr-defined]


def test_old_moves_go_but_for_the_last_of_each_user() -> None:
    cluster = make_crowd(12, 0)
    one, two = nodes_of(cluster)
    first = hand_moves.move_users(cluster, people_of(one, 8), two, actor="ann")
    second = hand_moves.move_users(cluster, people_of(two, 3), one, actor="ann")
    age(40)
    recent = hand_moves.move_users(cluster, people_of(two, 1), one, actor="ann")
    kept = last_moves()
    done = removal.remove(timezone.now())
    assert done.complete
    assert done.removed["moves"] == 4  # of those who moved again, the first time; of one of them after the cutoff
    assert last_moves() == kept
    assert set(Move.objects.values_list("operation_id", flat=True)) == {first.pk, second.pk, recent.pk}
    assert removal.remove(timezone.now()).total == 0


def test_what_was_the_last_move_goes_when_a_later_one_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 3)
    cluster = make_crowd(10, 0)
    one, two = nodes_of(cluster)
    for _ in range(4):
        hand_moves.move_users(cluster, people_of(one), two, actor="ann")
        hand_moves.move_users(cluster, people_of(two), one, actor="ann")
        age(31)
        removal.remove(timezone.now())
        assert Move.objects.count() == 10
        assert Operation.objects.filter(thinned_at=None).count() == 0


def test_a_dry_run_counts_what_a_run_removes_and_removes_nothing() -> None:
    cluster = make_crowd(60, 0)
    run(cluster)
    one, two = nodes_of(cluster)
    hand_moves.move_users(cluster, people_of(two, 10), one, actor="ann")
    plans.make_plan(cluster, Goal.EVACUATE, {"node": one.pk})
    Session.objects.create(session_key="old", session_data="", expire_date=timezone.now() - DAY)
    Session.objects.create(session_key="new", session_data="", expire_date=timezone.now() + DAY)
    person = get_user_model().objects.create(username="eve")
    SignInLink.objects.create(user=person, token_hash="a", expires_at=timezone.now() - 40 * DAY)
    SignInLink.objects.create(user=person, token_hash="b", expires_at=timezone.now() + DAY)
    age(90)
    told = asked("--dry-run")
    assert told["dry_run"] is True
    counted = {row["kind"]: row["rows"] for row in told["removed"]}
    assert Move.objects.count() == 40
    done = asked()
    removed = {row["kind"]: row["rows"] for row in done["removed"]}
    assert done["complete"] is True
    assert {kind: removed[kind] for kind in counted if kind not in ("plans", "operations")} == {
        kind: rows for kind, rows in counted.items() if kind not in ("plans", "operations")
    }
    assert removed["moves"] == 10
    assert removed["planned moves"] == 30 + 40
    assert (removed["sessions"], removed["sign-in links"]) == (1, 1)
    assert Session.objects.count() == SignInLink.objects.count() == 1
    assert not PlannedMove.objects.exists()
    assert Plan.objects.count() == 1  # that of the run


def asked(*options: str) -> dict:
    out = io.StringIO()
    call_command("remove_old", "--json", *options, stdout=out)
    told: dict = json.loads(out.getvalue())
    return told


def test_the_command_tells_in_words() -> None:
    run(make_crowd(6, 0))
    age(90)
    out = io.StringIO()
    call_command("remove_old", "--dry-run", stdout=out)
    assert "Would remove 3 planned moves from before " in out.getvalue()
    call_command("remove_old", stdout=out)
    assert "Wrote events-" in out.getvalue()


def test_events_are_in_a_file_before_they_go(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    cluster = make_crowd(6, 0)
    run(cluster)
    age(61)
    told = {event.pk: event.sentence for event in Event.objects.all()}
    assert len(told) > 2
    report = removal.remove(timezone.now())
    files = sorted(settings.ARCHIVE_DIR.iterdir())  # type: ignore[attr-defined]
    assert [file.name for file in files] == report.files
    found = {line["id"]: line["sentence"] for file in files for line in archive.read(file)}
    assert found == told
    assert [event.code for event in Event.objects.all()] == ["RETENTION_REMOVED"]
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_nothing_goes_that_cannot_be_written(settings: object, tmp_path: Path) -> None:
    run(make_crowd(6, 0))
    age(61)
    count = Event.objects.count()
    (tmp_path / "file").write_text("")
    settings.ARCHIVE_DIR = tmp_path / "file" / "archive"  # type: ignore[attr-defined]
    with pytest.raises(Refused) as caught:
        removal.remove(timezone.now())
    assert caught.value.code == "ARCHIVE_NOT_WRITTEN"
    assert Event.objects.count() == count
    with pytest.raises(CommandError, match=r"ARCHIVE_NOT_WRITTEN.*ARCHIVE_DIR"):
        call_command("remove_old")


def test_it_stands_back_while_a_failover_moves_users() -> None:
    cluster = make_crowd(6, 0)
    run(cluster)
    age(61)
    moving = Operation.objects.create(cluster=cluster, kind=Kind.FAILOVER, state="running", author_name="engine")
    found = removal.remove(timezone.now())
    assert (found.total, found.wait) == (0, reasons.RETENTION_WAITS)
    with pytest.raises(SystemExit):
        call_command("remove_old", stdout=io.StringIO(), stderr=io.StringIO())
    Operation.objects.filter(pk=moving.pk).update(state="finished")
    assert removal.remove(timezone.now()).removed["planned moves"] == 3


def test_a_go_whose_time_is_over_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks.remove_old, "apply_async", lambda countdown: sent.append(countdown))
    monkeypatch.setattr(tasks, "REMOVES_FOR", timedelta(0))
    run(make_crowd(6, 0))
    age(61)
    tasks.remove_old()
    assert sent == [60]
    assert not Heartbeat.objects.filter(name="retention").exists()
    monkeypatch.setattr(tasks, "REMOVES_FOR", DAY)
    tasks.remove_old()
    assert sent == [60]
    assert Heartbeat.objects.filter(name="retention").exists()


def test_an_undo_says_until_when_it_is_possible_and_then_that_it_is_too_late() -> None:
    cluster = make_crowd(6, 0)
    found = run(cluster)
    until = found.finished_at + 30 * DAY  # type: ignore[operator]
    assert operations.as_dict(found)["undo_until"] == until.isoformat()
    age(29)
    assert operations.plan_undo(found.pk, actor="ann").moves == 3
    age(2)
    with pytest.raises(Refused) as caught:
        operations.plan_undo(found.pk, actor="ann")
    assert caught.value.code == "UNDO_TOO_LATE"
    removal.remove(timezone.now())
    with pytest.raises(Refused, match="could be undone until"):
        operations.plan_undo(found.pk, actor="ann")


def test_zero_keeps_for_ever(settings: object) -> None:
    settings.KEEP_MOVES_DAYS = settings.KEEP_SIMULATIONS_DAYS = settings.KEEP_EVENTS_DAYS = 0  # type: ignore[attr-defined]
    found = run(make_crowd(6, 0))
    age(9000)
    assert removal.remove(timezone.now()).total == 0
    assert operations.as_dict(found)["undo_until"] is None


@pytest.mark.parametrize(
    ("limits", "good"),
    [
        ((30, 30, 60), True),
        ((0, 0, 0), True),
        ((30, 0, 30), True),
        ((61, 1, 60), False),
        ((0, 1, 60), False),
        ((-1, 1, 1), False),
        ((1, -1, 1), False),
    ],
)
def test_limits_that_cannot_be_are_named(limits: tuple[int, int, int], good: bool) -> None:
    assert (not KeepLimits(*limits).problem) == good


def test_the_checks_say_what_is_kept_and_when_its_removal_is_overdue() -> None:
    cluster = make_crowd(6, 0)
    run(cluster)
    check = next(c for c in check_report(cluster)["checks"] if c["code"] == "old_entries")
    assert check["outcome"] == "info"
    assert f"oldest {timezone.now():%Y-%m-%d}" in check["problem"]
    assert " MB" in check["problem"]
    age(33)
    check = next(c for c in check_report(cluster)["checks"] if c["code"] == "old_entries")
    assert check["outcome"] == "warning"
    assert "remove_old" in check["fix"]
    removal.remove(timezone.now())
    check = next(c for c in check_report(cluster)["checks"] if c["code"] == "old_entries")
    assert check["outcome"] == "info"


@pytest.mark.django_db(transaction=True)
def test_only_one_process_removes_at_a_time() -> None:
    run(make_crowd(6, 0))
    age(61)
    found: list[object] = []

    def other() -> None:
        found.append(removal.remove(timezone.now()).wait)
        connection.close()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [removal.LOCK])
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert found == [reasons.RETENTION_ELSEWHERE]
