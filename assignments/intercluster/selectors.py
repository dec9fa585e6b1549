"""Who is there twice: one user ID in two clusters, one directory URI of two people.

    index of uri_key --read in its order--> keys that two people with a place have --> everybody who has one of them

The index is kept by the database with each write, so nothing is scanned for what changed: a million users are read in
less than a second. URIs are compared without regard to case, like user IDs. The database expects a third of all keys
to be shared, so who has one is looked up key by key (the OFFSET): it would read everybody for them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import connection

from topology.models import Cluster

DOUBLED = """
    WITH shared AS MATERIALIZED (
        SELECT uri_key FROM topology_enduser WHERE directory_uri <> '' GROUP BY uri_key HAVING count(*) > 1
    ), held AS MATERIALIZED (
        SELECT holder.*, count(*) OVER (PARTITION BY holder.uri_key) AS holders,
            holder.id = min(holder.id) OVER (PARTITION BY holder.uri_key) AS first
        FROM shared CROSS JOIN LATERAL (
            SELECT person.id, person.user_id, person.directory_uri, person.uri_key, place.cluster_id
            FROM topology_enduser person JOIN assignments_assignment place ON place.user_id = person.id
            WHERE person.uri_key = shared.uri_key AND person.directory_uri <> ''
            OFFSET 0
        ) holder
    )
"""
LISTED = (
    DOUBLED
    + """
    SELECT held.uri_key, held.directory_uri, held.user_id, cluster.name, held.id, held.cluster_id,
        EXISTS (SELECT FROM assignments_directoryperson link WHERE link.user_id = held.id)
    FROM held JOIN topology_cluster cluster ON cluster.id = held.cluster_id
    WHERE holders > 1 AND held.uri_key > %(after)s AND (%(clusters)s::bigint[] IS NULL OR EXISTS (
        SELECT FROM held other WHERE other.uri_key = held.uri_key AND other.cluster_id = ANY(%(clusters)s)
    ))
    ORDER BY held.uri_key, cluster.name, held.user_id
"""
)
COUNTED = (
    DOUBLED
    + """
    SELECT count(DISTINCT uri_key), (array_agg(DISTINCT directory_uri))[1:3]
    FROM held WHERE holders > 1 AND cluster_id = %s
"""
)
TWINS = """
    SELECT (array_agg(person.user_id ORDER BY person.twin))[1], array_agg(cluster.name ORDER BY person.twin),
        array_agg(place.cluster_id)
    FROM topology_enduser person JOIN assignments_assignment place ON place.user_id = person.id
    JOIN topology_cluster cluster ON cluster.id = place.cluster_id
    WHERE person.folded IN (SELECT folded FROM topology_enduser WHERE twin > 0)
    GROUP BY person.folded HAVING count(*) > 1 ORDER BY person.folded
"""

# Users at home in a cluster and, as a monitor reports, in another one too: once for each of the others.
CLAIMED = """
    WITH claimed AS MATERIALIZED (
        SELECT DISTINCT ON (person.folded, peer.remote_id) person.id, person.folded, person.user_id, place.cluster_id,
            place.home_node_id, peer.remote_id, peer.source, peer.listed_at
        FROM assignments_reporteduser listed JOIN assignments_peer peer ON peer.id = listed.peer_id
        JOIN topology_enduser person ON person.folded = listed.folded
        JOIN assignments_assignment place ON place.user_id = person.id
        WHERE place.home_node_id IS NOT NULL AND place.cluster_id <> peer.remote_id
            AND (%(clusters)s::bigint[] IS NULL OR place.cluster_id = ANY(%(clusters)s))
        ORDER BY person.folded, peer.remote_id, peer.listed_at DESC
    )
"""
CLAIMS = (
    CLAIMED
    + """
    SELECT claimed.id, claimed.folded, claimed.user_id, here.name, here.id, node.name, there.name, there.id,
        claimed.source, claimed.listed_at
    FROM claimed JOIN topology_cluster here ON here.id = claimed.cluster_id
    JOIN topology_cluster there ON there.id = claimed.remote_id
    JOIN topology_node node ON node.id = claimed.home_node_id
    WHERE claimed.folded > %(after)s ORDER BY claimed.folded, there.name LIMIT %(limit)s
