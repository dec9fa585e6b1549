"""The automatic balancer on a real database: rounds, recommendations, runs, and settings that are refused."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assignments.board.views.contexts import rules_context
from assignments.intercluster import duplicates
from assignments.models import Assignment, Kind, Operation, Plan, RunPolicy
from assignments.planning import plans
from assignments.runs import balancer, hand_moves, operations
from assignments.users.importing.imports import import_users
from tests.support.crowd import Hands, make_crowd, nodes_of, people_of
from tests.support.lists import csv_of
from topology.models import Cluster, EndUser, Event, Node, Subcluster
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


def rounds(cluster: Cluster, count: int) -> list[str]:
    """What the balancer says in that many rounds, half a minute apart."""
    said = []
    start = timezone.now()
    for number in range(count):
        verdict = balancer.look_at_cluster(cluster.pk, start + number * balancer.ROUND)
        assert verdict is not None
        said.append(verdict.why.code)
    return said


def automated(cluster: Cluster, **values: object) -> RunPolicy:
    return balancer.configure(cluster, {"automation": "on", "cooldown_minutes": 0, **values}, actor="test")


def test_off_is_never_due_and_says_so() -> None:
    cluster = make_crowd(40, 0, 0, 0, 0, 0)
    balancer.policy_of(cluster)
    assert balancer.due_clusters(timezone.now()) == []


def test_acts_in_the_third_uneven_round_and_then_sees_its_own_run() -> None:
    cluster = make_crowd(60, 0, 0, 0, 0, 0)
    automated(cluster)
    assert balancer.due_clusters(timezone.now()) == [cluster.pk]
    assert rounds(cluster, 4) == ["BALANCER_HOLDING", "BALANCER_HOLDING", "BALANCER_ACTS", "BALANCER_BUSY"]
    run = Operation.objects.get()
    assert (run.kind, run.author_name, run.total) == (Kind.REBALANCE, "balancer", 50)
    assert Event.objects.filter(code="BALANCER_ACTS").count() == 1
    assert "50 moves" in Event.objects.get(code="BALANCER_ACTS").sentence


def test_a_round_that_was_done_is_not_done_again() -> None:
    cluster = make_crowd(60, 0)
    automated(cluster)
    now = timezone.now()
    assert balancer.look_at_cluster(cluster.pk, now)
    assert balancer.look_at_cluster(cluster.pk, now + timedelta(seconds=1)) is None
    assert balancer.due_clusters(now + timedelta(seconds=1)) == []


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


def test_recommends_instead_of_reverting_a_move_by_hand() -> None:
    cluster = make_crowd(30, 30)
    automated(cluster, rounds=1, cooldown_minutes=10)
    one, two = nodes_of(cluster)
    moved = Assignment.objects.filter(home_node=two).values_list("user_id", flat=True)[:20]
    hand_moves.move_users(cluster, list(moved), one, actor="ann")
    assert rounds(cluster, 1) == ["BALANCER_COOLDOWN"]
    let_the_cooldown_pass()
    assert rounds(cluster, 3) == ["BALANCER_MOVED_BY_HAND"] * 3
    assert not Operation.objects.filter(author_name="balancer").exists()
    assert Event.objects.filter(code="BALANCER_MOVED_BY_HAND").count() == 1
    assert recommended(cluster) == "would reverse manual moves (20 users)"


def test_what_moved_no_one_begins_no_cooldown() -> None:
    cluster = make_crowd(60, 0)
    automated(cluster, rounds=1, cooldown_minutes=10)
    person = EndUser.objects.order_by("pk")[0]
    duplicates.set_uri(cluster, person.pk, "sip:one@example.org", actor="ann")
    import_users(cluster, csv_of("user_id,name", f"{person.user_id},Ann"), actor="ann")
    cancelled = operations.start_run(plans.make_plan(cluster, "balance").hash, actor="ann", rate=1)
    operations.cancel(cancelled.pk, actor="ann")
    assert Operation.objects.count() == 3
    assert rounds(cluster, 1) == ["BALANCER_ACTS"]


def test_a_list_that_gave_homes_begins_one() -> None:
    cluster = make_crowd(60, 0)
    automated(cluster, rounds=1, cooldown_minutes=10)
    import_users(cluster, csv_of("user_id,node", f"new,{nodes_of(cluster)[0].name}"), actor="ann")
    assert rounds(cluster, 1) == ["BALANCER_COOLDOWN"]


def let_the_cooldown_pass() -> None:
    Operation.objects.update(finished_at=timezone.now() - timedelta(days=1))
    RunPolicy.objects.update(checked_at=None)


def settle(node: Node) -> None:
    """All unassigned users get their home there, by nobody's hand."""
    Assignment.objects.filter(home_node=None).update(home_node=node, serving_node=node)


def recommended(cluster: Cluster) -> str:
    """The end of what the command says, after the page was seen to offer the plan with the same words."""
    policy = RunPolicy.objects.get(cluster=cluster)
    assert rules_context(cluster) == {"rules": policy, "recommendation": True}
    assert policy.plan
    assert policy.plan.moves > 0
    out = io.StringIO()
    call_command("balancer", cluster.name, stdout=out)
    said, *rules = out.getvalue().splitlines()
    assert said == policy.sentence
    assert [rule.split()[0] for rule in rules] == list(balancer.SETTINGS)
    assert "  approval_required false" in rules
    return policy.sentence.rstrip(".").partition(" does not run it: it ")[2]


def finish(plan_hash: str, actor: str) -> Operation:
    found = operations.start_run(plan_hash, actor=actor, unthrottled=True)
    Hands().finish(found)
    return found


