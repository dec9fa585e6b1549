"""A daily window in a cluster's time zone, such as 22:00-06:00, inside which automatic work may run.

    |----------[ 22:00 ======= midnight ======= 06:00 )----------|

A window whose start equals its end is always open. Times are wall-clock times of the zone: on the night a clock is
set back the hour that comes twice is inside twice, and an hour that does not exist is skipped.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

# Files beside the zones of the tz database: that of the machine, which is another one elsewhere, and the lack of one.
NO_ZONES = {"localtime", "Factory", "posixrules", "leapseconds"}


def zones() -> set[str]:
    """The time zones that mean the same on every machine."""
    return {zone for zone in available_timezones() - NO_ZONES if not zone.startswith(("posix/", "right/"))}


@dataclass(frozen=True)
class RunWindow:
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
        walls = [datetime.combine(day + timedelta(days=ahead), self.start, zone) for ahead in range(4)]
        candidates = [_instant(wall.replace(fold=fold)) for wall in walls for fold in (0, 1)]
        return min(at for at in candidates if at >= now and self.holds(at)).astimezone(zone)

    def __str__(self) -> str:
        return "always" if self.always else f"{self.start:%H:%M}–{self.end:%H:%M} {self.zone}"  # noqa: RUF001


def _instant(wall: datetime) -> datetime:
    """The instant of a wall-clock time; of one that a change of clocks leaves out, the instant of that change."""
    instant = wall.astimezone(UTC)
    if instant.astimezone(wall.tzinfo).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    before, after = sorted(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    old = before.astimezone(wall.tzinfo).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        before, after = (middle, after) if middle.astimezone(wall.tzinfo).utcoffset() == old else (before, middle)
    return after.replace(microsecond=0)
