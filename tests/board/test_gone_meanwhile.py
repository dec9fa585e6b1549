"""What is changed was removed by another while its lock was waited for: refused with what is there, no failure."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils import timezone

from assignments.board import removal, structure
from assignments.intercluster import peers, reports
from assignments.moves import node_drop
from assignments.recovery import maintenance, service
from assignments.users.removal import remove_users
from tests.board.pages import as_
from tests.support.gone import remove_while_rules_change
from tests.support.worlds import make_acme, node
from topology import reasons
from topology.accounts import roles
from topology.models import Cluster, Node, Subcluster
from topology.reasons import Reason, Refused
from topology.rules.topology_file import DnsSpec
from topology.structure import clusters, dns_settings, nodes, policy, subclusters

pytestmark = pytest.mark.django_db
Call = Callable[[Any], Any]


def soon() -> Any:
    return timezone.now() + timedelta(hours=1)


OF_A_NODE: dict[str, Call] = {
    "move": lambda n: nodes.move_node(n, Subcluster.objects.get(name="sc-3")),
    "unassign": nodes.unassign_node,
    "remove": nodes.remove_node,
    "rename": lambda n: nodes.rename_node(n, "other.acme.org"),
    "rate": lambda n: nodes.set_capacity(n, users=4000),
    "change": lambda n: structure.change_node(n, name="x.org", seen=n.name, profile=5000, users=5000, endpoints=9000),
    "drop": lambda n: node_drop.place_node(n, "out", None),
    "failover": service.failover,
    "fallback": service.fallback,
    "break": lambda n: service.inject(n, "power"),
    "repair": lambda n: service.repair(n, "power"),
    "begin maintenance": lambda n: maintenance.begin(n, reason="disk", until=soon(), actor=None),
    "extend maintenance": lambda n: maintenance.extend(n, until=soon(), actor=None),
    "end maintenance": lambda n: maintenance.end(n, actor=None),
    "look at maintenance": lambda n: maintenance.work(n, timezone.now()),
}
OF_A_SUBCLUSTER: dict[str, Call] = {
    "rename": lambda sub: subclusters.rename_subcluster(sub, "east"),
    "describe": lambda sub: subclusters.describe_subcluster(sub, "East"),
    "change": lambda sub: structure.change_subcluster(sub, name="east", description="East"),
    "remove": subclusters.remove_subcluster,
    "order": lambda sub: subclusters.order_nodes(sub, []),
    "swap": structure.swap_nodes,
    "shift": lambda sub: structure.shift_subcluster(sub, 1),
    "move into it": lambda sub: nodes.move_node(node(sub.cluster, "spare"), sub),
    "add to it": lambda sub: nodes.add_node(sub.cluster, "new.acme.org", subcluster=sub),
    "HA on": service.enable_ha,
    "HA off": service.disable_ha,
    "recover": service.recover,
    "buttons": service.buttons,
}
OF_A_CLUSTER: dict[str, Call] = {
    "new subcluster": lambda cluster: subclusters.create_subcluster(cluster, "east"),
    "order subclusters": lambda cluster: subclusters.order_subclusters(cluster, ["sc-2"]),
    "new node": lambda cluster: nodes.add_node(cluster, "new.acme.org"),
    "mode": lambda cluster: clusters.set_mode(cluster, "manual"),
    "model": lambda cluster: clusters.set_model(cluster, "active_standby"),
    "policy": lambda cluster: policy.update_policy(cluster, {"relogin_lower_limit": 130}),
    "speed": lambda cluster: policy.set_clock_speed(cluster, 10),
    "DNS": lambda cluster: dns_settings.update_dns(cluster, DnsSpec("acme.org")),
    "release": lambda cluster: peers.set_release(cluster, "14", actor=None),
    "peer": lambda cluster: peers.make(cluster, Cluster.objects.get(name="zeta"), actor=None),
    "remove users": lambda cluster: remove_users(cluster, ["imp1a-0001"]),
    "remove": lambda cluster: removal.remove_cluster(cluster, cluster.name),
}


@pytest.mark.parametrize("call", OF_A_NODE)
def test_a_node_that_is_gone(call: str) -> None:
    gone = Node.objects.select_related("cluster", "subcluster").get(pk=node(make_acme(), "spare").pk)
    Node.objects.get(pk=gone.pk).delete()
    with pytest.raises(Refused, match="There is no node spare") as refused:
        OF_A_NODE[call](gone)
    assert "imp1a.acme.org" in refused.value.fix


@pytest.mark.parametrize("call", OF_A_SUBCLUSTER)
def test_a_subcluster_that_is_gone(call: str) -> None:
    gone = Subcluster.objects.select_related("cluster").get(cluster=make_acme(), name="sc-3")
    Node.objects.filter(subcluster=gone).delete()
    Subcluster.objects.get(pk=gone.pk).delete()
    with pytest.raises(Refused, match="There is no subcluster sc-3 in acme") as refused:
        OF_A_SUBCLUSTER[call](gone)
    assert refused.value.fix == "Known: sc-1, sc-2."


@pytest.mark.parametrize("call", sorted(OF_A_SUBCLUSTER.keys() - {"move into it"}))  # which asks for another node
def test_a_subcluster_that_is_gone_with_its_cluster(call: str) -> None:
    gone = Subcluster.objects.select_related("cluster").get(cluster=make_acme(), name="sc-3")
    removal.remove_cluster(Cluster.objects.get(name="acme"), "acme")
    with pytest.raises(Refused, match=r"There is no (subcluster sc-3 in any cluster|cluster acme)"):
        OF_A_SUBCLUSTER[call](gone)


@pytest.mark.parametrize("call", sorted(OF_A_NODE.keys() - {"move"}))  # which asks for a subcluster
def test_a_node_that_is_gone_with_its_cluster(call: str) -> None:
    gone = Node.objects.select_related("cluster", "subcluster").get(pk=node(make_acme(), "imp1a").pk)
    removal.remove_cluster(Cluster.objects.get(name="acme"), "acme")
    with pytest.raises(Refused, match=r"There is no (node imp1a|cluster acme)"):
        OF_A_NODE[call](gone)


@pytest.mark.parametrize("call", OF_A_CLUSTER)
def test_a_cluster_that_is_gone(call: str) -> None:
    gone = Cluster.objects.get(pk=make_acme().pk)
    make_acme("zeta")
    removal.remove_cluster(Cluster.objects.get(pk=gone.pk), gone.name)
    with pytest.raises(Refused, match="There is no cluster acme") as refused:
        OF_A_CLUSTER[call](gone)
    assert refused.value.fix == "If that was a mistake, restore a backup. Known: zeta."


def test_one_of_the_same_name_is_another() -> None:
    gone = Cluster.objects.get(pk=make_acme().pk)
    removal.remove_cluster(Cluster.objects.get(pk=gone.pk), gone.name)
    made = clusters.create_cluster("acme")
    with pytest.raises(Refused, match="There is no cluster acme"):
        remove_users(gone, ["imp1a-0001"])
    assert Cluster.objects.get() == made


def test_a_peer_that_is_gone() -> None:
    acme, zeta = make_acme(), make_acme("zeta")
    told = reports.PeerReport(source="monitor", state="in_sync")
    with pytest.raises(Refused) as refused:
        reports.report(acme, zeta, told, actor=None, now=timezone.now())
    assert refused.value.reason is reasons.NO_SUCH_PEER


def test_a_node_that_was_renamed_or_moved_meanwhile() -> None:
    """Commands follow the node, whatever its name is; one that left its place under the lock is refused."""
    acme = make_acme()
    seen = Node.objects.select_related("subcluster").get(pk=node(acme, "imp1b").pk)
    nodes.rename_node(Node.objects.get(pk=seen.pk), "other.acme.org")
    service.inject(seen, "power")
    assert Node.objects.get(pk=seen.pk).truth.power is False
    spare = Node.objects.get(pk=node(acme, "spare").pk)
    with pytest.raises(Refused) as refused:
        service.inject(spare, "power")
    assert refused.value.reason is reasons.NODE_NOT_IN_SUBCLUSTER


RULES = {
    "automation": "recommend", "threshold": "5", "rounds": "2", "minimum_gain": "1", "cooldown_minutes": "10",
    "window_start": "00:00", "window_end": "00:00", "zone": "UTC",
}  # fmt: skip


@pytest.fixture
def somebody_removes(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the rules of the balancer are changed, the cluster goes."""
    remove_while_rules_change("acme", monkeypatch)


def said(why: Reason, answer: Any) -> bool:
    return why.sentence in answer.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("somebody_removes")
@pytest.mark.parametrize("how", [{}, {"HX-Request": "true"}, {"Accept": "application/json"}])
def test_what_the_database_refuses_at_the_end_is_told(how: dict[str, str]) -> None:
    make_acme()
    answer = as_(roles.ADMINISTRATOR).post(reverse("rules", args=["acme"]), RULES, headers=how)
    assert answer.status_code == 409, answer.content
    assert said(reasons.CHANGED_MEANWHILE, answer)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("somebody_removes")
def test_a_command_tells_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    make_acme()
    with pytest.raises(CommandError, match="CHANGED_MEANWHILE"):
        call_command("balancer", "acme", "--set", "automation=recommend")
    with pytest.raises(SystemExit):
        call_command("balancer", "acme", "--set", "automation=recommend", "--json")
    assert json.loads(capsys.readouterr().out)["code"] == "CHANGED_MEANWHILE"
