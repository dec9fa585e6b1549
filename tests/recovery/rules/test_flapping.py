"""A node that stops serving again before its clients are back is flapping: said once, and the rest only in --json."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from assignments.simulation import scenario_reader
from assignments.simulation.rules.play import Result, run

NODES = [{"name": name, "profile": 5000, "users": 2500} for name in ("a", "b")]
TOPOLOGY = {"model": "balanced_redundant", "subclusters": [{"name": "sc-1", "ha": True, "nodes": NODES}]}


def flaps(times: int, down: int, up: int) -> dict[str, object]:
    timeline: list[dict[str, object]] = []
    for n in range(times):
        begin = n * (down + up)
        timeline += [{"at": f"{begin + s}s", "do": do, "node": "a", "kind": "power"}
                     for s, do in ((0, "fault"), (down, "repair"))]  # fmt: skip
    return {"name": "flaps", "topology": TOPOLOGY, "timeline": timeline, "until": "3h"}


def played(document: object) -> Result:
    return run(scenario_reader.parse(document, lambda name: (_ for _ in ()).throw(AssertionError(name))))


def said(result: Result, *, all_lines: bool = False) -> list[str]:
    return [line["event"] for line in result.log if all_lines or not line.get("repeated")]


@pytest.mark.parametrize(("down", "up"), [(50, 15), (30, 100), (1, 300)])
def test_it_is_one_line_and_minutes_count_until_people_are_in(down: int, up: int) -> None:
    result = played(flaps(30, down, up))
    assert said(result).count("NODE_FLAPPING") == 1
    assert said(result, all_lines=True).count("FAULT_INJECTED") == 30
    assert said(result).count("FAULT_INJECTED") == 3
    last = 29 * (down + up)
    assert result.served_again_at == last + 120 + 417
    assert said(result)[-1] == "USERS_BACK"


def test_a_node_whose_users_come_back_in_between_does_not_flap() -> None:
    result = played(flaps(6, 50, 600))
    assert "NODE_FLAPPING" not in said(result, all_lines=True)
    assert not any(line.get("repeated") for line in result.log)
    assert result.user_minutes == pytest.approx(6 * 13_711.8)


def test_it_may_flap_again_after_it_was_well() -> None:
    first, pause = flaps(4, 50, 15), 3605  # as many heartbeats after its last start as at the beginning
    again = [line | {"at": f"{int(str(line['at'])[:-1]) + pause}s"} for line in first["timeline"]]  # type: ignore[attr-defined]
    result = played(first | {"timeline": [*first["timeline"], *again]})  # type: ignore[misc]
    assert said(result).count("NODE_FLAPPING") == 2


@pytest.mark.django_db
def test_the_command_prints_it_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flaps.yaml"
    path.write_text(json.dumps(flaps(10, 50, 15)))
    call_command("simulate", str(path))
    text = capsys.readouterr().out
    assert text.count("is flapping") == 1
    assert text.count("made a fail: power") == 3
