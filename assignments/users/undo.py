"""Taking back an import or a removal of users: everything that it changed, except what somebody changed since.

    FormerUser --judge, under the locks--> undoing (one row each: what comes back, or the code why it stays)
               --> created people go, overwritten values and homes come back, removed people return

Statements are of sets; no user passes through Python.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone

from assignments.models import FormerUser, Kind, Operation, UserChange
from assignments.planning.loads import load_of
from assignments.users import held, table_statistics
from assignments.users.done_at_once import record_operation
from assignments.users.former import FIELDS, fingerprint
from assignments.users.removal import LISTED
from topology import reasons
from topology.live import events
from topology.models import Cluster, Node
from topology.reasons import REASONS, Refused
from topology.structure import guards
from topology.structure.homes import homes_of

ACCOUNTS = get_user_model()._meta.db_table
UNDOABLE = (Kind.IMPORT.value, Kind.REMOVAL.value)
CHANGED_SINCE = " OR ".join(
    f"(f.new_{field} IS NOT NULL AND p.{field}{cast} IS DISTINCT FROM f.new_{field}{cast})"
    for field, cast in FIELDS.items()
)
BACK = ", ".join(
    f"f.new_{field} IS NOT NULL AND a.user_id IS NOT NULL AND p.{field}{cast} = f.new_{field}{cast} AS {field}_back"
    for field, cast in FIELDS.items()
)
ANY_VALUE = " OR ".join(f"{field}_back" for field in FIELDS)
ANY_BACK = f"{ANY_VALUE} OR pin_back"
GONE, MOVED = reasons.UNDO_USER_GONE.code, reasons.UNDO_USER_MOVED.code
PINNED, ALTERED = reasons.UNDO_USER_PINNED.code, reasons.UNDO_USER_CHANGED.code
# What the import pinned itself has the time of its operation.
PINNED_BY_IT = """EXISTS (
    SELECT FROM assignments_pin pin JOIN assignments_operation done ON done.id = %(operation)s
    WHERE pin.user_id = f.user_key AND pin.at = done.finished_at
)"""
PINNED_SINCE = f"(a.pinned AND NOT {PINNED_BY_IT})"
JUDGE_IMPORT = f"""
    CREATE TEMPORARY TABLE undoing ON COMMIT DROP AS
    SELECT judged.*, change = '{UserChange.MADE}' AND code = '' AS goes, placed AND code = '' AS leaves FROM (
        SELECT f.user_key, f.change, f.placed, p.user_id, f.to_node_id AS node_id, {BACK},
            NOT f.placed AND f.to_node_id IS NOT NULL AND a.home_node_id = f.to_node_id
                AND NOT {PINNED_SINCE} AS home_back,
            NOT f.placed AND a.user_id IS NOT NULL AND {PINNED_BY_IT} AS pin_back,
            CASE WHEN a.user_id IS NULL THEN '{GONE}'
                WHEN (f.placed OR f.to_node_id IS NOT NULL) AND a.home_node_id IS DISTINCT FROM f.to_node_id
                    THEN '{MOVED}'
                WHEN (f.placed OR f.to_node_id IS NOT NULL) AND {PINNED_SINCE} THEN '{PINNED}'
                WHEN f.written IS NOT NULL AND f.written <> {fingerprint("p")} THEN '{ALTERED}'
                WHEN {CHANGED_SINCE} THEN '{ALTERED}' ELSE '' END AS code
        FROM assignments_formeruser f LEFT JOIN topology_enduser p ON p.id = f.user_key
        LEFT JOIN assignments_assignment a ON a.user_id = f.user_key AND a.cluster_id = %(cluster)s
        WHERE f.operation_id = %(operation)s
    ) AS judged
