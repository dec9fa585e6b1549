"""manage.py simulate SCENARIO.yaml: what would happen; nothing is changed."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.simulation import simulate
from assignments.simulation.log import shown, told, told_result
from assignments.simulation.rules.play import Result
from topology.management.console import ConsoleCommand
from topology.structure.documents import read_yaml_file


class Command(ConsoleCommand):
    help = "Play a scenario of faults and commands on a virtual clock and print the log and the result."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("scenario")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            result = simulate.simulate(read_yaml_file(options["scenario"]))
        if options["json"]:
            self.print_json(told_result(result.as_dict()))
        else:
            self._show(result)

    def _show(self, result: Result) -> None:
        for line in told(shown(result.log)):
            self.stdout.write(f"{clock(line['t'])}  {line['subcluster']}: {line['message']}")
            for name, node in line["nodes"].items():
                served = line["served"][name]
                self.stdout.write(f"          {name}: {node['state']} ({node['reason']}), serves {served:,}")
        for name, value in result.as_dict()["result"].items():
            self.stdout.write(f"{name.replace('_', ' ')}: {value}")


def clock(seconds: int) -> str:
    """Seconds as hours, minutes and seconds."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
