"""Every message of a failed start stands in docs/operations.md, with what to do; and nothing else stands there."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ERRORS = ("ServiceError", "ImproperlyConfigured")
OF_OTHERS = {"unsupported startup parameter: options"}  # PgBouncer
# Passed on as they are: the file in which the keeper of the data services left one of the others.
PASSED_ON = {"…"}


def form(node: ast.expr) -> str:
    """The text of a message with … for what differs."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(form(part) for part in node.values)
    return "…"


def raised(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS and node.args:
            yield re.sub(r"\s+", " ", form(node.args[0]))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "_until":
            yield form(node.args[2])


def messages() -> set[str]:
    return {text for path in (ROOT / "config").rglob("*.py") for text in raised(ast.parse(path.read_text()))}


def table() -> dict[str, str]:
    text = (ROOT / "docs" / "operations.md").read_text()
    part = text.partition("## What a message means")[2].partition("\nLater:")[0]
    return dict(re.findall(r"^\| `(.+?)` \| (.+) \|$", part, re.M))


def test_every_message_of_the_start_is_explained_and_nothing_else() -> None:
    said, explained = messages() - PASSED_ON, table()
    assert len(said) > 10
    assert {text for text in said if not any(text.startswith(start) for start in explained)} == set()
    of_ours = set(explained) - OF_OTHERS
    assert {start for start in of_ours if not any(text.startswith(start) for text in said)} == set()
    assert all(len(remedy) > 15 for remedy in explained.values())


def test_new_code_with_the_packages_of_before_says_how_to_install_them() -> None:
    """As after a `git pull`; `-S` hides all packages."""
    done = subprocess.run([sys.executable, "-S", "manage.py", "accounts"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(r"The package \w+ is not installed\. Run make setup-run, .+\n", done.stderr)
    assert "`The package … is not installed.`" in (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("URL_PREFIX", "/a b", "URL_PREFIX=a b is not a valid path"),
        ("DATABASE_URL", "mysql://a/b", "DATABASE_URL names another engine"),
        ("DATABASE_URL", "postgresql://ann:a/b@host/console", "DATABASE_URL is not an address"),
        ("REDIS_URL", "127.0.0.1:6379", "REDIS_URL is not an address"),
        ("ALLOWED_HOSTS", "https://console.example.org", "ALLOWED_HOSTS=https://console.example.org is not"),
        ("ALLOWED_HOSTS", "one.example.org, two.example.org:8443", "ALLOWED_HOSTS=two.example.org:8443 is not the"),
        ("CSRF_TRUSTED_ORIGINS", "console.example.org", "CSRF_TRUSTED_ORIGINS=console.example.org is not an origin"),
        ("LOG_LEVEL", "verbose", "LOG_LEVEL=VERBOSE is not known"),
        ("SECURE_SSL_REDIRECT", "enabled", "SECURE_SSL_REDIRECT=enabled is neither on nor off"),
        ("VIEWERS_MAY_EXPORT", "-", "VIEWERS_MAY_EXPORT=- is neither on nor off"),
        ("DATABASE_POOL", "many", "DATABASE_POOL=many is not a whole number"),
        ("KEEP_MOVES_DAYS", "-1", "KEEP_MOVES_DAYS=-1 is not a whole number"),
        ("KEEP_EVENTS_DAYS", "7", "KEEP_MOVES_DAYS, KEEP_SIMULATIONS_DAYS, KEEP_EVENTS_DAYS: "),
        ("TIME_ZONE", "Middle/Earth", "TIME_ZONE=Middle/Earth is not a time zone"),
        ("TIME_ZONE", "/etc/hostname", "TIME_ZONE=/etc/hostname is not a time zone"),
        ("TIME_ZONE", "Europe", "TIME_ZONE=Europe is not a time zone"),
    ],
)
def test_a_wrong_setting_is_named(setting: str, value: str, told: str) -> None:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", setting: value}
    command = [sys.executable, "-c", "import django; django.setup()"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode
    assert told in done.stderr
    assert "a/b" not in done.stderr.splitlines()[-1], "the address holds a password"


@pytest.mark.parametrize(
    ("setting", "value"), [("LOG_LEVEL", "verbose"), ("TIME_ZONE", "Middle/Earth"), ("REDIS_URL", "x")]
)
def test_a_command_says_a_wrong_setting_in_one_line(setting: str, value: str) -> None:
    for command in (["manage.py", "check"], ["-m", "config.local.prepare"]):  # the second is that of `up`
        asked = [sys.executable, *command]
        done = subprocess.run(asked, cwd=ROOT, env=os.environ | {setting: value}, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
        assert done.stderr.startswith(f"{setting}")
