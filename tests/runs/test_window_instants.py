"""Windows name instants that exist, also in the nights in which clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments.runs.rules.window import RunWindow

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("window", "now", "opens"),
    [
        # 29 March 2026: 02:00 becomes 03:00.
        (RunWindow(time(2, 30), time(5), "Europe/Berlin"), (3, 29, 1, 0), "2026-03-29T03:00:00+02:00"),
        (RunWindow(time(2, 15), time(2, 45), "Europe/Berlin"), (3, 29, 1, 0), "2026-03-30T02:15:00+02:00"),
        # 25 October 2026: 03:00 becomes 02:00, so 02:15 comes twice.
        (RunWindow(time(2, 15), time(2, 45), "Europe/Berlin"), (10, 25, 2, 50), "2026-10-25T02:15:00+01:00"),
    ],
)
def test_the_next_real_instant_is_named(window: RunWindow, now: tuple[int, ...], opens: str) -> None:
    month, day, hour, minute = now
    assert window.opens(datetime(2026, month, day, hour, minute, tzinfo=BERLIN)).isoformat() == opens


@given(
    st.times().map(lambda at: at.replace(microsecond=0, tzinfo=None)),
    st.times().map(lambda at: at.replace(microsecond=0, tzinfo=None)),
    st.integers(1_735_689_600, 1_830_297_600).map(lambda at: datetime.fromtimestamp(at, UTC)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns"]),
)
def test_what_opens_is_inside_and_exists(start: time, end: time, now: datetime, zone: str) -> None:
    window = RunWindow(start, end, zone)
    if (
        0
        < (end.hour * 3600 + end.minute * 60 + end.second) - (start.hour * 3600 + start.minute * 60 + start.second)
        < 60
    ):
        return
    opens = window.opens(now)
    assert opens >= now
    assert window.holds(opens)
    assert opens.astimezone(UTC).astimezone(opens.tzinfo).replace(tzinfo=None) == opens.replace(tzinfo=None)
    assert opens == now or not window.holds(opens.astimezone(UTC) - timedelta(seconds=1))
