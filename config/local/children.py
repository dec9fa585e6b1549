"""One child of the supervisor: started, its output shown with a prefix, started again when it dies, ended."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from config.local.processes import child_setup, signal_group
from config.local.state import (
    BASE_DIR,
    ServiceError,
)

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds before a dead child is started again; doubles each time
STEADY = 60.0  # seconds after which a child counts as healthy and its wait is short again
# Seconds a child has to end before it is killed: programs together, then data services together.
PROGRAM_PATIENCE, SERVICE_PATIENCE = 4.0, 3.0
# What data services say of a normal start and end; their errors are shown.
ROUTINE = re.compile(
    r"LOG:  (starting|listening|database system (was|is)|received fast|aborting|background worker|shutting|checkpoint)"
    r"|# WARNING Memory overcommit|Received SIGTERM|ready to exit"
)
COLOURS = {"postgres": 34, "valkey": 35, "web": 32, "worker": 33, "beat": 36, "setup": 36, "homenode": 1}


class Console:
    """Prefixed lines on standard output; in colour on a terminal that wants it."""

    def __init__(self) -> None:
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def say(self, text: str, who: str = "homenode") -> None:
        """Print one line; a reader that went away must not stop the console."""
        prefix = f"{who:<8} | "
        if self.colour:
            prefix = f"\033[{COLOURS.get(who, 0)}m{prefix}\033[0m"
        with contextlib.suppress(OSError):
            sys.stdout.write(f"{prefix}{text}\n")
            sys.stdout.flush()

    @contextlib.asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[None]:
        """Announce a step and report every few seconds that it still goes on."""
        self.say(title)
        ticking = asyncio.create_task(self._tick(title))
        try:
            yield
        finally:
            ticking.cancel()

    async def _tick(self, title: str) -> None:
        begun = time.monotonic()
        while True:
            await asyncio.sleep(3)
            self.say(f"{title}: {time.monotonic() - begun:.0f} s so far")


@dataclass
class Child:
    """One supervised process: how to start it and how to end it."""

    name: str
    command: list[str]
    environment: dict[str, str]
    console: Console
    # What the kernel sends it when the supervisor is killed.
    death_signal: signal.Signals = signal.SIGTERM
    stop_signal: signal.Signals = signal.SIGTERM
    unprivileged: bool = False
    prepare: Callable[[], None] = lambda: None
    process: asyncio.subprocess.Process | None = None
    showing: asyncio.Task[None] | None = None
    patience: float = PROGRAM_PATIENCE
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    # Lines of its output that are not worth showing.
    routine: re.Pattern[str] | None = None
    last_line: str = ""
    # Held while it is being started: an end that comes just then must end the new process too.
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self) -> None:
        """Start it in a session of its own, so that a Ctrl-C reaches the supervisor alone."""
        async with self.changing:
            self.prepare()
            # A pipe of ours: one of asyncio's would make wait() wait for processes that inherit it, too.
            reading, writing = os.pipe()
            try:
                self.process = await asyncio.create_subprocess_exec(
                    *self.command,
                    cwd=BASE_DIR,
                    env=self.environment,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=writing,
                    stderr=writing,
                    start_new_session=True,
                    preexec_fn=child_setup(self.death_signal, unprivileged=self.unprivileged),
                )
            finally:
                os.close(writing)
                self.showing = asyncio.create_task(self._show(reading))

    async def wait(self) -> int:
        """Show its output until it ends; then make sure that nothing of its group is left. Answers its status."""
        assert self.process is not None
        assert self.showing is not None
        status = await self.process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # not the process: its number may be another's by now
        # Its last words are in the pipe by now; somebody else may hold it open for longer.
        await asyncio.wait({self.showing}, timeout=2)
        self.showing.cancel()
        return status

    async def _show(self, descriptor: int) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
        )
        rest = b""
        try:
            while part := await reader.read(65536):
                *whole, rest = (rest + part).split(b"\n")
                for line in whole:
                    self._line(line)
        finally:
            self._line(rest)
            transport.close()

    def _line(self, raw: bytes) -> None:
        text = raw.decode(errors="replace").rstrip()
        self.last_line = text or self.last_line
        if text and not (self.routine and self.routine.search(text)):
            self.console.say(text, self.name)

    async def keep_running(self) -> None:
        """Wait for it; start it again when it dies, later each time it dies soon."""
        wait = FIRST_WAIT
        while True:
            begun = time.monotonic()
            how = describe_exit(await self.wait())
            if self.ending.is_set():
                return
            wait = FIRST_WAIT if time.monotonic() - begun > STEADY else wait
            if not await self._start_again(how, wait):
                return
            wait = min(wait * 2, LONGEST_WAIT)

    async def _start_again(self, how: str, wait: float) -> bool:
        """Try to start it until that works; answers whether it did, or it is to end."""
        while True:
            self.console.say(f"{self.name} {how}; starting it again in {wait:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ending.wait(), wait)
                return False
            try:
                await self.start()
            except (OSError, ServiceError) as error:
                how, wait = f"could not be started ({error})", min(wait * 2, LONGEST_WAIT)
            else:
                assert self.process is not None
                self.console.say(f"{self.name} started again (process {self.process.pid})")
                return True

    async def end(self) -> None:
        """Ask it to end; when its patience is over kill its group."""
        self.ending.set()
        async with self.changing:
            process = self.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(self.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), self.patience)
        except TimeoutError:
            self.console.say(f"{self.name} does not end; killing it")
            signal_group(process.pid, signal.SIGKILL)
            await process.wait()


def describe_exit(status: int) -> str:
    """How a process ended, in words."""
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
