"""After a storm: what is broken is repaired as people would, everything comes to an end, and nothing is missing."""

from collections import Counter
from dataclasses import dataclass

from config.local.processes import wait_until
from tests.storm.edges import PASSING, Edges
from tests.storm.schedule import Edge
from tests.storm.world import Console

CALM_WITHIN = 180.0  # seconds
FAULTS = ("power", "network", "database")
BROKEN = (
    "SELECT n.name, s.name, c.name, n.state, n.power_on, n.network_up, n.database_up FROM topology_node n"
    " JOIN topology_subcluster s ON s.id = n.subcluster_id JOIN topology_cluster c ON c.id = n.cluster_id"
    # A pair that came in the storm may have no HA, and then no state; those of the world have it always.
    f" WHERE (s.ha_enabled OR c.name <> '{PASSING}') AND n.state <> 'normal'"
    " OR NOT (n.power_on AND n.network_up AND n.database_up) ORDER BY 1"
)
ACTIVE = (
    "SELECT id, kind, state, wait_code, total, done, skipped, heartbeat_at, now() FROM assignments_operation"
    " WHERE state IN ('queued', 'running', 'paused') ORDER BY 1"
)
# Every user stands in one list, that of the cluster where the user is.
UNLISTED = """
    SELECT a.user_id, a.cluster_id, l.cluster_id FROM assignments_assignment a
    FULL JOIN assignments_listing l USING (user_id) WHERE a.cluster_id IS DISTINCT FROM l.cluster_id
"""
DOUBLED = "SELECT lower(user_id) FROM topology_enduser GROUP BY 1 HAVING count(*) > 1"
OUT = "SELECT user_id FROM assignments_assignment WHERE home_node_id IS NOT NULL AND NOT signed_in LIMIT 20"
AWAY = "SELECT user_id FROM assignments_assignment WHERE home_node_id <> serving_node_id"
# The counts that the database keeps are those of the people.
COUNTED = """
    SELECT cluster_id, home_node_id, serving_node_id, count(*), count(*) FILTER (WHERE signed_in),
        sum(endpoints)::bigint
    FROM assignments_assignment GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
KEPT = """
    SELECT cluster_id, home_node_id, serving_node_id, users, signed_in, endpoints FROM assignments_population
    WHERE users > 0 ORDER BY 1, 2, 3
"""
# A user's moves are a chain: each begins where the one before ended, and the last one ends where the user is at home.
# A move is known by the order in which it was written: the clock of a worker may be wrong.
GAPS = """
    WITH chain AS (
        SELECT m.*, lag(to_node_id) OVER w AS came_to, lag(id) OVER w AS before FROM assignments_move m WHERE done
        WINDOW w AS (PARTITION BY user_id ORDER BY id)
    )
    SELECT user_id, id, before, came_to, from_node_id FROM chain
    WHERE CASE WHEN before IS NULL THEN from_node_id IS NOT NULL ELSE came_to IS DISTINCT FROM from_node_id END
"""
STRANGE_HOMES = """
    SELECT a.user_id, a.home_node_id, last.to_node_id FROM assignments_assignment a LEFT JOIN LATERAL (
        SELECT to_node_id FROM assignments_move m WHERE m.user_id = a.user_id AND done ORDER BY id DESC LIMIT 1
    ) last ON true WHERE a.home_node_id IS DISTINCT FROM last.to_node_id
"""
# What a run says it did is what its traces say.
MISCOUNTED = """
    SELECT o.id, o.kind, o.state, o.total, o.done, o.skipped, t.done, t.rows
    FROM assignments_operation o CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE m.done) AS done, count(*) AS rows, count(DISTINCT user_id) AS users
        FROM assignments_move m WHERE m.operation_id = o.id
    ) t
    WHERE o.kind IN ('move', 'rebalance')
        AND (o.done <> t.done OR t.rows <> t.users OR o.state = 'finished' AND o.done + o.skipped <> o.total)
