"""Every row of the product's pair table is reached by a golden scenario (domain.md §4.4)."""

import os
import re
from functools import cache

import pytest

from tests.recovery.rules import golden
from tests.recovery.rules.pair_table import PAIR_TABLE, rows


@pytest.mark.parametrize("name", golden.NAMES)
def test_golden_log(name: str) -> None:
    result = golden.simulated(name)
    numbers = result.as_dict()["result"]
    text, path = golden.render(result.log, numbers), golden.FOLDER / f"{name}.log"
    if os.environ.get("UPDATE_GOLDENS"):
        path.write_text(text)
    assert path.read_text() == text


@cache
def rows_seen() -> set[str]:
    """The rows of the pair table that the golden logs reach."""
    logs = (golden.simulated(name).log for name in golden.NAMES)
    return {row for log in logs for line in log for row in rows(line["nodes"])}


@pytest.mark.parametrize("row", PAIR_TABLE)
def test_row_of_the_pair_table_is_reached(row: str) -> None:
    assert row in rows_seen(), PAIR_TABLE[row]


@pytest.mark.parametrize("name", golden.NAMES)
def test_a_scenario_reaches_the_rows_that_it_names(name: str) -> None:
    """Its first line says which rows of the pair table it is for, as far as it is for any."""
    first = (golden.FOLDER / f"{name}.yaml").read_text().splitlines()[0]
    named = re.search(r"\brows? (\d+(?:(?:, | and | to )\d+)*)", first)
    reached = {row.split()[0] for line in golden.simulated(name).log for row in rows(line["nodes"])}
    for begin, end in re.findall(r"(\d+)(?: to (\d+))?", named[1] if named else ""):
        assert {str(n) for n in range(int(begin), int(end or begin) + 1)} <= reached, first


def test_in_a_fallback_the_home_node_takes_back() -> None:
    """The naming trap: Taking Back is the home node, Falling Back the backup (domain.md §4.3)."""
    [line] = [x for x in golden.simulated("manual_failover_and_fallback").log if x["event"] == "FALLBACK_STARTED"]
    assert line["nodes"]["a.example.org"]["state"] == "taking_back"
    assert line["nodes"]["b.example.org"]["state"] == "falling_back"
