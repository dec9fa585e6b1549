"""What all who watch a cluster see: one snapshot of it, rendered once for each kind of viewer, kept for all.

    read one snapshot -> its mark -> kept under that mark? -> the same bytes for everybody
                                  -> else rendered by the first process that claims it, and kept

The mark is what the database itself says of the rows that are shown: their places and the transactions that wrote them.
So what is kept is never shown after a row changed, whatever changed it. A kind of viewer is a role and whether names
are hidden: nothing else of a person, no token and no selection, reaches what is rendered here.

It is rendered as parts with a mark in the place of each part inside it, so that two versions can be told apart part by
part, and only what changed is sent.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone

from assignments.board.views.contexts import map_context
from assignments.models import (
    DirectoryAgreement,
    DirectoryRun,
    LoadSample,
    Operation,
    Population,
    RunPolicy,
    TargetProgress,
)
from assignments.population.selectors import Board, board_of
from assignments.runs.views.run_shown import last_run, strip_runs
from topology.accounts import pseudonyms, roles
from topology.live import events, shelf
from topology.live.boards import ViewerKind
from topology.models import Cluster, Node, Policy, Subcluster
from topology.structure.selectors import cluster_named
from topology.structure.snapshot import TOGETHER, one_snapshot, row_mark

KEPT = 60  # seconds
CLAIMED = 3000  # milliseconds, after which who rendered is taken for dead
MOVING = 5.0  # seconds for which times left and rates may be shown again
RESTING = 3600.0
ROOTS = {
    "summary_bar": "board/cluster/_summary_bar.html",
    "tree": "board/cluster/_tree.html",
    "map": "board/cluster/_map.html",
}
PART = re.compile(r"<!--([\w:-]+)-->")
OF_CLUSTER = (Policy, RunPolicy, DirectoryAgreement, Subcluster, Node, Population)
# Of a directory the runs that ended: the one that reads says every second how far it is, and none of that is shown.
READ = """
    SELECT run.id FROM assignments_directoryrun run
        JOIN assignments_directoryagreement agreement ON agreement.id = run.agreement_id
    WHERE agreement.cluster_id = (TABLE here) AND run.state <> 'reading' ORDER BY run.id DESC LIMIT 3
"""
# Of the load the newest sample alone: what was sampled once stays as it is.
SAMPLED = """
    SELECT sample.id FROM topology_node node CROSS JOIN LATERAL (
        SELECT id FROM assignments_loadsample WHERE node_id = node.id AND step = 60 ORDER BY at DESC LIMIT 1
    ) sample WHERE node.cluster_id = (TABLE here)
