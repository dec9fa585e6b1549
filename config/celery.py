"""The Celery application; tasks are named in each app's tasks.py and nowhere else."""

import inspect
import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, task_postrun, task_prerun
from structlog.contextvars import bind_contextvars, clear_contextvars

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("homenode")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_configure.connect
def schedule_by_clock(sender: Celery, **_: object) -> None:
    """As each minute begins; and at night where the console is (TIME_ZONE), which the next one makes up for."""
    sender.conf.beat_schedule |= {
        "sample_load": {"task": "assignments.sample_load", "schedule": crontab(), "options": {"expires": 50}},
        "remove_old": {"task": "assignments.remove_old", "schedule": crontab(hour=3, minute=17)},
    }


# --- Logs -----------------------------------------------------------------------------------------
def leave_logging(**_: Any) -> None:
    """Let Celery leave logging as settings.LOGGING has it."""


if os.environ.get("LOG_FORMAT") == "json":  # as settings read it, which are not read before they are needed
    setup_logging.connect(leave_logging)


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
