"""How many users of a run may move now: per receiving node and over all together.

    credit = min(rate * BURST, credit at the anchor + rate * (now - anchor)), less the users moved

The anchor and the credits are stored with the batch that moved users, so what is due follows from the time that has
passed, not from the number of calls; and what was not used for longer than `BURST` is not made up for.
"""

from collections.abc import Sequence
from math import floor, inf

BURST = 2.0  # real seconds of credit at most, or one user where the rate is slower than that
_ROUNDING = 1e-6


def credit(rate: float | None, before: float, elapsed: float, speed: int) -> float:
    """Users that a rate allows after `elapsed` cluster seconds of a clock of this speed."""
    if rate is None:
        return inf
    return min(max(1.0, rate * BURST * speed), before + rate * max(0.0, elapsed))


def allowed(credits: Sequence[float], together: float, left: Sequence[int], most: int) -> tuple[list[int], bool]:
    """Users per target for one batch of at most `most`, and whether more than that are allowed now."""
    want = [min(n, _whole(one)) for n, one in zip(left, credits, strict=True)]
    takes = share(want, min(most, _whole(together)))
    return takes, sum(takes) < min(sum(want), _whole(together))


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


def _whole(users: float) -> int:
    return 10**12 if users == inf else floor(users + _ROUNDING)
