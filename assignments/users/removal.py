"""Taking users out of a cluster: who goes, what they lose, who stays and why; one operation, which can be undone.

    user IDs, or a choice --ask--> leaving (one row each, judged under the locks) --count confirmed--> gone
                                     └── held by a run or a failover, or not there: stays, with a code

Statements are of sets; no user passes through Python. Everything that goes is kept with the operation (FormerUser).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from assignments.models import Assignment, Kind, UserChange
from assignments.users import held, table_statistics
from assignments.users.done_at_once import record_operation
from topology import reasons
from topology.live import events
from topology.models import Cluster, Node
from topology.reasons import REASONS, Refused
from topology.reasons.words import counted
from topology.structure import guards

LISTED = 1000  # of those who stay
CREATE = """
    CREATE TEMPORARY TABLE leaving (
        asked text, user_key bigint, home_id bigint, pinned boolean, held boolean NOT NULL DEFAULT false, code text
    ) ON COMMIT DROP
"""
BY_ID = """
    INSERT INTO leaving (asked, user_key, home_id, pinned)
    SELECT DISTINCT ON (coalesce(found.user_id::text, fold_user_id(asked)))
        asked, found.user_id, found.home_node_id, found.pinned
    FROM unnest(%(ids)s::text[]) AS asked LEFT JOIN LATERAL (
        SELECT place.* FROM topology_enduser person JOIN assignments_assignment place ON place.user_id = person.id
        WHERE person.folded = fold_user_id(asked) AND place.cluster_id = %(cluster)s
        ORDER BY person.user_id <> asked, person.twin LIMIT 1
    ) AS found ON true
    ORDER BY coalesce(found.user_id::text, fold_user_id(asked))
"""
BY_CHOICE = """
    INSERT INTO leaving (asked, user_key, home_id, pinned)
    SELECT NULL, place.user_id, place.home_node_id, place.pinned FROM assignments_assignment place
    WHERE place.user_id IN ({chosen}) AND place.cluster_id = {cluster}
"""
JUDGE = f"""
    WITH planned AS ({held.PLANNED}), failing AS (
        SELECT * FROM unnest(%(nodes)s::bigint[], %(codes)s::text[]) AS failing (node_id, code)
    )
    UPDATE leaving SET code = CASE
        WHEN leaving.user_key IS NULL THEN '{reasons.NO_SUCH_USER.code}'
        WHEN EXISTS (SELECT 1 FROM planned WHERE planned.user_id = leaving.user_key)
            THEN '{reasons.USER_HELD_BY_RUN.code}'
        ELSE coalesce((SELECT failing.code FROM failing WHERE failing.node_id = leaving.home_id), '') END
"""
KEEP = f"""
    INSERT INTO assignments_formeruser (operation_id, user_key, change, placed, user_id,
        name, mail, directory_uri, department, endpoints, contacts, created_at, from_node_id, pin)
    SELECT %s, person.id, '{UserChange.REMOVED}', false, person.user_id, person.name, person.mail,
        person.directory_uri, person.department, person.endpoints, person.contacts, person.created_at, leaving.home_id,
        CASE WHEN pin.user_id IS NOT NULL THEN jsonb_build_object('reason', pin.reason, 'owner_id', pin.owner_id,
            'owner_name', pin.owner_name, 'at', pin.at) END
    FROM leaving JOIN topology_enduser person ON person.id = leaving.user_key
    LEFT JOIN assignments_pin pin ON pin.user_id = person.id AND leaving.pinned WHERE leaving.code = ''
"""
STAYED = """
    INSERT INTO assignments_move (operation_id, user_id, from_node_id, done, code, at)
    SELECT %s, user_key, home_id, false, code, %s FROM leaving WHERE code <> '' AND user_key IS NOT NULL
"""
GOING = "(SELECT user_key FROM leaving WHERE code = '')"
DELETE = [
    f"DELETE FROM assignments_pin WHERE user_id IN {GOING}",
    f"DELETE FROM assignments_assignment WHERE user_id IN {GOING}",
    f"DELETE FROM topology_enduser WHERE id IN {GOING}",
]


@dataclass(frozen=True)
class RemovedUsers:
    """Who was removed, or would be, what went with them, and who stays; the first 1,000 of those by name."""

    cluster: str
    dry_run: bool
    removed: int = 0
    pinned: int = 0
    unassigned: int = 0
    of_directory: int = 0  # whom the next run of the directory brings back, as new ones
    homes: dict[str, int] = field(default_factory=dict)
    refused: list[dict[str, str]] = field(default_factory=list)
    refused_total: int = 0
    operation: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The shape that the commands and the API give."""
        return dict(vars(self))

    @property
    def comes_back(self) -> str:
        """What becomes of those of them whom a directory has; "" where it has none."""
        if not self.of_directory:
            return ""
        who = counted(self.of_directory, "user belongs|users belong")
        return f"{who} to the directory: its next run brings them back as new, without home, pin and contacts of now."

    @property
    def sentences(self) -> list[str]:
        """Why users stay, each reason once."""
        return list(dict.fromkeys(row["message"] for row in self.refused))


