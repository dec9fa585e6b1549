"""manage.py remove_cluster NAME --yes-remove-all-users: a cluster and everything in it, for good."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from assignments.board import removal
from topology.management.console import ConsoleCommand
from topology.structure import selectors


class Command(ConsoleCommand):
    help = (
        "Remove a cluster with its nodes, users, runs and history; without the switch only show what would be removed."
    )
    example = "manage.py remove_cluster branch --yes-remove-all-users"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="name of the cluster")
        parser.add_argument(
            "--yes-remove-all-users", action="store_true", help="remove it; only an import brings the users back"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
            sure = options["yes_remove_all_users"]
            if not sure and not options["json"]:
                self.stdout.write(f"{cluster.name} has {_words(removal.contents(cluster))}.")
            gone = removal.remove_cluster(cluster, cluster.name if sure else "", actor=self.actor)
            if options["json"]:
                self.print_json({"removed": cluster.name, **asdict(gone)})
            else:
                self.stdout.write(f"Removed {cluster.name}: {_words(gone)}.")


def _words(contents: removal.Contents) -> str:
    nodes = f"{contents.nodes} nodes in {contents.subclusters} subclusters"
    return f"{contents.users:,} users, {nodes}, {contents.operations} runs"
