"""The page's own JavaScript reads well: lines that fit, and files of one subject that are not long."""

from pathlib import Path

SCRIPTS = sorted((Path(__file__).resolve().parent.parent.parent / "static" / "js").glob("**/*.js"))


def test_no_script_is_longer_than_a_file_of_one_subject() -> None:
    assert SCRIPTS
    assert [path.name for path in SCRIPTS if len(path.read_text().splitlines()) > 320] == []


def test_no_line_of_a_script_is_too_long_to_read() -> None:
    long = [
        f"{path.name}:{number}"
        for path in SCRIPTS
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 160
    ]
    assert long == []
