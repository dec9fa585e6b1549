"""A long step log in short: what a throttle says again and again is one line, with its sum and its curve."""

import re

import pytest
from django.urls import reverse

from assignments.models import Kind, Operation, Progress
from tests.board.pages import as_
from tests.support.worlds import make_acme
from topology import reasons
from topology.accounts import roles
from topology.live import events
from topology.models import Event
from topology.rules.log_folds import LogEntry, LogFold, fold_lines


def entry(at: float, code: str, **facts: object) -> LogEntry:
    return LogEntry(at, code, facts, f"{code} {at}")


def test_equal_lines_in_a_row_are_one_and_others_stay() -> None:
    log = [entry(0, "RUN_STARTED"), *(entry(at, "RUN_BATCH", done=10 * at, skipped=1) for at in range(1, 7))]
    log.append(entry(9, "RUN_FINISHED"))
    first, folded, last = fold_lines(log)
    assert (first, last) == (log[0], log[-1])
    assert isinstance(folded, LogFold)
    assert folded.sums == (("RUN_BATCH", {"done": 210, "skipped": 6}),)
    assert [part.line for part in folded.entries] == [part.line for part in log[1:-1]]


def test_three_lines_stay_as_they_are() -> None:
    log = [entry(at, "RUN_BATCH", done=1) for at in range(3)]
    assert fold_lines(log) == log


def test_the_curve_has_the_highest_point_where_most_users_came() -> None:
    folded = fold_lines(
        [entry(at, "TERMINATING_NOTIFY_SENT", users=100 if at == 12 else 1, node="a") for at in range(24)]
    )[0]
    assert isinstance(folded, LogFold)
    heights = [float(point.split(",")[1]) for point in folded.curve.split()]
    assert len(heights) == 24
    assert heights.index(min(heights)) == 12
    assert min(heights) == 0
    assert folded.sums == (("TERMINATING_NOTIFY_SENT", {"users": 123, "node": "a"}),)


def test_a_node_that_comes_and_goes_is_one_line_with_how_often() -> None:
    turns = ("FAULT_INJECTED", "USERS_DISCONNECTED", "FAULT_REPAIRED", "NODE_RECONNECTED")
    log = [entry(at, turns[at % 4], node="a", users=5) for at in range(12)]
    other = [entry(20 + at, turns[at], node="b", users=1) for at in range(4)]
    folded, *rest = fold_lines([*log, *other])
    assert isinstance(folded, LogFold)
    assert folded.times == dict.fromkeys(turns, 3)
    assert dict(folded.sums)["USERS_DISCONNECTED"] == {"node": "a", "users": 15}
    assert rest == other


@pytest.mark.django_db
def test_history_folds_what_a_throttle_repeats_and_keeps_the_newest_first() -> None:
    acme = make_acme(imp1a=3)
    operation = Operation.objects.create(cluster=acme, kind=Kind.MOVE, state=Progress.FINISHED, total=60)
    for done in (10, 20, 30):
        events.record(reasons.RUN_BATCH, cluster=acme, operation=operation, done=done, skipped=0, notified=0)
    page = reverse("history", args=["acme"])
    assert "log-fold" not in as_(roles.VIEWER).get(page).content.decode()
    events.record(reasons.RUN_BATCH, cluster=acme, operation=operation, done=40, skipped=0, notified=0)
    events.record(reasons.RUN_FINISHED, cluster=acme, operation=operation, kind="Move", done=100, skipped=0)
    text = as_(roles.VIEWER).get(page).content.decode()
    assert text.index("RUN_FINISHED") < text.index("log-fold")
    [fold] = re.findall(r'class="log-fold">.*?</time>', text, re.S)
    assert "data-dated" in fold, "a folded line carries its day, as every line does"
    assert "4 lines" in text
    assert text.index(f'id="step-{Event.objects.filter(code="RUN_BATCH").latest("pk").pk}"') < text.index(
        f'id="step-{Event.objects.filter(code="RUN_BATCH").earliest("pk").pk}"'
    )
