"""The automatic balancer on a real database: rounds, recommendations, runs, and settings that are refused."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from assignments.models import Assignment, Kind, Operation, Plan, Progress, RunPolicy
from assignments.runs import balancer, hand_moves
from tests.crowd import make_crowd, nodes_of
from topology.models import Cluster, Event, Node, Subcluster
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


def rounds(cluster: Cluster, count: int) -> list[str]:
    """What the balancer says in that many rounds, half a minute apart."""
    said = []
    start = timezone.now()
    for number in range(count):
        verdict = balancer.look(cluster.pk, start + number * balancer.ROUND)
        assert verdict is not None
        said.append(verdict.why.code)
    return said


def automated(cluster: Cluster, **values: object) -> RunPolicy:
    return balancer.configure(cluster, {"automation": "on", "cooldown_minutes": 0, **values}, actor="test")


def test_off_is_never_due_and_says_so() -> None:
    cluster = make_crowd(40, 0, 0, 0, 0, 0)
    balancer.policy_of(cluster)
    assert balancer.due(timezone.now()) == []


def test_acts_in_the_third_uneven_round_and_then_sees_its_own_run() -> None:
    cluster = make_crowd(60, 0, 0, 0, 0, 0)
    automated(cluster)
    assert balancer.due(timezone.now()) == [cluster.pk]
    assert rounds(cluster, 4) == ["BALANCER_HOLDING", "BALANCER_HOLDING", "BALANCER_ACTS", "BALANCER_BUSY"]
    run = Operation.objects.get()
    assert (run.kind, run.author_name, run.total) == (Kind.REBALANCE, "balancer", 50)
    assert Event.objects.filter(code="BALANCER_ACTS").count() == 1
    assert "50 moves" in Event.objects.get(code="BALANCER_ACTS").sentence


def test_a_round_that_was_done_is_not_done_again() -> None:
    cluster = make_crowd(60, 0)
    automated(cluster)
    now = timezone.now()
    assert balancer.look(cluster.pk, now)
    assert balancer.look(cluster.pk, now + timedelta(seconds=1)) is None
    assert balancer.due(now + timedelta(seconds=1)) == []


def test_recommend_keeps_one_plan_and_waits_for_a_person() -> None:
    cluster = make_crowd(60, 0, 0, 0, 0, 0)
    automated(cluster, automation="recommend", rounds=1)
    assert rounds(cluster, 3) == ["BALANCER_RECOMMENDS"] * 3
    assert Plan.objects.count() == 1
    assert RunPolicy.objects.get().plan == Plan.objects.get()
    assert not Operation.objects.exists()
    assert Event.objects.filter(code="BALANCER_RECOMMENDS").count() == 1


def test_with_approval_required_it_recommends_even_when_on() -> None:
    cluster = make_crowd(60, 0)
    automated(cluster, rounds=1, approval_required=True)
    assert rounds(cluster, 1) == ["BALANCER_RECOMMENDS"]
    assert not Operation.objects.exists()


def test_waits_while_a_node_is_degraded_and_while_a_pair_is_in_a_failover() -> None:
    cluster = make_crowd(60, 0)
    automated(cluster, rounds=1)
    Node.objects.filter(number=2).update(power_on=False)
    assert rounds(cluster, 1) == ["BALANCER_DEGRADED"]
    Subcluster.objects.update(ha_enabled=True)
    RunPolicy.objects.update(checked_at=None)
    assert rounds(cluster, 1) == ["BALANCER_FAILOVER"]


def test_does_not_revert_a_manual_move_within_the_cooldown() -> None:
    cluster = make_crowd(30, 30)
    automated(cluster, rounds=1, cooldown_minutes=10)
    one, two = nodes_of(cluster)
    moved = Assignment.objects.filter(home_node=two).values_list("user_id", flat=True)[:20]
    hand_moves.move_users(cluster, list(moved), one, actor="ann")
    assert rounds(cluster, 1) == ["BALANCER_COOLDOWN"]
    Operation.objects.update(finished_at=timezone.now() - timedelta(minutes=11))
    RunPolicy.objects.update(checked_at=None)
    assert rounds(cluster, 1) == ["BALANCER_ACTS"]
    assert Operation.objects.filter(state=Progress.QUEUED).count() == 1


def test_an_active_standby_cluster_is_left_alone() -> None:
    cluster = make_crowd(60, 0)
    Cluster.objects.update(mode="active_standby")
    automated(cluster, rounds=1)
    assert rounds(cluster, 1) == ["BALANCER_MODE"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("threshold", 0), ("zone", "Mars/Olympus"), ("automation", "maybe"), ("window_start", "25:00"), ("colour", "red")],
)
def test_settings_that_cannot_be_are_refused_with_their_name_and_nothing_is_kept(name: str, value: object) -> None:
    cluster = make_crowd(1)
    with pytest.raises(Refused) as refused:
        balancer.configure(cluster, {"rounds": 7, name: value}, actor="test")
    assert name in refused.value.message
    assert refused.value.reason.status == 422
    assert balancer.policy_of(cluster).rounds == 3


def test_the_command_sets_looks_and_tells() -> None:
    make_crowd(60, 0)
    out = io.StringIO()
    call_command("balancer", "crowd", "--set", "automation=on", "--set", "rounds=5", "--look", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["code"] == "BALANCER_HOLDING"
    assert told["settings"]["rounds"] == 5
    assert "1 of 5 rounds" in told["message"]
    with pytest.raises(CommandError, match="SETTING_NOT_VALID"):
        call_command("balancer", "crowd", "--set", "rounds=none")


def test_the_number_of_queries_does_not_grow_with_users(django_assert_max_num_queries: object) -> None:
    cluster = make_crowd(3000, 0, 0, 0, 0, 0)
    automated(cluster, rounds=1, automation="recommend")
    with django_assert_max_num_queries(40):  # type: ignore[operator]
        balancer.look(cluster.pk, timezone.now())


def test_a_run_of_the_balancer_keeps_to_the_window_that_let_it_begin() -> None:
    cluster = make_crowd(60, 0)
    now = timezone.now()
    around = {"window_start": (now - timedelta(hours=1)).time(), "window_end": (now + timedelta(hours=1)).time()}
    automated(cluster, rounds=1, **around)
    assert rounds(cluster, 1) == ["BALANCER_ACTS"]
    assert Operation.objects.get().in_window
