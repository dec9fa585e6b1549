"""`manage.py up` for real: started, seen, hurt, stopped, and nothing left behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.local.children import describe_exit
from config.local.processes import command_line, processes_with, wait_until
from config.local.state import BASE_DIR, HOST, free_port, is_owned, port_is_free, read_state, redis_url
from config.local.supervisor import MARK, wanted_port
from tests.local.test_platform import SHOW, environment, manage, postgres_pid


class Up:
    """A running `manage.py up` and the lines that it has printed."""

    def __init__(self, where: Path, **more: str) -> None:
        self.where, self.port = where, int(more.get("PORT", free_port()))
        self.address = f"http://{HOST}:{self.port}"
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=BASE_DIR,
            env=environment(where, **{"PORT": str(self.port), **more}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    def text(self) -> str:
        return "".join(self.lines)

    def says(self, pattern: str, seconds: float = 60, after: int = 0) -> re.Match[str]:
        """The first match in its output, or in that after so many lines, waited for."""

        def said() -> re.Match[str] | None:
            return re.search(pattern, "".join(self.lines[after:]))

        wait_until(lambda: bool(said()) or self.process.poll() is not None, seconds)
        found = said()
        assert found, f"{pattern!r} was not said in:\n{self.text()}"
        return found

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/livez", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def children(self) -> dict[int, str]:
        """The process ids of everything it started, with their command lines."""
        return {pid: command_line(pid) for pid in processes_with(MARK, str(self.where))}

    def main_process(self, words: str) -> int | None:
        """The process with these words that the supervisor itself started, not one of that one's own."""
        children = self.children()
        return next((pid for pid, line in children.items() if words in line and is_main(pid)), None)

    def next_process(self, words: str, before: int) -> int:
        """The same, waited for, and not the one that was killed before; never 0, which would be our own group."""
        found: list[int] = []

        def is_there() -> bool:
            pid = self.main_process(words)
            found.extend([pid] if pid and pid != before else [])
            return bool(found)

        assert wait_until(is_there, 20), self.children()
        return found[0]

    def end(self, number: int = signal.SIGTERM) -> float:
        """Send a signal; the seconds until it has ended."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        self._reader.join(10)
        return time.monotonic() - begun


def is_main(pid: int) -> bool:
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up")


@pytest.fixture(scope="module")
def up(where: Path) -> Iterator[Up]:
    """A console on new data, ready."""
    console = Up(where)
    try:
        console.says(r"Ctrl-C stops everything", 110)
        yield console
    finally:
        if console.process.poll() is None:
            console.end()


@pytest.mark.each_run
def test_the_first_start_is_ready_and_says_where(up):
    assert up.says(r"Ready after [\d.]+ s: (\S+)")[1] == f"{up.address}/"
    assert up.is_healthy()


@pytest.mark.each_run
def test_the_printed_link_signs_the_first_administrator_in_once(up):
    link = up.says(r"Sign in once as administrator admin: (\S+)")[1]
    assert link.startswith(f"{up.address}/sign-in/link/")
    done = manage(
        up.where,
        *("shell", "--no-imports", "-c"),
        "from django.contrib.auth.models import User as U; print(U.objects.get().groups.get())",
    )
    assert done.stdout.strip() == "administrator", done.stderr


def test_the_first_start_loads_the_demo(up):
    counted = manage(
        up.where,
        *("shell", "--no-imports", "-c"),
        "from assignments.models import Population as P; from django.db.models import Sum; "
        "print(P.objects.aggregate(n=Sum('users'))['n'])",
    )
    assert int(counted.stdout) >= 30_000, counted.stderr


def test_every_line_says_whose_it_is(up):
    assert all(re.match(r"(homenode|setup|postgres|valkey|web|worker|beat) +\| ", line) for line in up.lines)
    assert "\033" not in up.text()


def test_a_command_uses_the_services_that_run(up):
    assert manage(up.where, "shell", "--no-imports", "-c", SHOW).returncode == 0
    owner = read_state(up.where).owner
    assert (owner["kind"], owner["pid"]) == ("up", up.process.pid)


def test_a_second_up_says_that_one_runs(up):
    second = manage(up.where, "up", PORT=str(free_port()))
    assert second.returncode == 1
    assert f"already runs on the data in {up.where}: {up.address}/ (process {up.process.pid})" in second.stdout
    assert up.is_healthy()


def test_a_taken_port_is_named(tmp_path):
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        done = manage(tmp_path, "up", PORT=str(port))
    assert done.returncode == 1
    assert f"Port {port} is taken by another program: choose one, PORT={port + 1} make run" in done.stdout
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_refused(tmp_path, port):
    done = manage(tmp_path, "up", PORT=port)
    assert (done.returncode, f"PORT={port} is not a valid port" in done.stdout) == (1, True)


def test_the_port_is_8000_without_a_word(monkeypatch):
    monkeypatch.delenv("PORT", raising=False)
    assert wanted_port() == 8000


@pytest.mark.parametrize(
    ("name", "words"), [("worker", " worker "), ("beat", " beat "), ("web", " granian "), ("valkey", "valkey-server")]
)
def test_a_killed_child_is_started_again_and_said_so(up, name, words):
    pid = up.main_process(words)
    assert pid is not None, up.children()
    os.kill(pid, signal.SIGKILL)
    up.says(rf"{name} was killed by SIGKILL; starting it again in 0.5 s")
    new = int(up.says(rf"{name} started again \(process (\d+)\)")[1])
    assert new != pid
    assert wait_until(up.is_healthy, 30), up.text()


def test_a_killed_postgresql_is_started_again_with_its_data(up):
    os.kill(postgres_pid(up.where), signal.SIGKILL)
    up.says(r"postgres started again \(process \d+\)")
    assert wait_until(up.is_healthy, 30), up.text()
    assert manage(up.where, "shell", "--no-imports", "-c", SHOW).returncode == 0


def test_what_dies_again_and_again_is_started_later_each_time(up):
    killed = 0
    for _ in range(3):
        killed = up.next_process(" beat ", killed)
        before = len(up.lines)
        os.kill(killed, signal.SIGKILL)
        up.says(r"beat was killed by SIGKILL; starting it again in", after=before)
    up.next_process(" beat ", killed)
    told = re.findall(r"beat was killed by SIGKILL; starting it again in ([\d.]+) s", up.text())
    assert {"0.5", "1", "2"} <= set(told)
    waits = [float(wait) for wait in told]
    assert waits[-3:] == [waits[-1] / 4, waits[-1] / 2, waits[-1]]


def test_sigterm_ends_everything_although_a_connection_is_open(up):
    opened = socket.create_connection((HOST, up.port))
    opened.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert opened.recv(12) == b"HTTP/1.1 200"
    assert up.end(signal.SIGTERM) < 10
    opened.close()
    assert up.process.returncode == 0
    assert up.lines[-1] == "homenode | Stopped\n"
    assert up.children() == {}
    assert not is_owned(up.where)
    assert port_is_free(up.port)
    assert not (up.where / "postgres" / "postmaster.pid").exists()


def test_a_killed_supervisor_takes_its_children_along_and_ctrl_c_ends_the_next_start(where):
    killed = Up(where)
    killed.says(r"Ready after")
    assert len(killed.children()) > 5
    # One that hears no request to end, as a worker that waits for its broker.
    worker = killed.main_process(" worker ")
    assert worker is not None
    os.kill(worker, signal.SIGSTOP)
    killed.end(signal.SIGKILL)
    assert wait_until(lambda: not killed.children(), 15), killed.children()
    after = Up(where, PORT=str(killed.port))
    # 5 s is promised of an idle machine; here other tests share its cores, so what is left out is tested, not the time.
    after.says(r"Ready after ([\d.]+) s")
    assert "Bringing the database up to date" not in after.text()
    assert after.is_healthy()
    assert after.end(signal.SIGINT) < 10
    assert after.children() == {}


@pytest.mark.slow
def test_what_even_a_killed_supervisor_left_is_ended_at_the_next_start(where):
    orphan = subprocess.Popen(["sleep", "600"], env={**os.environ, MARK: str(where)}, start_new_session=True)
    reaping = threading.Thread(target=orphan.wait)
    reaping.start()
    after = Up(where)
    after.says(r"Starting the data services")
    reaping.join(10)
    assert orphan.returncode == -signal.SIGTERM
    after.end()
    assert after.children() == {}


@pytest.mark.slow
def test_a_stop_in_the_middle_of_the_start_leaves_nothing(tmp_path):
    early = Up(tmp_path)
    early.says(r"Preparing the database")
    assert early.end(signal.SIGINT) < 10
    assert early.children() == {}
    # And what was begun can be finished.
    assert manage(tmp_path, "migrate", "--verbosity", "0").returncode == 0


@pytest.mark.slow
def test_a_given_database_and_redis_are_used(tmp_path):
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS up_given")
        connection.execute("CREATE DATABASE up_given")
    given = {"DATABASE_URL": f"{url.rpartition('/')[0]}/up_given", "REDIS_URL": f"{os.environ['REDIS_URL']}1"}
    console = Up(tmp_path, **given)
    try:
        console.says(r"Ready after", 110)
        assert console.is_healthy()
        assert not any("postgres -D" in line or "valkey.conf" in line for line in console.children().values())
    finally:
        console.end()
    assert not (tmp_path / "postgres").exists()
    assert redis_url(tmp_path).startswith("redis://:none@")


def test_deaths_are_named():
    assert describe_exit(-9) == "was killed by SIGKILL"
    assert describe_exit(3) == "ended with status 3"
