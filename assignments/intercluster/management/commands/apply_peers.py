"""manage.py apply_peers FILE: make the relations between clusters that a file names, on both sides."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.intercluster import peers
from assignments.intercluster.peers_reader import read_peers
from topology.management.console import ConsoleCommand
from topology.structure.documents.reading import read_yaml_file


class Command(ConsoleCommand):
    help = "Make relations between clusters from a file, `peers: [[acme, branch], …]`; others go only with --prune."
    example = "manage.py apply_peers peers.yaml --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="a file of peers in YAML")
        parser.add_argument("--dry-run", action="store_true", help="show the difference and change nothing")
        parser.add_argument("--prune", action="store_true", help="remove relations that the file lacks")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            file = read_peers(read_yaml_file(options["file"]))
            how = {"prune": options["prune"], "dry_run": options["dry_run"]}
            done = peers.apply(file.pairs, file.releases, actor=self.actor, **how)
        if options["json"]:
            self.print_json(done.as_dict())
            return
        for verb, pairs in (("make", done.made), ("remove", done.removed)):
            for here, there in pairs:
                self.stdout.write(f"{verb} {here} and {there}")
        for name, release in done.releases.items():
            self.stdout.write(f"release of {name}: {release or 'not known'}")
        if not (done.made or done.removed or done.releases):
            self.stdout.write("The mesh already matches the file.")
        elif not options["dry_run"]:
            self.stdout.write("Applied.")
