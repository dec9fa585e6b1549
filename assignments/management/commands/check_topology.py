"""manage.py check_topology CLUSTER: the topology troubleshooter; a failed test is an exit status of 1."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.board.checks import report
from topology.management.console import ConsoleCommand
from topology.rules import checks
from topology.structure import selectors

MARKS = {checks.PASSED: "passed ", checks.WARNING: "WARNING", checks.FAILED: "FAILED ", checks.INFO: "info   "}


class Command(ConsoleCommand):
    help = "Test the topology of a cluster: problems and what to do about them."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            found = report(selectors.cluster_named(options["cluster"]))
        if options["json"]:
            self.print_json(found)
        else:
            self._show(found["checks"])
        if found["outcome"] == checks.FAILED:
            raise SystemExit(1)

    def _show(self, found: list[dict[str, str]]) -> None:
        for check in found:
            self.stdout.write(f"{MARKS[check['outcome']]} {check['test']}")
            if check["problem"]:
                self.stdout.write(f"        {check['problem']} {check['fix']}")
