"""manage.py remove_old: remove now what the settings no longer keep, as the worker does every night."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from assignments.retention import removal
from assignments.retention.removal import RemovalReport
from topology.management.console import ConsoleCommand


class Command(ConsoleCommand):
    help = (
        "Remove moves, plans, what-if runs, sessions, links and events that are older than KEEP_MOVES_DAYS,"
        " KEEP_SIMULATIONS_DAYS and KEEP_EVENTS_DAYS allow; events are written to files in ARCHIVE_DIR first."
    )
    example = "manage.py remove_old --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="count what would be removed, and remove nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            report = removal.plan(timezone.now()) if options["dry_run"] else removal.remove(timezone.now())
        if options["json"]:
            self.print_json(report.as_dict())
        else:
            self._show(report)
        if report.wait:
            raise SystemExit(1)

    def _show(self, report: RemovalReport) -> None:
        verb = "Would remove" if report.dry_run else "Removed"
        for kind, before in report.cutoffs.items():
            limit = f"from before {before:%Y-%m-%d %H:%M %Z}" if before else "which are kept for ever"
            self.stdout.write(f"{verb} {report.removed.get(kind, 0):,} {kind} {limit}.")
        for name in report.files:
            self.stdout.write(f"Wrote {name}.")
        if report.wait:
            self.stderr.write(f"{report.wait.code}: {report.wait.say()} {report.wait.fix}")
