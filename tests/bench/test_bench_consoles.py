"""How long a commit takes to all consoles that watch, beside a bare stream of the same bytes at the same pace.

One web process, the load beside it on the same cores. Each console is a stream of the address in its page; a failover
and a rebalance run at once. Counted from the end of the coalescing window, less one render.
`CONSOLES=1,20,100,500,1000` names the crowds.

Then what one of many waits for when a drag begins, and what a second web process takes off the first.
"""

import asyncio
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from assignments.models import Goal
from assignments.planning import plans
from assignments.recovery import service
from assignments.runs import operations
from config.local.processes import wait_until
from config.local.state import BASE_DIR, free_port
from tests.bench.measure import Cores, judge
from tests.bench.test_bench_drag import caller
from tests.board.pages import person
from tests.support.crowd import make_crowd, nodes_of, people_of
from tests.support.live_stack import LiveStack
from topology.accounts import roles
from topology.models import Cluster, Node
from topology.rules.states import State, StateReason

CROWDS = [int(text) for text in os.environ.get("CONSOLES", "1,20,100,500,1000").split(",")]
SECONDS = 12.0
WINDOW = 0.25
LIMITS = {500: 3.0, 1000: 5.0}  # times the bare stream, plus one render; the smaller crowds are only shown
RENDER = 0.1  # seconds: one render on a busy machine
BEHIND = 2  # published versions
DRAG = 3.0  # times the verdict on an idle server
SHARED = 0.65  # of the processor time, on each of two web processes
BUSY = 0.8  # of the cores, from where the same work takes longer: two threads of one core wait for each other
DRAGGED, TOGETHER = 100, 800  # consoles that watch meanwhile
pytestmark = pytest.mark.django_db(transaction=True)
HEADERS = re.compile(rb'data-committed="(\d+)"')
VERSION = re.compile(rb"\nid: (\d+)\nevent: cluster|^id: (\d+)\nevent: cluster")


@dataclass
class Heard:
    """What all consoles of a crowd saw: seconds from the end of the window, bytes of each message, versions."""

    late: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    versions: list[list[int]] = field(default_factory=list)
    begun: set[int] = field(default_factory=set)  # consoles that were told a version
    all_begun: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def p95(self) -> float:
        return sorted(self.late)[int(len(self.late) * 0.95)]


async def console(count: int, host: str, port: int, request: bytes, heard: Heard, go: asyncio.Event) -> None:
    """One stream; what comes before `go` is the way in and is not counted."""
    reader, writer = await asyncio.open_connection(host, port, limit=2**22)
    writer.write(request)
    mine: list[int] = []
    heard.versions.append(mine)
    with suppress(asyncio.IncompleteReadError, asyncio.CancelledError):
        while True:
            told = await reader.readuntil(b"\n\n")
            if not (found := HEADERS.search(told)):
                continue
            heard.begun.add(id(mine))
            if len(heard.begun) == count:
                heard.all_begun.set()
            if go.is_set():
                heard.late.append(max(0.0, time.time() - int(found.group(1)) / 1000 - WINDOW))
                heard.sizes.append(len(told))
                if version := VERSION.search(told):
                    mine.append(int(version.group(1) or version.group(2)))
    writer.close()


async def crowd(count: int, host: str, port: int, request: bytes, begin: Callable[[], None] | None = None) -> Heard:
    """So many consoles for some seconds, from when each of them was told a version; then there begins what they see."""
    heard, go = Heard(), asyncio.Event()
    consoles = [asyncio.create_task(console(count, host, port, request, heard, go)) for _ in range(count)]
    async with asyncio.timeout(90):
        await heard.all_begun.wait()
    go.set()
    if begin:
        await asyncio.to_thread(begin)
    await asyncio.sleep(SECONDS)
    for one in consoles:
        one.cancel()
    await asyncio.gather(*consoles, return_exceptions=True)
    return heard


