"""Operations of this room: an import, a removal of users, the undo of either. They are finished when they are there."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from assignments.models import Kind, Operation, Progress
from topology.live import events
from topology.models import Cluster


def record_operation(
    cluster: Cluster, kind: Kind, done: int, skipped: int, actor: Any, undo_of: Operation | None = None
) -> Operation:
    """A finished operation, done at once."""
    now = timezone.now()
    signed_in = getattr(actor, "pk", None) is not None
    return Operation.objects.create(
        cluster=cluster,
        kind=kind,
        state=Progress.FINISHED,
        undo_of=undo_of,
        total=done + skipped,
        done=done,
        skipped=skipped,
        author=actor if signed_in else None,
        author_name=actor.get_username() if signed_in else str(actor or events.ENGINE),
        started_at=now,
        finished_at=now,
    )
