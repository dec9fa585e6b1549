"""`manage.py up`: one process that owns PostgreSQL, Valkey, web, worker and beat.

It starts them in order, shows their output with a prefix, starts again what dies, and ends all of them, data services
last, on Ctrl-C or SIGTERM. When it is itself killed the kernel ends its children (processes.child_setup), and what
even that left is found by its environment and ended at the next start.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from config.local.children import ROUTINE, SERVICE_PATIENCE, Child, Console, describe_exit
from config.local.embedded import Service, make_services, service_environment
from config.local.keeper import announce_services
from config.local.prepare import needs_migration
from config.local.processes import end_process, is_alive, processes_with
from config.local.state import (
    HOST,
    ServiceError,
    data_dir,
    keep_private,
    open_lock,
    owner_lock,
    port_is_free,
    read_state,
    wanted_services,
)

LAST_PORT = 65535
# In the environment of every child: whose it is.
MARK = "HOMENODE_SUPERVISED"


class Supervisor:
    """The life of one `manage.py up`."""

    def __init__(self, where: Path, port: int, console: Console) -> None:
        self.where, self.port, self.console = where, port, console
        self.address = f"http://{HOST}:{port}"
        self.stop = asyncio.Event()
        self.services: list[Child] = []
        self.programs: list[Child] = []
        self.keeping: list[asyncio.Task[None]] = []

    async def run(self) -> int:
        """Bring everything up, wait for the wish to stop, take everything down; answers the exit status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop_wanted)
        starting = asyncio.create_task(self._start_all())
        stopping = asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stopping
        except ServiceError as error:
            self.console.say(str(error))
            return 1
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await self._stop_all()
        return 0

    def _stop_wanted(self) -> None:
        if not self.stop.is_set():
            self.console.say("Stopping")
        self.stop.set()

    async def _start_all(self) -> None:
        begun = time.monotonic()
        names = wanted_services()
        announce_services(self.where, "up", names, address=self.address)
        await self._start_services(names)
        announce_services(self.where, "up", names, ready=True, address=self.address)
        name, link = await self._start_programs()
        self.console.say(f"Ready after {time.monotonic() - begun:.1f} s: {self.address}/")
        self.console.say(f"Sign in once as administrator {name}: {self.address}{link}")
        self.console.say("Ctrl-C stops everything")

    async def _start_services(self, names: list[str]) -> None:
        if not names:
            return
        new = "postgres" in names and not (self.where / "postgres").exists()
        async with self.console.step("Creating the database" if new else "Starting the data services"):
            # The step's line must be out before the first of these blocks the loop.
            services = make_services(self.where, names)
            for service in services:
                await self._launch(self._service_child(service), self.services)
            for service in services:
                await self._until(service.is_ready, 30, f"{service.title} does not answer; see its lines above.")

    def _service_child(self, service: Service) -> Child:
        return Child(
            service.name,
            service.command(),
            service_environment() | {MARK: str(self.where)},
            self.console,
            death_signal=service.stop_signal,
            stop_signal=service.stop_signal,
            unprivileged=service.unprivileged,
            prepare=service.prepare,
            patience=SERVICE_PATIENCE,
            routine=ROUTINE,
        )

    async def _launch(self, child: Child, family: list[Child]) -> None:
        try:
            await child.start()
        except OSError as error:
            raise ServiceError(f"{child.name} could not be started: {error}") from error
        family.append(child)
        self.keeping.append(asyncio.create_task(child.keep_running()))

    async def _until(self, condition: Callable[[], bool], seconds: float, complaint: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise ServiceError(complaint)
            await asyncio.sleep(0.02)

    async def _start_programs(self) -> tuple[str, str]:
        """Start web, worker and beat beside the preparation, or after it when it changes the database.

        Answers whom the sign-in link is for, and its path; raises ServiceError when the preparation fails.
        """
        link = await self._prepare() if needs_migration(self.where) else None
        for child in self._program_children():
            await self._launch(child, self.programs)
        async with self.console.step("Starting web, worker and beat"):
            link = link or await self._prepare()
            await self._answers()
        return link

    def _program(self, name: str, module: str, *options: str, **environment: str) -> Child:
        inherited = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "HOMENODE_DATA": str(self.where),
            "HOMENODE_LOCAL": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8:backslashreplace",  # as their lines are read here
            # Static files come from the finders here; and that the worker runs as root here is known.
            # Files are streamed to an ASGI server by a thread, which Django remarks upon once.
            "PYTHONWARNINGS": "ignore:No directory at,ignore:You're running the worker with superuser,"
            "ignore:StreamingHttpResponse must consume synchronous iterators",
            MARK: str(self.where),
        }
        return Child(name, [sys.executable, "-m", module, *options], inherited | environment, self.console)

    def _program_children(self) -> list[Child]:
        """The web server, the worker and beat, in the order in which they are also ended."""
        web = self._program(
            *("web", "granian", "--interface", "asginl", "--host", HOST, "--port", str(self.port)),
            # Open live streams would hold it for ever.
            *("--workers-kill-timeout", "3s", "--log-level", "warning", "config.asgi:application"),
        )
        # The word of granian on every stop while a page is open.
        web.routine = re.compile(r"Killing worker-\d+ after it refused to gracefully stop")
        # A forking program must not share a pool between processes.
        beat = self._program(
            *("beat", "celery", "--quiet", "--app", "config", "beat", "--loglevel", "WARNING", "--pidfile="),
            *("--schedule", str(self.where / "beat-schedule")),
            DATABASE_POOL="0",
        )
        worker = self._program(
            *("worker", "celery", "--quiet", "--app", "config", "worker", "--loglevel", "WARNING", "--pool", "prefork"),
            # There is one worker: it has no one to gossip with.
            *("--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat"),
            DATABASE_POOL="0",
        )
        worker.routine = re.compile(r"^worker: Warm shutdown")
        # Neither can say goodbye to a broker that ends with them, and one that tries may wait for ever. The processes
        # of the worker are killed by the kernel with it: Celery asks for that.
        beat.death_signal = worker.death_signal = signal.SIGKILL
        return [web, beat, worker]

    async def _prepare(self) -> tuple[str, str]:
        """Migrate, load the demo data on the first start; answer whom the sign-in link is for, and its path."""
        child = self._program("setup", "config.local.prepare", DATABASE_POOL="0")
        child.routine = re.compile(r'^{"sign_in"')
        self.programs.append(child)
        async with self.console.step("Preparing the database"):
            await child.start()
            status = await child.wait()
        self.programs.remove(child)
        if status:
            raise ServiceError(f"Preparing the database {describe_exit(status)}; see the lines above.")
        answer = json.loads(child.last_line)
        return str(answer["name"]), str(answer["sign_in"])

    async def _answers(self) -> None:
        """Wait until the web server answers with its database; raises ServiceError after a minute."""
        deadline = time.monotonic() + 60
        while (status := await self._health()) != 200:
            if time.monotonic() > deadline:
                raise ServiceError(f"The web server is not healthy after a minute (status {status}).")
            await asyncio.sleep(0.05)

    async def _health(self) -> int:
        """The HTTP status of the address of life; 0 while no one listens."""
        try:
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection(HOST, self.port)
                writer.write(f"GET /livez HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
                head = await reader.readline()
                writer.close()
        except (OSError, TimeoutError):
            return 0
        parts = head.split()
        return int(parts[1]) if len(parts) > 1 else 0

    async def _stop_all(self) -> None:
        """End the programs, then the data services that they need to end well; 10 s at the very most."""
        for child in self.programs + self.services:
            child.ending.set()
        for family in (self.programs, self.services):
            # Signalled in order, awaited together.
            await asyncio.gather(*(child.end() for child in family))
        # Each ends by itself once the last words of its child are shown.
        await asyncio.gather(*self.keeping, return_exceptions=True)
        with contextlib.suppress(ServiceError):  # a full disk: what is kept of an owner that is gone misleads no one
            announce_services(self.where, "up", [])
        self.console.say("Stopped")


def end_left_over(where: Path) -> None:
    """End what a killed supervisor of this data left: its children get a moment, then none."""
    for pid in processes_with(MARK, str(where)):
        end_process(pid, [(signal.SIGTERM, 5), (signal.SIGKILL, 5)])


def take_ownership(where: Path, lock: IO[str], console: Console) -> str | None:
    """Become the one that runs this data's services; answers the address of a console that already does.

    A single command that has them for a moment is waited for.
    """
    told = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return None
        except BlockingIOError:
            owner = read_state(where).owner
        if owner.get("kind") == "up" and is_alive(int(owner.get("pid", 0))):
            return f"{owner.get('address')}/ (process {owner['pid']})"
        if not told:
            console.say("Waiting for another manage.py command that uses the data services")
            told = True
        time.sleep(0.1)


def wanted_port() -> int:
    """The port of PORT, 8000 without one; raises ServiceError when that is no port."""
    text = os.environ.get("PORT") or "8000"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LAST_PORT:
        raise ServiceError(f"PORT={text} is not a valid port: give a number from 1 to 65535.")
    return int(text)


def main() -> int:
    """Run the console until it is told to stop; answers the exit status."""
    console, where = Console(), data_dir()
    try:
        port = wanted_port()
        keep_private(where)
        lock = open_lock(owner_lock(where))
    except ServiceError as error:
        console.say(str(error))
        return 1
    with lock:
        try:
            if running := take_ownership(where, lock, console):
                console.say(f"Homenode already runs on the data in {where}: {running}")
                return 1
            end_left_over(where)
            if not port_is_free(port):
                other = port + 1 if port < LAST_PORT else port - 1
                raise ServiceError(f"Port {port} is taken by another program: choose one, PORT={other} make run")
            return asyncio.run(Supervisor(where, port, console).run())
        except ServiceError as error:
            console.say(str(error))
            return 1
        except KeyboardInterrupt:
            return 130
