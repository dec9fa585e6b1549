"""What holds for all stylesheets of ours."""

import re

from config.local.state import BASE_DIR

SHEETS = sorted((BASE_DIR / "static" / "css").glob("*.css"))


def test_no_rule_styles_the_whole_page_anew_for_what_is_somewhere_in_it() -> None:
    """`body:has(…)` makes a browser style every element again with whatever comes in; a script sets an attribute."""
    found = [
        f"{path.name}: {line.strip()[:80]}"
        for path in SHEETS
        if path.name != "print.css"
        for line in path.read_text().splitlines()
        if re.search(r"(\bbody|:root|\bhtml|\bmain|\*)[^\s,{]*:has\(", line)
    ]
    assert found == []


def test_no_stylesheet_is_longer_than_a_file_of_one_subject() -> None:
    assert [path.name for path in SHEETS if len(path.read_text().splitlines()) > 300] == []
