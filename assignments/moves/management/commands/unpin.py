"""manage.py unpin CLUSTER USER…: users whom plans may move again."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.moves import pins
from topology.management.console import ConsoleCommand
from topology.structure import selectors


class Command(ConsoleCommand):
    help = "Unpin users, also those pinned by others."
    example = "manage.py unpin acme jdoe"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="name of the cluster")
        parser.add_argument("users", nargs="+", metavar="USER", help="user ID")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
            unpinned = pins.unpin(pins.named(cluster, options["users"]), actor=self.actor)
        if options["json"]:
            self.print_json(unpinned.as_dict())
            return
        self.stdout.write(f"Unpinned: {unpinned.users:,}. Left alone: {unpinned.left:,}.")
        for sentence in unpinned.sentences:
            self.stdout.write(sentence)
