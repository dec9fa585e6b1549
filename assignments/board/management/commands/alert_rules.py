"""manage.py alert_rules: the alert rules of Prometheus, one for each alarm of the closed list of reasons."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.board import alerts
from topology.management.console import ConsoleCommand


class Command(ConsoleCommand):
    help = "Print the alert rules for Prometheus, made from the closed list of reasons (docker/prometheus/alerts.yml)."
    example = "manage.py alert_rules > docker/prometheus/alerts.yml"
    reads_rows = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tests", action="store_true", help="print their tests, for promtool test rules")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(alerts.tests() if options["tests"] else alerts.rules(), ending="")
