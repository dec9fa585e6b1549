"""An operation as pages show it, at one moment: what it is, how far it is, what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from assignments.models import RUNS, Goal, Kind, Operation, Progress
from assignments.retention.kept import undo_until
from assignments.runs import selectors, wait_reasons
from assignments.users import undo as users_undo
from topology.live import health
from topology.reasons import Said

SHOWN_AFTER_END = timedelta(seconds=45)
ICONS = {
    Kind.MOVE: "move",
    Kind.REBALANCE: "balance",
    Kind.FAILOVER: "arrow-out",
    Kind.FAILBACK: "arrow-in",
    Kind.IMPORT: "upload",
    Kind.REMOVAL: "user-off",
}
LOOKS = {
    Progress.QUEUED: ("mute", "clock"),
    Progress.RUNNING: ("busy", "loader"),
    Progress.PAUSED: ("warn", "pause"),
    Progress.FINISHED: ("good", "check"),
    Progress.CANCELLED: ("mute", "x"),
    Progress.FAILED: ("bad", "x"),
}
WAITING = ("warn", "clock")


@dataclass(frozen=True)
class Run:
    """An operation as the page shows it, at one moment."""

    operation: Operation
    now: datetime

    @property
    def icon(self) -> str:
        return "undo" if self.operation.undo_of_id else ICONS[Kind(self.operation.kind)]

    @property
    def tone(self) -> str:
        return self._look[0]

    @property
    def state_icon(self) -> str:
        return self._look[1]

    @property
    def _look(self) -> tuple[str, str]:
        if self.operation.state_label == "Waiting":
            return WAITING
        return LOOKS[Progress(self.operation.state)]

    @property
    def title(self) -> str:
        """What it is: the goal of its plan, or the kind, with the node it is about."""
        operation = self.operation
        if operation.kind in RUNS and operation.plan and operation.plan.goal not in (Goal.MOVE, Goal.BALANCE):
            word = Goal(operation.plan.goal).label
        else:
            word = operation.word
        ends = [node.short_name for node in (operation.from_node, operation.to_node) if node]
        if operation.to_cluster_id and operation.to_cluster:
            ends = [f"{operation.cluster.name} → {operation.to_cluster.name}"]
        return f"{word} {' → '.join(ends)}".strip() if ends else str(word)

    @property
    def left(self) -> int:
        return self.operation.total - self.operation.done - self.operation.skipped

    @property
    def wait(self) -> Said | None:
        """Why nothing moves now, and what to do."""
        return wait_reasons.why(self.operation, self.now)

    @property
    def stalled(self) -> datetime | None:
        """Since when it makes no progress although it should: no worker takes it up (real time)."""
        if self.operation.state not in (Progress.QUEUED, Progress.RUNNING):
            return None
        since = health.stalled_since(self.now)
        if since is None and self.is_ours:
            since = self.operation.heartbeat_at or self.operation.created_at
            since = since if self.now - since > health.LATE else None
        return max(since, self.operation.created_at) if since else None

    @property
    def window(self) -> str:
        """The window of the cluster's runs; "" when it has none."""
        window = wait_reasons.window_of(self.operation.cluster)
        return "" if window.always else str(window)

    @property
    def is_ours(self) -> bool:
        """Whether it can be paused and undone: recovery runs the others."""
        return self.operation.kind in RUNS

    @property
    def pausable(self) -> bool:
        return self.is_ours and self.operation.state in (Progress.QUEUED, Progress.RUNNING)

    @property
    def resumable(self) -> bool:
        return self.is_ours and self.operation.state == Progress.PAUSED

    @property
    def undoable(self) -> bool:
        return self.can_be_undone and (self.undo_until is None or self.now < self.undo_until)

    @property
    def can_be_undone(self) -> bool:
        """Whether it did something that an undo takes back, and none did so already."""
        ours = self.operation.undo_of_id is None if self.of_people else self.is_ours
        if getattr(self.operation, "taken_back", False):
            return False
        return ours and not self.operation.active and self.operation.done > 0

    @property
    def undo_until(self) -> datetime | None:
        """Until when it can be undone (real time); None: as long as it stands here."""
        return undo_until(self.operation)

    @property
    def of_people(self) -> bool:
        """Whether it brought users in or took them out: it is undone at once, without a plan."""
        return self.operation.kind in users_undo.UNDOABLE

    @property
    def is_removal(self) -> bool:
        """Whether it took users out, so that it has a list of them."""
        return self.operation.kind == Kind.REMOVAL and self.operation.undo_of_id is None

    @property
    def elapsed(self) -> float | None:
        """Real seconds since it started."""
        if not self.operation.started_at:
            return None
        return ((self.operation.finished_at or self.now) - self.operation.started_at).total_seconds()

    @property
    def speed(self) -> float | None:
        """Users per real second, as the throttle allows or, without one, on the average since it started.

        An average over a pause or a wait for the window would say next to nothing.
        """
        done = self.operation.done + self.operation.skipped
        if not done or self.operation.state != Progress.RUNNING:
            return None
        if self.left and (limit := self._limit()):
            return self.left / limit
        return done / self.elapsed if self.elapsed else None

    @property
    def remaining(self) -> float | None:
        """Real seconds until the end as the throttle allows, or as it went so far; None when no one can say."""
        if self.operation.state != Progress.RUNNING or self.operation.wait_code or not self.left or self.stalled:
            return None
        limit = self._limit()
        if limit is not None:
            return limit
        return self.left / self.speed if self.speed else None

    def _limit(self) -> float | None:
        operation, clock = self.operation, self.operation.cluster.clock_speed
        spans = []
        if operation.rate:
            targets = [target.left for target in operation.targets.all()] or [self.left]
            spans.append(max(targets) / operation.rate)
        if total := operation.rate_total:
            spans.append(self.left / total)
        return (max(spans) + self._wait_of_clients()) / clock if spans else None

    def _wait_of_clients(self) -> float:
        """Cluster seconds until the first of those who lost their connection may sign in again (domain.md §4.7)."""
        operation = self.operation
        if operation.kind != Kind.FAILOVER or operation.done or not operation.anchor_at:
            return 0
        return max(0.0, (operation.anchor_at - operation.cluster.now(self.now)).total_seconds())

    @property
    def adjustable(self) -> bool:
        """Whether the rate of a failover or fallback can be changed now."""
        return not self.is_ours and self.operation.state == Progress.RUNNING


def last_run(cluster: Any) -> Run | None:
    """What ended last, for the place of the runs while nothing runs."""
    operation = selectors.last_ended(cluster)
    return Run(operation, timezone.now()) if operation else None


def strip_runs(cluster: Any) -> list[Run]:
    """Runs for the summary bar of the page, failovers and fallbacks first."""
    now = timezone.now()
    runs = [Run(operation, now) for operation in selectors.shown_in_strip(cluster, now - SHOWN_AFTER_END)]
    return sorted(runs, key=lambda run: run.operation.kind not in (Kind.FAILOVER, Kind.FAILBACK))
