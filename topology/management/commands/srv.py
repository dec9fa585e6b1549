"""manage.py srv CLUSTER: the DNS records that clients need, as a table, JSON, zone file or nsupdate, or checked."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from topology.dns import checking, selectors
from topology.dns.rules import records
from topology.dns.rules.records import WantedRecords
from topology.management.console import ConsoleCommand
from topology.structure.selectors import cluster_named


class Command(ConsoleCommand):
    help = (
        "Show the DNS SRV records that the clients of a cluster need; --zone and --nsupdate write them for a name "
        "server, --check compares them with one."
    )
    example = "manage.py srv acme --check --server 127.0.0.1:5353"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="name of the cluster")
        shape = parser.add_mutually_exclusive_group()
        shape.add_argument("--zone", action="store_true", help="print a part of a zone file (BIND)")
        shape.add_argument("--nsupdate", action="store_true", help="print input of nsupdate")
        shape.add_argument("--check", action="store_true", help="ask a name server and tell every difference")
        server = "name server for --check and --nsupdate; without it that of the cluster's settings, or the machine"
        parser.add_argument("--server", metavar="HOST:PORT", default="", help=server)
        failing = "with --check, end with status 1 when there is a problem; without it the status is 0"
        parser.add_argument("--fail", action="store_true", help=failing)

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = cluster_named(options["cluster"])
            if options["check"]:
                self._check(checking.look(cluster, options["server"]), **options)
                return
            wanted = selectors.records_of(cluster)
            told = selectors.update_server(cluster, options["server"]) if options["nsupdate"] else None
        if options["zone"]:
            self.stdout.write(records.zone(wanted), ending="")
        elif options["nsupdate"]:
            self.stdout.write(records.nsupdate(wanted, told), ending="")
        elif options["json"]:
            self.print_json(selectors.shape(wanted))
        else:
            self._show(wanted)

    def _show(self, wanted: WantedRecords) -> None:
        width = max((len(record.name) for record in wanted.records), default=0)
        for record in wanted.records:
            self.stdout.write(f"{record.name:{width}}  SRV {record.value}")
        for missing in wanted.not_known:
            self.stdout.write(f"{missing.name:{width}}  not known: {missing.message} {missing.fix}")

    def _check(self, report: checking.DnsReport, *, json: bool, fail: bool, **_: Any) -> None:
        if json:
            self.print_json(report.as_dict())
        else:
            for problem in report.problems:
                self.stdout.write(f"{problem.why.code}: {problem.message} {problem.fix}")
            asked = len(report.wanted.names)
            good = "correct" if not report.problems else f"{len(report.problems)} of their records differ"
            self.stdout.write(f"{asked} names asked of {report.server}: {good}.")
        if fail and report.problems:
            raise SystemExit(1)
