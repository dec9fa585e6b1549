"""Names of the house: classes, stored values and who acts are named once; locals and folders say what they hold."""

import ast
import re
from collections import defaultdict
from pathlib import Path

HOUSE = Path(__file__).parents[2]
PRODUCT = ("assignments", "config", "topology")
MOST = 20  # things in a folder of the product, of which one is its __init__
OF_DJANGO = {"Command", "Meta", "Migration"}  # names that Django looks for


def test_a_class_name_stands_once() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for part in PRODUCT:
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


def bound(tree: ast.AST) -> set[str]:
    """The names that a file binds: locals, parameters and what they are imported as."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.alias) and node.asname:
            names.add(node.asname)
    return names


def test_a_local_says_what_it_holds_and_not_that_it_was_found() -> None:
    assert bound(ast.parse("def f(found=1):\n    for found in (found := ()): pass")) == {"found"}
    files = [file for part in PRODUCT for file in sorted((HOUSE / part).rglob("*.py"))]
    assert len(files) > 300
    assert [str(file.relative_to(HOUSE)) for file in files if "found" in bound(ast.parse(file.read_text()))] == []


def test_a_folder_is_taken_in_at_a_glance() -> None:
    """Migrations are a history, and no place where anybody looks for something."""
    folders = {file.parent for part in PRODUCT for file in (HOUSE / part).rglob("*.py")}
    things = {
        str(folder.relative_to(HOUSE)): len({path.name for path in folder.iterdir() if path.name != "__pycache__"})
        for folder in folders
        if folder.name != "migrations"
    }
    assert len(things) > 50
    assert {name: count for name, count in things.items() if count > MOST} == {}
