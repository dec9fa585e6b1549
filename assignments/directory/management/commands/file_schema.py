"""manage.py file_schema topology|scenario|directory: the JSON schema of a file, for an editor that checks it."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.directory import agreement_reader
from assignments.simulation import scenario_reader
from topology.management.console import ConsoleCommand
from topology.structure import topology_reader

SCHEMAS = {"topology": topology_reader.schema, "scenario": scenario_reader.schema, "directory": agreement_reader.schema}


class Command(ConsoleCommand):
    help = "Print the JSON schema of a topology file, a scenario or an agreement with a directory."
    example = "manage.py file_schema topology > topology.schema.json"
    reads_rows = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("kind", choices=SCHEMAS, help="which file")

    def handle(self, *args: Any, **options: Any) -> None:
        self.print_json(SCHEMAS[options["kind"]]())
