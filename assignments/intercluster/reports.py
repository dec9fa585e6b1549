"""What a monitor of a real cluster reports of its peers: states, and who is at home there.

    monitor --report--> one side of a relation, in the same columns that a simulated sync fills
            --list----> the user IDs at home in the other cluster, compared with everybody here (selectors.claimed)

A side that is reported is neither synced nor broken by the console. What was said stands until the next report and is
called old when none comes (rules/mesh.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction

from assignments.intercluster.peers import PEERS, peer_of, record_changes
from assignments.models import Peer, PeerCertificate, ReportedUser
from assignments.models.peer import MAX_SOURCE
from topology import reasons
from topology.live import events
from topology.models import MAX_RELEASE, MAX_USER_ID, Cluster
from topology.reasons import Refused
from topology.rules.clock import set_back_since

STATES = {  # what a monitor says, and the code that a sync would have left
    "in_sync": "",
    "unreachable": reasons.PEER_UNREACHABLE.code,
    "certificate": reasons.PEER_CERTIFICATE.code,
    "address": reasons.PEER_ADDRESS_WRONG.code,
    "publisher_down": reasons.PEER_OWN_PUBLISHER.code,
    "one_sided": reasons.PEER_ONE_SIDED.code,
    "stale": reasons.PEER_STALE.code,
}
AHEAD = timedelta(minutes=5)  # by which the clock of a monitor may be ahead of ours
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
BATCH = 50_000  # user IDs of one statement
MOST_USERS = 10_000_000
STORE = """
    INSERT INTO assignments_reporteduser (peer_id, user_id)
    SELECT %s, user_id FROM unnest(%s::text[]) AS listed (user_id) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class PeerReport:
    """What a monitor saw of one side of a relation, and when."""

    source: str
    state: str
    at: datetime | None = None  # None: now
    last_sync: datetime | None = None
    users: int | None = None  # None: not known, what was known stays
    certificate: str = PeerCertificate.UNKNOWN
    release: str = ""


@transaction.atomic
def report(cluster: Cluster, remote: Cluster, told: PeerReport, *, actor: Any, now: datetime) -> Peer:
    """Keep a report in place of what a sync found. Raises Refused for what is not valid, or older than what is kept."""
    _demand_valid(told, now)
    peer = peer_of(cluster, remote, rows=Peer.objects.select_for_update(of=("self",)))
    at = min(told.at or now, now)
    if peer.source and peer.tried_at and at < peer.tried_at <= set_back_since(now):
        names = {"cluster": cluster.name, "remote": remote.name}
        raise Refused(reasons.PEER_REPORT_OLDER, source=peer.source, until=peer.tried_at.isoformat(), **names)
    was, first = peer.code, not peer.source
    values: dict[str, Any] = {
        "source": told.source.strip(),
        "code": STATES[told.state],
        "certificate": told.certificate,
        "release": told.release.strip(),
        "tried_at": at,
        "synced_at": told.last_sync or (at if told.state == "in_sync" else None if first else peer.synced_at),
        "fault": "",
    }
    if told.users is not None:
        values["users"] = told.users
    Peer.objects.filter(pk=peer.pk).update(**values)
    if first:
        _record(reasons.PEER_REPORTS_BEGAN, peer, actor, values["source"])
    record_changes([(peer.pk, was, values["code"], False)])
    events.touch(PEERS)
    peer.refresh_from_db()
    return peer


def _demand_valid(told: PeerReport, now: datetime) -> None:
    def refuse(place: str, problem: str) -> None:
        raise Refused(reasons.PEER_REPORT_NOT_VALID, place=place, problem=problem)

    if not told.source.strip() or len(told.source.strip()) > MAX_SOURCE or not told.source.isprintable():
        refuse("source", f"name the monitor in 1 to {MAX_SOURCE} characters")
    if told.state not in STATES:
        refuse("state", f"one of {', '.join(STATES)}")
    if told.certificate not in PeerCertificate.values:
        refuse("certificate", f"one of {', '.join(PeerCertificate.values)}")
    if len(told.release.strip()) > MAX_RELEASE or not told.release.isprintable():
        refuse("release", f"at most {MAX_RELEASE} characters, like 14.0.1")
    if told.users is not None and not 0 <= told.users <= MOST_USERS:
        refuse("users", f"a number from 0 to {MOST_USERS:,}")
    for place, at in (("at", told.at), ("last_sync", told.last_sync)):
        if at is not None and at.tzinfo is None:
            refuse(place, "an instant needs its zone, like 2026-11-27T10:00:00Z")
        if at is not None and at > now + AHEAD:
            refuse(place, "it is in the future: compare the clocks")
        if at is not None and at < EARLIEST:
            refuse(place, "it is before the year 2000")


@transaction.atomic
def end(cluster: Cluster, remote: Cluster, *, actor: Any) -> str:
    """End the reports of a side with all they brought; the console syncs it again. Answers who reported, or refuses."""
    peer = peer_of(cluster, remote)
    if not Peer.objects.filter(pk=peer.pk).exclude(source="").update(
        source="", release="", listed_at=None, code="", users=0, tried_at=None, synced_at=None,
        certificate=PeerCertificate.UNKNOWN,
    ):  # fmt: skip
        raise Refused(reasons.PEER_NOT_REPORTED, cluster=cluster.name, remote=remote.name)
    ReportedUser.objects.filter(peer=peer).delete()
    _record(reasons.PEER_REPORTS_ENDED, peer, actor, peer.source)
    return peer.source


@transaction.atomic
def list_users(cluster: Cluster, remote: Cluster, user_ids: Iterable[str], *, now: datetime) -> int:
    """Keep who is at home in the other cluster, in place of the list before; how many. Raises Refused.

    Empty lines are left out; one that is no user ID refuses the whole list, naming its place.
    """
    peer = peer_of(cluster, remote)
    if not Peer.objects.select_for_update().filter(pk=peer.pk).exclude(source="").exists():
        raise Refused(reasons.PEER_NOT_REPORTED, cluster=cluster.name, remote=remote.name)
    ReportedUser.objects.filter(peer=peer).delete()
    listed = _ids(user_ids)
    with connection.cursor() as cursor:
        while some := list(islice(listed, BATCH)):
            cursor.execute(STORE, [peer.pk, some])
    Peer.objects.filter(pk=peer.pk).update(listed_at=now)
    events.touch(PEERS)
    return ReportedUser.objects.filter(peer=peer).count()


def _ids(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        user_id = line.strip()
        if len(user_id) > MAX_USER_ID or not user_id.isprintable():
            problem = f"a user ID has at most {MAX_USER_ID} characters that can be read"
            raise Refused(reasons.PEER_REPORT_NOT_VALID, place=f"line {number}", problem=problem)
        if user_id:
            yield user_id


def _record(why: reasons.Reason, peer: Peer, actor: Any, source: str) -> None:
    facts: dict[str, Any] = {"name": peer.cluster.name, "remote": peer.remote.name, "source": source}
    events.record(why, cluster=peer.cluster, actor=actor, topics=[PEERS, "clusters"], **facts)
