"""Each test is in some run of `make test`, and a run has its own part of those that take long."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support import turns

NAMES = [f"tests/browser/test_{n}.py::test_it" for n in range(200)]


def item(name: str, *marks: str, asks_for: Iterable[str] = (), module_fixture: bool = False) -> Any:
    """What a run knows of a test before it."""
    scope = "module" if module_fixture else "function"
    return SimpleNamespace(
        nodeid=name,
        fixturenames=list(asks_for),
        get_closest_marker=lambda mark: mark in marks or None,
        _fixtureinfo=SimpleNamespace(name2fixturedefs={"console": [SimpleNamespace(scope=scope)]}),
    )


def run(items: list[Any], turn: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("TURN", turn)
    config: Any = SimpleNamespace(hook=SimpleNamespace(pytest_deselected=lambda items: None))
    turns.leave_out_others(config, items)
    return [kept.nodeid for kept in items]


def test_each_test_is_in_one_run_and_all_runs_together_have_all(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [run([item(name, "in_turns") for name in NAMES], str(turn), monkeypatch) for turn in range(turns.TURNS)]
    assert sorted(name for kept in runs for name in kept) == sorted(NAMES)
    assert all(len(kept) < len(NAMES) / 3 for kept in runs)


def test_who_is_quick_or_marked_is_in_each_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for turn in range(turns.TURNS):
        items = [item("tests/a.py::quick"), item("tests/b.py::first", "each_run", asks_for=["live_web"])]
        assert len(run(items, str(turn), monkeypatch)) == 2


def test_a_browser_a_web_server_and_a_console_take_turns() -> None:
    assert turns.takes_turns(item("tests/a.py::it", asks_for=["live_web"]))
    assert turns.takes_turns(item("tests/a.py::it", asks_for=["browser"]))
    assert turns.takes_turns(item("tests/local/test_a.py::it"))
    assert not turns.takes_turns(item("tests/a.py::it", asks_for=["db"]))


def test_those_that_share_a_console_have_their_turn_together(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"tests/local/test_up.py::test_{n}" for n in range(20)]
    kept = [
        run([item(name, module_fixture=True) for name in names], str(turn), monkeypatch) for turn in range(turns.TURNS)
    ]
    assert sorted(map(len, kept)) == [0] * (turns.TURNS - 1) + [20]


def test_all_are_there_where_all_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(run([item(name, "in_turns") for name in NAMES], "all", monkeypatch)) == len(NAMES)


def test_a_run_has_the_tests_of_its_turn(request: pytest.FixtureRequest) -> None:
    turn = turns.whose()
    in_turns = [one for one in request.session.items if turns.takes_turns(one)]
    assert turn is None or in_turns
    assert turn is None or all(turns.turn_of(turns.together(one)) == turn for one in in_turns)


def test_a_machine_without_git_has_the_first_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that took an archive of the code: it needs Python and make, nothing else."""
    assert 0 <= turns._turn_of_commit() < turns.TURNS
    monkeypatch.setenv("PATH", "/nonexistent")
    assert turns._turn_of_commit() == 0
