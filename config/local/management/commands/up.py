"""`manage.py up`: start everything and keep it running until Ctrl-C."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from config.local import supervisor


class Command(BaseCommand):
    help = "Start PostgreSQL, Valkey, web, worker and beat, and stop them together on Ctrl-C."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(supervisor.main())
