"""The Celery application; tasks are named in each app's tasks.py and nowhere else."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging

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


@setup_logging.connect
def leave_logging(**_: object) -> None:
    """Let Celery leave logging as settings.LOGGING has it: with LOG_LEVEL, and without secrets."""


if os.environ.get("LOG_FORMAT") == "json":  # as settings read it, which are not read before they are needed
    import config.task_logs  # noqa: F401  # it listens to Celery's signals
