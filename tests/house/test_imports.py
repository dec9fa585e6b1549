"""What import-linter cannot say of imports; rooms and layers are its contracts in pyproject.toml (`make lint`)."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOLVER = {"highspy", "numpy"}  # an integer program is solved by a library
BEYOND = {"assignments.planning.rules.integer_program": SOLVER}


def modules() -> Iterator[tuple[str, Path]]:
    for app in ("topology", "assignments", "config"):
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                yield name.removesuffix(".__init__"), path


def imported(path: Path) -> Iterator[str]:
    """Every module a file names in an import, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where a name comes from"
            assert not any(alias.name == "*" for alias in node.names), f"{path}: a wildcard hides names"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_pure(module: str) -> bool:
    parts = module.split(".")
    return "rules" in parts[1:] or module.startswith(("topology.reasons", "topology.accounts.pseudonyms"))


ALL = list(modules())
PURE = [(name, path) for name, path in ALL if is_pure(name)]


@pytest.mark.parametrize(("name", "path"), PURE, ids=[name for name, _ in PURE])
def test_rules_use_the_standard_library_alone(name: str, path: Path) -> None:
    allowed = sys.stdlib_module_names | BEYOND.get(name, set())
    for other in imported(path):
        ours = {name for name, _ in ALL if other == name or other.startswith(name + ".")}
        assert other.split(".")[0] in allowed or any(map(is_pure, ours)) or is_package_of_rules(other), (
            f"{name} imports {other}"
        )


def is_package_of_rules(other: str) -> bool:
    """`from topology import reasons` names the package first and what is meant after it."""
    return other in {"topology", "topology.accounts"}


def test_there_are_rules_to_look_at() -> None:
    assert len(PURE) > 30


@pytest.mark.parametrize(("name", "path"), ALL, ids=[name for name, _ in ALL])
def test_no_wildcards_and_no_signals(name: str, path: Path) -> None:
    assert not any(other.startswith("django.db.models.signals") for other in imported(path)), name
