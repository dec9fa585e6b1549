"""manage.py peers [CLUSTER]: the relations between clusters, made, removed, synced, and their faults."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from assignments.intercluster import mesh, peers
from assignments.models import PeerFault
from topology import reasons
from topology.management.console import ConsoleCommand
from topology.models import Cluster
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.structure.selectors import cluster_named

ALL = object()  # --sync without a name; an empty name is none of a cluster
FAULTS = [fault for fault in PeerFault.values if fault]


class Command(ConsoleCommand):
    help = "Show the relations between clusters, all of them or those of one; make, remove, sync or break one."
    example = "manage.py peers acme --make branch"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", nargs="?", help="only the relations of this cluster")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--make", metavar="PEER", help="make the relation with this cluster")
        what.add_argument("--remove", metavar="PEER", help="remove the relation with this cluster")
        what.add_argument("--sync", metavar="PEER", nargs="?", const=ALL, help="sync now, with all peers or this one")
        what.add_argument("--fault", nargs=2, metavar=("KIND", "PEER"), help=f"inject a fault: {', '.join(FAULTS)}")
        what.add_argument("--repair", metavar="PEER", help="repair the fault of this relation")
        what.add_argument("--find", metavar="USER_ID", help="where the cluster believes a user to be at home")
        parser.add_argument("--one-side", action="store_true", help="make or remove this cluster's side alone")
        parser.add_argument("--address", default="", help="with --make: of the peer's publisher (default: its name)")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = cluster_named(options["cluster"]) if options["cluster"] is not None else None
            acts = ("make", "remove", "fault", "repair", "find", "sync")
            if cluster is None and any(options[act] is not None for act in acts):
                raise Refused(reasons.PEER_NEEDS_CLUSTER)
            if options["find"] is not None and cluster:
                home = mesh.believed_home(cluster, options["find"])
                self.print_json({"user_id": options["find"], "cluster": home})
                return
            if cluster:
                self._act(cluster, options)
            report = mesh.report(list(Cluster.objects.all()), cluster, timezone.now())
        if options["json"]:
            self.print_json(report)
        else:
            self._show(report)

    def _act(self, cluster: Cluster, options: dict[str, Any]) -> None:
        both = not options["one_side"]
        if options["make"] is not None:
            remote = cluster_named(options["make"])
            peers.make(cluster, remote, actor=self.actor, both=both, address=options["address"])
        elif options["remove"] is not None:
            peers.remove(cluster, cluster_named(options["remove"]), actor=self.actor, both=both)
        elif options["fault"] is not None:
            kind, remote_name = options["fault"]
            peers.set_fault(cluster, cluster_named(remote_name), kind, actor=self.actor)
            peers.sync_now(cluster, cluster_named(remote_name))
        elif options["repair"] is not None:
            peers.set_fault(cluster, cluster_named(options["repair"]), "", actor=self.actor)
            peers.sync_now(cluster, cluster_named(options["repair"]))
        elif options["sync"] is not None:
            peers.sync_now(cluster, None if options["sync"] is ALL else cluster_named(options["sync"]))

    def _show(self, report: dict[str, Any]) -> None:
        for link in report["peers"]:
            self.stdout.write(f"{' and '.join(link['clusters'])}: {link['message']} {link['fix']}".rstrip())
            for side in link["sides"]:
                at = side["last_sync"] and timezone.localtime(datetime.fromisoformat(side["last_sync"]))
                last = f"{at:%Y-%m-%d %H:%M:%S %Z}" if at else "never"
                known = f"{side['cluster']} knows {counted(side['users'], 'user')} of {side['peer']}"
                self.stdout.write(
                    f"  {known} at {side['address']}; last sync {last}, certificate {side['certificate']}"
                )
        for here, there in report["missing"]:
            self.stdout.write(f"{here} and {there}: no relation")
