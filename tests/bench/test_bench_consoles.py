"""How long a commit takes to all consoles that watch, beside a bare stream of the same bytes at the same pace.

One web process, the load beside it on the same cores. Each console is a stream of the address in its page; a failover
and a rebalance run at once. Counted from the end of the coalescing window.
`CONSOLES=1,20,100,500,1000` names the crowds.
"""

import asyncio
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from assignments.models import Goal
from assignments.planning import plans
from assignments.recovery import service
from assignments.runs import operations
from config.local.state import BASE_DIR, free_port
from tests.board.test_page import person
from tests.crowd import make_crowd, nodes_of
from tests.live_stack import LiveStack
from topology.accounts import roles
from topology.models import Cluster
from topology.rules.states import State, StateReason

CROWDS = [int(text) for text in os.environ.get("CONSOLES", "1,20,100,500").split(",")]
SECONDS = 12.0
WINDOW = 0.25
HEAD = "\nconsoles   messages   kB each   p50 / p95 ms   bare p50 / p95 ms   ratio   versions behind   kB a console"
LIMITS = {500: 3.0, 1000: 5.0}  # times the bare stream, plus one render
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


async def crowd(count: int, host: str, port: int, request: bytes) -> Heard:
    """So many consoles for some seconds, from when each of them was told a version."""
    heard, go = Heard(), asyncio.Event()
    consoles = [asyncio.create_task(console(count, host, port, request, heard, go)) for _ in range(count)]
    async with asyncio.timeout(90):
        await heard.all_begun.wait()
    go.set()
    await asyncio.sleep(SECONDS)
    for one in consoles:
        one.cancel()
    await asyncio.gather(*consoles, return_exceptions=True)
    return heard


def page_request(web: LiveStack, cluster: Cluster) -> bytes:
    client = Client()
    client.force_login(person(roles.VIEWER))
    page = client.get(reverse("cluster", args=[cluster.name])).content.decode()
    stream = re.search(r'data-stream="([^"]+)"', page).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    version = re.search(r'data-version="(\d+)"', page).group(1)  # type: ignore[union-attr]
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    target = f"{stream}&version={version}&at={int(time.time() * 1000)}"
    return f"GET {target} HTTP/1.1\r\nHost: {urlsplit(web.address).netloc}\r\nCookie: {cookie}\r\n\r\n".encode()


def begin(cluster: Cluster, number: int) -> None:
    """A failover in one pair and a rebalance of the others, for as long as a crowd watches."""
    nodes = nodes_of(cluster)
    change = service.repair if number % 2 else service.inject
    change(nodes[0], "power", "", person(roles.ADMINISTRATOR))
    if number == 0:
        plan = plans.make_plan(cluster, Goal.BALANCE, {"subclusters": [nodes[2].subcluster_id, nodes[4].subcluster_id]})
        operations.start(plan.hash, actor="bench", rate=1)


def memory(pid: int) -> int:
    """Bytes that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.django_db(transaction=True)
def test_consoles_beside_a_bare_stream(live_stack: LiveStack) -> None:
    cluster = make_crowd(5_000, 5_000, 9_000, 1_000, 9_000, 1_000, capacity=15_000)
    cluster.subclusters.update(ha_enabled=True)
    cluster.nodes.update(state=State.NORMAL, reason=StateReason.NORMAL)
    Cluster.objects.filter(pk=cluster.pk).update(clock_speed=30)
    where, failures = urlsplit(live_stack.address), []
    print(HEAD)  # noqa: T201
    for number, count in enumerate(CROWDS):
        begin(cluster, number)
        before = memory(live_stack.web_pid)
        request = page_request(live_stack, cluster)
        ours = asyncio.run(crowd(count, str(where.hostname), where.port or 80, request))
        held = (memory(live_stack.web_pid) - before) / count / 1000
        sizes = ours.sizes[:: max(1, count)][:40] or [1000]
        bare = beside(count, sizes, SECONDS / max(1, len(ours.sizes) // count))
        ratio = ours.p95 / max(bare.p95, 0.001)
        told = sorted({version for mine in ours.versions for version in mine})
        behind = max((len(told) - 1 - told.index(mine[-1]) for mine in ours.versions if mine), default=0)
        print(  # noqa: T201
            f"{count:8}   {len(ours.sizes) // count:8}   {statistics.mean(ours.sizes) / 1000:7.1f}"
            f"   {statistics.median(ours.late) * 1000:4.0f} / {ours.p95 * 1000:4.0f}"
            f"    {statistics.median(bare.late) * 1000:8.0f} / {bare.p95 * 1000:4.0f}   {ratio:8.1f}"
            f"   {behind:12}   {held:18.0f}"
        )
        assert all(mine for mine in ours.versions), "somebody was told nothing"
        if ours.p95 > LIMITS.get(count, 99.0) * bare.p95 + RENDER or behind > 2:
            failures.append(count)
    assert not failures


RENDER = 0.1  # seconds: one render on a busy machine


def beside(count: int, sizes: list[int], pause: float) -> Heard:
    """The same crowd at a bare stream."""
    port = free_port()
    program = [sys.executable, "-m", "tests.bench.bare_stream", str(port), f"{pause:.3f}", *map(str, sizes)]
    with subprocess.Popen(program, cwd=BASE_DIR) as process:
        try:
            time.sleep(1.0)
            request = b"GET / HTTP/1.1\r\nHost: bare\r\n\r\n"
            return asyncio.run(crowd(count, "127.0.0.1", port, request))
        finally:
            process.terminate()
