"""Reads of the mesh of clusters: every relation with its state, and who each cluster believes to be at home where.

What a cluster knows of another one is the truth as of its last sync: the count that the sync brought, and who moved
between clusters since, from the traces of moves. So nothing is copied for each pair, however many clusters there are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Case, Q, When

from assignments.intercluster.rules.mesh import (
    FAILED,
    MISSING,
    NEW,
    REPORT_OLD,
    STALE,
    WELL,
    Link,
    Side,
    link_of,
    links,
)
from assignments.models import Peer
from topology.models import Cluster, Node
from topology.reasons import words
from topology.rules import check_list

# Users who came into a cluster from another, or left it for another, since each side's last sync.
BEHIND = """
    WITH counted AS MATERIALIZED (
        SELECT cluster_id, sum(users)::bigint AS users FROM assignments_population GROUP BY cluster_id
    )
    SELECT p.id, abs(coalesce(counted.users, 0) - p.users) + coalesce((
        SELECT count(*) FROM assignments_operation o JOIN assignments_move m ON m.operation_id = o.id AND m.done
        WHERE o.to_cluster_id IS NOT NULL AND p.remote_id IN (o.cluster_id, o.to_cluster_id) AND m.at > p.synced_at
            AND (o.finished_at IS NULL OR o.finished_at > p.synced_at)
    ), 0)
    FROM assignments_peer p LEFT JOIN counted ON counted.cluster_id = p.remote_id
    WHERE p.synced_at IS NOT NULL AND p.source = '' AND p.id = ANY(%s)
"""
# Every pair of clusters that is not in sync on both sides, with what its sides say. Where all are, it only counts.
UNWELL = """
    SELECT here.id, there.id,
        a.address, a.code, a.tried_at, a.synced_at, a.source, b.address, b.code, b.tried_at, b.synced_at, b.source
    FROM topology_cluster here JOIN topology_cluster there ON here.id < there.id
    LEFT JOIN assignments_peer a ON a.cluster_id = here.id AND a.remote_id = there.id
    LEFT JOIN assignments_peer b ON b.cluster_id = there.id AND b.remote_id = here.id
    WHERE (
        SELECT count(*) FROM assignments_peer p WHERE p.code = '' AND {well_p}
            AND p.cluster_id = ANY(%(clusters)s) AND p.remote_id = ANY(%(clusters)s)
    ) < %(sides)s
    AND here.id = ANY(%(clusters)s) AND there.id = ANY(%(clusters)s) AND NOT (
        coalesce(a.code = '' AND {well_a}, false) AND coalesce(b.code = '' AND {well_b}, false))
""".format(**{
    f"well_{of}": f"CASE {of}.source WHEN '' THEN {of}.synced_at >= %(fresh)s ELSE {of}.tried_at >= %(told)s END"
    for of in "abp"
})  # fmt: skip
# The first cross-cluster move since the last sync says where the user was then; without one the user is where they are.
# Who left the own cluster is known without a sync.
BELIEVED = """
    SELECT coalesce((
        SELECT o.cluster_id FROM assignments_move m JOIN assignments_operation o ON o.id = m.operation_id
        WHERE m.user_id = person.id AND m.done AND o.to_cluster_id IS NOT NULL
            AND o.cluster_id <> %(viewer)s AND m.at > coalesce((
                SELECT p.synced_at FROM assignments_peer p
                WHERE p.cluster_id = %(viewer)s AND p.remote_id = place.cluster_id AND place.cluster_id <> %(viewer)s
            ), 'infinity')
        ORDER BY m.at, m.id LIMIT 1
    ), CASE WHEN place.cluster_id = %(viewer)s OR EXISTS (
        SELECT FROM assignments_peer p
        WHERE p.cluster_id = %(viewer)s AND p.remote_id = place.cluster_id AND p.synced_at IS NOT NULL
    ) THEN place.cluster_id END)
    FROM topology_enduser person JOIN assignments_assignment place ON place.user_id = person.id
    WHERE person.folded = fold_user_id(%(user)s) ORDER BY person.twin LIMIT 1