@transaction.atomic
def remove_users(
    cluster: Cluster,
    who: Iterable[str] | QuerySet[Assignment],
    *,
    actor: Any = None,
    dry_run: bool = False,
    confirmed: int | None = None,
) -> RemovedUsers:
    """Remove users, by user ID whatever the case or as a choice of rows; those held by a run or a failover stay.

    With `confirmed` another number of users than that is refused. Raises Refused when no one can be removed.
    """
    guards.hold_with_users(cluster)
    _ask(cluster, who)
    removal = _judged(cluster, dry_run)
    if dry_run:
        return removal
    if confirmed is not None and confirmed != removal.removed:
        raise Refused(reasons.SELECTION_CHANGED, users=removal.removed, confirmed=confirmed)
    if not removal.removed:
        raise _nobody(cluster, removal)
    return _remove(cluster, removal, actor)


def _ask(cluster: Cluster, who: Iterable[str] | QuerySet[Assignment]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.leaving")
        cursor.execute(CREATE)
        if not isinstance(who, QuerySet):
            cursor.execute(BY_ID, {"ids": [text.strip() for text in who if text.strip()], "cluster": cluster.pk})
        else:
            try:
                chosen, params = who.order_by().values("user_id").query.sql_with_params()
            except EmptyResultSet:  # a choice that no one can be in
                return
            cursor.execute(BY_CHOICE.format(chosen=chosen, cluster=int(cluster.pk)), params)
        cursor.execute("ANALYZE leaving")
        # As in an import: a nested loop that is chosen for "one row" takes minutes for thirty thousand.
        cursor.execute("SELECT set_config('enable_nestloop', 'off', true) FROM leaving HAVING count(*) > 1000")


def _judged(cluster: Cluster, dry_run: bool) -> RemovedUsers:
    failing = held.recovering(cluster)
    names = dict(Node.objects.filter(cluster=cluster).values_list("pk", "name"))
    with connection.cursor() as cursor:
        codes = [why.code for why in failing.values()]
        values: dict[str, Any] = {"cluster": cluster.pk, "nodes": list(failing), "codes": codes}
        cursor.execute(JUDGE, values)
        cursor.execute(
            "SELECT home_id, count(*), count(*) FILTER (WHERE leaving.pinned), count(link.key) FROM leaving"
            " LEFT JOIN assignments_directoryperson link ON link.user_id = user_key AND link.gone_at IS NULL"
            " WHERE code = '' GROUP BY home_id"
        )
        rows = cursor.fetchall()
        cursor.execute(
            "SELECT coalesce(person.user_id, asked), code, count(*) OVER () FROM leaving"
            " LEFT JOIN topology_enduser person ON person.id = user_key WHERE code <> ''"
            " ORDER BY coalesce(person.folded, fold_user_id(asked)) LIMIT %s",
            [LISTED],
        )
        stay = cursor.fetchall()
    return RemovedUsers(
        cluster=cluster.name,
        dry_run=dry_run,
        removed=sum(count for _, count, *_ in rows),
        pinned=sum(pinned for _, _, pinned, _ in rows),
        unassigned=sum(count for home, count, *_ in rows if home is None),
        of_directory=sum(known for *_, known in rows),
        homes={names[home]: count for home, count, *_ in sorted(rows, key=str) if home is not None},
        refused=[_stays(user_id, code, cluster, failing.values()) for user_id, code, _ in stay],
        refused_total=stay[0][2] if stay else 0,
    )


def _stays(user_id: str, code: str, cluster: Cluster, failing: Iterable[Refused]) -> dict[str, str]:
    own = Refused(REASONS[code], user=user_id, cluster=cluster.name)
    why = next((refused for refused in failing if refused.code == code), own)
    return {"user_id": user_id, "code": code, "message": why.message, "fix": why.fix}


def _nobody(cluster: Cluster, removal: RemovedUsers) -> Refused:
    """Why no one goes: the first reason, or that no one was named."""
    if not removal.refused:
        return Refused(reasons.PEOPLE_NOBODY, cluster=cluster.name)
    first = removal.refused[0]
    said = {"because": first["message"], "remedy": first["fix"]}
    return Refused(reasons.NOBODY_REMOVED, users=removal.refused_total, **said)


def _remove(cluster: Cluster, removal: RemovedUsers, actor: Any) -> RemovedUsers:
    now = timezone.now()
    operation = record_operation(cluster, Kind.REMOVAL, removal.removed, removal.refused_total, actor)
    table_statistics.refresh(removal.removed)
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [operation.pk])
        cursor.execute(STAYED, [operation.pk, now])
        for statement in DELETE:
            cursor.execute(statement)
    nodes = Node.objects.filter(cluster=cluster).select_related("subcluster")
    guards.wake(*{node.subcluster for node in nodes})  # their windows may change
    topics = [f"cluster-{cluster.pk}", *(f"node-{node.pk}" for node in nodes)]
    facts: dict[str, Any] = {"users": removal.removed, "pinned": removal.pinned, "left": removal.refused_total}
    facts["name"] = cluster.name
    events.record(reasons.USERS_REMOVED, cluster=cluster, operation=operation, actor=actor, topics=topics, **facts)
    return RemovedUsers(**vars(removal) | {"operation": operation.pk})