def page_request(web: LiveStack, cluster: Cluster) -> bytes:
    """What a page asks that shows no version yet: it is told the newest at once, whatever happens."""
    client = Client()
    client.force_login(person(roles.VIEWER))
    page = client.get(reverse("cluster", args=[cluster.name])).content.decode()
    stream = re.search(r'data-stream="([^"]+)"', page).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    target = f"{stream}&version=0&at={int(time.time() * 1000)}"
    return f"GET {target} HTTP/1.1\r\nHost: {urlsplit(web.address).netloc}\r\nCookie: {cookie}\r\n\r\n".encode()


def begin(cluster: Cluster, number: int) -> None:
    """A failover in one pair, or the way back; with the first a rebalance of the others that outlasts all crowds."""
    nodes = nodes_of(cluster)
    assert wait_until(lambda: is_settled(nodes[0].pk), 60), "the failover of the last crowd does not end"
    change = service.fallback if number % 2 else service.failover
    change(nodes[0], person(roles.ADMINISTRATOR))
    if number == 0:
        plan = plans.make_plan(cluster, Goal.BALANCE, {"subclusters": [nodes[2].subcluster_id, nodes[4].subcluster_id]})
        operations.start_run(plan.hash, actor="bench", rate=1)


def is_settled(node: int) -> bool:
    """Whether a node is neither on the way to its peer nor on the way back."""
    return Node.objects.filter(pk=node, state__in=[State.NORMAL, State.IDLE]).exists()


def begin_in_thread(cluster: Cluster, number: int) -> None:
    """The same beside an event loop."""
    try:
        begin(cluster, number)
    finally:
        connections.close_all()


