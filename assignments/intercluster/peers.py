"""Relations between clusters: made and removed on both sides or on one, synced, and their faults.

    make(both) -> a row on each side -> sync (one statement for all that are due) -> users, certificate, or why not

A sync takes the truth of the other cluster as of now: how many are at home there. It fails where the other publisher is
not reached, has another name, is not trusted, or knows nothing of the relation. What changes is one line of history.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from assignments.intercluster.mesh import publisher_of
from assignments.intercluster.rules.mesh import INTERVAL, STALE
from assignments.models import Peer, PeerFault
from topology import reasons
from topology.live import events
from topology.live.actors import name_of
from topology.models import MAX_RELEASE, NODE_NAME, Cluster
from topology.reasons import REASONS, Refused
from topology.rules.clock import set_back_since
from topology.structure import guards, locks

OLD = "more than five minutes"  # STALE in words
PEERS = "peers"  # what pages of the mesh listen to
SYNC = """
    WITH due AS (
        SELECT p.*, p.code AS was FROM assignments_peer p
        WHERE p.source = '' AND (p.tried_at IS NULL OR p.tried_at <= %(since)s OR p.tried_at > %(set_back)s)
            AND (%(only)s::bigint[] IS NULL OR p.id = ANY(%(only)s))
        ORDER BY p.id FOR UPDATE SKIP LOCKED
    ), counted AS MATERIALIZED (
        SELECT cluster_id, sum(users)::bigint AS users FROM assignments_population GROUP BY cluster_id
    ), judged AS MATERIALIZED (  -- or it is made anew for each row, where the statistics know nothing of the table yet
        SELECT p.id, p.was, p.synced_at AS before, coalesce(counted.users, 0) AS users,
            p.fault = 'stalled' AS silent, CASE
            WHEN mine.id IS NULL OR NOT (mine.power_on AND mine.network_up) THEN '{own}'
            WHEN p.fault = 'unreachable' THEN '{unreachable}'
            WHEN theirs.id IS NULL OR lower(theirs.name) <> lower(p.address) THEN '{address}'
            WHEN NOT (theirs.power_on AND theirs.network_up) THEN '{unreachable}'
            WHEN p.fault = 'certificate' THEN '{certificate}'
            WHEN back.id IS NULL THEN '{one_sided}'
            WHEN p.fault = 'stalled' AND coalesce(p.synced_at, '-infinity') < %(old)s THEN '{stale}'
            ELSE '' END AS code
        FROM due p
        LEFT JOIN topology_node mine ON mine.cluster_id = p.cluster_id AND mine.publisher
        LEFT JOIN topology_node theirs ON theirs.cluster_id = p.remote_id AND theirs.publisher
        LEFT JOIN assignments_peer back ON back.cluster_id = p.remote_id AND back.remote_id = p.cluster_id
        LEFT JOIN counted ON counted.cluster_id = p.remote_id
    )
    UPDATE assignments_peer p SET tried_at = %(now)s, code = j.code,
        users = CASE WHEN j.code = '' AND NOT j.silent THEN j.users ELSE p.users END,
        synced_at = CASE WHEN j.code = '' AND NOT j.silent THEN %(now)s ELSE p.synced_at END,
        certificate = CASE
            WHEN j.code = '{certificate}' THEN 'wrong' WHEN j.code = '' THEN 'secure' ELSE p.certificate END
    FROM judged j WHERE p.id = j.id RETURNING p.id, j.was, j.code, j.before IS NULL
