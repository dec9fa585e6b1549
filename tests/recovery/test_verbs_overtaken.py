"""A verb that waits for its subcluster while the structure changes: it is refused with a reason, or done as asked."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from assignments.models import Assignment, Operation
from assignments.recovery import maintenance
from assignments.recovery import service as recovery
from assignments.recovery.rules.step import step_pair
from tests.recovery.driven import A, B, node, scenario, sub
from tests.recovery.recovery_world import make
from tests.support.overtaken import overtaken, somebody_waits
from topology.models import Cluster, Node
from topology.reasons import Refused
from topology.structure import nodes, subclusters
from topology.structure.policy import update_policy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pair() -> Cluster:
    """Its nodes have no users and HA is off, so that they may be moved and removed."""
    cluster = make(scenario())
    Assignment.objects.all().delete()
    recovery.disable_ha(sub())
    Node.objects.filter(name=B).update(publisher=False)
    return cluster


VERBS: dict[str, Callable[[Node], Any]] = {
    "fault": lambda of: recovery.inject(of, "power"),
    "failover": recovery.failover,
    "fallback": recovery.fallback,
    "maintenance": lambda of: maintenance.begin(
        of, reason="disk", until=timezone.now() + timedelta(hours=1), actor="ada"
    ),
    "extend": lambda of: maintenance.extend(of, until=timezone.now() + timedelta(hours=1), actor="ada"),
    "end": lambda of: maintenance.end(of, actor="ada"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_of_a_node_that_left_meanwhile_is_refused(pair: Cluster, verb: str) -> None:
    found = node(B)
    answer = overtaken(lambda: VERBS[verb](found), lambda: nodes.unassign_node(node(B)))
    assert isinstance(answer, Refused)
    assert answer.code == "NODE_NOT_IN_SUBCLUSTER"


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_of_a_node_that_is_gone_meanwhile_is_refused(pair: Cluster, verb: str) -> None:
    found = node(B)
    answer = overtaken(lambda: VERBS[verb](found), lambda: nodes.remove_node(node(B)))
    assert isinstance(answer, Refused)
    assert answer.code == "NO_SUCH_NODE"


def test_a_node_that_has_another_name_meanwhile_breaks_all_the_same(pair: Cluster) -> None:
    found = node(B)
    overtaken(lambda: recovery.inject(found, "power"), lambda: nodes.rename_node(node(B), "c.example.org"))
    assert not Node.objects.get(pk=found.pk).power_on


@pytest.mark.parametrize("verb", [recovery.recover, recovery.enable_ha, recovery.disable_ha])
def test_a_verb_of_a_subcluster_that_is_gone_meanwhile_is_refused(pair: Cluster, verb: Callable[..., Any]) -> None:
    found = sub()
    answer = overtaken(lambda: verb(found), lambda: subclusters.remove_subcluster(sub()))
    assert isinstance(answer, Refused)
    assert answer.code == "NO_SUCH_SUBCLUSTER"


CHANGES: dict[str, Callable[[Node], Any]] = {
    "move": lambda of: nodes.move_node(of, sub()),
    "unassign": nodes.unassign_node,
    "remove": nodes.remove_node,
    "rename": lambda of: nodes.rename_node(of, "c.example.org"),
    "capacity": lambda of: nodes.set_capacity(of, users=400),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_a_node_that_is_gone_meanwhile_is_refused(pair: Cluster, change: str) -> None:
    found = node(B)
    answer = overtaken(lambda: CHANGES[change](found), lambda: nodes.remove_node(node(B)))
    assert isinstance(answer, Refused)
    assert answer.code == "NO_SUCH_NODE"


@pytest.mark.parametrize(
    "change",
    [
        subclusters.remove_subcluster,
        lambda of: subclusters.rename_subcluster(of, "sc-9"),
        lambda of: subclusters.describe_subcluster(of, "first floor"),
        lambda of: subclusters.order_nodes(of, [B, "a.example.org"]),
    ],
)
def test_a_change_of_a_subcluster_that_is_gone_meanwhile_is_refused(pair: Cluster, change: Callable[..., Any]) -> None:
    found = sub()
    answer = overtaken(lambda: change(found), lambda: subclusters.remove_subcluster(sub()))
    assert isinstance(answer, Refused)
    assert answer.code == "NO_SUCH_SUBCLUSTER"


def test_a_policy_that_changes_while_a_step_goes_by_the_old_one_is_followed_after_it(
    pair: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = timezone.now()
    changed = threading.Thread(target=_change_policy, args=(pair,))

    def meanwhile(*given: Any) -> Any:
        outcome = step_pair(*given)
        if changed.ident is None:
            changed.start()
            while changed.is_alive() and not somebody_waits():
                changed.join(0.01)
        return outcome

    monkeypatch.setattr(recovery, "step_pair", meanwhile)
    assert recovery.step(sub().pk, begun)
    changed.join()
    assert sub().pk in recovery.due_subclusters(timezone.now())


def _change_policy(cluster: Cluster) -> None:
    try:
        update_policy(cluster, {"enable_automatic_fallback": True})
    finally:
        connection.close()


def test_a_rate_for_a_failover_that_ended_meanwhile_is_not_that_of_the_fallback_after_it() -> None:
    make(scenario())
    recovery.failover(node(A))
    begun = Operation.objects.get()

    def fall_back() -> None:
        recovery.step(sub().pk, timezone.now() + timedelta(hours=2))
        recovery.fallback(node(A))

    answer = overtaken(lambda: recovery.set_sign_in_rate(begun, per_second=7.0, minutes=None, actor="ada"), fall_back)
    assert isinstance(answer, Refused)
    assert answer.code == "PACE_NOTHING_MOVES"
    assert Operation.objects.filter(kind="failback", state="running").exclude(rate=7.0).exists()
