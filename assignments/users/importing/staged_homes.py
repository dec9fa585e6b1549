"""Where the staged users of an import go: those whose line names no home wait, and are dealt out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from math import gcd
from typing import Any, Protocol

from assignments.planning.rules.loads import Classes, EndpointClass, Flow
from assignments.users.importing.staging import ENDPOINTS, rows_of, run_sql
from topology.reasons import Refused

GOLDEN = 0.618  # of all places: steps of this length come nowhere near each other for long


class Ask(Protocol):
    """Where so many users go. Raises Refused."""

    def __call__(self, users: int, *, endpoints: int, classes: Classes) -> Sequence[Flow]: ...


def place_nobody_else() -> None:
    """In a manual cluster who names no node gets none."""
    run_sql("UPDATE staged SET waits = false WHERE waits")


def _first_classes(most: int) -> Classes:
    """The first `most` of those who wait, by their number of endpoints."""
    first = "SELECT * FROM staged WHERE waits ORDER BY line LIMIT %s"
    rows = rows_of(f"SELECT {ENDPOINTS}, count(*) FROM ({first}) AS staged GROUP BY 1 ORDER BY 1", most)
    return tuple(EndpointClass(int(weight), users, users) for weight, users in rows)


def place_first(ask: Ask, waiting: int) -> tuple[int, Sequence[Flow]]:
    """How many of those who wait find a place when not all do, and where: the first ones, by halving.

    Each try asks for exactly those users with the endpoints that they have: a mean would promise room that is none.
    """
    low, high = 0, waiting
    flows: Sequence[Flow] = ()
    while low + 1 < high:
        middle = (low + high) // 2
        classes = _first_classes(middle)
        try:
            flows = ask(middle, endpoints=sum(each.endpoints * each.users for each in classes), classes=classes)
            low = middle
        except Refused:
            high = middle
    return low, flows


def place_users(flows: Sequence[Flow]) -> None:
    """Deal the waiting users out: so many to each node, mixed, so that no node gets one end of the alphabet.

    Where flows name a number of endpoints, so many users of that number. The lines are written anew, in their order,
    for that is a quarter of what it costs to change each.
    """
    shares: dict[int | None, Counter[int]] = {}
    for flow in flows:
        if flow.users and flow.to_id is not None:
            shares.setdefault(flow.endpoints, Counter())[flow.to_id] += flow.users
    cases, values = "", list[Any]()
    for weight, share in shares.items():
        case, more = _dealt(weight, share)
        cases, values = cases + case, values + more
    if not cases:
        return
    run_sql(
        f"""
        CREATE TEMPORARY TABLE dealt ON COMMIT DROP AS
            SELECT *, CASE {cases} ELSE target END AS home FROM staged WINDOW so_far AS (ROWS UNBOUNDED PRECEDING);
        DROP TABLE pg_temp.staged;
        ALTER TABLE dealt RENAME TO staged;
        ALTER TABLE staged DROP COLUMN target;
        ALTER TABLE staged RENAME home TO target
        """,
        *values,
    )


def _dealt(weight: int | None, share: Counter[int]) -> tuple[str, list[Any]]:
    """SQL for the node of those who wait (and have so many endpoints), with its parameters.

    The nth of them takes the place n * step of all places, and the places of a node are next to each other: as the step
    has no divisor in common with their number, each place is taken once, and who follow each other come apart.
    """
    total = share.total()
    step = next(step for step in range(int(total * GOLDEN), total + 2) if gcd(step, total) == 1)
    nodes = sorted(share)
    firsts = [0, *accumulate(share[node] for node in nodes[:-1])]
    who = "waits" if weight is None else f"waits AND {ENDPOINTS} = {int(weight)}"
    nth = f"count(*) FILTER (WHERE {who}) OVER so_far"
    case = f"WHEN {who} AND {nth} <= %s THEN (%s::bigint[])[width_bucket({nth} * %s %% %s, %s::bigint[])] "
    return case, [total, nodes, step, total, firsts]
