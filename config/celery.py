"""The Celery application; tasks are named in each app's tasks.py and nowhere else."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("homenode")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_configure.connect
def schedule_nightly(sender: Celery, **_: object) -> None:
    """At night where the console is (TIME_ZONE); a night that was missed is made up for by the next one."""
    sender.conf.beat_schedule["remove_old"] = {"task": "assignments.remove_old", "schedule": crontab(hour=3, minute=17)}
