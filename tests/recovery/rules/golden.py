"""Golden scenarios: what is done when (NAME.yaml), and the log that must come of it (NAME.log), side by side.

A log has one line for each event with its sentence below, one for each node whose state, reason or counts differ
from its last one shown, and the row of the product's table of pairs (domain.md §4.4) when the pair enters one.
`make goldens` writes the logs anew; a reviewer reads the difference.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from assignments.simulation import scenario_reader
from assignments.simulation.log import lines_in_words
from assignments.simulation.rules.play import Result, Scenario, run
from tests.recovery.rules.pair_table import rows

FOLDER = Path(__file__).parent.parent.parent / "scenarios"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def document(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text())


def scenario(name: str) -> Scenario:
    def present(cluster: str) -> Any:
        raise AssertionError(f"golden scenarios have a topology of their own, not {cluster}")

    return scenario_reader.parse(document(name), present)


@cache
def simulated(name: str) -> Result:
    return run(scenario(name))


def render(log: Iterable[Mapping[str, Any]], numbers: Mapping[str, Any]) -> str:
    lines: list[str] = []
    shown: dict[str, str] = {}
    table: dict[str, list[str]] = {}
    for line in lines_in_words(log):
        lines.append(f"{clock(line['t'])}  {line['event']}  out of service {line['out_of_service']}")
        lines.append(f"          {line['message']}")
        for name, node in line["nodes"].items():
            now = f"{node['state']} / {node['reason']}, home {node['home']}, serving {node['serving']}"
            if shown.get(name) != now:
                lines.append(f"          {name}: {now}")
            shown[name] = now
        if (found := rows(line["nodes"])) != table.get(line["subcluster"]):
            lines += [f"          pair table: row {', '.join(found)}"] if found else []
            table[line["subcluster"]] = found
    lines.append("")
    lines += [f"{key}: {value}" for key, value in numbers.items()]
    return "\n".join(lines) + "\n"


def clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
