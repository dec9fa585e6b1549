"""manage.py ha: state of high availability, and its commands, like the product's `utils ha` (domain.md §6.3)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from assignments.recovery import maintenance, reads, service
from topology.management.console import ConsoleCommand
from topology.models import Cluster, Node, Subcluster
from topology.reasons import NO_SUCH_SUBCLUSTER, SUBCLUSTER_IN_SEVERAL, Refused
from topology.reasons.words import NAMELESS
from topology.rules.states import LOOKS, State, reason_label
from topology.structure import guards, selectors

MINUTE = "%Y-%m-%d %H:%M"
OF_A_NODE: dict[str, Callable[..., Any]] = {"failover": service.failover, "fallback": service.fallback}
OF_A_SUBCLUSTER: dict[str, Callable[..., Any]] = {
    "recover": service.recover,
    "enable": service.enable_ha,
    "disable": service.disable_ha,
}


class Command(ConsoleCommand):
    help = "Show or change high availability: status, failover, fallback, maintenance, recover, enable, disable."
    example = "manage.py ha failover imp1a.example.org"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "action", choices=["status", *OF_A_NODE, "maintenance", *OF_A_SUBCLUSTER], help="what to do"
        )
        parser.add_argument(
            "name",
            nargs="?",
            help="a node for failover, fallback and maintenance, else a subcluster; status: all",
        )
        work = parser.add_argument_group("maintenance")
        work.add_argument(
            "--reason", default="", help="why the node is in maintenance; without it, only the end changes"
        )
        work.add_argument(
            "--for", dest="span", default="", help="how long on the cluster's clock, for example 90m, 2h, 1d"
        )
        work.add_argument("--until", default="", help="until when on that clock, 05:30 or 2026-11-24T05:30")
        work.add_argument("--end", action="store_true", help="end it now")
        parser.add_argument("--cluster", help="the cluster, if several have a subcluster of this name")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            if options["action"] == "status":
                self._status(options)
            else:
                self._do(options)

    def _do(self, options: dict[str, Any]) -> None:
        action, name = options["action"], options["name"] or ""
        if action in OF_A_NODE or action == "maintenance":
            node = selectors.node_named(name)
            if action == "maintenance":
                self._maintain(node, options)
            else:
                OF_A_NODE[action](node, actor=self.actor)
            _, sub = reads.placed(node)
        else:
            sub = self._subcluster(name, options["cluster"])
            OF_A_SUBCLUSTER[action](sub, actor=self.actor)
        if options["json"]:
            self.print_json(shape(sub))
        else:
            self.stdout.write("Request SUCCESSFUL.")
            self._show(sub)

    def _maintain(self, node: Node, options: dict[str, Any]) -> None:
        if options["end"]:
            maintenance.end(node, actor=self.actor)
            return
        until = maintenance.end_of(node.cluster, options["span"], options["until"])
        if node.in_maintenance and not options["reason"]:
            maintenance.extend(node, until=until, actor=self.actor)
        else:
            maintenance.begin(node, reason=options["reason"], until=until, actor=self.actor)

    def _status(self, options: dict[str, Any]) -> None:
        subclusters = list(Subcluster.objects.select_related("cluster").order_by("cluster__name", "position", "pk"))
        if options["cluster"] is not None:
            pk = selectors.cluster_named(options["cluster"]).pk
            subclusters = [sub for sub in subclusters if sub.cluster_id == pk]
        if options["name"] is not None:
            subclusters = [self._subcluster(options["name"], options["cluster"])]
        if options["json"]:
            self.print_json([shape(sub) for sub in subclusters])
            return
        for sub in subclusters:
            self._show(sub)

    def _show(self, sub: Subcluster) -> None:
        self.stdout.write(f"Subcluster Name: {sub.name}")
        for i, node in enumerate(nodes_of(sub), 1):
            state, reason = LOOKS[State(node.state)].label, reason_label(node.reason)
            self.stdout.write(f"    Node {i} Name : {node.name} State: {state} Reason: {reason}")
            if node.maintenance_until:
                why = f"{node.maintenance_reason} ({node.maintenance_owner})"
                until = in_both_times(sub.cluster, node.maintenance_until)
                self.stdout.write(f"        Maintenance: {why}, in maintenance until {until}")

    def _subcluster(self, name: str, cluster: str | None) -> Subcluster:
        """The subcluster of a name; in all clusters, where it is the only one. Raises Refused."""
        if cluster is not None:
            return selectors.subcluster_named(selectors.cluster_named(cluster), name)
        subclusters = list(Subcluster.objects.select_related("cluster").filter(name=name).order_by("cluster__name"))
        if len(subclusters) == 1:
            return subclusters[0]
        if subclusters:
            clusters = [sub.cluster.name for sub in subclusters]
            raise Refused(SUBCLUSTER_IN_SEVERAL, name=name, clusters=", ".join(clusters[:20]), first=clusters[0])
        known = ", ".join(Subcluster.objects.values_list("name", flat=True)[:20]) or "none"
        raise Refused(NO_SUCH_SUBCLUSTER, name=name or NAMELESS, cluster="any cluster", known=known)


def in_both_times(cluster: Cluster, moment: datetime) -> str:
    """An instant of a cluster's clock; with the real one where that is another."""
    there, real = timezone.localtime(moment), timezone.localtime(cluster.clock.real(moment))
    if f"{there:{MINUTE}}" == f"{real:{MINUTE}}":
        return f"{real:{MINUTE}} {real.tzname()}"
    return f"{there:{MINUTE}} on the clock of {cluster.name}, {real:{MINUTE}:%S} {real.tzname()} in real time"


def nodes_of(sub: Subcluster) -> list[Node]:
    """The nodes in slot order."""
    return list(Node.objects.filter(subcluster=sub).order_by("slot"))


def shape(sub: Subcluster) -> dict[str, Any]:
    """A subcluster's state as plain values."""
    guards.refresh(sub)
    return {
        "subcluster": sub.name,
        "cluster": sub.cluster.name,
        "ha": sub.ha_enabled,
        "nodes": [_node_shape(sub, node) for node in nodes_of(sub)],
    }


def _node_shape(sub: Subcluster, node: Node) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": node.name, "state": node.state, "reason": node.reason}
    if node.maintenance_until:
        until = sub.cluster.clock.real(node.maintenance_until).isoformat()
        about = {"reason": node.maintenance_reason, "owner": node.maintenance_owner, "until": until}
        shown["maintenance"] = about
    return shown
