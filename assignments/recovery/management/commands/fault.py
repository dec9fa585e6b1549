"""manage.py fault NODE KIND: break something on a simulated node, or repair it."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.recovery import service
from assignments.recovery.rules.commands import Fault
from topology.management.console import ConsoleCommand
from topology.structure import selectors

KINDS = ", ".join(Fault) + "; network is a partition from the peer: both nodes stay alive"


class Command(ConsoleCommand):
    help = "Break power, network, database or a service of a simulated node; --repair repairs it."
    example = "manage.py fault imp1a.example.org power"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("node", help="full name of the node")
        parser.add_argument("kind", metavar="KIND", help=KINDS)
        parser.add_argument("--service", default="", help="the name of the service, for the kind service")
        parser.add_argument("--repair", action="store_true", help="repair it instead")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            node = selectors.node_named(options["node"])
            change = service.repair if options["repair"] else service.inject
            outcome = change(node, options["kind"], options["service"], actor=self.actor)
        told = [event for event in outcome.events if not event.progress]
        lines = [event.why.say(**({"actor": self.actor} | dict(event.facts))) for event in told]
        if options["json"]:
            self.print_json({"node": node.name, "events": lines})
        else:
            self.stdout.write("\n".join(lines))
