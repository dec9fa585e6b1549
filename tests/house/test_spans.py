"""Spans of time: what is written is read, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.rules import spans

MONTH = 31 * 86_400


@given(st.integers(0, MONTH))
def test_what_is_written_is_read(seconds: int) -> None:
    assert spans.parse(spans.write(seconds), MONTH) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), (" 2D ", 172_800), ("1d2h3m4s", 93_784), ("0s", 0)],
)
def test_readable(text: str, seconds: int) -> None:
    assert spans.parse(text, MONTH) == seconds


@pytest.mark.parametrize("text", ["", " ", "90", "soon", "-5m", "1.5h", "30m1h", "5 m", "٣m", "32d", "9" * 400 + "s"])
def test_not_readable_or_too_long(text: str) -> None:
    assert spans.parse(text, MONTH) is None
