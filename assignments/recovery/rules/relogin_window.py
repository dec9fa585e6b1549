"""How fast people may sign in at a node: the re-login window, the rate, the budget (domain.md §4.8).

The window is computed from the hardware profile, the way the pair is used and its users; no one types it:

    users -> next row of the profile's table -> upper limit -> rate = users of the row / (upper - lower)

      disconnected        lower limit                            upper limit
    -------|------ wait ------|--- one after the other, at the rate ---|--->  cluster time

What is due at an instant follows from the anchor of a throttle alone, never from the number of calls.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from types import MappingProxyType

from topology.rules.modes import DeploymentModel

LOWER_LIMIT = 120  # seconds, in every table
ACTIVE_ACTIVE, ACTIVE_STANDBY = "active_active", "active_standby"


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one profile: every `step` users, `rate` users per second; irregular rows have a rate of their own."""

    step: int
    rate: float
    irregular: tuple[tuple[int, int, float], ...] = ()  # first row, last row, rate

    def upper(self, users: int) -> tuple[int, int]:
        """The row for so many users and its upper limit in seconds; past the last row the rate goes on."""
        row = max(1, ceil(users / self.step)) * self.step
        rate = next((rate for first, last, rate in self.irregular if first <= row <= last), self.rate)
        return row, LOWER_LIMIT + floor(row / rate + 0.5)


TABLES: Mapping[int, Mapping[str, Table]] = MappingProxyType(
    {
        500: {ACTIVE_ACTIVE: Table(50, 1.5), ACTIVE_STANDBY: Table(50, 1.5)},
        1000: {ACTIVE_ACTIVE: Table(100, 3), ACTIVE_STANDBY: Table(100, 3)},
        2000: {ACTIVE_ACTIVE: Table(100, 3), ACTIVE_STANDBY: Table(100, 3)},
        5000: {ACTIVE_ACTIVE: Table(500, 6), ACTIVE_STANDBY: Table(500, 3)},
        15000: {ACTIVE_ACTIVE: Table(500, 15), ACTIVE_STANDBY: Table(500, 6)},
        25000: {
            ACTIVE_ACTIVE: Table(500, 9),
            ACTIVE_STANDBY: Table(500, 8, ((8_000, 13_000, 10_000 / 1_125),)),
        },
    }
)


@dataclass(frozen=True, slots=True)
class Window:
    """Client Re-Login Lower and Upper Limit in seconds, the row they come from, and the rate they make."""

    lower: int
    upper: int
    users: int

    @property
    def rate(self) -> float:
        """Users per second between the two limits."""
        return self.users / (self.upper - self.lower)


def usage(model: str) -> str:
    """The tables that a deployment model uses: active/standby or active/active."""
    return ACTIVE_STANDBY if model == DeploymentModel.ACTIVE_STANDBY else ACTIVE_ACTIVE


def window(profile: int, model: str, users: int, lower: int = LOWER_LIMIT) -> Window:
    """The re-login window for a profile, a model and a number of users (domain.md §4.8).

    `users` is that of the fuller node in active/active, of the whole pair in active/standby. Another lower limit
    shifts the window. Raises KeyError for an unknown profile.
    """
    row, upper = TABLES[profile][usage(model)].upper(users)
    return Window(lower, lower + upper - LOWER_LIMIT, row)


def pair_window(profiles: list[int], model: str, homes: list[int], lower: int = LOWER_LIMIT, second: int = 0) -> Window:
    """The window of a subcluster, the same on both nodes: the weaker profile decides (domain.md §4.8).

    `second` percent of the clients hold a second connection and do not sign in again (domain.md §4.7).
    """
    users = [home - with_second(home, second) for home in homes]
    return window(min(profiles), model, window_users(model, users), lower)


def with_second(users: int, percent: int) -> int:
    """How many of so many users hold a second connection: the whole number below the share."""
    return users * percent // 100


@dataclass(frozen=True, slots=True)
class Budget:
    """What an administrator allows: sign-ins per second and node, or minutes until all are done; at most one."""

    per_second: float | None = None
    minutes: float | None = None

    @property
    def key(self) -> str:
        """Names the budget, so that a running throttle notices another one."""
        if self.per_second:
            return f"rate {self.per_second:g}"
        return f"minutes {self.minutes:g}" if self.minutes else "window"

    @property
    def words(self) -> str:
        """The budget for people; empty when the window decides."""
        if self.per_second:
            return f"at most {self.per_second:g} sign-ins per second"
        return f"done within {self.minutes:g} minutes" if self.minutes else ""

    def rate(self, computed: float, users: int) -> float:
        """Users per second for so many users."""
        if self.per_second:
            return self.per_second
        return max(users, 1) / (self.minutes * 60) if self.minutes else computed


