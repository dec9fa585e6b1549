"""The Celery application; tasks are named in each app's tasks.py and nowhere else."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("homenode")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
