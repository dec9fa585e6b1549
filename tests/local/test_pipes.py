"""`manage.py … | head -1` ends quietly, and does what it was asked to."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from config.local.addresses import console_address
from config.local.state import BASE_DIR, KeptState, write_state

PRINTS = """
import sys
from config.local.pipes import outlive_readers
outlive_readers()
for number in range(100_000):
    print(number, "a line that is long enough to fill a pipe soon")
open({mark!r}, "w").write("done")
sys.stdout.flush()
"""


def piped(command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """What a shell says of a pipeline, with the status of its first part."""
    return subprocess.run(
        ["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"],
        cwd=BASE_DIR,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_reader_that_goes_leaves_no_trace_and_stops_nothing(tmp_path: Path) -> None:
    mark, script = tmp_path / "mark", tmp_path / "prints.py"
    script.write_text(PRINTS.format(mark=str(mark)))
    done = piped(f"{sys.executable} {script}", PYTHONPATH=str(BASE_DIR))
    assert done.stdout.startswith("0 a line")
    assert (done.stderr, done.returncode) == ("", 0)
    assert mark.read_text() == "done"


PRINTS_NAMES = """
from config.local.pipes import outlive_readers
outlive_readers()
print("Зоя, “Müller”, 😀", chr(0xDCFF))
"""


def printed(to: int) -> int:
    """The status of a process that prints names where the locale is ISO 8859-1."""
    command = [sys.executable, "-c", PRINTS_NAMES]
    return subprocess.run(
        command, cwd=BASE_DIR, env={**os.environ, "PYTHONIOENCODING": "latin-1"}, stdout=to
    ).returncode


def test_a_file_is_utf_8_whatever_the_locale_lacks(tmp_path: Path) -> None:
    """An export that ended at the first such name, or could not be read back."""
    with (tmp_path / "out").open("wb") as file:
        assert printed(file.fileno()) == 0
    assert (tmp_path / "out").read_text(encoding="utf-8") == "Зоя, “Müller”, 😀 \\udcff\n"


def test_a_terminal_shows_what_it_can() -> None:
    terminal, process = os.openpty()
    assert printed(process) == 0
    os.close(process)
    shown = os.read(terminal, 1000)
    os.close(terminal)
    assert shown.split(b",") == [
        rb"\u0417\u043e\u044f",
        rb" \u201cM" + "ü".encode("latin-1") + rb"ller\u201d",
        b" \\U0001f600 \\udcff\r\n",
    ]


@pytest.mark.parametrize("words", ["help simulate", "simulate --help", "diffsettings --all"])
def test_commands_end_quietly_whose_output_nobody_reads(words: str) -> None:
    done = piped(f"{sys.executable} manage.py {words}")
    assert done.stdout
    assert (done.stderr, done.returncode) == ("", 0)


FULL = Path("/dev/full")
on_linux = pytest.mark.skipif(not FULL.exists(), reason="needs a disk that is always full")


def ran(*words: str, redirected: str = "") -> subprocess.CompletedProcess[str]:
    """A command with what a shell says of its files."""
    command = ["bash", "-c", f'exec "$0" "$@" {redirected}', sys.executable, *words]
    return subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, timeout=60)


@on_linux
def test_a_full_disk_below_the_output_stops_nothing_and_is_told(tmp_path: Path) -> None:
    """A traceback stopped what was to be done in its middle, and an export that was cut off said no word of it."""
    mark, script = tmp_path / "mark", tmp_path / "prints.py"
    told = "from config.local.pipes import lost_output\nsys.exit(lost_output(0))\n"
    script.write_text(f"import sys\nsys.path.insert(0, {str(BASE_DIR)!r})" + PRINTS.format(mark=str(mark)) + told)
    done = ran(str(script), redirected=f"> {FULL}")
    assert mark.read_text() == "done"
    assert done.returncode == 1
    assert done.stderr.startswith("Not all of the output could be written: No space left on device. ")
    assert done.stderr.count("\n") == 1


@on_linux
@pytest.mark.parametrize("words", [["version"], ["help", "simulate"], ["simulate", "--help"], ["diffsettings"]])
def test_a_command_whose_words_are_lost_does_not_end_with_0(words: list[str]) -> None:
    done = ran("manage.py", *words, redirected=f"> {FULL}")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "could be written: No space left on device" in done.stderr


@pytest.mark.parametrize(
    ("closed", "seen"), [(">&-", ""), ("2>&-", "Homenode"), ("<&- >&- 2>&-", ""), ("<&-", "Homenode")]
)
def test_an_output_that_is_closed_is_none(closed: str, seen: str) -> None:
    done = ran("manage.py", "version", redirected=closed)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(seen)
    assert bool(done.stdout) == bool(seen)


def test_a_file_does_not_take_the_place_of_a_closed_output(tmp_path: Path) -> None:
    script = "import sys; sys.path.insert(0, sys.argv[2]); from config.local.pipes import outlive_readers as o; o();"
    script += "f = open(sys.argv[1], 'w'); print('lost'); sys.stdout.flush()"
    assert ran("-c", script, str(tmp_path / "file"), str(BASE_DIR), redirected=">&-").returncode == 0
    assert (tmp_path / "file").read_text() == ""


STOPPED_BY_HAND = """
import sys, manage
def stopped(argv, *, migrate_first):
    raise KeyboardInterrupt("Operation 7 goes on.")
manage._run, sys.argv = stopped, ["manage.py", "check"]
sys.exit(manage.main())
"""


def test_ctrl_c_ends_a_command_without_a_traceback() -> None:
    done = ran("-c", STOPPED_BY_HAND)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "Stopped: what was not done by then stays undone. Operation 7 goes on.\n"


@pytest.mark.parametrize(
    ("origins", "hosts", "expected"),
    [
        (["https://console.example.org"], ["other.example.org"], "https://console.example.org"),
        (["https://*.example.org"], ["console.example.org"], "https://console.example.org"),
        ([], [".example.org", "*"], "http://127.0.0.1:8123"),
        ([], [], "http://127.0.0.1:8123"),
    ],
)
def test_the_address_of_links(tmp_path: Path, origins: list[str], hosts: list[str], expected: str) -> None:
    assert console_address(tmp_path, origins, hosts, 8123) == expected


def test_the_address_is_that_of_a_console_that_runs_here(tmp_path: Path) -> None:
    running = {"kind": "up", "pid": os.getpid(), "address": "http://127.0.0.1:8999"}
    write_state(tmp_path, KeptState(owner=running))
    assert console_address(tmp_path, [], [], 8000) == "http://127.0.0.1:8999"
    write_state(tmp_path, KeptState(owner=running | {"pid": 2**22 - 1}))
    assert console_address(tmp_path, [], [], 8000) == "http://127.0.0.1:8000"


@pytest.mark.django_db
def test_a_sign_in_link_is_a_whole_address(settings: object) -> None:
    settings.CONSOLE_ADDRESS = "http://127.0.0.1:8123"  # type: ignore[attr-defined]
    out = io.StringIO()
    call_command("sign_in_link", "eve", stdout=out)
    assert out.getvalue().startswith("http://127.0.0.1:8123/")
    out = io.StringIO()
    call_command("sign_in_link", "eve", base="https://c.example.org/", stdout=out)
    assert out.getvalue().startswith("https://c.example.org/")
    assert "//" not in out.getvalue().removeprefix("https://")
