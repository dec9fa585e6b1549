"""The axis of time below curves: round times of a zone, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from math import ceil

DAY = 86_400
EVERY = {"hour": 600, "day": 3 * 3600, "week": DAY}  # seconds from one line to the next


@dataclass(frozen=True)
class LoadTick:
    """A line of the axis at a round time, in percent of its length; `fine` ones have no words where room is scarce."""

    place: float
    words: str
    fine: bool = False
    day: bool = False  # where a day begins


def axis_ticks(since: datetime, until: datetime, every: int, zone: tzinfo) -> list[LoadTick]:
    """The round times of a zone from one instant to another; a page does the same for its own zone (axis.js)."""
    step = 300 if every < 900 else 900  # a round time of any zone is one of these
    first = ceil(since.timestamp() / step) * step
    ticks: list[LoadTick] = []
    for second in range(first, int(until.timestamp()) + 1, step):
        at = datetime.fromtimestamp(second, UTC).astimezone(zone)
        of_day = at.hour * 3600 + at.minute * 60
        if of_day % every == 0:
            place = 100 * (at - since) / (until - since)
            fine = len(ticks) % 2 == 1 if every == DAY else of_day % (2 * every) != 0
            words = f"{at:%a} {at.day}" if of_day == 0 else f"{at:%H:%M}"
            ticks.append(LoadTick(place, words, fine, of_day == 0))
    return ticks
