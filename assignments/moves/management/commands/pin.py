"""manage.py pin CLUSTER USER…: users who stay on their home node, whatever a plan says."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.moves import pins
from topology.management.console import ConsoleCommand
from topology.structure import selectors


class Command(ConsoleCommand):
    help = "Pin users to their home nodes, with a reason."
    example = 'manage.py pin acme jdoe --reason "desk phone trial"'

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="name of the cluster")
        parser.add_argument("users", nargs="+", metavar="USER", help="user ID")
        parser.add_argument("--reason", required=True, help="why they must stay")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
            chosen = pins.named(cluster, options["users"])
            pinned = pins.pin(chosen, options["reason"], actor=self.actor)
        if options["json"]:
            self.print_json(pinned.as_dict())
            return
        self.stdout.write(f"Pinned: {pinned.users:,}. Left alone: {pinned.left:,}.")
        for sentence in pinned.sentences:
            self.stdout.write(sentence)