"""
UNDO_IMPORT = [
    # A pin that a directory keeps for a return comes back, and is not taken for one of the import.
    f"""
    UPDATE assignments_pin pin SET reason = f.pin->>'reason', owner_id = owner.id, owner_name = f.pin->>'owner_name',
        at = (f.pin->>'at')::timestamptz
    FROM undoing u JOIN assignments_formeruser f ON f.user_key = u.user_key AND f.operation_id = %(operation)s
    JOIN assignments_directoryperson link ON link.user_id = u.user_key AND link.pinned
    LEFT JOIN {ACCOUNTS} owner ON owner.id = (f.pin->>'owner_id')::bigint
    WHERE pin.user_id = u.user_key AND f.pin IS NOT NULL AND (leaves OR home_back OR pin_back)
    """,
    """
    DELETE FROM assignments_pin pin USING undoing u, assignments_operation done
    WHERE pin.user_id = u.user_key AND (leaves OR home_back OR pin_back) AND done.id = %(operation)s
        AND pin.at = done.finished_at
    """,
    "DELETE FROM assignments_assignment WHERE user_id IN (SELECT user_key FROM undoing WHERE leaves)",
    "DELETE FROM topology_enduser WHERE id IN (SELECT user_key FROM undoing WHERE goes)",
    f"""
    UPDATE topology_enduser p SET {
        ", ".join(f"{field} = CASE WHEN {field}_back THEN f.{field} ELSE p.{field} END" for field in FIELDS)
    }
    FROM undoing u JOIN assignments_formeruser f ON f.user_key = u.user_key AND f.operation_id = %(operation)s
    WHERE p.id = u.user_key AND ({ANY_VALUE})
    """,
    """
    UPDATE assignments_assignment a SET
        home_node_id = CASE WHEN home_back THEN NULL ELSE a.home_node_id END,
        serving_node_id = CASE WHEN home_back THEN NULL ELSE a.serving_node_id END,
        signed_in = a.signed_in AND NOT home_back, pinned = a.pinned AND NOT (home_back OR pin_back),
        endpoints = cardinality(p.endpoints)
    FROM undoing u JOIN topology_enduser p ON p.id = u.user_key
    WHERE a.user_id = u.user_key AND (home_back OR endpoints_back OR pin_back)
    """,
    """
    INSERT INTO assignments_move (operation_id, user_id, from_node_id, done, code, at)
    SELECT %(undo)s, user_key, node_id, home_back, CASE WHEN home_back THEN %(why)s ELSE code END, %(at)s
    FROM undoing WHERE user_id IS NOT NULL AND (home_back OR code <> '')
    """,
]
COUNT_IMPORT = f"""
    SELECT count(*) FILTER (WHERE goes OR leaves), count(*) FILTER (WHERE ({ANY_BACK}) AND NOT leaves),
        count(*) FILTER (WHERE home_back), 0, count(*) FILTER (WHERE code <> ''), 0,
        count(*) FILTER (WHERE goes OR leaves OR ({ANY_BACK}) OR home_back),
        count(*) FILTER (WHERE code <> '' AND NOT (goes OR leaves OR ({ANY_BACK}) OR home_back))
    FROM undoing
"""
TAKEN, HOMELESS = reasons.UNDO_ID_TAKEN.code, reasons.UNDO_NO_HOME.code
JUDGE_REMOVAL = f"""
    CREATE TEMPORARY TABLE undoing ON COMMIT DROP AS
    WITH room (node_id, users, endpoints) AS (
        SELECT * FROM unnest(%(nodes)s::bigint[], %(users)s::bigint[], %(endpoints)s::bigint[])
    ), coming AS (
        SELECT f.*, cardinality(f.endpoints) AS weight, taken.id IS NOT NULL AS taken,
            row_number() OVER (PARTITION BY fold_user_id(f.user_id) ORDER BY f.user_key) - 1 AS twin
        FROM assignments_formeruser f
        LEFT JOIN topology_enduser taken ON taken.folded = fold_user_id(f.user_id) AND taken.twin = 0
        WHERE f.operation_id = %(operation)s
    ), counted AS (
        SELECT user_key, row_number() OVER line AS users, sum(weight) OVER line AS endpoints FROM coming
        WHERE NOT taken WINDOW line AS (PARTITION BY from_node_id ORDER BY user_key)
    )
    SELECT coming.user_key, coming.user_id, coming.twin, room.node_id, coming.pin, NOT taken AS returns,
        CASE WHEN taken THEN '{TAKEN}' WHEN from_node_id IS NOT NULL AND room.node_id IS NULL THEN '{HOMELESS}'
            ELSE '' END AS code
    FROM coming LEFT JOIN counted ON counted.user_key = coming.user_key
    LEFT JOIN room ON room.node_id = coming.from_node_id
        AND counted.users <= room.users AND counted.endpoints <= room.endpoints
