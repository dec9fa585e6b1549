"""What a script does with the answers of the API."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from assignments.models import Operation
from assignments.runs import batches
from tests.api.conftest import Caller

Calls = Callable[..., Caller]


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.data.get("code")) == (status, code), answer.content[:500]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "fix", "instance"} <= set(answer.data)
    assert answer.data["status"] == status
    return dict(answer.data)


def to_the_end(pk: int) -> None:
    """Carry a run out as workers would, on a clock that goes on by a second."""
    for step in range(1, 200):
        for due, generation in batches.due_runs(timezone.now() + timedelta(seconds=step)):
            batches.run(due, generation, lambda step=step: timezone.now() + timedelta(seconds=step))
        if not Operation.objects.get(pk=pk).active:
            return
    raise AssertionError("it did not end")
