"""A topology file, what is wrong with one, and what one changes."""

from typing import Any

import pytest

from assignments.board.topology_file import apply_topology
from topology.rules.file_problems import FileRefused
from topology.structure import topology_reader

ACME = """
cluster: acme
mode: balanced
model: balanced_redundant
policy: {enable_automatic_fallback: false, clock_speed: 1}
subclusters:
  - name: sc-1
    ha: true
    nodes:
      - {name: imp1a.example.org, profile: 5000, publisher: true}
      - {name: imp1b.example.org, profile: 5000}
  - name: sc-2
    nodes:
      - {name: imp2a.example.org, profile: 5000, users: 4000, endpoints: 7000}
unassigned_nodes:
  - {name: spare.example.org, profile: 5000}
"""


def problems(document: object) -> dict[str, tuple[str, str]]:
    with pytest.raises(FileRefused) as refused:
        topology_reader.parse(document)
    return {problem.place: (problem.message, problem.fix) for problem in refused.value.problems}


def changes(document: object, **how: Any) -> list[str]:
    return [str(change) for change in apply_topology(document, **how).changes]
