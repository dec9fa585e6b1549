"""manage.py check_topology CLUSTER: the topology troubleshooter; a failed test is an exit status of 1."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.board.checks import check_report
from topology.management.console import ConsoleCommand
from topology.rules.check_list import FAILED, INFO, PASSED, WARNING
from topology.structure import selectors

MARKS = {PASSED: "passed ", WARNING: "WARNING", FAILED: "FAILED ", INFO: "info   "}


class Command(ConsoleCommand):
    help = "Test the topology of a cluster: problems and what to do about them; status 1 when a test failed."
    example = "manage.py check_topology acme"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="name of the cluster")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            results = check_report(selectors.cluster_named(options["cluster"]))
        if options["json"]:
            self.print_json(results)
        else:
            self._show(results["checks"])
        if results["outcome"] == FAILED:
            raise SystemExit(1)

    def _show(self, results: list[dict[str, str]]) -> None:
        for check in results:
            self.stdout.write(f"{MARKS[check['outcome']]} {check['test']}")
            if check["problem"]:
                self.stdout.write(f"        {check['problem']} {check['fix']}")
