"""Names of the house: a class name, a stored value and the name of who acts stand once in the product."""

import ast
import re
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


def test_templates_ask_a_cluster_and_compare_no_stored_value_of_its_own() -> None:
    pages = list((HOUSE / "templates").rglob("*.html"))
    compared = re.compile(r"""cluster\.(?:mode|model)\s*[!=]=\s*["']""")
    assert len(pages) > 100
    assert compared.search('{% if cluster.mode == "manual" %}')
    assert [page.name for page in pages if compared.search(page.read_text())] == []


def test_who_acts_is_named_by_one_helper() -> None:
    files = list((HOUSE / "assignments").rglob("*.py"))
    assert len(files) > 200
    assert [str(file.relative_to(HOUSE)) for file in files if "get_username()" in file.read_text()] == []