"""
)
CLAIMED_KEYS = CLAIMED + "SELECT DISTINCT id FROM claimed ORDER BY id"


@dataclass(frozen=True)
class Claim:
    """A user at home here whom a monitor reports at home in another cluster too."""

    key: int
    folded: str
    user_id: str
    cluster: str
    cluster_id: int
    node: str
    remote: str
    remote_id: int
    source: str
    listed_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page, the command and the API give."""
        told = {"user_id": self.user_id, "cluster": self.cluster, "home_node": self.node, "also_in": self.remote}
        return told | {"source": self.source, "reported": self.listed_at.isoformat()}


@dataclass(frozen=True)
class Holder:
    """One of the people who share a directory URI."""

    key: int
    user_id: str
    cluster: str
    cluster_id: int
    directory_uri: str  # as it stands with this person
    of_directory: bool  # whether a directory gives it, and would give it again


@dataclass(frozen=True)
class DoubledUri:
    """A directory URI, as it is compared, and everybody who has it."""

    uri: str
    users: tuple[Holder, ...]

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page, the command and the API give."""
        return {"uri": self.uri, "users": [{"user_id": one.user_id, "cluster": one.cluster} for one in self.users]}


@dataclass(frozen=True)
class DoubledUser:
    """A user ID that is at home in more than one place: from before IDs were compared without regard to case."""

    user_id: str
    clusters: tuple[str, ...]
    cluster_ids: tuple[int, ...]

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page, the command and the API give."""
        return {"user_id": self.user_id, "clusters": list(self.clusters)}


def _rows(sql: str, values: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def doubled_uris(within: Collection[int] | None = None, after: str = "", limit: int | None = None) -> list[DoubledUri]:
    """Every directory URI of more than one person, in order; with `within` those that one of these clusters has."""
    clusters = None if within is None else list(within)
    rows = _rows(LISTED, {"after": after, "clusters": clusters})
    uris = []
    for uri, group in groupby(rows, key=lambda row: row[0]):
        uris.append(DoubledUri(uri, tuple(Holder(r[4], r[2], r[3], r[5], r[1], r[6]) for r in group)))
        if limit is not None and len(uris) == limit:
            break
    return uris


def doubled_users(within: Collection[int] | None = None) -> list[DoubledUser]:
    """Every user ID that more than one person has."""
    rows = (DoubledUser(row[0], tuple(row[1]), tuple(row[2])) for row in _rows(TWINS))
    return [row for row in rows if within is None or set(row.cluster_ids) & set(within)]


def claims(within: Collection[int] | None = None, after: str = "", limit: int | None = None) -> list[Claim]:
    """Users at home here (in these clusters) and, by the last list of a monitor, in another one too; in their order."""
    clusters = None if within is None else list(within)
    return [Claim(*row) for row in _rows(CLAIMS, {"clusters": clusters, "after": after, "limit": limit})]


def claimed_keys(cluster: Cluster) -> list[int]:
    """The keys of the users of a cluster who are reported at home in another one too."""
    return [key for (key,) in _rows(CLAIMED_KEYS, {"clusters": [cluster.pk]})]


def report(within: Collection[int] | None = None) -> dict[str, Any]:
    """All duplicates, in the shape of the command and the API."""
    return {
        "users": [row.as_dict() for row in doubled_users(within)],
        "uris": [row.as_dict() for row in doubled_uris(within)],
        "reported": [row.as_dict() for row in claims(within)],
    }


def count_of(cluster: Cluster) -> tuple[int, tuple[str, ...]]:
    """How many directory URIs of a cluster somebody else has too, and some of them."""
    count, some = _rows(COUNTED, [cluster.pk])[0]
    return count, tuple(some or ())
