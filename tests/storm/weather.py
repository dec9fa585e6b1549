"""Hurting a part of a running console, and what belongs to it: its processes and the memory that they hold."""

import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import redis

from config.local.processes import wait_until
from config.local.state import redis_url
from tests.local.test_platform import postgres_pid
from tests.storm.answers import Outage
from tests.storm.schedule import PROCESSES, Hurt, Part, Strike
from tests.storm.world import Console, set_room

WORDS = {Part.WORKER: " worker ", Part.BEAT: " beat ", Part.WEB: " granian ", Part.VALKEY: "valkey-server"}
# The longest wait of the supervisor before it starts what dies again and again, and a start on a busy machine.
HEALED_WITHIN = 120.0


def main_process(console: Console, part: Part) -> int:
    """The process of a part that the supervisor started, waited for."""
    found: list[int] = []

    def is_there() -> bool:
        try:
            pid = postgres_pid(console.up.where) if part is Part.POSTGRES else console.up.main_process(WORDS[part])
        except (OSError, ValueError, IndexError):  # it has no file yet
            pid = None
        found.extend([pid] if pid else [])
        return bool(found)

    assert wait_until(is_there, HEALED_WITHIN), (part, console.up.children())
    return found[0]


def family(pid: int) -> list[int]:
    """A process and all that descend from it, parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found.extend(children.get(one, ()))
    return found


def memory(console: Console, part: Part) -> int:
    """Bytes that a part holds; what its processes share counts once."""
    return sum(_held(pid) for pid in family(main_process(console, part)))


def _held(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def memory_of_all(console: Console) -> dict[Part, int]:
    return {part: memory(console, part) for part in PROCESSES}


class Weather:
    """Strikes a console, one part after the other, and sees it heal."""

    def __init__(self, console: Console, begun: float) -> None:
        self.console, self.begun, self.over = console, begun, threading.Event()
        self.outages: list[Outage] = []
        # What each answers is the process that must be gone before all can be well; None: it stays.
        self._how: dict[Hurt, Callable[[Strike], int | None]] = {
            Hurt.KILLED: self._kill,
            Hurt.ENDED: self._end,
            Hurt.STOPPED: self._stop,
            Hurt.EMPTIED: self._empty,
            Hurt.FULL: self._fill,
            Hurt.CLOCK: self._shift,
        }

    def strike(self, strike: Strike) -> None:
        """Hurt a part when its time has come, and wait until all is well again."""
        self.over.wait(max(0.0, self.begun + strike.at - time.monotonic()))
        struck = time.monotonic()
        gone = self._how[strike.hurt](strike)
        # What was killed is well, by its own words, until that is noticed.
        healed = wait_until(lambda: self._is_another(strike.part, gone) and self.console.is_well(), HEALED_WITHIN)
        self.outages.append(Outage(strike, struck, time.monotonic()))
        assert healed, f"not well {HEALED_WITHIN:.0f} s after {strike}:\n{self.console.up.text()[-6000:]}"

    def _is_another(self, part: Part, gone: int | None) -> bool:
        return gone is None or main_process(self.console, part) != gone

    def _kill(self, strike: Strike) -> int:
        """As the kernel does when memory is short; of PostgreSQL the first process alone, whose others then end."""
        pid = main_process(self.console, strike.part)
        _send([pid] if strike.part is Part.POSTGRES else family(pid), signal.SIGKILL)
        return pid

    def _end(self, strike: Strike) -> int:
        pid = main_process(self.console, strike.part)
        _send([pid], signal.SIGINT if strike.part is Part.POSTGRES else signal.SIGTERM)
        return pid

    def _stop(self, strike: Strike) -> None:
        pids = family(main_process(self.console, strike.part))
        _send(pids, signal.SIGSTOP)
        self.over.wait(strike.seconds)
        _send(pids, signal.SIGCONT)

    def _empty(self, strike: Strike) -> None:
        with redis.Redis.from_url(redis_url(self.console.up.where)) as valkey:
            valkey.flushall()

    def _fill(self, strike: Strike) -> None:
        set_room(self.console.up.where, full=True)
        try:
            self.over.wait(strike.seconds)
        finally:
            set_room(self.console.up.where, full=False)

    def _shift(self, strike: Strike) -> int:
        assert self.console.clock
        self.console.clock.write_text(f"{strike.shift:+d}s")
        try:
            gone = self._end(strike)
            assert wait_until(lambda: self._is_another(strike.part, gone), HEALED_WITHIN), self.console.up.children()
            self.over.wait(strike.seconds)
        finally:
            self.console.clock.unlink()
        return self._end(strike)


def _send(pids: list[int], number: int) -> None:
    """A signal to processes, parents first, so that none is born meanwhile."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
