"""The English of the console: plain words of the field, and numbers that agree with their nouns."""

import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from topology.reasons import REASONS, REFUSED, Reason
from topology.reasons.words import counted, plural

ROOT = Path(__file__).resolve().parent.parent.parent
# What people read. Decisions and history of the changelog keep their own words.
PAGES = [
    *(path for path in sorted((ROOT / "templates").rglob("*")) if path.suffix in {".html", ".txt"}),
    *sorted((ROOT / "static" / "js").rglob("*.js")),
    *sorted((ROOT / "topology" / "reasons").glob("*.py")),
    *sorted((ROOT / "assignments").glob("*/management/commands/*.py")),
    *sorted((ROOT / "topology").glob("management/commands/*.py")),
]
DOCUMENTS = [
    *(ROOT / "docs" / f"{name}.md" for name in ("user-guide", "files", "recovery", "operations", "api")),
    ROOT / "README.md",
]
PERSONS = ("nobody", "everybody", "somebody", "anybody", "whoever", "whomever", "those whom")
BANNED = (
    "all who match",
    "cannot do",
    "meant to be",
    "looked at",
    "looks again",
    "stand still",
    "stands still",
    "hold still",
    "holds still",
    "goes on by itself",
    "under way",
    "failback",
    "take the filter away",
    "is stored",
    "are stored",
    "a failover is on",
    "that is taken or none",
    "is no port",
    "is no path",
    "at home on {node} already",
    "the ground changed",
    "as they stand",
)
# The account "nobody" of a machine stands in quotes.
IN_CODE = re.compile(r"(?<![\"“'])\b(nobody|whoever|whomever|those whom)\b(?![\"”'])", re.IGNORECASE)
NOUNS = (
    "user|node|move|line|problem|session|endpoint|subcluster|failover|round|minute|second|day|file|view|cell|character"
)


def test_what_people_read_has_none_of_the_old_words() -> None:
    found = {}
    for path in (*PAGES, *DOCUMENTS):
        text = re.sub(r"\s+", " ", path.read_text()).lower()
        banned = BANNED if path in DOCUMENTS else (*BANNED, *PERSONS)
        if old := [words for words in banned if re.search(rf"\b{re.escape(words)}\b", text)]:
            found[str(path.relative_to(ROOT))] = old
    assert len(PAGES) > 100
    assert found == {}


def test_percent_has_one_style() -> None:
    spaced = re.compile(r"(?:\d|\}\}|\w\})[ \u00a0]%(?!\}| \d)[^\n]{0,20}")
    found = {str(path.relative_to(ROOT)): spaced.findall(path.read_text()) for path in (*PAGES, *DOCUMENTS)}
    assert {path: texts for path, texts in found.items() if texts} == {}


def sentences() -> Iterator[tuple[Reason, str]]:
    for reason in REASONS.values():
        yield reason, reason.sentence
        yield reason, reason.fix


@pytest.mark.parametrize("number", [0, 1, 2, 4822])
def test_numbers_agree_with_their_nouns(number: int) -> None:
    shown = f"{number:,}"
    wrong = (
        rf"(?<!of )(?<!to )(?<!most )\b{shown} (?:\w+ )?(?:{NOUNS})s\b" if number == 1 else rf"\b{shown} (?:{NOUNS})\b"
    )
    for reason, text in sentences():
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
        said = Reason(reason.code, text).say(**dict.fromkeys(names, number))
        assert not re.search(wrong, said), said


def test_a_count_is_said_with_its_noun() -> None:
    assert [counted(number, "user") for number in (0, 1, 2, 4822)] == ["0 users", "1 user", "2 users", "4,822 users"]
    assert [counted(number, "user is|users are") for number in (0, 1, 2)] == ["0 users are", "1 user is", "2 users are"]
    assert (plural("node"), plural("user does|users do")) == ("nodes", "users do")


def test_a_fact_that_is_no_number_takes_the_plural() -> None:
    """Old lines of history may hold a text where a number stands today."""
    reason = Reason("X", "{users:user is|users are} pinned to {node}, {rate:.3g} per second.")
    assert reason.say(users="30,000", node="imp1a", rate=2.5) == "30,000 users are pinned to imp1a, 2.5 per second."
    assert reason.say(users="1", node="imp1a", rate=2.5).startswith("1 user is pinned")
    assert reason.say(node="imp1a") == "{users} users are pinned to imp1a, {rate} per second."


def test_every_refusal_says_what_to_do() -> None:
    assert [reason.code for reason in REASONS.values() if reason.level == REFUSED and not reason.fix] == []


def test_code_says_users_and_no_one() -> None:
    paths = [path for room in ("assignments", "topology", "config", "demo") for path in (ROOT / room).rglob("*.py")]
    own = [path for path in paths if "migrations" not in path.parts]
    found = {str(path.relative_to(ROOT)): IN_CODE.findall(path.read_text()) for path in own}
    assert {path: words for path, words in found.items() if words} == {}
    documents = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    found = {path.name: IN_CODE.findall(path.read_text()) for path in documents if path.name != "decisions.md"}
    assert {path: words for path, words in found.items() if words} == {}
