"""How many users of a run may move now: per receiving node and over all, from an anchor, never from a count of calls.

    allowed(lane) = rate * (now - anchor) - done since the anchor

What was not used is not made up for: a run that stood still for longer than `BURST` begins again at a new anchor with
the credit of that span, or of one user where the rate is slower than that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

BURST = 2.0  # real seconds of credit at most
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Pace:
    """Users per cluster second for each receiving node and for all together; None is no limit."""

    rate: float | None
    rate_total: float | None


@dataclass(frozen=True, slots=True)
class LanePace:
    """What the throttle knows of one receiving node: moved since the anchor, and left to move."""

    since: int
    left: int


def allowed(pace: Pace, elapsed: float, lanes: Sequence[LanePace], most: int) -> tuple[list[int], bool]:
    """Users per lane for one batch of at most `most`, and whether more were allowed; `elapsed` in cluster seconds."""
    want = [min(lane.left, _credit(pace.rate, elapsed, lane.since)) for lane in lanes]
    together = _credit(pace.rate_total, elapsed, sum(lane.since for lane in lanes))
    takes = share(want, min(most, together))
    return takes, sum(takes) < min(sum(want), together)


def credit_span(pace: Pace, elapsed: float, lanes: Sequence[LanePace], speed: int) -> float | None:
    """Cluster seconds of credit to begin again with where some lane has gathered more than that, else None."""
    busy = [lane for lane in lanes if lane.left]
    for rate, idle in ((pace.rate, [lane.since for lane in busy]), (pace.rate_total, [sum(x.since for x in lanes)])):
        if rate is not None and busy:
            span = max(BURST * speed, 1 / rate)
            if rate * elapsed - min(idle) > rate * span + 1:
                return span
    return None


def share(want: Sequence[int], most: int) -> list[int]:
    """Give out `most` as evenly as wishes allow."""
    given = [0] * len(want)
    open_lanes = [i for i, n in enumerate(want) if n > 0]
    while most > 0 and open_lanes:
        each, extra = divmod(most, len(open_lanes))
        for place, i in enumerate(open_lanes):
            more = min(want[i] - given[i], each + (place < extra))
            given[i] += more
            most -= more
        open_lanes = [i for i in open_lanes if given[i] < want[i]]
    return given


def _credit(rate: float | None, elapsed: float, since: int) -> int:
    return 10**12 if rate is None else max(0, floor(rate * elapsed + _ROUNDING) - since)
