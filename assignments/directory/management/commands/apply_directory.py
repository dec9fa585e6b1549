"""manage.py apply_directory FILE: make the agreement of a cluster with its directory what a file says."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.directory import agreements
from topology.management.console import ConsoleCommand
from topology.reasons import Refused
from topology.structure.documents.reading import read_yaml_file


class Command(ConsoleCommand):
    help = "Store the agreement of a cluster with its directory; the password comes from the variable it names."
    example = "manage.py apply_directory acme-directory.yaml --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="the agreement in YAML (docs/directory.md)")
        parser.add_argument("--dry-run", action="store_true", help="say what would change and store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster, agreement = agreements.read_document(read_yaml_file(options["file"]))
            how = {"password": agreements.password_here(agreement), "dry_run": options["dry_run"]}
            done = agreements.store(cluster, agreement, actor=self.actor, **how)
        told = [(why, facts) for _, why, facts in agreements.warnings(agreement)]
        if options["json"]:
            words = [Refused(why, **facts).as_dict() for why, facts in told]
            self.print_json(done | {"warnings": words})
            return
        for why, facts in told:
            self.stderr.write(f"{why.code}: {why.say(**facts)} {why.say_fix(**facts)}")
        would = "would be " if options["dry_run"] else ""
        said = f"{', '.join(done['changed'])} {would}changed." if done["changed"] else "nothing differs."
        self.stdout.write(f"{cluster.name}: {said}")
