"""Homes for people of the directory who wait for one: the home they had, else what the assignment mode says.

waiting --home of before takes them, with room--> home of before
        --else, and the mode assigns------------> the planner's places (domain.md §2)
        --a failover in the cluster, no room----> wait on, with the reason
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import connection
from django.utils import timezone

from assignments.directory import outcome
from assignments.models import DirectoryAgreement, DirectoryPerson, Kind, Operation, Progress
from assignments.planning.loads import load_of
from assignments.planning.rules import goals
from assignments.planning.rules.loads import Classes, ClusterLoad, EndpointClass, Flow, NodeLoad
from assignments.users.importing import staged_homes, staged_writing, staging
from assignments.users.importing.staged_counts import StagedCounts
from topology.live import actors
from topology.models import Cluster, Mode, Node
from topology.reasons import Reason, Refused
from topology.structure.homes import homes_of

WAITING = "link.agreement_id = %(agreement)s AND link.waits_code <> ''"


def _run(sql: str, **values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def place(agreement: DirectoryAgreement, cluster: Cluster, code: Reason, *, actor: Any = None) -> dict[str, int]:
    """Give a home to those who wait, as far as there is room; answer how many on each node.

    Call it under the cluster's locks.
    """
    waiting = DirectoryPerson.objects.filter(agreement=agreement).exclude(waits_code="")
    if not waiting.exists():
        return {}
    _end_waiting(agreement, "place.home_node_id IS NOT NULL")  # a person or a list was quicker
    homes = homes_of(cluster)
    if why := homes.assigns():
        waiting.exclude(waits_code=why[0].code).update(waits_code=why[0].code)
        return {}
    nodes = list(Node.objects.filter(cluster=cluster).order_by("number"))
    serving = [node.pk for node in nodes if node.serves]
    operation = _operation(cluster, actor)
    placed = _home_again(agreement, load_of(cluster), [n.pk for n in nodes if not homes.takes(n.pk)], operation)
    if cluster.mode != Mode.MANUAL:
        placed += _by_mode(agreement, cluster, operation)
    if placed:
        _carry_out(operation, serving, code)
        Operation.objects.filter(pk=operation.pk).update(total=placed, done=placed)
    else:
        operation.delete()
    if cluster.mode == Mode.MANUAL:
        _end_waiting(agreement, "place.home_node_id IS NULL")  # a person assigns them
    return _by_node(operation, nodes) if placed else {}


def _end_waiting(agreement: DirectoryAgreement, which: str) -> None:
    """Let some wait no more, and forget the home and the pin that were kept for them."""
    _run(
        f"""
        WITH ended AS (
            UPDATE assignments_directoryperson link SET waits_code = '', home_node_id = NULL, pinned = false
            FROM assignments_assignment place
            WHERE place.user_id = link.user_id AND {WAITING} AND {which}
            RETURNING link.user_id, place.pinned AS is_pinned
        )
        DELETE FROM assignments_pin pin USING ended WHERE pin.user_id = ended.user_id AND NOT ended.is_pinned
        """,
        agreement=agreement.pk,
    )


def _by_node(operation: Operation, nodes: Sequence[Node]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_node_id, count(*) FROM assignments_move WHERE operation_id = %s GROUP BY 1", [operation.pk]
        )
        users = dict(cursor.fetchall())
    return {node.name: users[node.pk] for node in nodes if node.pk in users}


def preview(agreement: int, cluster: Cluster) -> tuple[dict[str, int], int]:
    """How many users of a compared run would go to each node, and how many would wait; nothing is written."""
    coming = outcome.arriving(agreement)
    users = sum(each.users for each in coming.classes)
    if homes_of(cluster).assigns():
        return {}, users + sum(coming.returning.values())
    load = load_of(cluster)
    nodes = [
        replace(n, users=n.users + more, endpoints=n.endpoints + endpoints, pinned=max(0, n.pinned + more))
        for n in load.nodes
        for more, endpoints in [coming.nodes.get(n.id, (0, 0))]
    ]
    ask = partial(goals.place_as_redundant_as_possible, nodes, cluster.mode, redundant=load.redundant)
    homes = dict(coming.returning)
    for flow in _as_many_as_fit(ask, coming.classes, users):
        if flow.to_id is not None:
            homes[flow.to_id] = homes.get(flow.to_id, 0) + flow.users
    given = sum(homes.values()) - sum(coming.returning.values())
    named = {n.name: homes[n.id] for n in load.nodes if homes.get(n.id)}
    return named, 0 if cluster.mode == Mode.MANUAL else users - given


def _as_many_as_fit(ask: staged_homes.Ask, classes: Classes, users: int) -> Sequence[Flow]:
    """Where as many as possible go, of each number of endpoints the same share: who comes first is not known here."""

    def try_with(most: int) -> Sequence[Flow]:
        some = tuple(EndpointClass(c.endpoints, n, n) for c in classes if (n := c.users * most // users))
        count = sum(each.users for each in some)
        return ask(count, endpoints=sum(each.endpoints * each.users for each in some), classes=some)

    flows: Sequence[Flow] = ()
    low, high, middle = 0, users + 1, users
    while users and low + 1 < high:
        try:
            flows, low = try_with(middle), middle
        except Refused:
            high = middle
        middle = (low + high) // 2
    return flows


def _operation(cluster: Cluster, actor: Any) -> Operation:
    now = timezone.now()
    return Operation.objects.create(
        cluster=cluster,
        kind=Kind.MOVE,
        state=Progress.FINISHED,
        **actors.author(actor),
        started_at=now,
        finished_at=now,
    )


def _home_again(agreement: DirectoryAgreement, load: ClusterLoad, takes: Sequence[int], operation: Operation) -> int:
    """Those who came back get the home that they had, while it takes users and has room."""
    room = [(n.id, n.room.users, n.room.endpoints) for n in load.nodes if n.id in takes]
    columns = [list(column) for column in zip(*room, strict=True)] or [[], [], []]
    return _run(
        f"""
        WITH room AS (
            SELECT * FROM unnest(%(nodes)s::bigint[], %(users)s::bigint[], %(endpoints)s::bigint[])
                AS given (node, users, endpoints)
        ), running AS (
            SELECT link.user_id, link.home_node_id AS node, link.pinned,
                count(*) OVER lines AS users, sum(place.endpoints) OVER lines AS endpoints
            FROM assignments_directoryperson link JOIN assignments_assignment place ON place.user_id = link.user_id
            WHERE {WAITING} AND link.home_node_id = ANY(%(nodes)s)
            WINDOW lines AS (PARTITION BY link.home_node_id ORDER BY link.user_id)
        )
        INSERT INTO assignments_move (operation_id, user_id, to_node_id, done, code, at)
        SELECT %(operation)s, running.user_id, running.node, true, '', %(at)s
        FROM running JOIN room ON room.node = running.node
        WHERE running.users <= room.users AND running.endpoints <= room.endpoints
        """,
        agreement=agreement.pk,
        operation=operation.pk,
        at=timezone.now(),
        nodes=columns[0],
        users=columns[1],
        endpoints=columns[2],
    )


def _by_mode(agreement: DirectoryAgreement, cluster: Cluster, operation: Operation) -> int:
    """The others get what the planner says; those beyond the room wait on with its reason."""
    staging.create()
    _run(
        f"""
        INSERT INTO staged (line, user_id, known, had, new_id)
        SELECT row_number() OVER (ORDER BY person.created_at, person.id), person.user_id, person.id,
            place.endpoints, NULL
        FROM assignments_directoryperson link
            JOIN topology_enduser person ON person.id = link.user_id
            JOIN assignments_assignment place ON place.user_id = person.id
            LEFT JOIN assignments_move given ON given.operation_id = %(operation)s AND given.user_id = person.id
        WHERE {WAITING} AND place.home_node_id IS NULL AND given.id IS NULL
        """,
        agreement=agreement.pk,
        operation=operation.pk,
    )
    flows, why = _places(cluster, operation)
    if flows:
        staged_homes.place_users(flows)
        staged_writing.write_traces(operation.pk, "", timezone.now())
    if why:
        _run(
            """
            UPDATE assignments_directoryperson link SET waits_code = %(code)s FROM staged
            WHERE link.user_id = staged.known AND staged.target IS NULL
            """,
            code=why.code,
        )
    return sum(flow.users for flow in flows)


def _places(cluster: Cluster, operation: Operation) -> tuple[Sequence[Flow], Reason | None]:
    """Where those staged go; with the reason why not all of them do."""
    counts = StagedCounts.taken()
    waiting = counts.waiting
    if not waiting.users:
        return (), None
    before = load_of(cluster)
    ask = partial(
        goals.place_as_redundant_as_possible,
        _with_returned(before, operation),
        cluster.mode,
        redundant=before.redundant,
    )
    try:
        return ask(waiting.users, endpoints=waiting.endpoints, classes=counts.waiting_classes), None
    except Refused as refusal:
        room, flows = staged_homes.place_first(ask, waiting.users)
        _run("UPDATE staged SET waits = false WHERE line > %(room)s", room=room)
        return flows, refusal.reason


def _with_returned(load: ClusterLoad, operation: Operation) -> list[NodeLoad]:
    """The nodes with those who get their home of before in the same operation."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT to_node_id, count(*), sum(place.endpoints)::bigint FROM assignments_move given
                JOIN assignments_assignment place ON place.user_id = given.user_id
            WHERE operation_id = %s GROUP BY 1
            """,
            [operation.pk],
        )
        added = {node: (users, endpoints) for node, users, endpoints in cursor.fetchall()}
    return [
        replace(n, users=n.users + users, endpoints=n.endpoints + endpoints, pinned=n.pinned + users)
        for n in load.nodes
        for users, endpoints in [added.get(n.id, (0, 0))]
    ]


def _carry_out(operation: Operation, serving: Sequence[int], code: Reason) -> None:
    """Make the traces of an operation true."""
    _run(
        """
        UPDATE assignments_assignment place
        SET home_node_id = given.to_node_id, serving_node_id = given.to_node_id,
            signed_in = given.to_node_id = ANY(%(serving)s),
            pinned = link.pinned AND link.home_node_id IS NOT DISTINCT FROM given.to_node_id
        FROM assignments_move given JOIN assignments_directoryperson link ON link.user_id = given.user_id
        WHERE given.operation_id = %(operation)s AND place.user_id = given.user_id
        """,
        operation=operation.pk,
        serving=list(serving),
    )
    _run("UPDATE assignments_move SET code = %(code)s WHERE operation_id = %(pk)s", pk=operation.pk, code=code.code)
    _run(
        """
        UPDATE assignments_directoryperson link SET waits_code = '', home_node_id = NULL, pinned = false
        FROM assignments_move given WHERE given.operation_id = %(pk)s AND link.user_id = given.user_id
        """,
        pk=operation.pk,
    )
    _run(
        """
        DELETE FROM assignments_pin pin USING assignments_move given
        WHERE given.operation_id = %(pk)s AND pin.user_id = given.user_id
            AND NOT EXISTS (SELECT FROM assignments_assignment place WHERE place.user_id = pin.user_id AND place.pinned)
        """,
        pk=operation.pk,
    )
