"""manage.py ha: state of high availability, and its commands, like the product's `utils ha` (domain.md §6.3)."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser

from assignments.services import recovery
from topology import selectors
from topology.management.console import COMMAND_LINE, ConsoleCommand
from topology.models import Node, Subcluster
from topology.reasons import NO_SUCH_SUBCLUSTER, Refused
from topology.states import LOOKS, State, reason_label

OF_A_NODE: dict[str, Callable[..., Any]] = {"failover": recovery.failover, "fallback": recovery.fallback}
OF_A_SUBCLUSTER: dict[str, Callable[..., Any]] = {
    "recover": recovery.recover,
    "enable": recovery.enable_ha,
    "disable": recovery.disable_ha,
}


class Command(ConsoleCommand):
    help = "Show or change high availability: status, failover, fallback, recover, enable, disable."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=["status", *OF_A_NODE, *OF_A_SUBCLUSTER])
        parser.add_argument(
            "name", nargs="?", default="", help="a node for failover and fallback, else a subcluster; status: all"
        )
        parser.add_argument("--cluster", default="", help="the cluster, where several have a subcluster of this name")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            if options["action"] == "status":
                self._status(options)
            else:
                self._do(options)

    def _do(self, options: dict[str, Any]) -> None:
        action, name = options["action"], options["name"]
        if action in OF_A_NODE:
            node = selectors.node_named(name)
            OF_A_NODE[action](node, actor=COMMAND_LINE)
            sub = Subcluster.objects.get(nodes=node)
        else:
            sub = self._subcluster(name, options["cluster"])
            OF_A_SUBCLUSTER[action](sub, actor=COMMAND_LINE)
        if options["json"]:
            self.print_json(shape(sub))
        else:
            self.stdout.write("Request SUCCESSFUL.")
            self._show(sub)

    def _status(self, options: dict[str, Any]) -> None:
        found = list(Subcluster.objects.select_related("cluster").order_by("cluster__name", "position", "pk"))
        if options["cluster"]:
            pk = selectors.cluster_named(options["cluster"]).pk
            found = [sub for sub in found if sub.cluster_id == pk]
        if options["name"]:
            found = [self._subcluster(options["name"], options["cluster"])]
        if options["json"]:
            self.print_json([shape(sub) for sub in found])
            return
        for sub in found:
            self._show(sub)

    def _show(self, sub: Subcluster) -> None:
        self.stdout.write(f"Subcluster Name: {sub.name}")
        for i, node in enumerate(nodes_of(sub), 1):
            state, reason = LOOKS[State(node.state)].label, reason_label(node.reason)
            self.stdout.write(f"    Node {i} Name : {node.name} State: {state} Reason: {reason}")

    def _subcluster(self, name: str, cluster: str) -> Subcluster:
        """The subcluster of a name; in all clusters, where it is the only one. Raises Refused."""
        if cluster:
            return selectors.subcluster_named(selectors.cluster_named(cluster), name)
        found = list(Subcluster.objects.select_related("cluster").filter(name=name)[:2])
        if len(found) == 1:
            return found[0]
        known = "give --cluster" if found else ", ".join(Subcluster.objects.values_list("name", flat=True)[:20])
        where = "more than one cluster" if found else "any cluster"
        raise Refused(NO_SUCH_SUBCLUSTER, name=name or "without a name", cluster=where, known=known or "none")


def nodes_of(sub: Subcluster) -> list[Node]:
    """The nodes in slot order."""
    return list(Node.objects.filter(subcluster=sub).order_by("slot"))


def shape(sub: Subcluster) -> dict[str, Any]:
    """A subcluster's state as plain values."""
    sub.refresh_from_db()
    return {
        "subcluster": sub.name,
        "cluster": sub.cluster.name,
        "ha": sub.ha_enabled,
        "nodes": [{"name": n.name, "state": n.state, "reason": n.reason} for n in nodes_of(sub)],
    }
