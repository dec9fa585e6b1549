"""The records of a cluster compared with those of a name server: for one who asks, and on a schedule, kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from topology import reasons
from topology.dns import asking, selectors
from topology.dns.rules.comparing import Ground, SrvProblem, problems
from topology.dns.rules.records import WantedRecords
from topology.live import events
from topology.models import Cluster, DnsSettings
from topology.reasons import Refused, Said
from topology.rules import dns_servers
from topology.rules.clock import set_back_since
from topology.structure.selectors import dns_of


@dataclass(frozen=True)
class DnsReport:
    """What one check found."""

    wanted: WantedRecords
    server: str
    problems: tuple[SrvProblem, ...]

    def as_dict(self) -> dict[str, Any]:
        """The shape that the command and the API give."""
        return {
            "cluster": self.wanted.cluster,
            "server": self.server,
            "names": len(self.wanted.names),
            "problems": [problem.as_dict() for problem in self.problems],
            "not_known": [missing.as_dict() for missing in self.wanted.not_known],
        }


def look(cluster: Cluster, server: str = "") -> DnsReport:
    """Ask a name server: this one, else the one of the settings, else the machine's. Raises Refused."""
    text = server.strip() or dns_of(cluster).name_server or dns_servers.SYSTEM
    records = selectors.records_of(cluster)
    answers, aliases = asking.ask(asking.NameServer(text), (*records.names, *records.ambiguous))
    shown = "The name server" if dns_servers.is_system(text) else text
    ground = Ground(aliases=aliases, former=selectors.former_names(cluster), server=shown)
    return DnsReport(records, text, problems(records, answers, ground))


def due(now: datetime) -> list[int]:
    """Clusters whose name server is to be asked now, the oldest first."""
    rows = DnsSettings.objects.filter(_is_due(now)).exclude(name_server="")
    return list(rows.order_by("next_at", "cluster").values_list("cluster", flat=True))


def _is_due(now: datetime) -> Q:
    """The next check has come, or is further away than any: the clock was set back since it was written."""
    return Q(next_at__lte=now) | Q(next_at__gt=set_back_since(now) + F("check_every") * timedelta(seconds=1))


def check(cluster_id: int, now: datetime) -> None:
    """The check of a cluster that is due; of two deliveries one does it."""
    row = DnsSettings.objects.select_related("cluster").filter(pk=cluster_id).exclude(name_server="").first()
    if row is None:
        return
    later = now + timedelta(seconds=row.check_every)
    if DnsSettings.objects.filter(_is_due(now), pk=cluster_id, next_at=row.next_at).update(next_at=later):
        check_now(row.cluster)


def check_now(cluster: Cluster) -> DnsReport:
    """Ask the name server of the settings and keep what is found. Raises Refused, which is kept as a problem."""
    try:
        report = look(cluster)
    except Refused as refusal:
        records = selectors.records_of(cluster)
        problems = tuple(SrvProblem(name, refusal.reason, refusal.facts) for name in records.names[:1])
        report = DnsReport(records, dns_of(cluster).name_server, problems)
    _keep(cluster, report)
    return report


@transaction.atomic
def _keep(cluster: Cluster, report: DnsReport) -> None:
    """Store the outcome if the settings still name that server; what is new is one line of history."""
    row = DnsSettings.objects.select_for_update().filter(cluster=cluster, name_server=report.server).first()
    if row is None:
        return
    kept, before, first = [problem.kept() for problem in report.problems], row.problems, row.checked_at is None
    row.problems, row.checked_at, row.checked_server = kept, timezone.now(), report.server
    row.save(update_fields=["problems", "checked_at", "checked_server"])
    topics = [f"dns-{cluster.pk}"]
    if _marks(kept) - _marks(before):
        said = Said(report.problems[0].why, report.problems[0].facts)
        facts: dict[str, Any] = {"name": cluster.name, "problems": len(kept), "first": said}
        events.record(reasons.SRV_CHECKED_BAD, cluster=cluster, topics=topics, **facts)
    elif not kept and (before or first):
        events.record(reasons.SRV_CHECKED_GOOD, cluster=cluster, topics=topics, name=cluster.name, server=report.server)
    else:
        events.touch(*topics)


def _marks(kept: Iterable[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(each["name"], each["code"], str(each["facts"].get("target", ""))) for each in kept}