"""


def is_due(now: datetime) -> bool:
    """Whether any side has not been tried for a minute."""
    to_come = Q(tried_at__gt=set_back_since(now))
    return Peer.objects.filter(Q(tried_at=None) | Q(tried_at__lte=now - INTERVAL) | to_come, source="").exists()


def sync_due(now: datetime, *, only: Collection[int] | None = None, at_once: bool = False) -> int:
    """Sync every side whose last attempt is a minute old, or these at once, in one statement; how many were tried."""
    statement = SYNC.format(
        own=reasons.PEER_OWN_PUBLISHER.code,
        unreachable=reasons.PEER_UNREACHABLE.code,
        address=reasons.PEER_ADDRESS_WRONG.code,
        certificate=reasons.PEER_CERTIFICATE.code,
        one_sided=reasons.PEER_ONE_SIDED.code,
        stale=reasons.PEER_STALE.code,
    )
    values: dict[str, Any] = {"now": now, "since": now if at_once else now - INTERVAL, "old": now - STALE}
    values["set_back"] = set_back_since(now)
    values["only"] = None if only is None else list(only)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows = cursor.fetchall()
        record_changes(rows)
    return len(rows)


def record_changes(rows: Sequence[tuple[int, str, str, bool]]) -> None:
    """Say in the history which sides failed or came back: key, code before and now, whether it was the first time."""
    changed = {key: (was, code) for key, was, code, first in rows if was != code or first}
    if not changed:
        return
    for peer in Peer.objects.filter(pk__in=changed).select_related("cluster", "remote").order_by("pk"):
        was, code = changed[peer.pk]
        if was == code == "":
            continue  # its first sync came through, as it should
        facts: dict[str, Any] = {"name": peer.cluster.name, "remote": peer.remote.name}
        if code:
            said = REASONS[code].say(cluster=facts["name"], remote=facts["remote"], address=peer.address, age=OLD)
            events.record(reasons.PEER_SYNC_FAILED, cluster=peer.cluster, topics=[PEERS], said=said, **facts)
        else:
            events.record(reasons.PEER_SYNC_BACK, cluster=peer.cluster, topics=[PEERS], **facts)
    events.touch(PEERS)


@transaction.atomic
def make(
    cluster: Cluster,
    remote: Cluster,
    *,
    actor: Any,
    both: bool = True,
    address: str = "",
    own_address: str = "",
    sync: bool = True,
) -> list[Peer]:
    """Make a relation, on both sides or on this one alone, and sync it; sides that are there stay.

    Addresses are those of the publishers where none is given. Raises Refused.
    """
    if cluster.pk == remote.pk:
        raise Refused(reasons.PEER_ITSELF, cluster=cluster.name)
    wanted = [(cluster, remote, address)] + ([(remote, cluster, own_address)] if both else [])
    for here, _, _ in sorted(wanted, key=lambda side: side[0].pk):
        guards.hold_alone(here)
    made = []
    for here, there, given in wanted:
        where = _address(there, given)
        peer, new = Peer.objects.get_or_create(
            cluster=here, remote=there, defaults={"address": where, "author_name": name_of(actor)}
        )
        if given and not new and peer.address != where:
            Peer.objects.filter(pk=peer.pk).update(address=where, tried_at=None)
        elif not new:
            continue
        made.append(peer)
    if not made:
        raise Refused(reasons.PEER_EXISTS, cluster=cluster.name, remote=remote.name)
    for peer in made:
        _record(reasons.PEER_MADE, peer, actor)
    if sync:
        keys = Peer.objects.filter(Q(cluster=cluster, remote=remote) | Q(cluster=remote, remote=cluster))
        sync_due(timezone.now(), only=list(keys.values_list("pk", flat=True)), at_once=True)
    return list(Peer.objects.filter(pk__in=[peer.pk for peer in made]))


def _address(remote: Cluster, given: str) -> str:
    if given := given.strip():
        if not re.match(NODE_NAME, given):
            raise Refused(reasons.PEER_ADDRESS_NOT_VALID, address=given[:60])
        return given
    publisher = publisher_of(remote)
    if publisher is None:
        raise Refused(reasons.PEER_NO_PUBLISHER, remote=remote.name)
    return publisher.name


def _record(why: reasons.Reason, peer: Peer, actor: Any, **facts: Any) -> None:
    events.record(
        why, cluster=peer.cluster, actor=actor, topics=[PEERS, "clusters"], name=peer.cluster.name,
        remote=peer.remote.name, **facts,
    )  # fmt: skip


@transaction.atomic
def remove(cluster: Cluster, remote: Cluster, *, actor: Any, both: bool = True) -> int:
    """Remove a relation from both sides, or from this one alone; how many sides went. Raises Refused."""
    for pk in sorted((cluster.pk, remote.pk)):
        locks.hold_cluster(pk)
    rows = Q(cluster=cluster, remote=remote) | (Q(cluster=remote, remote=cluster) if both else Q(pk=0))
    sides = list(Peer.objects.filter(rows).select_related("cluster", "remote"))
    if not sides:
        raise Refused(reasons.NO_SUCH_PEER, cluster=cluster.name, remote=remote.name)
    Peer.objects.filter(pk__in=[side.pk for side in sides]).delete()
    for side in sides:
        _record(reasons.PEER_REMOVED, side, actor)
    return len(sides)


def peer_of(cluster: Cluster, remote: Cluster, rows: QuerySet[Peer] | None = None) -> Peer:
    """This side of a relation, as these rows of all have it. Raises Refused."""
    sides = Peer.objects.all() if rows is None else rows
    peer = sides.filter(cluster=cluster, remote=remote).select_related("cluster", "remote").first()
    if peer is None:
        raise Refused(reasons.NO_SUCH_PEER, cluster=cluster.name, remote=remote.name)
    return peer


def demand_simulated(peer: Peer) -> None:
    """Raise Refused where a monitor reports this side: the console neither syncs it nor breaks it."""
    if peer.source:
        names = {"cluster": peer.cluster.name, "remote": peer.remote.name}
        raise Refused(reasons.PEER_IS_REPORTED, source=peer.source, **names)


def sync_now(cluster: Cluster, remote: Cluster | None = None) -> int:
    """Sync the relation with one cluster, or with all, on both sides; how many sides were tried. Raises Refused."""
    rows = Peer.objects.filter(Q(cluster=cluster) | Q(remote=cluster))
    if remote is not None:
        demand_simulated(peer_of(cluster, remote))
        rows = rows.filter(Q(cluster=remote) | Q(remote=remote))
    return sync_due(timezone.now(), only=list(rows.values_list("pk", flat=True)), at_once=True)


@transaction.atomic
def set_fault(cluster: Cluster, remote: Cluster, fault: str, *, actor: Any) -> Peer:
    """Inject a fault into this side of a relation, or repair it with ""; its next sync finds it. Raises Refused."""
    peer = peer_of(cluster, remote)
    demand_simulated(peer)
    if fault not in PeerFault.values:
        raise Refused(reasons.PEER_FAULT_UNKNOWN, fault=fault[:40], known=", ".join(filter(None, PeerFault.values)))
    if Peer.objects.filter(pk=peer.pk).exclude(fault=fault).update(fault=fault, tried_at=None):
        why = reasons.PEER_FAULT_SET if fault else reasons.PEER_FAULT_REPAIRED
        _record(why, peer, actor, fault=PeerFault(fault or peer.fault).label.lower())
    peer.refresh_from_db()
    return peer


@dataclass(frozen=True)
class AppliedPeers:
    """What a file of peers changed, or would: relations made or completed, those there already, those removed."""

    dry_run: bool
    made: list[list[str]] = field(default_factory=list)
    kept: list[list[str]] = field(default_factory=list)
    removed: list[list[str]] = field(default_factory=list)
    releases: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The shape that the command and the API give."""
        return dict(vars(self))


