"""What every engine needs to be written in its own form: WebKit's prefixes, fields of time, one format of numbers."""

import re

import pytest

from config.local.state import BASE_DIR

STYLES = sorted((BASE_DIR / "static/css").glob("*.css"))
SCRIPTS = sorted((BASE_DIR / "static/js").rglob("*.js"))
TEMPLATES = sorted((BASE_DIR / "templates").rglob("*.html"))
RULE = re.compile(r"\{([^{}]*)\}")


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_webkit_gets_its_prefixes_and_longhands(path: object) -> None:
    text = (BASE_DIR / str(path)).read_text()
    for rule in RULE.findall(text):
        for name in ("user-select", "text-decoration-style"):
            if re.search(rf"(?<!-){name}:", rule):
                assert f"-webkit-{name}:" in rule, rule
        assert not re.search(r"text-decoration:[^;]*(dotted|dashed|wavy|double)", rule), rule


def test_numbers_of_scripts_name_their_language() -> None:
    for path in SCRIPTS:
        text = path.read_text()
        assert not re.search(r"toLocaleString\(\s*\)|NumberFormat\(\s*\)|toLocale(Time|Date)String\(", text), path.name


def test_no_field_of_time_is_left_to_the_engine() -> None:
    for path in TEMPLATES:
        assert not re.search(r'type="time"(?!:)', re.sub(r"\{#.*?#\}", "", path.read_text())), path.name
