"""The table of a storm, as it is printed and as it stands in docs/benchmarks.md: pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.storm.answers import Answer, Outage

TITLE = "## Torture"
MEGABYTE = 1_000_000


@dataclass
class Totals:
    """What a storm came to."""

    seed: int
    seconds: float
    users: int = 0
    speed: int = 0
    outages: list[Outage] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    operations: dict[tuple[str, str], int] = field(default_factory=dict)  # by kind and state
    moved: int = 0
    lost: int = 0
    doubled: int = 0
    heard: int = 0  # messages of event streams
    memory: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # by part: at start, most, at end; bytes
    connections: tuple[int, int] = (0, 0)
    left_out: list[str] = field(default_factory=list)


def lines(totals: Totals) -> list[str]:
    """The tables, line by line."""
    return [
        *_summary(totals),
        "",
        *_faults(totals.outages),
        "",
        *_requests(totals.answers),
        "",
        *_table(("Operations ended", "State", "Number"), [(*key, f"{n:,}") for key, n in _sorted(totals.operations)]),
        "",
        *_table(
            ("Memory, MB", "Start", "Most", "End"),
            [(part, *(f"{size / MEGABYTE:,.0f}" for size in sizes)) for part, sizes in _sorted(totals.memory)],
        ),
    ]


def _summary(totals: Totals) -> list[str]:
    long = f"{totals.seconds / 60:.0f} minutes" if totals.seconds >= 90 else f"{totals.seconds:.0f} seconds"
    ended = sum(totals.operations.values())
    what = (
        f"{long} of seed {totals.seed}, clusters at {totals.speed} times real time, {totals.users:,} users at the end: "
        f"{len(totals.outages)} faults, {len(totals.answers):,} requests, {ended:,} operations ended, "
        f"{totals.moved:,} changes of a home, users lost: {totals.lost}, doubled: {totals.doubled}."
    )
    start, end = totals.connections
    more = f"Connections of the database at start and end: {start}, {end}; {totals.heard:,} messages of event streams."
    return [what, more, *(f"Left out here: {what}." for what in totals.left_out)]


def _faults(outages: Iterable[Outage]) -> list[str]:
    healed: dict[tuple[str, str], list[float]] = {}
    for outage in outages:
        key = outage.strike.part.value, outage.strike.hurt.value
        healed.setdefault(key, []).append(outage.healed - outage.begun - outage.strike.seconds)
    rows = [
        (part, hurt, str(len(times)), f"{sorted(times)[len(times) // 2]:.1f} s", f"{max(times):.1f} s")
        for (part, hurt), times in _sorted(healed)
    ]
    return _table(("Fault", "How", "Number", "`/healthz` is 200 after, median", "At most"), rows)


def _requests(answers: Iterable[Answer]) -> list[str]:
    by_edge: dict[str, Counter[str]] = {}
    for answer in answers:
        by_edge.setdefault(answer.edge.value, Counter())[_class(answer.status)] += 1
    names = ("done", "refused, with a code", "503, come again", "500", "no answer")
    rows = [(edge, *(f"{found[name]:,}" for name in names)) for edge, found in _sorted(by_edge)]
    return _table(("Requests", *names), rows)


def refusals(answers: Iterable[Answer]) -> str:
    """Why how many requests were refused, the most frequent reason first; for who looks into a storm."""
    found = Counter(f"{answer.edge.name} {answer.code}" for answer in answers if answer.code)
    return ", ".join(f"{code} {count}" for code, count in found.most_common())


def _class(status: int) -> str:
    if status == 503:
        return "503, come again"
    return {0: "no answer", 2: "done", 4: "refused, with a code"}.get(status // 100, "500")


def _sorted(found: Mapping) -> list:
    return sorted(found.items())


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows)]


def section(text: str) -> str:
    """The part of a page that a storm wrote, from its title to the end; "" where there is none."""
    _, title, rest = text.partition(f"\n{TITLE}\n")
    return f"{TITLE}\n{rest}" if title else ""


def with_section(text: str, body: str) -> str:
    """The page with this in place of what an earlier storm wrote; what stands before it stays."""
    before = text.partition(f"\n{TITLE}\n")[0].rstrip("\n")
    return f"{before}\n\n{TITLE}\n\n{body.strip()}\n".lstrip("\n")
