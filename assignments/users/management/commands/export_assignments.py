"""manage.py export_assignments CLUSTER: who is at home where, as a CSV that import_users reads back."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.users.export import assignments_csv
from assignments.users.listing.filter import UserFilter
from assignments.users.listing.pages import count_users
from assignments.users.progress import Meter
from topology.management.bar import bar
from topology.management.console import ConsoleCommand
from topology.structure import selectors


class Command(ConsoleCommand):
    help = "Write the users of a cluster and their nodes as CSV to standard output."
    example = "manage.py export_assignments acme > acme.csv"
    json_help = "print a refusal as JSON"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="name of the cluster")
        parser.add_argument(
            "--spreadsheet",
            action="store_true",
            help="add a byte order mark, and an apostrophe to cells that a spreadsheet would run as formulas",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
        total, _ = count_users(UserFilter(cluster.pk))
        with bar(cluster.name, total) as show:
            for part in Meter(total, show).passing(assignments_csv(cluster, spreadsheet=options["spreadsheet"])):
                self.stdout.write(part.decode(), ending="")