@transaction.atomic
def apply(
    pairs: Iterable[tuple[Cluster, Cluster]],
    releases: Iterable[tuple[Cluster, str]] = (),
    *,
    actor: Any,
    prune: bool = False,
    dry_run: bool = False,
) -> AppliedPeers:
    """Make every pair a whole relation; with `prune` remove all others. A dry run does it and takes it back."""
    done = AppliedPeers(dry_run)
    wanted = {frozenset((here.pk, there.pk)): (here, there) for here, there in pairs}
    for pk in sorted({pk for pair in wanted for pk in pair}):
        locks.hold_cluster(pk)
    there_already = set(Peer.objects.values_list("cluster_id", "remote_id"))
    for here, there in wanted.values():
        names = [here.name, there.name]
        if {(here.pk, there.pk), (there.pk, here.pk)} <= there_already:
            done.kept.append(names)
        else:
            make(here, there, actor=actor, sync=False)
            done.made.append(names)
    if done.made:
        sync_due(timezone.now())
    if prune:
        for peer in Peer.objects.select_related("cluster", "remote").order_by("cluster__name", "remote__name"):
            pair = frozenset((peer.cluster_id, peer.remote_id))
            if pair not in wanted:
                wanted[pair] = (peer.cluster, peer.remote)  # both sides go at once
                remove(peer.cluster, peer.remote, actor=actor)
                done.removed.append([peer.cluster.name, peer.remote.name])
    for cluster, release in releases:
        if set_release(cluster, release, actor=actor):
            done.releases[cluster.name] = release
    if dry_run:
        transaction.set_rollback(True)
    return done


@transaction.atomic
def set_release(cluster: Cluster, release: str, *, actor: Any) -> bool:
    """Note which software release a cluster runs; False when that is known. Raises Refused."""
    release = release.strip()
    if len(release) > MAX_RELEASE or not release.isprintable():
        raise Refused(reasons.RELEASE_NOT_VALID, limit=MAX_RELEASE)
    if not Cluster.objects.filter(pk=cluster.pk).exclude(release=release).update(release=release):
        guards.refresh(cluster)
        return False
    events.record(
        reasons.RELEASE_NOTED,
        cluster=cluster,
        actor=actor,
        topics=[PEERS],
        name=cluster.name,
        release=release or "none",
    )
    return True
