"""Names of the house: a class name stands once in the product."""

import ast
from collections import defaultdict
from pathlib import Path

HOUSE = Path(__file__).parents[2]
OF_DJANGO = {"Command", "Meta", "Migration"}  # names that Django looks for


def test_a_class_name_stands_once() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for part in ("assignments", "config", "topology"):
        for file in sorted((HOUSE / part).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ClassDef) and node.name not in OF_DJANGO:
                    places[node.name].append(f"{file.relative_to(HOUSE)}:{node.lineno}")
    assert len(places) > 200
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