"""
RUNS = "state IN ('queued', 'running', 'paused') OR finished_at >= now() - interval '45 s'"


@cache
def _mark_query() -> str:
    """The key of the cluster of a name, and the places and writers of all rows that are shown, as one text."""

    def rows(table: str, where: str) -> str:
        return f"SELECT {row_mark(table)} FROM {table} WHERE {where}"

    cluster, run, progress = (model._meta.db_table for model in (Cluster, Operation, TargetProgress))
    ours = "(cluster_id = (TABLE here) OR to_cluster_id = (TABLE here))"
    runs = f"SELECT id FROM {run} WHERE {ours} AND ({RUNS})"
    parts = [rows(cluster, "id = (TABLE here)"), rows(run, f"{ours} AND ({RUNS})")]
    parts += [rows(model._meta.db_table, "cluster_id = (TABLE here)") for model in OF_CLUSTER]
    parts += [rows(progress, f"operation_id IN ({runs})"), rows(DirectoryRun._meta.db_table, f"id IN ({READ})")]
    parts += [rows(LoadSample._meta.db_table, f"id IN ({SAMPLED})")]
    here = f"WITH here AS (SELECT id FROM {cluster} WHERE name = %s)"
    return f"{here} SELECT (TABLE here), {TOGETHER} FROM ({' UNION ALL '.join(parts)}) AS marks"


@dataclass(frozen=True)
class Shared:
    """One version of a cluster for one kind of viewer. `parts` are HTML by id, those of `roots` around the others."""

    version: int
    mark: str
    until: float  # seconds since 1970; the times that it shows are right until then
    roots: dict[str, str]
    parts: dict[str, str]
    topics: str  # what it shows, in words of the stream

    def whole(self, pk: str) -> str:
        """A part with everything in it."""
        return PART.sub(lambda match: self.whole(match.group(1)), self.parts[pk])

    def changes(self, before: Shared) -> Iterator[str]:
        """The smallest parts that differ from an earlier version."""
        for pk in self.roots.values():
            yield from self._changes(pk, before)

    def _changes(self, pk: str, before: Shared) -> Iterator[str]:
        if self.parts[pk] != before.parts.get(pk):
            yield self.whole(pk)
        else:
            for inner in PART.findall(self.parts[pk]):
                yield from self._changes(inner, before)

    def everything(self) -> Iterator[str]:
        """All of it."""
        return map(self.whole, self.roots.values())


def shared_now(cluster: str, kind: ViewerKind) -> Shared:
    """A cluster as it is now. Raises Refused when there is none of that name."""
    version = events.version_now()
    with one_snapshot():  # whatever the version stands for was committed before this
        return _known(cluster, kind, version)


_boards: dict[str, Board] = {}
BOARDS = 50  # kept in a process


def board_at(mark: str, cluster: str) -> Board:
    """The board that was read at a mark: a page that shows it beside what is shared reads nothing again."""
    board = _boards.get(mark)
    if board is None:
        if len(_boards) >= BOARDS:
            _boards.clear()
        board = _boards[mark] = board_of(cluster_named(cluster))
    return board


def board_now(cluster: str) -> Board:
    """The board that all who watch are shown, as it is now: read anew only after something in it changed."""
    with one_snapshot():
        return board_at(_mark(cluster), cluster)


_making: dict[str, threading.Lock] = defaultdict(threading.Lock)


def _known(cluster: str, kind: ViewerKind, version: int) -> Shared:
    mark = _mark(cluster)
    name = f"board:{_build()}:{cluster}:{kind}"
    if shared := _kept(name, mark):
        return shared
    with _making[name]:  # one thread of a process; then one process
        end = time.monotonic() + CLAIMED / 1000
        while not (shared := _kept(name, mark)) and not shelf.claim(f"{name}:{mark}", CLAIMED):
            if time.monotonic() > end:
                break
            time.sleep(0.01)
        if shared:
            return shared
        try:
            return _make(name, cluster, kind, mark, version)
        finally:
            shelf.release(f"{name}:{mark}")  # should an older version be kept after this one, no one waits for its end


def _kept(name: str, mark: str) -> Shared | None:
    """What is kept, if nothing it shows has changed since."""
    shared = _last(name)
    return shared if shared and shared.mark == mark and shared.until > time.time() else None


def _last(name: str) -> Shared | None:
    text = shelf.kept(name)
    return Shared(**json.loads(text)) if text else None


def _make(name: str, cluster: str, kind: ViewerKind, mark: str, version: int) -> Shared:
    """Render it and keep it; what looks as before keeps its version."""
    before = _last(name)
    shared = render(cluster, kind, mark, max(version, before.version + 1 if before else 0))
    shelf.count(f"renders:{cluster}:{kind}")
    if before and before.parts == shared.parts:
        shared = replace(shared, version=before.version)
    shelf.keep(name, json.dumps(asdict(shared)), KEPT)
    return shared


def _mark(cluster: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_mark_query(), [cluster])
        pk, mark = cursor.fetchone()
    return f"{pk or cluster_named(cluster).pk}-{mark}"  # where there is none, it says so


@cache
def _build() -> str:
    """What tells installations and versions of the templates apart."""
    sources = [path.read_bytes() for path in sorted(Path(settings.BASE_DIR / "templates").rglob("*.html"))]
    told = "|".join((static("img/icons.svg"), settings.SECRET_KEY, settings.TIME_ZONE)).encode()
    return sha256(b"".join([told, *sources])).hexdigest()[:16]


def render(cluster: str, kind: ViewerKind, mark: str, version: int) -> Shared:
    """Read and render a cluster for a kind of viewer."""
    with pseudonyms.enabled(settings.SECRET_KEY if kind.hides_names else None):
        context = map_context(cluster)
        runs = strip_runs(context["cluster"])
        rank = roles.ROLES.index(kind.role)
        parts: dict[str, str] = {}
        context |= {
            "runs": runs,
            "last_run": None if any(run.operation.active for run in runs) else last_run(context["cluster"]),
            "parts": parts,
            "may_operate": rank >= roles.ROLES.index(roles.OPERATE),
            "may_administer": rank >= roles.ROLES.index(roles.ADMINISTER),
        }
        names = {root: f"{root}-cluster-{context['cluster'].pk}" for root in ROOTS}
        for root, template in ROOTS.items():
            parts[names[root]] = render_to_string(template, context).strip()
    topics = " ".join([context["topics"], *(f"operation-{run.operation.pk}" for run in runs)])
    return Shared(version, mark, _until(bool(runs or context["outlooks"])), names, parts, topics)


def _until(moving: bool) -> float:
    """Until when the times that are shown are right: those of runs change by themselves, the others at midnight."""
    now = timezone.localtime()
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
    return min(time.time() + (MOVING if moving else RESTING), midnight.timestamp())
