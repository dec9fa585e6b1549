"""A daily window in a cluster's time zone, such as 22:00-06:00, inside which automatic work may run.

    |----------[ 22:00 ======= midnight ======= 06:00 )----------|

A window whose start equals its end is always open. Times are wall-clock times of the zone: on the night a clock is
set back the hour that comes twice is inside twice, and an hour that does not exist is skipped.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Window:
    """From `start` (inside) to `end` (outside), every day, in the time zone `zone`."""

    start: time
    end: time
    zone: str = "UTC"

    @property
    def always(self) -> bool:
        return self.start == self.end

    def holds(self, now: datetime) -> bool:
        """Whether an instant is inside."""
        if self.always:
            return True
        wall = now.astimezone(ZoneInfo(self.zone)).time()
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end

    def opens(self, now: datetime) -> datetime:
        """The next instant that is inside; now itself when it is."""
        if self.holds(now):
            return now
        zone = ZoneInfo(self.zone)
        day = now.astimezone(zone).date()
        for ahead in range(3):
            candidate = datetime.combine(day + timedelta(days=ahead), self.start, zone)
            if candidate >= now:
                return candidate
        raise AssertionError("a daily window opens within two days")

    def __str__(self) -> str:
        return "always" if self.always else f"{self.start:%H:%M}–{self.end:%H:%M} {self.zone}"  # noqa: RUF001
