"""A storm: strikes and load of a seed on a running console, then calm, and a look at what is left."""

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.local.processes import wait_until
from tests.storm import aftermath, report
from tests.storm.answers import may_not
from tests.storm.edges import Edges
from tests.storm.report import Totals
from tests.storm.schedule import Edge, Hurt, load, strikes
from tests.storm.weather import Weather, memory_of_all
from tests.storm.world import SPEED, Console, Size, own_disk, running

POOL, WORKERS = 8, 3  # connections of the web server (config/settings.py), and of the worker's processes
LOOKS = 10.0  # seconds between two looks at the memory


@dataclass(frozen=True)
class Plan:
    """How long and how hard a storm is."""

    seed: int
    seconds: float
    gap: float
    size: Size
    rates: dict[Edge, float]
    streams: int
    least: int = 0  # strikes, however long they take to heal


def storm(where: Path, plan: Plan) -> tuple[Totals, list[str]]:
    """Let a storm pass; what it came to, and whatever is wrong afterwards."""
    with own_disk(where) as has_disk, running(where, plan.size) as console:
        without = _impossible(has_disk, console)
        totals = Totals(plan.seed, plan.seconds, speed=SPEED, left_out=list(without.values()))
        before, start = memory_of_all(console), aftermath.connections(console)
        edges, wrong = _rage(console, plan, totals, without)
        wrong += aftermath.calm(console, edges)
        missing = aftermath.missing(console, edges.imported)
        totals.lost, totals.doubled = len(missing.lost), len(missing.doubled)
        wrong += missing.wrong + [f"lost {user_id}" for user_id in missing.lost[:20]]
        if not wait_until(lambda: aftermath.none_is_left(console, max(start, POOL + WORKERS)), 30):
            wrong.append(f"connections: {console.ask(aftermath.CONNECTIONS)}")
        _sum_up(console, edges, totals, before, start)
        wrong += [f"{why}: {answer}" for answer in totals.answers if (why := may_not(answer, totals.outages))]
        if wrong:
            print(console.up.text()[-20_000:])  # noqa: T201
        print(report.refusals(totals.answers))  # noqa: T201
        return totals, wrong


def _impossible(has_disk: bool, console: Console) -> dict[Hurt, str]:
    without = {}
    if not has_disk:
        without[Hurt.FULL] = "a full disk, which needs root to give the data a disk of their own"
    if console.clock is None:
        without[Hurt.CLOCK] = "a clock that is off, which needs Debian's faketime"
    return without


def _rage(console: Console, plan: Plan, totals: Totals, without: Collection[Hurt]) -> tuple[Edges, list[str]]:
    begun = time.monotonic()
    edges, weather = Edges(console, begun), Weather(console, begun)
    failed: list[BaseException] = []
    asked = load(plan.seed, plan.seconds * 4, plan.rates)  # it goes on until the last strike is healed
    threads = [_thread(failed, edges.follow, asks) for asks in asked.values()]
    threads += [_thread(failed, edges.listen, console.clusters[n % len(console.clusters)]) for n in range(plan.streams)]
    threads += [_thread(failed, _watch_memory, console, edges.over, totals)]
    try:
        planned = strikes(plan.seed, plan.seconds, gap=plan.gap, without=without, least=plan.least)
        for strike in planned:
            is_time = time.monotonic() - begun > plan.seconds and len(weather.outages) >= plan.least
            if failed or is_time:
                break
            weather.strike(strike)
            print(weather.outages[-1], flush=True)  # noqa: T201
        edges.over.wait(0.0 if failed else max(0.0, begun + plan.seconds - time.monotonic()))
    except AssertionError as error:
        failed.append(error)
    finally:
        edges.over.set()
        for thread in threads:
            thread.join(60)
    totals.outages, totals.seconds = weather.outages, time.monotonic() - begun
    return edges, [f"the storm broke off: {error!r}" for error in failed]


def _thread(failed: list[BaseException], work: Callable[..., None], *given: Any) -> threading.Thread:
    def run() -> None:
        try:
            work(*given)
        except Exception as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=run, name=work.__name__, daemon=True)
    thread.start()
    return thread


def _watch_memory(console: Console, over: threading.Event, totals: Totals) -> None:
    while not over.wait(LOOKS):
        _note_memory(console, totals)


def _note_memory(console: Console, totals: Totals) -> None:
    for part, size in memory_of_all(console).items():
        first, most, _ = totals.memory.get(part, (size, 0, 0))
        totals.memory[part] = first, max(most, size), size


def _sum_up(console: Console, edges: Edges, totals: Totals, before: dict, start: int) -> None:
    _note_memory(console, totals)
    for part, size in before.items():
        _, most, last = totals.memory[part]
        totals.memory[part] = size, max(size, most), last
    totals.answers, totals.heard = edges.answers, edges.heard
    totals.operations = aftermath.operations(console)
    [(totals.moved,)] = console.ask("SELECT count(*) FROM assignments_move WHERE done AND from_node_id IS NOT NULL")
    [(totals.users,)] = console.ask("SELECT count(*) FROM assignments_assignment")
    totals.connections = start, aftermath.connections(console)
