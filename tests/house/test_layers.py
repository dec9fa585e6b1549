"""The layers of docs/architecture.md: each imports only from those above it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
EDGES = {"views", "urls", "forms", "tasks", "management", "templatetags"}
SELECTORS = {"selectors", "reads", "filter", "pages", "ranges", "export", "trace", "tree", "checks", "checklist"}
RANK = {"pure": 1, "models": 2, "events": 3, "selectors": 4, "services": 5, "edges": 6}


def modules() -> Iterator[tuple[str, Path]]:
    for app in ("topology", "assignments"):
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                yield name.removesuffix(".__init__"), path


def imported(path: Path) -> Iterator[str]:
    """Every module a file names in an import, also inside functions; names imported from a package count too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where a name comes from"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(module: str) -> str | None:
    """The layer of one of our modules, or None for what is no layer (apps, packages)."""
    parts = module.split(".")
    if "rules" in parts[2:-1] or module.startswith(("topology.rules.", "topology.reasons")):
        return "pure"
    if module == "topology.accounts.pseudonyms":
        return "pure"
    if len(parts) < 3 and module != "topology.models" and module != "assignments.models":
        return "edges" if parts[-1] in EDGES else None
    if (ROOT / Path(*parts)).is_dir() and parts[1] != "models":
        return None
    if parts[1] == "models" or module == "topology.structure.locks":
        return "models"
    if module == "topology.live.events":
        return "events"
    if EDGES & set(parts[1:]) or module == "topology.live.stream":
        return "edges"
    return "selectors" if parts[-1] in SELECTORS else "services"


ALL = list(modules())
OURS = {name for name, _ in ALL}


@pytest.mark.parametrize(("name", "path"), ALL, ids=[name for name, _ in ALL])
def test_imports_only_from_the_layers_above(name: str, path: Path) -> None:
    mine = layer(name)
    for other in imported(path):
        top = other.split(".")[0]
        if top not in {"topology", "assignments", "config"}:
            continue
        assert not (name.startswith("topology") and top == "assignments"), f"{name} imports {other}"
        theirs = layer(other) if other in OURS else None
        if mine and theirs:
            assert RANK[theirs] <= RANK[mine], f"{name} ({mine}) imports {other} ({theirs})"


@pytest.mark.parametrize(("name", "path"), [m for m in ALL if layer(m[0]) == "pure"], ids=lambda v: str(v))
def test_pure_modules_use_the_standard_library_alone(name: str, path: Path) -> None:
    for other in imported(path):
        top = other.split(".")[0]
        if top in {"topology", "assignments"} and (other not in OURS or layer(other) is None):
            continue  # the package of a name, or a name of a module that is asked for itself
        assert top in sys.stdlib_module_names or layer(other) == "pure", f"{name} imports {other}"


def users_of(package: str) -> set[str]:
    folders = [ROOT / app for app in ("topology", "assignments", "config")]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    return {
        str(path.relative_to(ROOT))
        for path in files
        if any(other == package or other.startswith(package + ".") for other in imported(path))
    }


def test_celery_is_named_only_where_tasks_are() -> None:
    assert users_of("celery") <= {"config/celery.py", "assignments/tasks.py"}


def test_only_events_talks_to_redis() -> None:
    assert users_of("redis") == {"topology/live/events.py"}


def test_no_wildcard_imports_and_no_signals() -> None:
    for name, path in ALL:
        found = set(imported(path))
        assert not any(other.endswith(".*") for other in found), name
        assert not any(other.startswith("django.db.models.signals") for other in found), name
