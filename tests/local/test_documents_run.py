"""The examples of the documents, typed by a machine: each document in order, on one console with fresh data.

    ```yaml NAME, ```csv NAME   a file of that name, in the folder in which the commands are typed
    ```console                  `$ ` begins a command, `> ` goes on with it; below it what it prints, `…` is anything
    ```sh                       commands alone; each has to end well
    ```shell                    commands of tools that are not ours; tests/api/test_clients.py generates a client itself

`manage.py` stands for `.venv/bin/python manage.py`. The containers of docs/operations.md belong to `make docker-test`.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.local.processes import wait_until
from config.local.state import BASE_DIR
from tests.local.test_platform import environment, manage
from tests.local.test_platform_up import Up

# A later one may use what an earlier one made; the one that breaks nodes of the demo comes last.
DOCUMENTS = ("files.md", "user-guide.md", "api.md", "directory.md", "recovery.md")
STOPPED = "one-machine.md"  # and then this one, which stops the console first
MARK = "\x1e"  # between what one command prints and the next
FENCE = re.compile(r"^```(\w+)(?: ([\w.-]+))?\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Typed:
    """A command, and what it prints as the document has it; None: it only has to end well."""

    command: str
    printed: str | None


def typed(document: str) -> list[Typed]:
    """The commands of a document."""
    commands = []
    for kind, _, text in FENCE.findall((BASE_DIR / "docs" / document).read_text()):
        if kind == "console":
            for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
                first, *lines = part.splitlines()
                more = [line for line in lines if line.startswith("> ")]
                printed = "\n".join(line for line in lines if not line.startswith("> "))
                commands.append(Typed("\n".join([first, *(line[2:] for line in more)]), printed))
        elif kind == "sh":
            commands += [Typed(part, None) for part in _whole_commands(text)]
    return commands


def _whole_commands(text: str) -> list[str]:
    """The commands of a block: a line that ends with a backslash goes on."""
    parts = re.split(r"(?<!\\)\n", text)
    return [part for part in parts if part.strip() and not part.startswith("#")]


def files(document: str) -> dict[str, str]:
    return {name: text for _, name, text in FENCE.findall((BASE_DIR / "docs" / document).read_text()) if name}


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A console as `make run` starts it the first time."""
    up = Up(tmp_path_factory.mktemp("documents"))
    try:
        up.says(r"Ctrl-C stops everything", 240)
        yield up
    finally:
        if up.process.poll() is None:
            up.end()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("typed")
    for document in DOCUMENTS:
        for name, text in files(document).items():
            (where / name).write_text(text)
    return where


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_examples_of_a_document_do_what_it_says(document: str, console: Up, folder: Path) -> None:
    commands = typed(document)
    assert commands, "a document without examples does not belong here"
    script = [f'manage.py() {{ {shlex.quote(sys.executable)} {BASE_DIR}/manage.py "$@"; }}']
    script += [f"{_here(each.command, console)}\nstatus=$?; printf '\\n{MARK}%s\\n' $status" for each in commands]
    more = {"PORT": str(console.port), "HOMENODE_LDAP_PASSWORD": "typed", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    kept = {name: value for name, value in environment(console.where, **more).items() if name != "SUDO_USER"}
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env=kept,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=500,
    )
    answers = re.findall(rf"(.*?)\n?{MARK}(\d+)\n", done.stdout, re.S)
    assert len(answers) == len(commands), done.stdout
    wrong = []
    for each, (printed, status) in zip(commands, answers, strict=True):
        says = printed.strip("\n")
        if each.printed is None:
            wrong += [] if status == "0" else [f"$ {each.command}\n(status {status})\n{says}"]
        elif not _as_in_the_document(_here(each.printed, console), says):
            wrong.append(f"$ {each.command}\nthe document: {each.printed}\nprinted: {says}")
    assert not wrong, "\n\n".join(wrong)
    if document in DOCUMENTS[:-1]:  # the next one begins when the runs of this one have ended
        idle = "No operation is active."
        assert wait_until(lambda: idle in manage(console.where, "operations", PORT=str(console.port)).stdout, 240)


def _here(text: str, console: Up) -> str:
    """What a document says, with the port of this console."""
    return text.replace("http://127.0.0.1:8000", console.address)


def _as_in_the_document(wanted: str, printed: str) -> bool:
    """Whether the lines are the same; `…` is anything, in a line or as lines of its own."""
    pattern = re.escape(wanted.strip("\n")).replace(re.escape("…"), ".*?")
    return re.fullmatch(pattern, printed, re.S) is not None


def test_a_console_comes_back_from_its_backup(console: Up, folder: Path) -> None:
    console.end()
    test_the_examples_of_a_document_do_what_it_says(STOPPED, console, folder)


def test_anything_is_anything_and_nothing_else() -> None:
    assert _as_in_the_document("a …\nb", "a 1\n2\nb")
    assert not _as_in_the_document("a …\nb", "a 1\nc")
    assert not _as_in_the_document("", "a")
