"""How long what is done with stays: pure, in days as the settings give them; 0 is for ever.

    moves, plans ----days----> gone, but the last move of each user, which says why they are where they are
    what-if runs ----days----> gone
    events ----------days----> a file, then gone; operations go with them

Events stay longest: an undo reads in them what its operation did.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class KeepLimits:
    """Days for which each kind is kept; 0 keeps it for ever."""

    moves: int
    simulations: int
    events: int

    @property
    def problem(self) -> str:
        """What is wrong with them, for who sets them; "" when nothing is."""
        if min(self.moves, self.simulations, self.events) < 0:
            return "days cannot be negative"
        if self.events and (not self.moves or self.moves > self.events):
            return "events are kept at least as long as moves"
        return ""

    def ends(self, kind: str, since: datetime) -> datetime | None:
        """Until when something of that kind stays that was done with at `since`; None: for ever."""
        days: int = getattr(self, kind)
        return since + timedelta(days=days) if days else None

    def cutoff(self, kind: str, now: datetime) -> datetime | None:
        """What was done with before that goes now; None: nothing does."""
        days: int = getattr(self, kind)
        return now - timedelta(days=days) if days else None