"""
UNDO_REMOVAL = [
    """
    INSERT INTO topology_enduser (
        id, user_id, twin, name, mail, endpoints, contacts, created_at, directory_uri, department
    )
    SELECT f.user_key, f.user_id, u.twin, f.name, f.mail, f.endpoints, f.contacts, f.created_at,
        coalesce(f.directory_uri, ''), coalesce(f.department, '')
    FROM undoing u JOIN assignments_formeruser f ON f.user_key = u.user_key AND f.operation_id = %(operation)s
    WHERE u.returns ORDER BY f.user_key
    """,
    """
    INSERT INTO assignments_assignment
        (user_id, cluster_id, home_node_id, serving_node_id, signed_in, pinned, endpoints, folded)
    SELECT u.user_key, %(cluster)s, u.node_id, u.node_id, coalesce(u.node_id = ANY(%(serving)s), false),
        u.pin IS NOT NULL AND u.node_id IS NOT NULL, cardinality(p.endpoints), p.folded
    FROM undoing u JOIN topology_enduser p ON p.id = u.user_key WHERE u.returns ORDER BY u.user_key
    """,
    f"""
    INSERT INTO assignments_pin (user_id, reason, owner_id, owner_name, at)
    SELECT user_key, pin->>'reason', owner.id, pin->>'owner_name', (pin->>'at')::timestamptz
    FROM undoing LEFT JOIN {ACCOUNTS} owner ON owner.id = (pin->>'owner_id')::bigint
    WHERE returns AND pin IS NOT NULL AND node_id IS NOT NULL
    """,
    """
    INSERT INTO assignments_move (operation_id, user_id, to_node_id, done, code, at)
    SELECT %(undo)s, user_key, node_id, code = '', CASE WHEN code = '' THEN %(why)s ELSE code END, %(at)s
    FROM undoing WHERE returns AND (node_id IS NOT NULL OR code <> '')
    """,
]
COUNT_REMOVAL = """
    SELECT 0, 0, 0, count(*) FILTER (WHERE returns), count(*) FILTER (WHERE code <> ''),
        count(*) FILTER (WHERE returns AND pin IS NOT NULL AND node_id IS NOT NULL),
        count(*) FILTER (WHERE returns), count(*) FILTER (WHERE NOT returns)
    FROM undoing
"""


@dataclass(frozen=True)
class Undone:
    """What an undo brought back, or would, and what it left as it is; the first 1,000 of those by name."""

    cluster: str
    undo_of: int
    dry_run: bool
    removed: int = 0
    restored: int = 0
    unassigned: int = 0
    returned: int = 0
    left: int = 0
    pinned: int = 0
    users: int = 0  # to whom something was done
    untouched: int = 0
    left_users: list[dict[str, str]] = field(default_factory=list)
    operation: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The shape that the commands and the API give."""
        return dict(vars(self))


def can_undo(operation: Operation) -> bool:
    """Whether this is an import or a removal of which it is known what it changed, and that no one took back."""
    if operation.kind not in UNDOABLE or operation.undo_of_id is not None or operation.thinned_at is not None:
        return False
    if Operation.objects.filter(undo_of=operation, kind=operation.kind).exists():
        return False
    return FormerUser.objects.filter(operation=operation).exists()


@transaction.atomic
def undo_import(
    operation: Operation, *, actor: Any = None, dry_run: bool = False, confirmed: int | None = None
) -> Undone:
    """Take back an import or a removal. Raises Refused where that was done, and while a run or a failover holds users.

    With `confirmed` another number of users than that is refused.
    """
    cluster = operation.cluster
    guards.hold_with_users(cluster)
    if not can_undo(operation):
        raise Refused(reasons.UNDO_NOT_POSSIBLE, operation=operation.pk)
    judge = _judge_import if operation.kind == Kind.IMPORT else _judge_removal
    undone = judge(cluster, operation, dry_run)
    if dry_run:
        return undone
    if confirmed is not None and confirmed != undone.users:
        raise Refused(reasons.SELECTION_CHANGED, users=undone.users, confirmed=confirmed)
    if not undone.users:
        raise Refused(reasons.UNDO_NOTHING_LEFT, operation=operation.pk)
    return _apply(cluster, operation, undone, actor)


