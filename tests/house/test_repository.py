"""What people expect in a repository, and that its parts agree with each other."""

import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import yaml

from config.template_loader import without_indentation
from config.version import VERSION

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_version_is_the_newest_of_the_changelog() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert re.fullmatch(rf"{re.escape(VERSION)} \(20\d\d-\d\d-\d\d\)", headings[0]), "a release has a date"
    assert project["version"] == VERSION
    shown = subprocess.run(
        [sys.executable, "manage.py", "version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout == f"Homenode {VERSION}\n"
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()


def test_pre_commit_calls_what_make_lint_calls() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert [hook["entry"].split()[-2:] for hook in hooks] == [["--no-print-directory", "lint"]]


def test_the_image_installs_the_product_alone() -> None:
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text()
    assert re.findall(r"requirements/\w+\.txt", re.sub("#.*", "", dockerfile)) == ["requirements/product.txt"]


def test_every_cited_section_of_the_domain_exists() -> None:
    sections = set(re.findall(r"^##+ ([\d.]+?)\.? ", (ROOT / "docs" / "domain.md").read_text(), re.M))
    folders = [ROOT / name for name in ("assignments", "topology", "config", "templates", "static", "tests", "docs")]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in {".py", ".md", ".html", ".js"}]
    cited = {
        (section, path.relative_to(ROOT))
        for path in files
        for section in re.findall(r"domain\.md`?\)? §([\d.]*\d)", path.read_text())
    }
    assert len(cited) > 20
    assert {place for place in cited if place[0] not in sections} == set()


def test_no_line_of_a_template_is_longer_than_120_characters() -> None:
    """The formatter wraps what it can; what it cannot (a long text in an attribute) is for its author to wrap."""
    files = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]
    assert len(files) > 90
    too_long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 120
    ]
    assert too_long == []


def test_no_two_test_files_have_one_name() -> None:
    """Who is told "test_page.py fails" finds it; a subject's browser test says what it does there."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name, count in names.items() if count > 1} == set()


def test_a_page_carries_no_indentation_and_keeps_what_shows() -> None:
    source = "<p>\n    one\n    <b>two</b>\n\n</p>\n<pre>  a\n    b</pre>\n  <i>x</i>"
    assert without_indentation(source) == "<p>\none\n<b>two</b>\n</p>\n<pre>  a\n    b</pre>\n<i>x</i>"


def test_a_line_of_tags_that_write_nothing_leaves_no_empty_line() -> None:
    source = (
        "<i>a</i>\n  {% if b %}\n    {% for c in d %}{# each #}\n<b>{{ c }}</b>\n{% endfor %}\n{% endif %}\n<u>e</u>"
    )
    shorter = "<i>a</i>\n{% if b %}{% for c in d %}{# each #}<b>{{ c }}</b>\n{% endfor %}{% endif %}<u>e</u>"
    assert without_indentation(source) == shorter
    kept = "<i>a</i>\n{% include 'b' %}\n{% if c %}<b>c</b>{% endif %}\n<u>e</u>\n"
    assert without_indentation(kept) == kept, "words would run together"


def test_the_end_of_a_tag_needs_no_line_of_its_own() -> None:
    source = '<a\n  href="b"\n  {% if c %}hidden{% endif %}\n>d</a>\n<br\n/>\n<textarea\n  name="e"\n>f\n</textarea>'
    shorter = '<a\nhref="b"\n{% if c %}hidden{% endif %}>d</a>\n<br/>\n<textarea\n  name="e"\n>f\n</textarea>'
    assert without_indentation(source) == shorter
