"""manage.py export_assignments CLUSTER: who is at home where, as a CSV that import_users reads back."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.users.export import assignments_csv
from topology.management.console import ConsoleCommand
from topology.structure import selectors


class Command(ConsoleCommand):
    help = "Write the users of a cluster and their nodes as CSV to standard output."
    json_help = "print a refusal as JSON"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
        for part in assignments_csv(cluster):
            self.stdout.write(part.decode(), ending="")