"""
HELD = """
    SELECT l.id, l.operation_id, o.state FROM assignments_subclusterlock l
    JOIN assignments_operation o ON o.id = l.operation_id
    WHERE l.active AND o.state NOT IN ('queued', 'running', 'paused')
"""
CONNECTIONS = """
    SELECT pid, state, extract(epoch FROM now() - xact_start)::int, wait_event_type, left(query, 80)
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def calm(console: Console, edges: Edges) -> list[str]:
    """Repair and fall back until all nodes serve, let paused runs go on, and wait until nothing runs any more.

    Answers what does not come to an end.
    """
    waited = {
        "nodes do not serve": (lambda: _mended(console, edges), BROKEN),
        "operations do not end": (lambda: _ended(console, edges), ACTIVE),
        "nodes do not serve after all operations": (lambda: not console.ask(BROKEN), BROKEN),
        "users are not signed in": (lambda: not console.ask(OUT), OUT),
        "the console is not well": (console.is_well, "SELECT 1"),
    }
    return [f"{what}: {console.ask(sql)}" for what, (ends, sql) in waited.items() if not wait_until(ends, CALM_WITHIN)]


def _mended(console: Console, edges: Edges) -> bool:
    """Whether every node is normal; one try to make it so."""
    broken = console.ask(BROKEN)
    for node, sub, cluster, state, *parts in broken:
        for kind, works in zip(FAULTS, parts, strict=True):
            if not works:
                edges.api(Edge.RECOVERY, "DELETE", f"/nodes/{node}/faults", {"kind": kind})
        if all(parts) and state in ("idle", "failed_over"):
            edges.api(Edge.RECOVERY, "POST", f"/nodes/{node}/fallback")
        if all(parts) and state == "running_in_failed_mode":
            edges.api(Edge.RECOVERY, "POST", f"/clusters/{cluster}/subclusters/{sub}/recover")
    return not broken


def _ended(console: Console, edges: Edges) -> bool:
    """Whether no operation is active; one try to let those go on that a person paused."""
    active = console.ask(ACTIVE)
    for operation, _, state, *_ in active:
        if state == "paused":
            edges.api(Edge.REBALANCE, "POST", f"/operations/{operation}/resume")
    return not active


@dataclass(frozen=True)
class Missing:
    """Who is not there, who is there twice, and whatever else is wrong with what is stored."""

    lost: list[str]
    doubled: list[str]
    wrong: list[str]


def missing(console: Console, imported: set[str]) -> Missing:
    """Whether everyone is there once, every change of a home is in the history, and the counts are true."""
    found = console.ask("SELECT u.user_id FROM topology_enduser u JOIN assignments_assignment a ON a.user_id = u.id")
    there = {user_id for (user_id,) in found}
    questions = {
        "not in one list": UNLISTED,
        "a gap in the moves": GAPS,
        "at home elsewhere than the history says": STRANGE_HOMES,
        "a run counts other moves than it made": MISCOUNTED,
        "an ended run holds a subcluster": HELD,
        "served away from home while all nodes serve": AWAY,
    }
    wrong = [f"{what}: {rows[:20]}" for what, sql in questions.items() if (rows := console.ask(sql))]
    if (kept := console.ask(KEPT)) != (counted := console.ask(COUNTED)):
        wrong.append(f"counts {kept} of {counted}")
    return Missing(
        sorted((imported | set(console.people)) - there), [user_id for (user_id,) in console.ask(DOUBLED)], wrong
    )


def connections(console: Console) -> int:
    """How many connections the console has to its database, besides this question."""
    return len(console.ask(CONNECTIONS))


def none_is_left(console: Console, most: int) -> bool:
    """Whether there are no more connections than so many, and none in the middle of a transaction."""
    found = console.ask(CONNECTIONS)
    return len(found) <= most and not any(state.startswith("idle in") for _, state, *_ in found if state)


def operations(console: Console) -> dict[tuple[str, str], int]:
    """How many operations there are by kind and state."""
    found = console.ask("SELECT kind, state, count(*) FROM assignments_operation GROUP BY 1, 2")
    return dict(Counter({(kind, state): count for kind, state, count in found}))
