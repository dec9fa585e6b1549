"""What a worker's lines of JSON are known by: each task and what it is about. Loaded only where they are asked for."""

import inspect
from typing import Any

from celery.signals import task_postrun, task_prerun
from structlog.contextvars import bind_contextvars, clear_contextvars


@task_prerun.connect
def know_task(task: Any, task_id: str, args: Any, **_: Any) -> None:
    """Say with every line of a task which one it is and what it is about: operation_id, subcluster_id, …."""
    clear_contextvars()
    named = dict(zip(inspect.signature(task.run).parameters, args, strict=False))
    bind_contextvars(task=task.name, task_id=task_id, **named)


@task_postrun.connect
def forget_task(**_: Any) -> None:
    """What comes next is about something else."""
    clear_contextvars()