def test_recommends_after_a_person_undid_its_run_until_a_person_runs_a_plan() -> None:
    cluster = make_crowd(60, 0, waiting=40)
    automated(cluster, rounds=1)
    assert rounds(cluster, 1) == ["BALANCER_ACTS"]
    run = Operation.objects.get()
    Hands().finish(run)
    finish(operations.plan_undo(run.pk, actor="ann").hash, "ann")
    let_the_cooldown_pass()
    assert rounds(cluster, 2) == ["BALANCER_UNDONE"] * 2
    policy = RunPolicy.objects.get()
    assert f"someone has undone Rebalance {run.pk}." in policy.sentence
    assert Event.objects.filter(code="BALANCER_UNDONE").count() == 1
    # They run the plan that it recommends: agreed. Then the imbalance comes back by itself.
    assert policy.plan
    finish(policy.plan.hash, "ann")
    let_the_cooldown_pass()
    settle(nodes_of(cluster)[1])
    assert rounds(cluster, 1) == ["BALANCER_ACTS"]


def test_recommends_after_a_person_cancelled_its_run() -> None:
    cluster = make_crowd(60, 0)
    automated(cluster, rounds=1)
    rounds(cluster, 1)
    operations.cancel(Operation.objects.get().pk, actor="ann")
    let_the_cooldown_pass()
    assert rounds(cluster, 1) == ["BALANCER_UNDONE"]
    assert "has cancelled Rebalance" in RunPolicy.objects.get().sentence


def test_a_redo_of_its_run_lets_it_act_again() -> None:
    cluster = make_crowd(60, 0, waiting=40)
    automated(cluster, rounds=1)
    rounds(cluster, 1)
    run = Operation.objects.get()
    Hands().finish(run)
    back = finish(operations.plan_undo(run.pk, actor="ann").hash, "ann")
    finish(operations.plan_undo(back.pk, actor="ann").hash, "ann")
    let_the_cooldown_pass()
    settle(nodes_of(cluster)[0])
    assert rounds(cluster, 1) == ["BALANCER_ACTS"]


def test_acts_where_moves_by_hand_are_not_what_it_evens_out() -> None:
    cluster = make_crowd(60, 0)
    automated(cluster, rounds=1)
    one, two = nodes_of(cluster)
    hand_moves.move_users(cluster, people_of(one, 5), two, actor="ann")
    let_the_cooldown_pass()
    assert rounds(cluster, 1) == ["BALANCER_ACTS"]


def test_rounds_before_a_failover_do_not_count_after_it() -> None:
    cluster = make_crowd(60, 0)
    automated(cluster, rounds=3)
    assert rounds(cluster, 2) == ["BALANCER_HOLDING"] * 2
    Node.objects.filter(number=2).update(power_on=False)
    again = timezone.now() + 2 * balancer.ROUND
    assert (verdict := balancer.look_at_cluster(cluster.pk, again))
    assert verdict.why.code == "BALANCER_DEGRADED"
    Node.objects.update(power_on=True)
    said = [balancer.look_at_cluster(cluster.pk, again + n * balancer.ROUND) for n in (1, 2, 3)]
    assert [verdict and verdict.act for verdict in said] == [False, False, True]


def test_a_console_that_was_stopped_for_three_days_begins_anew() -> None:
    cluster = make_crowd(60, 0)
    automated(cluster, rounds=3)
    assert rounds(cluster, 2) == ["BALANCER_HOLDING"] * 2
    again = timezone.now() + timedelta(days=3)
    said = [balancer.look_at_cluster(cluster.pk, again + n * balancer.ROUND) for n in (0, 1, 2)]
    assert [verdict and verdict.act for verdict in said] == [False, False, True]


def test_with_one_round_it_looks_once_before_it_acts_after_a_stop() -> None:
    cluster = make_crowd(60, 0)
    automated(cluster, rounds=1)
    Node.objects.filter(number=2).update(power_on=False)
    assert rounds(cluster, 1) == ["BALANCER_DEGRADED"]
    Node.objects.update(power_on=True)
    later = timezone.now() + timedelta(days=3)
    said = [balancer.look_at_cluster(cluster.pk, later + n * balancer.ROUND) for n in (0, 1)]
    assert [verdict and verdict.act for verdict in said] == [False, True]


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


@pytest.mark.parametrize(("name", "most"), [(name, most) for name, (_, most) in balancer.RANGES.items()])
def test_a_number_that_is_too_high_or_too_low_is_told_apart_and_what_it_may_be(
    name: str, most: int, admin_client: Client
) -> None:
    cluster = make_crowd(1)
    for value in (most + 1, 40_000 if most < 40_000 else most * 2, 10**30, -1, str(most + 1)):
        with pytest.raises(Refused) as refused:
            balancer.configure(cluster, {name: value}, actor="test")
        least = balancer.RANGES[name][0]
        assert refused.value.message == f"{name} is not valid: it may be {least:,} to {most:,}."
    for value in balancer.RANGES[name]:
        assert getattr(balancer.configure(cluster, {name: value}, actor="test"), name) == value
    shown = {key: str(value) for key, value in balancer.settings_of(balancer.policy_of(cluster)).items()}
    shown.pop("approval_required")
    page = admin_client.post(reverse("rules", args=["crowd"]), shown | {name: most + 1}).content.decode()
    assert f'id="wrong-{name}"' in page
    assert page.count("aria-invalid") == 1


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
        balancer.look_at_cluster(cluster.pk, timezone.now())


def test_a_run_of_the_balancer_keeps_to_the_window_that_let_it_begin() -> None:
    cluster = make_crowd(60, 0)
    now = timezone.now()
    around = {"window_start": (now - timedelta(hours=1)).time(), "window_end": (now + timedelta(hours=1)).time()}
    automated(cluster, rounds=1, **around)
    assert rounds(cluster, 1) == ["BALANCER_ACTS"]
    assert Operation.objects.get().in_window
