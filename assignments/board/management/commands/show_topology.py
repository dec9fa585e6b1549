"""manage.py show_topology CLUSTER: the tree of a cluster with counts and states, or its topology file."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.board.tree import relogin_window, shape
from assignments.population.selectors import Board, NodeView, board_of
from topology.management.console import ConsoleCommand
from topology.rules import topology_file
from topology.structure import selectors
from topology.structure.documents.reading import write_yaml
from topology.structure.files import present_topology
from topology.structure.limits import RULES


class Command(ConsoleCommand):
    help = "Show a cluster with its subclusters, nodes, counts and states."
    example = "manage.py show_topology acme"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="name of the cluster")
        parser.add_argument("--file", action="store_true", help="print the topology file that describes it now")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
        if options["file"]:
            document = topology_file.render(present_topology(cluster), RULES)
            self.stdout.write(write_yaml(document), ending="")
        elif options["json"]:
            self.print_json(shape(board_of(cluster)))
        else:
            self._show(board_of(cluster))

    def _show(self, board: Board) -> None:
        cluster = board.cluster
        self.stdout.write(
            f"{cluster.name}: {cluster.get_mode_display()}, {cluster.get_model_display()}; {board.assigned:,} users "
            f"assigned, {board.unassigned:,} unassigned, {board.out_of_service:,} out of service"
        )
        for view in board.subclusters:
            ha = "HA on" if view.subcluster.ha_enabled else "HA off"
            limits = relogin_window(cluster, view)
            window = f", re-login {limits['lower']} to {limits['upper']} s" if limits else ", no nodes"
            self.stdout.write(f"  {view.subcluster.name} ({ha}{window})")
            for node in view.nodes:
                self._show_node(node)
        if board.unassigned_nodes:
            self.stdout.write("  unassigned nodes")
            for node in board.unassigned_nodes:
                self._show_node(node)

    def _show_node(self, view: NodeView) -> None:
        node = view.node
        star = "*" if node.publisher else " "
        self.stdout.write(
            f"   {star}{node.name:<32} {view.home.users:>7,} at home, {view.serving.users:>7,} served of "
            f"{node.capacity_users:,}; {view.home.endpoints:,} endpoints of {node.capacity_endpoints:,}; "
            f"{node.look.label}, {node.reason_label}"
        )
