"""The page's own JavaScript stays small, and small in truth: not by longer lines."""

from pathlib import Path

SCRIPTS = sorted((Path(__file__).resolve().parent.parent.parent / "static" / "js").glob("**/*.js"))


def test_all_scripts_together_are_under_600_lines() -> None:
    lines = [line for path in SCRIPTS for line in path.read_text().splitlines()]
    assert 0 < len(lines) < 600


def test_no_line_of_a_script_is_too_long_to_read() -> None:
    long = [
        f"{path.name}:{number}"
        for path in SCRIPTS
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 160
    ]
    assert long == []
