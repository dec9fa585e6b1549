"""What `make test` leaves out can be read at least: benchmarks, containers and clients that other commands run."""

import importlib

import pytest

from tests.house.test_scripts import ROOT

FOLDERS = ("bench", "containers", "typescript")
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for folder in FOLDERS
    for path in sorted((ROOT / "tests" / folder).glob("test_*.py"))
]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_that_is_left_out_can_be_imported(name: str) -> None:
    assert importlib.import_module(name)