"""


def sides(clusters: Collection[int], *, counted: bool = True) -> list[Side]:
    """The sides of relations that one of these clusters has a part in.

    Two queries; one where no one counts who came, went or moved since the last sync.
    """
    ordered = Peer.objects.select_related("cluster", "remote").order_by("cluster__name", "remote__name")
    peers = list(ordered.filter(Q(cluster__in=clusters) | Q(remote__in=clusters)))
    behind = _behind([peer.pk for peer in peers]) if counted else {}
    return [side_of(peer, behind.get(peer.pk, 0)) for peer in peers]


def side_of(peer: Peer, behind: int = 0) -> Side:
    """A row as the rules see it."""
    return Side(
        cluster=peer.cluster.name,
        remote=peer.remote.name,
        address=peer.address,
        code=peer.code,
        certificate=peer.certificate,
        users=peer.users,
        tried_at=peer.tried_at,
        synced_at=peer.synced_at,
        fault=peer.fault,
        behind=behind,
        source=peer.source,
        release=peer.release,
    )


def _behind(keys: Sequence[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(BEHIND, [list(keys)])
        return dict(cursor.fetchall())


def mesh(clusters: Sequence[Cluster], now: datetime, *, counted: bool = True) -> list[Link]:
    """What is between any two of these clusters; `counted` says whether sides tell how far they are behind."""
    names = {cluster.name for cluster in clusters}
    keys = [cluster.pk for cluster in clusters]
    inside = [side for side in sides(keys, counted=counted) if {side.cluster, side.remote} <= names]
    return links(sorted(names), inside, now)


def unwell_links(clusters: Sequence[Cluster], now: datetime) -> list[Link]:
    """What is between any two of these clusters, without what is well; one query, quick where all is."""
    names = {cluster.pk: cluster.name for cluster in clusters}
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"clusters": list(names), "sides": len(names) * (len(names) - 1)}
        cursor.execute(UNWELL, asked | {"fresh": now - STALE, "told": now - REPORT_OLD})
        rows = cursor.fetchall()
    unwell_links = []
    for one, other, *said in rows:
        here, there = names[one], names[other]
        unwell_links.append(link_of(here, there, [_side(here, there, *said[:5]), _side(there, here, *said[5:])], now))
    return unwell_links


def _side(
    cluster: str,
    remote: str,
    address: str | None,
    code: str,
    tried: datetime | None,
    synced: datetime | None,
    source: str,
) -> Side | None:
    if address is None:
        return None
    return Side(cluster, remote, address, code, "", 0, tried, synced, source=source)


def of_cluster(cluster: Cluster, others: Sequence[Cluster], now: datetime) -> list[Link]:
    """The relations of one cluster with each of the others."""
    names = [cluster.name, *(other.name for other in others if other.pk != cluster.pk)]
    relations = links(names, sides([cluster.pk]), now)
    return [link for link in relations if cluster.name in link.of]


def believed_home(viewer: Cluster, user_id: str) -> str | None:
    """The cluster in which a cluster believes a user to be at home, by its last syncs; None: it does not know."""
    with connection.cursor() as cursor:
        cursor.execute(BELIEVED, {"viewer": viewer.pk, "user": user_id})
        row = cursor.fetchone()
    if row is None or row[0] is None:
        return None
    return Cluster.objects.filter(pk=row[0]).values_list("name", flat=True).first()


def publisher_of(cluster: Cluster) -> Node | None:
    """The publisher of a cluster, whose name is its address for peers."""
    return Node.objects.filter(cluster=cluster, publisher=True).first()


def report(clusters: Sequence[Cluster], cluster: Cluster | None, now: datetime) -> dict[str, Any]:
    """The mesh, or the relations of one cluster, in the shape of the command and the API."""
    relations = mesh(clusters, now) if cluster is None else of_cluster(cluster, clusters, now)
    return {
        "peers": [_link(link, now) for link in relations if link.state != MISSING],
        "missing": [list(link.of) for link in relations if link.state == MISSING],
    }


def _link(link: Link, now: datetime) -> dict[str, Any]:
    return {
        "clusters": list(link.of),
        "state": link.state,
        "message": link.message,
        "fix": link.fix,
        "sides": [
            {
                "cluster": side.cluster,
                "peer": side.remote,
                "address": side.address,
                "state": side.state(now),
                "code": side.code,
                "certificate": side.certificate,
                "users": side.users,
                "behind": side.behind,
                "last_sync": side.synced_at and side.synced_at.isoformat(),
                "fault": side.fault,
                "source": side.source,
                "reported": side.tried_at.isoformat() if side.source and side.tried_at else None,
                "release": side.release,
            }
            for side in link.sides
        ],
    }


# --- Checks ---------------------------------------------------------------------------------------
def problems(cluster: Cluster, now: datetime) -> list[tuple[str, str, str]]:
    """What is wrong with the relations of a cluster: outcome, problem, fix. Where no cluster has any, nothing is."""
    if not Peer.objects.exists():
        return []
    relations = of_cluster(cluster, list(Cluster.objects.all()), now)
    told = [
        (check_list.FAILED if link.state == FAILED else check_list.WARNING, link.message, link.fix)
        for link in relations
        if link.state not in (WELL, NEW, MISSING)
    ]
    if missing := [name for link in relations if link.state == MISSING for name in link.of if name != cluster.name]:
        names = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        fix = f"Make it on the page Peers, or run manage.py peers {cluster.name} --make {missing[0]}"
        told.append((check_list.WARNING, f"No relation with {words.counted(len(missing), 'cluster')}: {names}.", fix))
    return told


def unlike(cluster: Cluster) -> list[tuple[str, str, str]]:
    """How the release and the hardware of a cluster differ from those of its peers."""
    peered = Peer.objects.filter(cluster=cluster).values("remote")
    told = []
    if cluster.release:
        known = Case(When(remote__release="", then="release"), default="remote__release")
        others = Peer.objects.filter(cluster=cluster).annotate(runs=known).exclude(runs__in=("", cluster.release))
        names = others.order_by("remote__name").values_list("remote__name", "runs")
        if some := [f"{name} {runs}" for name, runs in names[:5]]:
            problem = f"{cluster.name} runs {cluster.release}, its peers run others: {', '.join(some)}."
            told.append(
                (check_list.WARNING, problem, "Upgrade them one after the other; peers of unlike releases sync less.")
            )
    mine = _profiles([cluster.pk])
    theirs = _profiles(list(peered.values_list("remote", flat=True)))
    if mine and theirs and (other := sorted(theirs - mine)):
        sizes = ", ".join(f"{size:,}" for size in other)
        problem = f"Peers of {cluster.name} have nodes for {sizes} users, unlike its own."
        told.append((check_list.INFO, problem, "Nothing to do, unless users shall move between them: mind the room."))
    return told


def _profiles(clusters: Sequence[int]) -> set[int]:
    return set(Node.objects.filter(cluster__in=clusters).values_list("profile", flat=True))