@dataclass(frozen=True, slots=True)
class Effect:
    """What a budget means: users per second, seconds until all are served, sign-ins per second at the peak."""

    rate: float
    seconds: int
    peak: float


def effect(budget: Budget, computed: Window, users: int) -> Effect:
    """The effect of a budget on so many users who move to one node."""
    rate = budget.rate(computed.rate, users)
    return Effect(rate, computed.lower + seconds_for(users, rate), rate if users else 0.0)


def window_users(model: str, homes: list[int]) -> int:
    """Whose number decides the window: all of a pair in active/standby, else those of the fuller node."""
    return sum(homes) if usage(model) == ACTIVE_STANDBY else max(homes, default=0)


@dataclass(frozen=True, slots=True)
class Throttle:
    """People who sign in at one node: `rate` users per second from `anchor` on; `done` of them since then."""

    anchor: int
    rate: float
    done: int = 0
    total: int = 0
    budget: str = "window"

    def ready(self, now: int) -> int:
        """How many more may sign in by now."""
        return max(0, due(self.anchor, 0, self.rate, now) - self.done)

    def by(self, now: int, users: int) -> int:
        """How many of the next so many users may sign in by an instant."""
        return min(users, self.ready(now))

    def batches(self, now: int, users: int) -> range:
        """When a batch is worth a step, after `now` and before the last of so many users: each hundredth of the whole.

        Counted from the anchor, so that another step shifts none of them.
        """
        grain = max(2, ceil(self.total / self.rate / 100))
        passed = max(0, now - self.anchor) // grain + 1
        return range(self.anchor + passed * grain, self.anchor + seconds_for(self.done + users, self.rate), grain)

    def next_batch(self, now: int, left: int) -> int:
        """When the next batch is worth a step, or the last one; after `now`."""
        batches = self.batches(now, left)
        return batches[0] if batches else max(now + 1, batches.stop)

    def seconds(self, users: int) -> Iterator[tuple[int, int]]:
        """The seconds in which the next so many users are due, and how many are in each."""
        done, last = self.done, self.done + users
        while done < last:
            second = self.anchor + seconds_for(done + 1, self.rate)
            by_then = min(last, due(self.anchor, 0, self.rate, second))
            yield second, by_then - done
            done = by_then

    def span(self, users: int) -> tuple[int, int]:
        """The seconds in which the first and the last of the next so many users are due."""
        first, last = (seconds_for(self.done + n, self.rate) for n in (1, users))
        return self.anchor + first, self.anchor + last

    def users_in(self, second: int, users: int) -> int:
        """How many of the next so many users are due in one second."""
        return self.by(second, users) - self.by(second - 1, users)

    def most_between(self, first: int, last: int, users: int) -> int:
        """The most of the next so many users in one second between two; they are due evenly, to one user."""
        seconds = last - first - 1
        return -((self.by(first, users) - self.by(last - 1, users)) // seconds) if seconds > 0 else 0

    def user_seconds(self, users: int, until: int) -> int:
        """How long the next so many users have been signed in by an instant, in all; they are due by then."""
        first, last = self.span(users)
        total = sum_due(last - self.anchor, self.rate) - sum_due(first - self.anchor, self.rate)
        return total - (last - first) * self.done + users * (until - last)


def due(anchor: int, done_at_anchor: int, rate: float, now: int) -> int:
    """Users due by `now`: done at the anchor plus the rate since then; depends on nothing else."""
    return done_at_anchor + max(0, floor((now - anchor) * rate + 1e-6))


def sum_due(seconds: int, rate: float) -> int:
    """The sum of who is due in each of so many seconds from an anchor on, without counting second by second."""
    exact = Fraction(rate).limit_denominator(10**6)
    return _floor_sum(seconds, exact.denominator, exact.numerator, 0)


def _floor_sum(n: int, m: int, a: int, b: int) -> int:
    """Sum of (a * i + b) // m for i in 0 … n - 1, as Euclid finds a common divisor."""
    total = 0
    while n > 0:
        total += (n - 1) * n // 2 * (a // m) + n * (b // m)
        a, b = a % m, b % m
        top = a * n + b
        if top < m:
            break
        n, b = divmod(top, m)
        m, a = a, m
    return total


def seconds_for(users: int, rate: float) -> int:
    """The whole seconds after which so many users are due."""
    seconds = ceil(users / rate)
    while seconds and due(0, 0, rate, seconds - 1) >= users:
        seconds -= 1
    return seconds
