"""manage.py sync_directory CLUSTER: bring the people of a cluster in line with its directory, without a worker."""

from typing import Any, NamedTuple

from django.core.management.base import CommandParser

from assignments.directory import selectors, sync
from topology.management.bar import bar
from topology.management.console import ConsoleCommand
from topology.models import Cluster
from topology.structure.selectors import cluster_named


class PeopleRead(NamedTuple):
    """How many people were read so far, as a bar takes it."""

    rows: int
    done: int


class Command(ConsoleCommand):
    help = "Read the directory of a cluster and carry out what differs; the guard stops what would touch too many."
    example = "manage.py sync_directory acme --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="name of the cluster")
        parser.add_argument("--dry-run", action="store_true", help="report what would be done and change nothing")
        parser.add_argument("--accept", default="", metavar="HASH", help="carry out exactly the changes of this hash")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            report = self._sync(cluster_named(options["cluster"]), options)
        if options["json"]:
            self.print_json(report.as_dict())
        else:
            self._show(report)
        if report.stopped:
            raise SystemExit(1)

    def _sync(self, cluster: Cluster, options: dict[str, Any]) -> sync.SyncReport:
        with bar(cluster.name, selectors.expected(cluster)) as show:
            return sync.sync(
                cluster,
                actor=self.actor,
                dry_run=options["dry_run"],
                accept=options["accept"],
                progress=lambda read: show(PeopleRead(read, read)),
                most=None,
            )

    def _show(self, report: sync.SyncReport) -> None:
        for told in report.warnings:
            self.stderr.write(f"{told['code']}: {told['message']} {told['fix']}")
        for each in report.skipped:
            self.stdout.write(f"skipped {each['entry']}: {each['code']}: {sync.said(each)} {sync.fix_of(each)}")
        if report.stopped:
            self._show_stop(report, report.stopped)
            return
        would = "would be " if report.dry_run else ""
        self.stdout.write(
            f"{report.read:,} read: {report.new:,} {would}new, {report.changed:,} {would}changed, "
            f"{report.gone:,} {would}set aside, {report.back:,} {would}back, {report.skipped_total:,} skipped."
        )
        for name, users in report.nodes.items():
            self.stdout.write(f"  {name}: {users:,} {would}given a home")
        if report.waiting:
            self.stdout.write(f"{report.waiting:,} {would and 'would '}wait for a home node.")

    def _show_stop(self, report: sync.SyncReport, stopped: dict[str, Any]) -> None:
        for each in report.listed:
            becomes = f" becomes {each['becomes']}" if each["becomes"] else ""
            loses = f" loses {each['loses']}" if each["loses"] else ""
            self.stdout.write(f"{each['what']} {each['user_id']}{becomes}{loses}")
        why = sync.why_stopped(stopped)
        self.stderr.write(f"{why.code}: {why.say(**stopped)} {why.say_fix(**stopped)}")
        if stopped["hash"]:
            self.stderr.write(f"Accept exactly these: sync_directory {report.cluster} --accept {stopped['hash']}")
