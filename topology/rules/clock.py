"""The clock of a cluster: real time from an anchor on, multiplied by a speed.

    cluster time = anchor_cluster + (real - anchor_real) * speed

Changing the speed sets a new anchor at the present instant, so cluster time never jumps or runs backwards. Where the
clocks of all machines are set back together, what was written before is to come; then it counts as just happened.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERATED = 5.0  # seconds; nothing is due more exactly than by the tick, and clocks on a network are closer
AHEAD = timedelta(seconds=2 * TOLERATED)  # the most by which two clocks differ that are right


@dataclass(frozen=True)
class Clock:
    """Cluster time as a function of real time; `speed` is cluster seconds per real second."""

    anchor_real: datetime
    anchor_cluster: datetime
    speed: int = 1

    def at(self, real: datetime) -> datetime:
        """The cluster's time at a real instant."""
        return self.anchor_cluster + (real - self.anchor_real) * self.speed

    def real(self, cluster: datetime) -> datetime:
        """The real instant at which the cluster's clock shows a time."""
        return self.anchor_real + (cluster - self.anchor_cluster) / self.speed

    def with_speed(self, speed: int, real: datetime) -> "Clock":
        """The same clock running at another speed from a real instant on."""
        return Clock(anchor_real=real, anchor_cluster=self.at(real), speed=speed)


def seconds(value: float) -> timedelta:
    """A span of so many seconds."""
    return timedelta(seconds=value)


def set_back_since(now: datetime) -> datetime:
    """What was written as of later than this was written before the clocks of all machines were set back to `now`."""
    return now + AHEAD
