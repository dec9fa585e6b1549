"""What is asked of a console while it is hurt: by the page and the API, as people and programs do."""

import json
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from random import Random
from typing import Any
from urllib.parse import urlencode

from config.local.state import HOST
from tests.storm.answers import AWAY, Answer
from tests.storm.schedule import Ask, Edge
from tests.storm.world import Console

PATIENCE = 30.0  # seconds that a program waits for an answer
AGAIN = 1.0  # seconds until it asks again what must have come to an end
SILENT = 12.0  # seconds without a sign of life after which a browser opens its stream anew
CODE = re.compile(r'data-code="(\w+)"')
INCIDENT = 40.0  # seconds until an incident is left alone, to be ended with all others after the storm
FAULTS = ("power", "network", "database")
PASSING, PASSING_NODES = "passing", ("passing-a", "passing-b", "passing-c")  # a cluster that is made and removed
Body = dict[str, Any] | str | None


class Edges:
    """All requests of a storm and their answers; each edge is asked by a thread of its own, one thing at a time."""

    def __init__(self, console: Console, begun: float) -> None:
        self.console, self.begun, self.over = console, begun, threading.Event()
        self.answers: list[Answer] = []
        self.imported: set[str] = set()  # users of imports that were said to be done
        self.heard = 0
        self._do: dict[Edge, Callable[[Random], None]] = {
            Edge.DRAG: self._drag,
            Edge.IMPORT: self._import,
            Edge.REBALANCE: self._rebalance,
            Edge.RECOVERY: self._recovery,
            Edge.API: self._api,
            Edge.STRUCTURE: self._structure,
        }

    def follow(self, asks: list[Ask]) -> None:
        """Ask what an edge is to be asked, each thing at its time or as soon as the one before has its answer."""
        for ask in asks:
            if self.over.wait(max(0.0, self.begun + ask.at - time.monotonic())):
                return
            self._do[ask.edge](Random(ask.draw))

    # --- One request --------------------------------------------------------------------------------
    def request(
        self, edge: Edge, method: str, path: str, body: Body = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """The status and the content of an answer, 0 and nothing without one; it is noted either way."""
        begun = time.monotonic()
        text = json.dumps(body) if isinstance(body, dict) else body
        status, code, data = AWAY, "", None
        connection = HTTPConnection(HOST, self.console.up.port, timeout=PATIENCE)
        with suppress(OSError, HTTPException):
            connection.request(method, path, text, headers or {})
            status, code, data = _read(connection.getresponse())
        connection.close()
        what = f"{method} {path.partition('?')[0]}"
        self.answers.append(Answer(edge, what, status, code, begun, time.monotonic()))
        return status, data

    def api(self, edge: Edge, method: str, path: str, body: Body = None, **headers: str) -> tuple[int, Any]:
        """The same by the API, as JSON unless it is said to be something else."""
        given = {"Authorization": f"Bearer {self.console.tokens[edge]}", "Content-Type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request(edge, method, f"/api/v1{path}", body, given)

    def page(self, method: str, path: str, **form: Any) -> tuple[int, Any]:
        """The same as the page's script asks it."""
        headers = {"Cookie": self.console.cookies, "HX-Request": "true"}
        if method == "POST":
            headers |= {"X-CSRFToken": self._csrf(), "Content-Type": "application/x-www-form-urlencoded"}
        return self.request(Edge.DRAG, method, path, urlencode(form) if form else None, headers)

    def _csrf(self) -> str:
        found = re.search(r"homenode_csrf=([^;]+)", self.console.cookies)
        assert found
        return found[1]

    # --- The edges ----------------------------------------------------------------------------------
    def _drag(self, random: Random) -> None:
        """Some users of one node's list to where the verdicts of the page allow it; now and then it is undone."""
        pk, node, cluster = random.choice(self.console.nodes)
        listed = {"cluster": cluster, "node": node, "limit": random.randint(1, 12)}
        if random.random() < 0.5:
            listed["cursor"] = random.choice(sorted(self.console.people))
        status, page = self.api(Edge.DRAG, "GET", f"/users?{urlencode(listed)}")
        people = [self.console.people.get(user["user_id"]) for user in page["users"]] if status == 200 else []
        keys = ",".join(str(key) for key in people if key)
        if not keys:
            return
        chosen = {"users": keys, "list": f"node:{pk}"}
        status, judged = self.page("POST", f"/clusters/{cluster}/moves/targets", **chosen)
        targets = judged["targets"] if status == 200 else {}
        may = sorted(name for name, verdict in targets.items() if verdict["level"] != "refused")
        nodes = [name for name in may if name.startswith("node:")]
        if may:
            to = random.choice(nodes if nodes and random.random() < 0.9 else may)
            self.page("POST", f"/clusters/{cluster}/moves/", **chosen, to=to)
        if random.random() < 0.1:
            self._undo_last(cluster)

    def _undo_last(self, cluster: str) -> None:
        status, found = self.api(Edge.DRAG, "GET", f"/operations?cluster={cluster}&active=false&limit=5")
        moves = [one["id"] for one in found["operations"] if one["kind"] == "move"] if status == 200 else []
        if moves:
            self.page("POST", f"/clusters/{cluster}/moves/{moves[0]}/undo")

    def _import(self, random: Random) -> None:
        """A file with new people and new names of known ones; what got no answer is sent again with the same key."""
        cluster, number = random.choice(self.console.clusters), random.getrandbits(32)
        new = [f"{cluster}-late-{number:08x}-{n}" for n in range(random.randint(1, 30))]
        known = random.sample(sorted(self.console.people), 10)
        known = [user_id for user_id in known if user_id.startswith(f"{cluster}-")]
        rows = "".join(f"{user_id},Named {number % 1000}\n" for user_id in [*new, *known])
        path, headers = f"/clusters/{cluster}/users/import", {"Content_Type": "text/csv"}
        self.api(Edge.IMPORT, "POST", f"{path}?dry_run=true", f"user_id,name\n{rows}", **headers)
        key = f"import-{number:08x}"
        while not self.over.is_set():
            said, _ = self.api(Edge.IMPORT, "POST", path, f"user_id,name\n{rows}", Idempotency_Key=key, **headers)
            if said == 200:
                self.imported.update(new)
            if 200 <= said < 500:
                return
            self.over.wait(AGAIN)

    def _rebalance(self, random: Random) -> None:
        """A plan and its run; else an older run is paused, resumed, cancelled or undone."""
        cluster, what = random.choice(self.console.clusters), random.random()
        if what < 0.5:
            goal: Body = {"goal": random.choice(("balance", "balance", "active_standby"))}
            if what < 0.15:
                goal = {"goal": "evacuate", "node": random.choice(self._nodes_of(cluster))}
            status, plan = self.api(Edge.REBALANCE, "POST", f"/clusters/{cluster}/plans", goal)
            if status == 200 and plan["moves"]:
                rate = {"rate": random.choice((0.05, 0.2, 1.0))} if random.random() < 0.8 else {"unthrottled": True}
                self.api(Edge.REBALANCE, "POST", f"/plans/{plan['hash']}/run", rate)
            return
        ended = what < 0.65
        asked = f"/operations?cluster={cluster}&active={'false' if ended else 'true'}&limit=20"
        status, found = self.api(Edge.REBALANCE, "GET", asked)
        runs = [one["id"] for one in found["operations"] if one["kind"] == "rebalance"] if status == 200 else []
        if runs:
            verb = "undo" if ended else random.choice(("pause", "resume", "resume", "cancel"))
            self.api(Edge.REBALANCE, "POST", f"/operations/{random.choice(runs)}/{verb}", {} if ended else None)

    def _nodes_of(self, cluster: str) -> list[str]:
        return [name for _, name, of in self.console.nodes if of == cluster]

    def _recovery(self, random: Random) -> None:
        """An incident: a node breaks or is failed over, is repaired when its peer has its users, and they go home.

        One that was given up, because the console was hurt for too long, is ended first.
        """
        pairs = [pair for cluster in self.console.clusters for pair in self._pairs(cluster)]
        broken = [pair for pair in pairs if set(pair.values()) != {"normal"}]
        if not pairs:
            return
        node = random.choice(sorted(random.choice(broken or pairs)))
        if not broken:
            kind: Body = {"kind": random.choice(FAULTS)} if random.random() < 0.6 else None
            self.api(Edge.RECOVERY, "POST", f"/nodes/{node}/{'faults' if kind else 'failover'}", kind)
        cluster = next(of for _, name, of in self.console.nodes if name == node)
        ends = time.monotonic() + INCIDENT
        while not self.over.wait(AGAIN) and time.monotonic() < ends:
            pair = next((pair for pair in self._pairs(cluster) if node in pair), {})
            if pair and set(pair.values()) == {"normal"}:
                return
            if broken or "running_in_backup_mode" in pair.values():
                self._mend(pair)

    def _pairs(self, cluster: str) -> list[dict[str, str]]:
        """The states of the nodes of each pair by their names; none where they are not to be had."""
        status, found = self.api(Edge.RECOVERY, "GET", f"/clusters/{cluster}")
        subclusters = found["subclusters"] if status == 200 else []
        return [{one["name"]: one["state"] for one in sub["nodes"]} for sub in subclusters]

    def _mend(self, pair: dict[str, str]) -> None:
        for node, state in pair.items():
            if state in ("idle", "failed_over"):
                self.api(Edge.RECOVERY, "POST", f"/nodes/{node}/fallback")
            elif state not in ("normal", "running_in_backup_mode", "taking_back", "falling_back", "initializing"):
                for kind in FAULTS:
                    self.api(Edge.RECOVERY, "DELETE", f"/nodes/{node}/faults", {"kind": kind})

    def _api(self, random: Random) -> None:
        """One of the calls of a program that looks around, tries, and makes and revokes a token."""
        cluster = random.choice(self.console.clusters)
        ours = sorted(user_id for user_id in self.console.people if user_id.startswith(f"{cluster}-"))
        people, nodes = random.sample(ours, 3), self._nodes_of(cluster)
        move: Body = {"users": people, "to": random.choice(nodes), "dry_run": True}
        random.choice((
            lambda: self.api(Edge.API, "GET", "/clusters"),
            lambda: self.api(Edge.API, "GET", f"/clusters/{cluster}/checks"),
            lambda: self.api(Edge.API, "GET", f"/users?cluster={cluster}&q={people[0][-2:]}&limit=50"),
            lambda: self.api(Edge.API, "GET", f"/clusters/{cluster}/users/{people[0]}/why"),
            lambda: self.api(Edge.API, "GET", f"/events?cluster={cluster}&limit=50"),
            lambda: self.api(Edge.API, "GET", f"/clusters/{cluster}/assignments.csv"),
            lambda: self.api(Edge.API, "GET", "/operations?limit=50"),
            lambda: self.api(Edge.API, "POST", f"/clusters/{cluster}/moves", move),
            lambda: self.api(Edge.API, "POST", f"/clusters/{cluster}/plans", {"goal": "balance"}),
            lambda: self._token(f"passing-{random.getrandbits(32):08x}"),
        ))()  # fmt: skip

    def _token(self, name: str) -> None:
        status, made = self.api(Edge.API, "POST", "/tokens", {"name": name, "role": "viewer"})
        if status == 200:
            self.api(Edge.API, "DELETE", f"/tokens/{made['id']}")

    def _structure(self, random: Random) -> None:
        """Two administrators change a small cluster at once, which one of them may remove under the other's hands."""
        both = [threading.Thread(target=self._change, args=(Random(random.getrandbits(32)),)) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()

    def _change(self, random: Random) -> None:
        first, *others = PASSING_NODES
        pair, other = random.choice(("east", "west")), random.choice(others)
        nodes = [{"name": first, "publisher": True}, {"name": other}]
        file = {"cluster": PASSING, "subclusters": [{"name": pair, "ha": False, "nodes": nodes}]}
        cluster, node = f"/clusters/{PASSING}", f"/nodes/{other}"
        for _ in range(4):
            random.choice((
                lambda: self.api(Edge.STRUCTURE, "PUT", f"{cluster}/topology?prune=true", file),
                lambda: self.api(Edge.STRUCTURE, "PUT", f"{cluster}/topology", file),
                lambda: self.api(Edge.STRUCTURE, "PATCH", node, {"name": random.choice(PASSING_NODES)}),
                lambda: self.api(Edge.STRUCTURE, "PATCH", node, {"users": random.randint(100, 5000)}),
                lambda: self.api(Edge.STRUCTURE, "PATCH", f"{cluster}/subclusters/{pair}", {"description": node}),
                lambda: self.api(Edge.STRUCTURE, "PUT", f"{cluster}/subclusters/{pair}/ha"),
                lambda: self.api(Edge.STRUCTURE, "DELETE", f"{cluster}/subclusters/{pair}/ha"),
                lambda: self.api(Edge.STRUCTURE, "POST", f"{node}/faults", {"kind": random.choice(FAULTS)}),
                lambda: self.api(Edge.STRUCTURE, "DELETE", f"{cluster}?confirm={PASSING}"),
            ))()  # fmt: skip

    # --- Streams ------------------------------------------------------------------------------------
    def listen(self, cluster: str) -> None:
        """A browser's event stream, opened anew whenever it ends or stays silent."""
        while not self.over.wait(0.2):
            begun, status, code = time.monotonic(), AWAY, ""
            connection = HTTPConnection(HOST, self.console.up.port, timeout=SILENT)
            with suppress(OSError, HTTPException):
                path = f"/stream?cluster={cluster}&kind=administrator&version=0"
                connection.request("GET", path, headers={"Cookie": self.console.cookies})
                answer = connection.getresponse()
                status = answer.status
                if status == 200:
                    self._hear(answer)
                else:
                    status, code, _ = _read(answer)
            connection.close()
            self.answers.append(Answer(Edge.STREAM, "GET /stream", status, code, begun, time.monotonic()))

    def _hear(self, answer: HTTPResponse) -> None:
        while not self.over.is_set() and (line := answer.readline()):
            self.heard += line.startswith(b"event:")


def _read(answer: HTTPResponse) -> tuple[int, str, Any]:
    """The status, the code of a refusal, and what stands in an answer."""
    text = answer.read().decode(errors="replace")
    if "json" in (answer.getheader("Content-Type") or ""):
        data = json.loads(text)
        return answer.status, str(data.get("code", "")) if isinstance(data, dict) else "", data
    found = CODE.search(text)
    return answer.status, found[1] if found else "", text