def _judge_import(cluster: Cluster, operation: Operation, dry_run: bool) -> Undone:
    _create(JUDGE_IMPORT, {"cluster": cluster.pk, "operation": operation.pk})
    nodes = _rows("SELECT DISTINCT node_id FROM undoing WHERE (leaves OR home_back) AND node_id IS NOT NULL")
    held.demand_free(cluster, [pk for (pk,) in nodes])
    return _counted(cluster, operation, dry_run, COUNT_IMPORT)


def _judge_removal(cluster: Cluster, operation: Operation, dry_run: bool) -> Undone:
    homes = homes_of(cluster)
    if why := homes.assigns():
        raise Refused(reasons.CLUSTER_IN_FAILOVER, cluster=cluster.name, **why[1])
    takes = [node for node in load_of(cluster).nodes if homes.takes(node.id) is None]
    values = {
        "operation": operation.pk,
        "nodes": [node.id for node in takes],
        "users": [node.room.users for node in takes],
        "endpoints": [node.room.endpoints for node in takes],
    }
    _create(JUDGE_REMOVAL, values)
    return _counted(cluster, operation, dry_run, COUNT_REMOVAL)


def _create(sql: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.undoing")
        # As in an import: a nested loop that is chosen for "one row" takes minutes for thirty thousand.
        cursor.execute("SELECT set_config('enable_nestloop', 'off', true)")
        cursor.execute(sql, values)
        cursor.execute("ANALYZE undoing")


def _rows(sql: str, values: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _counted(cluster: Cluster, operation: Operation, dry_run: bool, sql: str) -> Undone:
    removed, restored, unassigned, returned, left, pinned, users, untouched = _rows(sql)[0]
    return Undone(
        cluster.name, operation.pk, dry_run, removed, restored, unassigned, returned, left, pinned, users, untouched,
        _left_users(operation),
    )  # fmt: skip


def _left_users(operation: Operation) -> list[dict[str, str]]:
    """Who stays as they are, and why; who was removed since by the ID that the removal keeps."""
    listed = _rows(
        "SELECT u.user_key, coalesce(u.user_id, nullif(f.user_id, ''), ''), code FROM undoing u"
        " JOIN assignments_formeruser f ON f.user_key = u.user_key AND f.operation_id = %s"
        " WHERE code <> '' ORDER BY 2, 1 LIMIT %s",
        [operation.pk, LISTED],
    )
    nameless = [key for key, user_id, _ in listed if not user_id]
    removed = FormerUser.objects.filter(user_key__in=nameless, change=UserChange.REMOVED)
    names = dict(removed.values_list("user_key", "user_id")) if nameless else {}
    left = [(user_id or names.get(key, ""), code) for key, user_id, code in listed]
    return [
        {"user_id": user_id, "code": code, "message": REASONS[code].say(user=user_id or "a user who was removed")}
        for user_id, code in sorted(left)
    ]


def _apply(cluster: Cluster, operation: Operation, undone: Undone, actor: Any) -> Undone:
    kind = Kind(operation.kind)
    made = record_operation(cluster, kind, undone.users, undone.untouched, actor, undo_of=operation)
    nodes = list(Node.objects.filter(cluster=cluster).select_related("subcluster"))
    values: dict[str, Any] = {
        "operation": operation.pk,
        "undo": made.pk,
        "cluster": cluster.pk,
        "serving": [node.pk for node in nodes if node.serves],
        "why": reasons.USERS_UNDONE.code,
        "at": timezone.now(),
    }
    table_statistics.refresh(undone.removed)
    with connection.cursor() as cursor:
        for statement in UNDO_IMPORT if kind == Kind.IMPORT else UNDO_REMOVAL:
            cursor.execute(statement, values)
    table_statistics.refresh(undone.returned)
    guards.wake(*{node.subcluster for node in nodes})  # their windows may change
    topics = [f"cluster-{cluster.pk}", f"operation-{operation.pk}", *(f"node-{node.pk}" for node in nodes)]
    counts = ("removed", "restored", "unassigned", "returned", "left")
    facts = {key: getattr(undone, key) for key in counts}
    facts |= {"undone": operation.pk, "what": operation.get_kind_display().lower()}
    events.record(reasons.USERS_UNDONE, cluster=cluster, operation=made, actor=actor, topics=topics, **facts)
    return Undone(**vars(undone) | {"operation": made.pk})
