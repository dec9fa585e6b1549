"""manage.py import_users CLUSTER FILE: bring the users of a CSV into a cluster, all of them or none."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.users.imports import Report, import_users
from topology import reasons
from topology.management.console import COMMAND_LINE, ConsoleCommand
from topology.reasons import Refused
from topology.structure import selectors


class Command(ConsoleCommand):
    help = "Bring the users of a plain CSV or a bulk-administration export into a cluster: all lines or none."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster")
        parser.add_argument("file", help="UTF-8, first line with the columns; user_id or USER ID is required")
        parser.add_argument("--dry-run", action="store_true", help="report what would be done and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
            try:
                with open(options["file"], "rb") as file:
                    report = import_users(cluster, file, actor=COMMAND_LINE, dry_run=options["dry_run"])
            except OSError as error:
                facts = {"file": options["file"], "why": error.strerror, "remedy": "Check the path."}
                raise Refused(reasons.FILE_NOT_READABLE, **facts) from error
        if options["json"]:
            self.print_json(report.as_dict())
        else:
            self._show(report)
        if not report.ok:
            raise SystemExit(1)

    def _show(self, report: Report) -> None:
        for problem in (*report.problems.listed, *report.warnings.listed):
            shown = problem.as_dict()
            self.stdout.write(f"line {shown['line']}: {shown['code']}: {shown['message']} {shown['fix']}")
        if not report.ok:
            self.stdout.write(f"{report.problems.total:,} problems in {report.lines:,} lines: nothing was imported.")
            return
        would = "would be " if report.dry_run else ""
        self.stdout.write(
            f"{report.lines:,} users: {report.created:,} {would}created, {report.updated:,} {would}updated, "
            f"{report.unchanged:,} unchanged, {report.assigned:,} {would}assigned, "
            f"{report.left_unassigned:,} unassigned."
        )
        for name, users in report.nodes.items():
            self.stdout.write(f"  {name}: {users:,}")
