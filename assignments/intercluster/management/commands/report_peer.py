"""manage.py report_peer CLUSTER PEER: what a monitor of a real cluster saw of a relation, for pages and checks."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from assignments.intercluster import mesh, reports
from assignments.intercluster.reports import PeerReport
from assignments.models import PeerCertificate
from assignments.users.id_list import ids_of
from topology import reasons
from topology.management.console import ConsoleCommand
from topology.models import Cluster
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.structure.selectors import cluster_named


class Command(ConsoleCommand):
    help = "Report what a real cluster knows of a peer, and who is at home there; or end such reports."
    example = "manage.py report_peer acme branch --source monitor1 --state in_sync --users 12000 --certificate secure"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="the cluster whose page shows it")
        parser.add_argument("peer", help="the other cluster of the relation")
        parser.add_argument("--source", default="", help="the name of the monitor; --state needs it")
        parser.add_argument("--state", choices=list(reports.STATES), help="how the relation is; none: a list alone")
        parser.add_argument("--at", default="", help="when it was so, as 2026-11-27T10:00:00Z (default: now)")
        parser.add_argument("--last-sync", default="", help="its last sync, likewise (default: with in_sync, --at)")
        parser.add_argument("--users", type=int, help="users associated with the peer (default: as before)")
        unknown = PeerCertificate.UNKNOWN
        known = PeerCertificate.values
        parser.add_argument("--certificate", choices=known, default=unknown, help=f"of the peer (default: {unknown})")
        parser.add_argument("--release", default="", help="what the peer runs, as 14.0.1 (default: not known)")
        listed = "all user IDs at home there, one a line, or a list of users with a column user_id"
        parser.add_argument("--users-file", metavar="FILE", help=listed)
        parser.add_argument("--end", action="store_true", help="end the reports: the console syncs this side itself")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster, remote = cluster_named(options["cluster"]), cluster_named(options["peer"])
            listed = self._keep(cluster, remote, options)
            report = mesh.report([cluster, remote], cluster, timezone.now())
        if options["json"]:
            self.print_json(report | {"listed": listed})
            return
        for link in report["peers"]:
            self.stdout.write(f"{cluster.name} and {remote.name}: {link['message']} {link['fix']}".rstrip())
        if listed is not None:
            self.stdout.write(f"{counted(listed, 'user')} at home in {remote.name}, as reported.")

    def _keep(self, cluster: Cluster, remote: Cluster, options: dict[str, Any]) -> int | None:
        now = timezone.now()
        if options["end"]:
            reports.end(cluster, remote, actor=self.actor)
            return None
        if options["state"]:
            told = PeerReport(
                options["source"],
                options["state"],
                _instant("at", options["at"]),
                _instant("last_sync", options["last_sync"]),
                options["users"],
                options["certificate"],
                options["release"],
            )
            reports.report(cluster, remote, told, actor=self.actor, now=now)
        elif not options["users_file"]:
            problem = "say one, or give --users-file or --end"
            raise Refused(reasons.PEER_REPORT_NOT_VALID, place="state", problem=problem)
        if not options["users_file"]:
            return None
        try:
            with Path(options["users_file"]).open("rb") as file:
                return reports.list_users(cluster, remote, ids_of(file, remote.list_columns), now=now)
        except OSError as error:
            raise Refused(reasons.PEER_REPORT_NOT_VALID, place="users_file", problem=str(error)) from error


def _instant(place: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        instant = parse_datetime(text)
    except ValueError:
        instant = None
    if instant is None:
        raise Refused(reasons.PEER_REPORT_NOT_VALID, place=place, problem="write it like 2026-11-27T10:00:00Z")
    return instant
