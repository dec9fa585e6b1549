"""manage.py import_users CLUSTER FILE: bring the users of a CSV into a cluster, all of them or none."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from django.core.management.base import CommandParser

from assignments.users.importing.imports import import_users
from assignments.users.importing.problem_file import ProblemFile
from assignments.users.importing.report import Report
from assignments.users.progress import Meter
from assignments.users.rules.columns import mapping_of
from assignments.users.rules.user_line import KEEP, Reading
from topology import reasons
from topology.management.bar import bar
from topology.management.console import ConsoleCommand
from topology.models import Cluster
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.structure import selectors


class _Written:
    """The file of problems; Refused where it takes no more, which takes back what was imported."""

    def __init__(self, file: TextIO, path: str) -> None:
        self._file, self._path = file, path

    def write(self, text: str) -> int:
        with self._refusing():
            return self._file.write(text)

    def flush(self) -> None:
        with self._refusing():
            self._file.flush()

    def close(self) -> None:
        with suppress(OSError):  # of what was refused already
            self._file.close()

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Refused(reasons.FILE_NOT_WRITABLE, file=self._path, why=error.strerror) from error


class Command(ConsoleCommand):
    help = "Import users from a plain CSV or a bulk-administration export into a cluster: all lines or none."
    example = "manage.py import_users acme users.csv --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="name of the cluster")
        listed = "the list (docs/files.md); its first line names the columns, one is user_id or USER ID"
        parser.add_argument("file", help=listed)
        parser.add_argument("--dry-run", action="store_true", help="report what would be done and change nothing")
        parser.add_argument(
            "--keep", default=KEEP, metavar="MARK", help="alone in a cell, keeps the stored value (default: #)"
        )
        parser.add_argument("--allow-emptying", action="store_true", help="let empty cells empty stored values")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="HEADER=COLUMN",
            help="read the column HEADER as COLUMN (user_id, mail, …); HEADER= leaves it out",
        )
        parser.add_argument("--problems", metavar="FILE", help="write all problems, warnings and users left out to it")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
            try:
                with ExitStack() as files:
                    file = files.enter_context(open(options["file"], "rb"))
                    report = self._import(cluster, file, options, files)
            except OSError as error:
                facts = {
                    "file": error.filename or options["file"],
                    "why": error.strerror,
                    "remedy": "Check the path.",
                }
                raise Refused(reasons.FILE_NOT_READABLE, **facts) from error
        if options["json"]:
            self.print_json(report.as_dict())
        else:
            self._show(report)
        if not report.ok:
            raise SystemExit(1)

    def _import(self, cluster: Cluster, file: BinaryIO, options: dict[str, Any], files: ExitStack) -> Report:
        every = None
        if path := options["problems"]:
            try:
                out = Path(path).open("w", encoding="utf-8", newline="")  # noqa: SIM115  # closed with `files`
            except OSError as error:
                raise Refused(reasons.FILE_NOT_WRITABLE, file=path, why=error.strerror) from error
            written = _Written(out, path)
            files.callback(written.close)
            every = ProblemFile(written)
        size = os.fstat(file.fileno()).st_size or None  # none of a pipe
        with bar(cluster.name, size) as show:
            return import_users(
                cluster,
                file,
                actor=self.actor,
                dry_run=options["dry_run"],
                reading=Reading(keep=options["keep"], mapping=mapping_of(options["column"])),
                allow_emptying=options["allow_emptying"],
                meter=Meter(size, show),
                every=every,
            )

    def _show(self, report: Report) -> None:
        for problem in (*report.problems.listed, *report.warnings.listed, *report.left_out.listed):
            shown = problem.as_dict()
            self.stdout.write(f"line {shown['line']}: {shown['code']}: {shown['message']} {shown['fix']}")
        for more in report.findings.values():
            if not more.complete:
                self.stdout.write(f"and {more.total - len(more.listed):,} more: --problems FILE writes all of them")
        if not report.ok:
            lines = f" in {counted(report.lines, 'line')}" if report.lines else ""
            self.stdout.write(f"{counted(report.problems.total, 'problem')}{lines}: nothing was imported.")
            if not report.only_emptying:
                return
        for header, column in report.mapped.items():
            self.stdout.write(f"  column “{header}”: {f'read as {column}' if column else 'left out'}")
        would = "would be " if report.dry_run or not report.ok else ""
        self.stdout.write(
            f"{counted(report.taken, 'user')}: {report.created:,} {would}created, {report.updated:,} {would}updated, "
            f"{report.unchanged:,} unchanged, {report.assigned:,} {would}assigned, "
            f"{report.left_unassigned:,} unassigned."
        )
        for field, users in report.changed.items():
            self.stdout.write(f"  {field} of {users:,} {would}changed")
        if report.left_out.total:
            self.stdout.write(f"  left out: {report.left_out.total:,}")
        for name, users in report.nodes.items():
            self.stdout.write(f"  {name}: {users:,}")
