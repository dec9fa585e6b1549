"""Work in the background after the clocks of all machines were set back: what is due is done at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from assignments.directory import schedule
from assignments.intercluster import peers, reports
from assignments.intercluster.reports import PeerReport
from assignments.models import DirectoryAgreement, DirectoryRun, Operation, Peer
from assignments.runs import balancer
from tests.runs.begun import begin, fresh
from tests.support.crowd import Hands, make_crowd
from tests.support.worlds import make_acme
from topology.dns import checking
from topology.live import health
from topology.models import Cluster, DnsSettings, Heartbeat

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_a_run_goes_on_at_its_rate() -> None:
    found, hands = begin(make_crowd(600, 0), rate=10), Hands()
    hands.tick()
    hands.tick()
    hands.at -= HOUR
    before = fresh(found).done
    for _ in range(5):
        hands.tick()
    assert 40 <= fresh(found).done - before <= 70
    hands.finish(found)
    assert Operation.objects.get().state == "finished"


def test_the_balancer_looks_and_waits_for_no_move_that_is_to_come() -> None:
    cluster, now = make_crowd(60, 0, 0, 0, 0, 0), timezone.now()
    balancer.configure(cluster, {"automation": "on", "cooldown_minutes": 60, "rounds": 1}, actor="test")
    make_move(cluster)
    said = balancer.look_at_cluster(cluster.pk, now)
    assert said
    assert said.why.code == "BALANCER_COOLDOWN"
    assert balancer.due_clusters(now - HOUR) == [cluster.pk]
    again = balancer.look_at_cluster(cluster.pk, now - HOUR)
    assert again
    assert again.why.code == "BALANCER_ACTS"


def make_move(cluster: Cluster) -> None:
    at = timezone.now()
    Operation.objects.create(cluster=cluster, kind="move", state="finished", finished_at=at, total=1, done=1)


def test_clusters_are_synced_and_told_of_each_other() -> None:
    here, there, now = make_acme(), make_acme("branch"), timezone.now()
    peers.make(here, there, actor="ada")
    assert not peers.is_due(now)
    back = now - HOUR
    assert peers.is_due(back)
    assert peers.sync_due(back) == 2
    told = PeerReport("monitor", "in_sync")
    reports.report(here, there, told, actor="ada", now=now)
    assert reports.report(here, there, told, actor="ada", now=back).tried_at == back
    assert Peer.objects.filter(tried_at=back).count() == 2


def test_a_name_server_is_asked() -> None:
    now = timezone.now()
    row = DnsSettings.objects.create(
        cluster=make_acme(), name_server="192.0.2.53", check_every=600, next_at=now + timedelta(seconds=600)
    )
    assert checking.due(now) == []
    assert checking.due(now - HOUR) == [row.pk]


def test_a_directory_is_read_and_a_dead_run_taken_up() -> None:
    now = timezone.now()
    ahead = now + timedelta(hours=1)
    agreement = DirectoryAgreement.objects.create(
        cluster=make_acme(), servers=["ldap://192.0.2.53"], schedule=3600, next_at=ahead
    )
    assert schedule.due(now) == []
    assert schedule.due(now - HOUR) == [agreement.pk]
    DirectoryRun.objects.create(agreement=agreement, heartbeat_at=now)
    assert schedule.due(now) == []
    assert schedule.due(now - HOUR) == [agreement.pk]


def test_a_worker_that_is_gone_is_missed() -> None:
    now = timezone.now()
    Heartbeat.objects.update_or_create(name=health.TICK, defaults={"at": now})
    assert health.stalled_since(now) is None
    assert health.stalled_since(now - HOUR) == now - HOUR
