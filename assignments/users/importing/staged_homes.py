"""Where the staged users of an import go: those whose line names no home wait, are counted, and are dealt out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from assignments.planning.rules.loads import Classes, EndpointClass, Flow
from assignments.users.importing.staging import ADDED, ENDPOINTS, HOME, rows_of, run
from topology.reasons import Refused


class Ask(Protocol):
    """Where so many users go. Raises Refused."""

    def __call__(self, users: int, *, endpoints: int, classes: Classes) -> Sequence[Flow]: ...


class UnplacedUsers(NamedTuple):
    """Users who wait for a home by the cluster's mode, and the sum of their endpoints."""

    users: int
    endpoints: int


def place_nobody_else() -> None:
    """In a manual cluster who names no node gets none."""
    run("UPDATE staged SET waits = false WHERE waits")


def count_arriving() -> int:
    """New users, and unassigned ones who get a home."""
    return int(rows_of("SELECT count(*) FROM staged WHERE cluster_id IS NULL OR target IS NOT NULL")[0][0])


def waiting() -> UnplacedUsers:
    """Users who wait for a home by the cluster's mode."""
    return UnplacedUsers(*rows_of(f"SELECT count(*), coalesce(sum({ENDPOINTS}), 0)::bigint FROM staged WHERE waits")[0])


def waiting_classes(most: int | None = None) -> Classes:
    """The same by their number of endpoints; of the first `most` alone where it is given."""
    first = "SELECT * FROM staged WHERE waits ORDER BY line LIMIT %s"
    rows = rows_of(f"SELECT {ENDPOINTS}, count(*) FROM ({first}) AS staged GROUP BY 1 ORDER BY 1", most)
    return tuple(EndpointClass(int(weight), users, users) for weight, users in rows)


def place_first(ask: Ask) -> tuple[int, Sequence[Flow]]:
    """How many of those who wait find a place when not all do, and where: the first ones, by halving.

    Each try asks for exactly those users with the endpoints that they have: a mean would promise room that is none.
    """
    low, high = 0, waiting().users
    flows: Sequence[Flow] = ()
    while low + 1 < high:
        middle = (low + high) // 2
        classes = waiting_classes(middle)
        try:
            flows = ask(middle, endpoints=sum(each.endpoints * each.users for each in classes), classes=classes)
            low = middle
        except Refused:
            high = middle
    return low, flows


def place_users(flows: Sequence[Flow]) -> None:
    """Deal the waiting users out: so many to each node, mixed, so that no node gets one end of the alphabet.

    Where flows name a number of endpoints, so many users of that number.
    """
    sql = f"""
        UPDATE staged SET target = share.nodes[width_bucket(dealt.number, share.firsts)]
        FROM (
            SELECT line, weight, row_number() OVER (PARTITION BY weight ORDER BY hashtext(folded), line) AS number
            FROM (
                SELECT line, folded, CASE WHEN %s THEN {ENDPOINTS} ELSE -1 END AS weight FROM staged WHERE waits
            ) AS waiting
        ) AS dealt JOIN (
            SELECT weight, array_agg(node_id ORDER BY node_id) AS nodes, array_agg(first ORDER BY node_id) AS firsts,
                sum(users) AS users
            FROM (
                SELECT node_id, weight, users,
                    (1 + sum(users) OVER (PARTITION BY weight ORDER BY node_id) - users)::bigint AS first
                FROM (
                    SELECT node_id, coalesce(weight, -1) AS weight, sum(users) AS users
                    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS given (node_id, weight, users)
                    WHERE users > 0 GROUP BY 1, 2
                ) AS flow
            ) AS places GROUP BY weight
        ) AS share ON share.weight = dealt.weight AND dealt.number <= share.users
        WHERE staged.line = dealt.line
    """
    columns = [[getattr(flow, name) for flow in flows] for name in ("to_id", "endpoints", "users")]
    run(sql, any(flow.endpoints is not None for flow in flows), *columns)


def placed() -> dict[int, tuple[int, int]]:
    """Users and endpoints that this import adds so far, per node."""
    sql = f"""
        SELECT {HOME}, count(target), sum({ADDED})::bigint FROM staged WHERE {HOME} IS NOT NULL GROUP BY 1
    """
    return {pk: (users, endpoints) for pk, users, endpoints in rows_of(sql)}


def count_placed() -> dict[int, int]:
    """Users who get a home, per node."""
    return dict(rows_of("SELECT target, count(*) FROM staged WHERE target IS NOT NULL GROUP BY target"))
