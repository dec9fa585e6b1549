"""manage.py simulate SCENARIO.yaml: what would happen; nothing is changed."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.simulation import simulate, whatif
from assignments.simulation.log import lines_in_words, told_result, without_repeats
from assignments.simulation.rules.play import Result
from topology.management.console import ConsoleCommand
from topology.structure.documents.reading import read_yaml_file


class Command(ConsoleCommand):
    help = "Play a scenario of faults and commands on a virtual clock and print the log and the result."
    example = "manage.py simulate tests/scenarios/power_loss.yaml"
    reads_rows = False  # a scenario with a topology of its own needs none

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("scenario", help="a scenario in YAML (docs/recovery.md)")
        text = "print also which server a client that signs in tries first, second, third, and how long that takes"
        parser.add_argument("--tries", action="store_true", help=text)

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            document = read_yaml_file(options["scenario"])
            result = simulate.simulate(document)
            tries = whatif.sign_in_tries(document.value) if options["tries"] else []
        if options["json"]:
            self.print_json(told_result(result.as_dict()) | ({"tries": tries} if options["tries"] else {}))
            return
        self._show(result)
        for change in tries:
            self._show_tries(change)

    def _show(self, result: Result) -> None:
        for line in lines_in_words(without_repeats(result.log)):
            self.stdout.write(f"{clock(line['t'])}  {line['subcluster']}: {line['message']}")
            for name, node in line["nodes"].items():
                served = line["served"][name]
                self.stdout.write(f"          {name}: {node['state']} ({node['reason']}), serves {served:,}")
        for name, value in result.as_dict()["result"].items():
            self.stdout.write(f"{name.replace('_', ' ')}: {in_words(value)}")

    def _show_tries(self, change: dict[str, Any]) -> None:
        for name in change["names"]:
            tried = ", ".join(f"{each['target']} {each['outcome']}" for each in name["tries"])
            after = "never answered" if name["worst"] is None else f"answered after {name['worst']} s at worst"
            self.stdout.write(f"{clock(change['t'])}  {name['name']}: {tried}; {after}")


def in_words(value: Any) -> str:
    """A value of the result, one for each node where there are several."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {in_words(each)}" for name, each in value.items())
    if value is None or isinstance(value, bool):
        return {None: "never", True: "yes", False: "no"}[value]
    return f"{value:,}"


def clock(seconds: int) -> str:
    """Seconds as hours, minutes and seconds."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
