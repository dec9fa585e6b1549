"""What a worker does while the locks of a cluster are held for long, as by an import: it goes on with others."""

import threading

import pytest
from django.db import connection, transaction

from assignments import tasks
from assignments.models import Operation
from assignments.runs import batches
from tests.runs.begun import begin
from tests.support.crowd import homes, make_crowd
from topology.structure.locks import all_subclusters, are_held_for_long, hold_subclusters, waiting_at_most

pytestmark = pytest.mark.django_db(transaction=True)
LONG = 60  # seconds; a worker that waits for the lock would wait for ever


def in_a_worker(run: Operation) -> threading.Thread:
    """The task of a run, in a process of its own as far as the database can tell."""

    def work() -> None:
        try:
            tasks.run_operation.apply(args=[run.pk, run.generation], throw=True)
        finally:
            connection.close()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    return worker


def test_a_run_leaves_its_worker_to_others_while_an_import_holds_its_cluster() -> None:
    crowd = make_crowd(4, 0)
    run = begin(crowd, unthrottled=True)
    with transaction.atomic():
        hold_subclusters(all_subclusters(crowd.pk))
        worker = in_a_worker(run)
        worker.join(LONG)
        assert not worker.is_alive(), "a failover of another cluster would wait for this worker"
        assert homes(crowd) == [4, 0]
    run.refresh_from_db()
    in_a_worker(run).join(LONG)
    assert homes(crowd) == [2, 2]


def test_a_run_does_not_even_ask_for_what_is_held_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = make_crowd(4, 0)
    run, pairs = begin(crowd, unthrottled=True), all_subclusters(crowd.pk)
    asked: list[list[int]] = []
    monkeypatch.setattr(batches, "hold_subclusters", lambda ids: asked.append(list(ids)))
    monkeypatch.setattr(batches, "are_held_for_long", lambda ids: are_held_for_long(ids, seconds=0))
    with transaction.atomic():
        hold_subclusters(pairs)
        in_a_worker(run).join(LONG)
        assert asked == []
        assert not are_held_for_long(pairs, seconds=0), "one's own do not count"
    run.refresh_from_db()
    in_a_worker(run).join(LONG)
    assert asked == [pairs]


def test_who_waits_briefly_once_waits_as_long_as_ever_afterwards() -> None:
    def asked() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            return str(cursor.fetchone()[0])

    before = asked()
    with waiting_at_most("500ms"):
        assert asked() == "500ms"
    assert asked() == before
    with pytest.raises(ValueError, match="other"), waiting_at_most("500ms"):
        raise ValueError("other")
    assert asked() == before
