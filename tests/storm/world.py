"""What a storm hits: clusters with a fast clock, their people, and a console whose data have a disk of their own."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from config.local.processes import wait_until
from config.local.state import HOST, database_url
from tests import tools
from tests.local.test_platform import manage
from tests.local.test_platform_up import Up
from tests.storm.schedule import Edge
from tests.support import shifted

SPEED = 600
ROOM = "3g"  # of the disk; it takes memory for what is on it only
CLOCK = Path(__file__).parent / "worker_clock"
SHOW = """
import json
from django.core.management import call_command
from io import StringIO
def said(*words):
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().strip()
for name, topology, people in NAMES:
    said("apply_topology", topology)
    said("import_users", name, people)
tokens = {edge: said("token", "create", edge, "--role", "administrator") for edge in EDGES}
print(json.dumps({"tokens": tokens, "link": said("sign_in_link", "stormy", "--role", "administrator", "--base", "x")}))
"""


@dataclass(frozen=True)
class Size:
    """How large a world is."""

    clusters: int
    pairs: int
    users: int  # of each cluster


class Console:
    """A running console, and what a program or a person needs to use it."""

    def __init__(self, up: Up, size: Size, clock: Path | None) -> None:
        self.up, self.clock = up, clock
        self.clusters = [f"storm{number}" for number in range(1, size.clusters + 1)]
        made = _make(up.where, self.clusters, size)
        self.tokens: dict[Edge, str] = {Edge[name]: text for name, text in made["tokens"].items()}
        self.cookies = _sign_in(up.port, "/" + made["link"].partition("/")[2])
        self.nodes = self.ask("SELECT n.id, n.name, c.name FROM topology_node n JOIN topology_cluster c"
                              " ON c.id = n.cluster_id ORDER BY n.id")  # fmt: skip
        self.people = {user_id: pk for pk, user_id in self.ask("SELECT id, user_id FROM topology_enduser")}

    def ask(self, sql: str) -> list[tuple]:
        """Rows of the console's database, by a connection of this question alone."""
        with psycopg.connect(database_url(self.up.where), connect_timeout=10) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]

    def states(self) -> dict[str, str]:
        return dict(self.ask("SELECT name, state FROM topology_node"))

    def is_well(self) -> bool:
        """Whether the console says of itself that every part does its work."""
        asked = HTTPConnection(HOST, self.up.port, timeout=8)
        try:
            asked.request("GET", "/healthz")
            return asked.getresponse().status == 200
        except (OSError, ValueError):
            return False
        finally:
            asked.close()


@contextmanager
def running(where: Path, size: Size) -> Iterator[Console]:
    """A console on new data with all its nodes in service."""
    clock = where.with_name(f"{where.name}-clock") if has_faketime() else None
    given = {"DEMO": "0", "API_REQUESTS_PER_MINUTE": "6000"}
    if clock:
        given |= {"STORM_CLOCK": str(clock), "STORM_FAKETIME": str(shifted.library()), "PYTHONPATH": str(CLOCK)}
    up = Up(where, **given)
    try:
        up.says(r"Ctrl-C stops everything", 110)
        console = Console(up, size, clock)
        assert wait_until(lambda: set(console.states().values()) == {"normal"}, 60), console.states()
        yield console
    finally:
        if up.process.poll() is None:
            up.end()


def has_faketime() -> bool:
    return tools.find(tools.TOOLS["faketime"]) is not None and shifted.library() is not None


@contextmanager
def own_disk(where: Path) -> Iterator[bool]:
    """A small file system for the data alone, where we may make one; whether there is one."""
    where.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or subprocess.run(_mount(where, f"size={ROOM}"), capture_output=True).returncode:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=True)


def _mount(where: Path, options: str) -> list[str]:
    return ["mount", "-t", "tmpfs", "-o", options, "storm", str(where)]


def set_room(where: Path, *, full: bool) -> None:
    """Leave no room on the disk beyond what is taken, or give it all its room again."""
    taken = os.statvfs(where)
    size = f"{(taken.f_blocks - taken.f_bfree) * taken.f_frsize}" if full else ROOM
    subprocess.run(["mount", "-o", f"remount,size={size}", str(where)], check=True, capture_output=True)


def _make(where: Path, clusters: list[str], size: Size) -> dict:
    names = []
    for name in clusters:
        topology, people = where / f"{name}.yaml", where / f"{name}.csv"
        topology.write_text(_topology(name, size.pairs))
        rows = "".join(f"{name}-{n},Person {n}\n" for n in range(size.users))
        people.write_text(f"user_id,name\n{rows}")
        names.append((name, str(topology), str(people)))
    program = SHOW.replace("NAMES", repr(names)).replace("EDGES", repr([edge.name for edge in Edge]))
    done = manage(where, "shell", "--no-imports", "-c", program)
    assert done.returncode == 0, done.stderr
    made: dict = json.loads(done.stdout.splitlines()[-1])
    return made


def _topology(name: str, pairs: int) -> str:
    """Pairs with room for everyone on one node, so that a failover is refused for other reasons than room."""
    subclusters = "".join(
        f"  - name: sc-{pair}\n    ha: true\n    nodes:\n"
        f"      - {{name: {name}-{pair}a.example.org, profile: 15000{', publisher: true' if pair == 1 else ''}}}\n"
        f"      - {{name: {name}-{pair}b.example.org, profile: 15000}}\n"
        for pair in range(1, pairs + 1)
    )
    head = f"cluster: {name}\nmode: balanced\nmodel: balanced_redundant\n"
    return f"{head}policy: {{clock_speed: {SPEED}, moves_per_second: 1}}\nsubclusters:\n{subclusters}"


def _sign_in(port: int, path: str) -> str:
    """The cookies of a person who pressed the button of a sign-in link."""
    connection = HTTPConnection(HOST, port, timeout=30)
    connection.request("GET", path)
    page = connection.getresponse()
    form = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
    assert form, page.status
    body = urlencode({"csrfmiddlewaretoken": form[1]})
    kept = _cookies(page.headers.get_all("Set-Cookie"))
    headers = {"Cookie": kept, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    assert answer.status == 302, answer.read()
    answer.read()
    connection.close()
    return "; ".join([_cookies(answer.headers.get_all("Set-Cookie"))])


def _cookies(lines: list[str] | None) -> str:
    return "; ".join(line.partition(";")[0] for line in lines or ())