def programs(leader: int) -> list[Path]:
    """A web server and its workers, as directories of /proc."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (place / "stat").read_text().rpartition(")")[2].split()[2] == str(leader):  # its process group
                found.append(place)
    return found


def memory(leader: int) -> int:
    """Bytes that a web server holds."""
    return sum(int((place / "statm").read_text().split()[1]) for place in programs(leader)) * resource.getpagesize()


def worked(leader: int) -> float:
    """Seconds of processor time that a web server took."""
    fields = [(place / "stat").read_text().rpartition(")")[2].split() for place in programs(leader)]
    return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")


def watched() -> Cluster:
    """A cluster in which a failover and a rebalance may run."""
    cluster = make_crowd(2_500, 2_500, 14_000, 1_000, 14_000, 1_000, capacity=15_000)
    cluster.subclusters.update(ha_enabled=True)
    cluster.nodes.update(state=State.NORMAL, reason=StateReason.NORMAL)
    Cluster.objects.filter(pk=cluster.pk).update(clock_speed=30)
    return cluster


async def watching(count: int, web: LiveStack, request: bytes, begin: Callable[[], None] | None = None) -> Heard:
    """A crowd on one web process."""
    where = urlsplit(web.address)
    return await crowd(count, str(where.hostname), where.port or 80, request, begin)


def test_consoles_beside_a_bare_stream(live_stack: LiveStack) -> None:
    cluster, failures = watched(), []
    for number, count in enumerate(CROWDS):
        before, cores = memory(live_stack.web_pid), Cores()
        request = page_request(live_stack, cluster)
        ours = asyncio.run(watching(count, live_stack, request, partial(begin_in_thread, cluster, number)))
        used, held = cores.used(), (memory(live_stack.web_pid) - before) / count / 1000
        assert all(mine for mine in ours.versions), "somebody was told nothing"
        sizes = ours.sizes[:: max(1, count)][:40] or [1000]
        bare = beside(count, sizes, SECONDS / max(1, len(ours.sizes) // count))
        behind = _behind(ours)
        note = (
            f"p50 {statistics.median(ours.late) * 1000:.0f} ms, {len(ours.sizes) // count} messages of"
            f" {statistics.mean(ours.sizes) / 1000:.0f} kB, {behind} versions behind, {held:.0f} kB a console,"
            f" {used:.0%} of the cores used"
        )
        reach = LIMITS.get(count, inf)
        label = f"commit to picture less one render, p95, to the bare stream; consoles: {count:,}"
        try:
            judge(label, [max(0.001, ours.p95 - RENDER)], [max(0.001, bare.p95)], reach, note)
        except AssertionError as reason:
            failures.append(str(reason))
        if behind > BEHIND:
            failures.append(f"{behind} versions behind with {count} consoles")
    assert not failures, "; ".join(failures)


def _behind(heard: Heard) -> int:
    """How many published versions whoever knows least is behind."""
    told = sorted({version for mine in heard.versions for version in mine})
    return max((len(told) - 1 - told.index(mine[-1]) for mine in heard.versions if mine), default=0)


def test_a_drag_begins_among_many_consoles_almost_as_on_an_idle_server(live_stack: LiveStack) -> None:
    cluster = watched()
    node = nodes_of(cluster)[2]
    form = urlencode({"users": people_of(node, 1)[0], "list": f"node:{node.pk}"})
    post = operator(live_stack.address)

    def verdicts(seconds: float) -> list[float]:
        spans, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            begun = time.perf_counter()
            post(reverse("move-targets", args=[cluster.name]), form)
            spans.append(time.perf_counter() - begun)
            time.sleep(0.05)  # as a person who drags now and then, not as a load of its own
        return spans

    async def among() -> list[float]:
        many = asyncio.create_task(watching(DRAGGED, live_stack, page_request_of_viewer))
        found = await asyncio.to_thread(verdicts, SECONDS)
        await many
        return found

    verdicts(0.5)
    idle = verdicts(3.0)
    begin(cluster, 0)
    page_request_of_viewer = page_request(live_stack, cluster)
    label = f"verdict of a drag among {DRAGGED} consoles in a failover, to an idle server"
    judge(label, asyncio.run(among()), idle, DRAG)


def test_a_second_web_process_takes_half_of_the_consoles_off_the_first(live_stack: LiveStack, tmp_path: Path) -> None:
    """The processor time that it takes: on a machine with as many cores, both together carry nearly twice as many."""
    cluster = watched()
    begin(cluster, 0)
    request = page_request(live_stack, cluster)
    second = LiveStack(str(connection.settings_dict["NAME"]), tmp_path)
    second.start_web()
    before: list[float] = []

    def note() -> None:
        before.append(worked(live_stack.web_pid))

    async def both() -> tuple[Heard, Heard]:
        half = TOGETHER // 2
        return await asyncio.gather(watching(half, live_stack, request, note), watching(half, second, request))

    try:
        alone = asyncio.run(watching(TOGETHER, live_stack, request, note))
        one = (worked(live_stack.web_pid) - before.pop()) / (len(alone.sizes) / TOGETHER)
        cores = Cores()
        mine, _ = asyncio.run(both())
        used = cores.used()
        two = (worked(live_stack.web_pid) - before.pop()) / (len(mine.sizes) / (TOGETHER // 2))
    finally:
        second.close()
    label = f"processor time for a version shown to {TOGETHER} consoles: on each of two web processes, to one"
    reach, note_of = (SHARED, "") if used < BUSY else (inf, f", the cores are the limit: {used:.0%} used")
    judge(label, [two], [one], reach, f"{one / TOGETHER * 1e6:.0f} µs a console and version{note_of}")


def operator(address: str) -> Callable[[str, str], bytes]:
    """Somebody who may drag, with a connection that stays open."""
    client = Client()
    client.force_login(person(roles.OPERATOR))
    session, token = client.cookies[settings.SESSION_COOKIE_NAME].value, "a" * 32
    return caller(
        address,
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-CSRFToken": token,
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={token}",
        },
    )


def beside(count: int, sizes: list[int], pause: float) -> Heard:
    """The same crowd at a bare stream."""
    port = free_port()
    program = [sys.executable, "-m", "tests.bench.bare.stream", str(port), f"{pause:.3f}", *map(str, sizes)]
    with subprocess.Popen(program, cwd=BASE_DIR) as process:
        try:
            assert wait_until(lambda: _accepts(port), 30), "the bare stream does not begin"
            request = b"GET / HTTP/1.1\r\nHost: bare\r\n\r\n"
            return asyncio.run(crowd(count, "127.0.0.1", port, request))
        finally:
            process.terminate()


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
