"""Operations of this room: an import, a removal of users, the undo of either. They are finished when they are there."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from assignments.models import Kind, Operation, Progress
from topology.live import actors
from topology.models import Cluster


def record_operation(
    cluster: Cluster, kind: Kind, done: int, skipped: int, actor: Any, undo_of: Operation | None = None
) -> Operation:
    """A finished operation, done at once."""
    now = timezone.now()
    return Operation.objects.create(
        cluster=cluster,
        kind=kind,
        state=Progress.FINISHED,
        undo_of=undo_of,
        total=done + skipped,
        done=done,
        skipped=skipped,
        **actors.author(actor),
        started_at=now,
        finished_at=now,
    )
