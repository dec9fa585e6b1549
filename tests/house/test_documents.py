"""The documents name only commands, options, variables and codes that there are, and every command and variable."""

import re
from argparse import ArgumentParser, _SubParsersAction
from datetime import time
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from assignments.models import RunPolicy
from assignments.runs import balancer
from assignments.runs.management.commands.balancer import VALUES
from topology.reasons import REASONS
from topology.rules import checks

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# What tells of the past or of decisions may name what is gone.
TODAY = [path for path in DOCUMENTS if path.name not in ("decisions.md", "benchmarks.md")]
OURS = ("assignments", "topology", "config")  # what has commands of ours, in whichever room
DJANGOS = ("migrate", "changepassword", "shell")  # commands of Django that the documents call
# Of programs beside ours: the containers' (docker/example.env says them), make's, PostgreSQL's.
OTHERS = {"NO_BROWSER", "MINUTES", "PYTEST", "USERS", "SITE", "TLS", "PROXY_TRUSTS", "UPDATE_GOLDENS", "NO_COLOR"}


def ours() -> list[str]:
    """The names of the commands of the product."""
    return sorted(name for name, app in get_commands().items() if str(app).partition(".")[0] in OURS)


@cache
def command(name: str) -> BaseCommand:
    return load_command_class(get_commands()[name], name)


def parsers(name: str) -> list[ArgumentParser]:
    """How a command reads its words, and each of its verbs that has words of its own."""
    whole = command(name).create_parser("manage.py", name)
    verbs = [action for action in whole._actions if isinstance(action, _SubParsersAction)]
    return [whole, *(verb for action in verbs for verb in action.choices.values())]


@cache
def help_of(name: str) -> str:
    """What `--help` prints of a command and of its verbs."""
    return "\n".join(parser.format_help() for parser in parsers(name))


def called() -> list[tuple[str, str, str]]:
    """(document, command, the rest of its line or of its code) of each `manage.py …`."""
    return [
        (path.name, found[1], found[2])
        for path in TODAY
        for found in re.finditer(r"manage\.py (\w+)((?:[^\n`#]|\\\n)*)", path.read_text())
    ]


def test_every_command_that_a_document_calls_exists_with_its_options() -> None:
    assert len(called()) > 40
    wrong = []
    for document, name, rest in called():
        if name not in (*ours(), *DJANGOS):
            wrong.append(f"{document}: there is no command {name}")
        elif name in ours():
            shown = set(re.findall(r"--[a-z][\w-]*", help_of(name)))
            # Another program may follow in the line: `… | zcat --force`.
            asked = re.findall(r"(?<![\w-])--[a-z][\w-]*", rest.partition("|")[0] if " | " in rest else rest)
            wrong += [f"{document}: {name} has no {option}" for option in asked if option not in shown]
    assert wrong == []


def test_the_user_guide_lists_every_command_once() -> None:
    table = (ROOT / "docs" / "user-guide.md").read_text().partition("## Files and commands")[2].partition("\n## ")[0]
    heads = re.findall(r"^\| (`.+?) \| ", table, re.M)
    named = [name for head in heads for name in re.findall(r"`(\w+)[ `]", head) if name in {*ours(), "up"}]
    named.remove("move_users")  # to another cluster is a line of its own
    assert sorted(named) == sorted({*ours(), "up"})


@pytest.mark.parametrize("name", ours())
def test_the_help_of_a_command_says_what_it_does_what_each_word_means_and_an_example(name: str) -> None:
    made = command(name)
    assert made.help.endswith("."), "what it does, in a sentence"
    actions = [action for parser in parsers(name) for action in parser._actions]
    assert [action.option_strings or action.dest for action in actions if not action.help] == []
    example = getattr(made, "example", "")
    assert re.match(rf"(?:[A-Z]+=\S+ )*manage\.py {name}\b", example), "one call that does something useful"
    assert example in " ".join(help_of(name).split())


def test_the_rules_of_the_balancer_stand_in_its_help_with_their_defaults() -> None:
    assert list(VALUES) == list(balancer.SETTINGS)
    for name, said in VALUES.items():
        default = RunPolicy._meta.get_field(name).default
        text = default.strftime("%H:%M") if isinstance(default, time) else str(default)
        assert said.endswith(f"({text.lower() if isinstance(default, bool) else text})"), name


def test_every_variable_that_is_read_is_explained_and_every_one_explained_is_read() -> None:
    files = [ROOT / "config" / "settings.py", *(ROOT / "config" / "local").glob("*.py"), ROOT / "Makefile"]
    code = "\n".join(path.read_text() for path in files)
    read = set(re.findall(r"""(?:env\.\w+|environment\.\w+|environ\.get|environ\[)\(?\s*"([A-Z][A-Z_]+)\"""", code))
    read |= {"DATABASE_URL", "REDIS_URL", "HOMENODE_DATA"}
    assert len(read) > 20
    tables = "\n".join(path.read_text() for path in TODAY)
    rows = re.findall(r"^\| ((?:`[A-Z][A-Z_]+(?:=\w+)?`(?:, )?)+) \|", tables, re.M)
    explained = {name for row in rows for name in re.findall(r"`([A-Z][A-Z_]+)", row)}
    assert read - explained - {"SUDO_USER"} == set(), "read, but in no table of README.md or docs/"
    assert explained - read - OTHERS - set(REASONS) == set(), "in a table, but nobody reads it"


def test_every_code_that_a_document_names_is_one_of_the_closed_list() -> None:
    read = set(re.findall(r'"([A-Z][A-Z_]+)"', (ROOT / "config" / "settings.py").read_text()))
    for path in TODAY:
        named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", path.read_text()))
        strange = {name for name in named - set(REASONS) - read - OTHERS if name.split("_")[0] in FAMILIES}
        assert strange == set(), path.name


def test_the_codes_of_the_checks_are_those_of_the_table() -> None:
    table = (ROOT / "docs" / "files.md").read_text().partition("## Checks")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", "".join(rows))) == sorted(checks.TESTS)


FAMILIES = {code.split("_")[0] for code in REASONS}
