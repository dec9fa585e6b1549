"""What happens when, of a storm: a pure function of its seed, so that a storm that found something can be had again.

strikes(7, 3600, gap=20)   who is hurt how, one after the other: the next one waits until the last one is healed
load(7, 3600, rates)       what is asked through each edge meanwhile, whatever is hurt
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Part(StrEnum):
    """What can be hurt: the processes of a console, and the disk of its data."""

    WORKER = "worker"
    BEAT = "beat"
    WEB = "web"
    VALKEY = "valkey"
    POSTGRES = "postgres"
    DISK = "disk"


class Hurt(StrEnum):
    """How it is hurt."""

    KILLED = "killed"  # SIGKILL
    STOPPED = "stopped, continued"  # SIGSTOP, and SIGCONT some seconds later
    ENDED = "ended, started again"  # politely; the supervisor starts it again
    EMPTIED = "emptied"  # FLUSHALL
    FULL = "full"
    CLOCK = "clock off by an hour"


class Edge(StrEnum):
    """By which way something is asked of the console."""

    DRAG = "drags on the page"
    IMPORT = "imports"
    REBALANCE = "rebalances"
    RECOVERY = "faults, failovers, fallbacks"
    API = "lists, dry runs, tokens"
    STRUCTURE = "structure, changed by two at once"
    STREAM = "event streams"


PROCESSES = (Part.WORKER, Part.BEAT, Part.WEB, Part.VALKEY, Part.POSTGRES)
POSSIBLE = (
    *((part, hurt) for part in PROCESSES for hurt in (Hurt.KILLED, Hurt.STOPPED, Hurt.ENDED)),
    (Part.VALKEY, Hurt.EMPTIED),
    (Part.DISK, Hurt.FULL),
    (Part.WORKER, Hurt.CLOCK),
)
LASTS = {Hurt.STOPPED: (0.5, 8.0), Hurt.FULL: (2.0, 10.0), Hurt.CLOCK: (6.0, 15.0)}  # seconds
SHORT = (1.0, 2.0)  # the same in a storm of less than a minute
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Strike:
    """One part hurt in one way, at so many seconds from the begin and for so many."""

    at: float
    part: Part
    hurt: Hurt
    seconds: float = 0.0
    shift: int = 0  # seconds by which a clock is off


@dataclass(frozen=True, slots=True)
class Ask:
    """Something asked by one edge; `draw` says of which users and nodes, by its remainders."""

    at: float
    edge: Edge
    draw: int


def strikes(seed: int, seconds: float, *, gap: float, without: Collection[Hurt] = (), least: int = 0) -> list[Strike]:
    """Every possible strike once in an order of the seed, then again in another, about `gap` seconds apart.

    At least so many, also where the gaps that were drawn are long ones: then the last come after the time.
    """
    random, found, at = Random(f"strikes {seed}"), [], gap * 0.5
    turns = _in_turns(random, [each for each in POSSIBLE if each[1] not in without])
    while at < seconds or len(found) < least:
        part, hurt = next(turns)
        low, high = SHORT if hurt in LASTS and seconds < 60 else LASTS.get(hurt, (0.0, 0.0))
        shift = random.choice((-HOUR, HOUR)) if hurt is Hurt.CLOCK else 0
        found.append(Strike(round(at, 2), part, hurt, round(random.uniform(low, high), 2), shift))
        at += gap * random.uniform(0.5, 1.5)
    return found


def _in_turns(random: Random, things: list[tuple[Part, Hurt]]) -> Iterator[tuple[Part, Hurt]]:
    while True:
        yield from random.sample(things, len(things))


def load(seed: int, seconds: float, rates: Mapping[Edge, float]) -> dict[Edge, list[Ask]]:
    """What each edge is asked: so many a second on average, at times as irregular as people's."""
    return {edge: list(_asks(Random(f"{edge.name} {seed}"), edge, seconds, rate)) for edge, rate in rates.items()}


def _asks(random: Random, edge: Edge, seconds: float, rate: float) -> Iterator[Ask]:
    at = random.expovariate(rate)
    while at < seconds:
        yield Ask(round(at, 3), edge, random.getrandbits(48))
        at += random.expovariate(rate)
