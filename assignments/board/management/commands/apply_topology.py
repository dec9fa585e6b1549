"""manage.py apply_topology FILE: make a cluster what its topology file says, the difference first."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.board.topology_file import apply_topology
from topology.management.console import ConsoleCommand
from topology.rules.difference import Difference
from topology.structure.documents.reading import read_yaml_file


class Command(ConsoleCommand):
    help = "Create and change a cluster from a topology file; what the file does not name is removed only with --prune."
    example = "manage.py apply_topology acme.yaml --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="a topology file in YAML (docs/files.md), such as demo/acme.yaml")
        parser.add_argument("--dry-run", action="store_true", help="show the difference and change nothing")
        parser.add_argument("--prune", action="store_true", help="remove subclusters and nodes that the file lacks")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            document = read_yaml_file(options["file"])
            shown = apply_topology(document, prune=options["prune"], dry_run=True, actor=self.actor)
            if not options["json"]:
                self._show(shown)
            if not options["dry_run"]:
                shown = apply_topology(document, prune=options["prune"], actor=self.actor, expected=shown)
            if options["json"]:
                self.print_json(shown.as_dict())
            elif shown.changes and not options["dry_run"]:
                self.stdout.write("Applied.")

    def _show(self, shown: Difference) -> None:
        for change in shown.changes:
            self.stdout.write(str(change))
        if not shown.changes:
            self.stdout.write(f"{shown.cluster} already matches the file.")
        for guess in shown.renamed:
            self.stdout.write(f"{guess} {guess.fix}")
        for name in shown.kept:
            self.stdout.write(f"keep {name}, which the file does not name (--prune removes it)")
