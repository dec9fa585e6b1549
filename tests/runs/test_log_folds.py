"""A long step log in short: what a throttle says again and again is one line, with its sum and its curve."""

from topology.rules.log_folds import LogEntry, LogFold, fold


def entry(at: float, code: str, **facts: object) -> LogEntry:
    return LogEntry(at, code, facts, f"{code} {at}")


def test_equal_lines_in_a_row_are_one_and_others_stay() -> None:
    log = [entry(0, "RUN_STARTED"), *(entry(at, "RUN_BATCH", done=10 * at, skipped=1) for at in range(1, 7))]
    log.append(entry(9, "RUN_FINISHED"))
    first, folded, last = fold(log)
    assert (first, last) == (log[0], log[-1])
    assert isinstance(folded, LogFold)
    assert folded.sums == (("RUN_BATCH", {"done": 210, "skipped": 6}),)
    assert [part.line for part in folded.entries] == [part.line for part in log[1:-1]]


def test_three_lines_stay_as_they_are() -> None:
    log = [entry(at, "RUN_BATCH", done=1) for at in range(3)]
    assert fold(log) == log


def test_the_curve_has_the_highest_point_where_most_users_came() -> None:
    folded = fold([entry(at, "TERMINATING_NOTIFY_SENT", users=100 if at == 12 else 1, node="a") for at in range(24)])[0]
    assert isinstance(folded, LogFold)
    heights = [float(point.split(",")[1]) for point in folded.curve.split()]
    assert len(heights) == 24
    assert heights.index(min(heights)) == 12
    assert min(heights) == 0
    assert folded.sums == (("TERMINATING_NOTIFY_SENT", {"users": 123, "node": "a"}),)
