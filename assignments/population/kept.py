"""The boards of clusters, read anew only where the database says that something in them changed.

The mark of a cluster is the places (`ctid`) and writers (`xmin`) of all rows that its board is made of, so what is kept
is never shown after any of them changed, by whom ever it was. One query asks for the marks of all clusters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from django.db import connection

from assignments.models import ACTIVE, Operation, Population
from assignments.population.selectors import Board, boards_of
from topology.models import Cluster, Node, Subcluster
from topology.structure.snapshot import TOGETHER, one_snapshot, row_mark

MOST = 500  # boards kept in a process


@dataclass(frozen=True)
class KeptBoard:
    """A board and its mark, by which two of a cluster are told apart."""

    cluster: int
    mark: str
    board: Board = field(compare=False)


_kept: dict[int, KeptBoard] = {}


def boards_now(clusters: Sequence[Cluster]) -> tuple[KeptBoard, ...]:
    """The boards of clusters as they are now: one query where nothing changed, seven else, for any number of them."""
    marks = _marks(cluster.pk for cluster in clusters)
    boards = {pk: kept for pk, mark in marks.items() if (kept := _kept.get(pk)) and kept.mark == mark}
    if changed := marks.keys() - boards.keys():
        boards |= _read(changed)
    return tuple(boards[cluster.pk] for cluster in clusters if cluster.pk in boards)


def _read(keys: Iterable[int]) -> dict[int, KeptBoard]:
    """Boards with the marks of the same snapshot; a cluster that has gone meanwhile is left out."""
    with one_snapshot():
        marks = _marks(keys)
        boards = boards_of(list(Cluster.objects.filter(pk__in=marks)))
    read = {board.cluster.pk: KeptBoard(board.cluster.pk, marks[board.cluster.pk], board) for board in boards}
    if len(_kept) + len(read) > MOST:
        _kept.clear()
    _kept.update((pk, one) for pk, one in read.items() if not one.board.operations)  # what runs show is not all marked
    return read


@cache
def _mark_query() -> str:
    """For each cluster, the places and writers of all rows of its board as one text."""

    def rows(model: type[Cluster | Subcluster | Node | Population | Operation], of: str, where: str = "true") -> str:
        table = model._meta.db_table
        return f"SELECT {of} AS cluster, {row_mark(table)} FROM {table} WHERE {of} = ANY(%(clusters)s) AND {where}"

    active = f"state IN ({', '.join(repr(str(state)) for state in ACTIVE)})"
    parts = [rows(Cluster, "id"), *(rows(model, "cluster_id") for model in (Subcluster, Node, Population))]
    parts += [rows(Operation, of, active) for of in ("cluster_id", "to_cluster_id")]
    together = " UNION ALL ".join(parts)
    return f"SELECT cluster, {TOGETHER} FROM ({together}) AS marks GROUP BY cluster"


def _marks(keys: Iterable[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(_mark_query(), {"clusters": list(keys)})
        return dict(cursor.fetchall())
