"""Plans of people: who is picked, what is stored and hashed, and what no longer holds."""

import hashlib
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assignments.models import Assignment, Goal, Plan, PlannedMove
from assignments.planning import pick, plans
from assignments.runs import operations
from assignments.users.removal import remove_users
from tests.support.crowd import ENDPOINTS, Hands, add_people, homes, make_crowd, nodes_of, people_of
from tests.support.worlds import assign, make_acme
from tests.support.worlds import node as node_of
from topology.models import Cluster, DeploymentModel, EndUser, Mode, Node
from topology.reasons import Refused
from topology.rules.states import State

pytestmark = pytest.mark.django_db


def balance(cluster: Cluster, **scope: Any) -> Plan:
    return plans.make_plan(cluster, Goal.BALANCE, scope)


def rows(plan: Plan) -> list[tuple[int, int | None, int | None]]:
    return list(plan.rows.order_by("user_id").values_list("user_id", "from_node_id", "to_node_id"))


def test_thirty_thousand_users_on_one_of_six_nodes() -> None:
    cluster = make_crowd(30_000, 0, 0, 0, 0, 0)
    plan = balance(cluster)
    assert (plan.moves, plan.minimum_moves, plan.rows.count()) == (25_000, 25_000, 25_000)
    shape = plans.as_dict(plan)
    assert shape["certificate"] == (
        "The best balance fills no node above 8.33% of its capacity and leaves these nodes with less than they have:"
        " crowd1.example.org by 25,000. A move takes one user off one node, so 25,000 is the minimum. Endpoints do not"
        " limit the choice: any users fit."
    )
    assert [n["before"] for n in shape["nodes"]] == [30_000, 0, 0, 0, 0, 0]
    assert [n["after"] for n in shape["nodes"]] == [5_000] * 6
    assert {"hash", "moves", "minimum_moves", "nodes", "certificate", "goal"} <= set(shape)
    json.dumps(shape)


def test_people_are_picked_once_not_signed_in_first_and_never_pinned() -> None:
    cluster = make_crowd(20, 0, 2, 0)
    source = nodes_of(cluster)[0]
    Assignment.objects.annotate(odd=F("user") % 2).filter(odd=1).update(signed_in=False)
    pinned = people_of(source, 4)
    Assignment.objects.filter(user__in=pinned).update(pinned=True)
    plan = balance(cluster)
    picked = [user for user, _, _ in rows(plan)]
    assert len(picked) == len(set(picked)) == plan.moves == 14
    assert not set(picked) & set(pinned)
    left = Assignment.objects.filter(home_node=source).exclude(user__in=picked)
    assert not left.filter(pinned=False, signed_in=False).exists()
    signed = Assignment.objects.filter(user__in=picked, signed_in=True).count()
    assert signed == plan.body["disturbed"]


@pytest.mark.parametrize("change", ["pinned", "removed", "signed out"])
def test_a_plan_whose_people_went_while_it_was_made_is_refused(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = make_crowd(4, 0)
    people = people_of(nodes_of(cluster)[0])
    picked = pick.by_flows

    def meanwhile(*asked: Any) -> pick.Picked:
        rows = Assignment.objects.filter(user__in=people[1:])
        if change == "removed":
            rows.delete()
        else:
            rows.update(**{"pinned": True} if change == "pinned" else {"signed_in": False})
        return picked(*asked)

    monkeypatch.setattr(pick, "by_flows", meanwhile)
    with pytest.raises(Refused) as refusal:
        balance(cluster)
    assert refusal.value.code == "PLAN_LOAD_CHANGED"
    assert not PlannedMove.objects.exists()


def test_the_same_ground_and_goal_give_the_same_plan() -> None:
    cluster = make_crowd(100, 0, 10, 0)
    first, second = balance(cluster), balance(cluster)
    assert first.pk == second.pk
    assert Plan.objects.count() == 1
    assert PlannedMove.objects.count() == first.moves


def test_another_ground_gives_another_plan_even_with_no_rows() -> None:
    cluster = make_crowd(5, 5)
    first = balance(cluster)
    for node in nodes_of(cluster):
        add_people(cluster, None, 0)
        Node.objects.filter(pk=node.pk).update(capacity_users=50_000)
    Assignment.objects.filter(user__in=people_of(None)).delete()
    Assignment.objects.filter(user__in=[people_of(n, 1)[0] for n in nodes_of(cluster)]).delete()
    second = balance(cluster)
    assert (first.moves, second.moves) == (0, 0)
    assert first.hash != second.hash


def test_a_plan_made_again_says_who_signs_in_again_by_now() -> None:
    cluster = make_crowd(10, 0)
    Assignment.objects.update(signed_in=False)
    first = balance(cluster)
    Assignment.objects.update(signed_in=True)
    second = balance(cluster)
    assert rows(first) == rows(second)
    assert (first.body["disturbed"], second.body["disturbed"]) == (0, 5)


def test_a_plan_made_again_says_how_far_the_failover_is_that_leaves_a_node_out() -> None:
    acme = make_acme(imp1a=30, imp2a=3, imp3a=10)
    said = []
    for state, users in ((State.FAILING_OVER, 0), (State.FAILED_OVER, 0), (State.FAILED_OVER, 2)):
        Node.objects.filter(pk=node_of(acme, "imp2a").pk).update(state=state)
        assign(acme, [(f"more-{users}", node_of(acme, "imp2a"), users)])
        left_out = plans.left_out(balance(acme))
        said.append([(left.users, str(left.why)) for left in left_out if left.node.startswith("imp2a.")])
    [[one], [two], [three]] = said
    assert "failing over" in one[1]
    assert "failed over" in two[1]
    assert (one[0], two[0], three[0]) == (3, 3, 5)


def test_the_hash_covers_every_row() -> None:
    cluster = make_crowd(10, 0)
    plan = balance(cluster)
    purpose = [cluster.pk, plan.goal, plan.scope, plan.body]
    [(source, to)] = {(a, b) for _, a, b in rows(plan)}
    keys = b"".join(user.to_bytes(8, "big") for user, _, _ in rows(plan))
    flow = [source, to, plan.moves, hashlib.sha256(keys).hexdigest()]
    assert plan.hash == hashlib.sha256(json.dumps([purpose, [flow]], sort_keys=True).encode()).hexdigest()


def test_a_plan_that_was_hashed_by_an_older_version_runs_by_its_hash() -> None:
    cluster = make_crowd(10, 0)
    plan = balance(cluster)
    older = "0" * 64
    Plan.objects.filter(pk=plan.pk).update(hash=older)
    assert balance(cluster).pk != plan.pk
    found = operations.start_run(older, actor="test", unthrottled=True)
    assert found.plan_id == plan.pk
    Hands().finish(found)
    assert homes(cluster) == [5, 5]


def test_a_certificate_is_stored_as_its_claim_and_numbers(admin_client: Client, capsys: Any) -> None:
    cluster = make_crowd(30, 10)
    plan = balance(cluster)
    plan.refresh_from_db()
    first = nodes_of(cluster)[0]
    assert plan.body["certificate"] == {
        "claim": "balance",
        "minimum": 10,
        "of": "node",
        "fullest": 20 / first.capacity_users,
        "over": [[first.name, 10]],
        "choice": "any_users",
    }
    said = plans.certificate(plan)
    assert f"{first.name} by 10" in said
    assert plans.as_dict(plan)["certificate"] == said
    assert said in " ".join(admin_client.get(reverse("plan", args=[plan.hash])).content.decode().split())
    call_command("rebalance", cluster.name, "--dry-run")
    assert said in capsys.readouterr().out


def test_a_plan_of_an_older_version_is_shown_with_the_sentence_that_it_stored(admin_client: Client) -> None:
    plan = balance(make_crowd(30, 10))
    plan.body["certificate"] = "10 is what {it} takes."
    plan.save()
    assert plans.as_dict(plan)["certificate"] == "10 is what {it} takes."
    assert "10 is what {it} takes." in admin_client.get(reverse("plan", args=[plan.hash])).content.decode()
    del plan.body["certificate"]
    assert plans.certificate(plan) == ""
    assert "certificate" not in plans.as_dict(plan)


def test_active_standby_fill_and_evacuation() -> None:
    cluster = make_crowd(30, 20, 10, 10, waiting=6)
    _, standby, *_ = nodes_of(cluster)
    plan = plans.make_plan(cluster, Goal.ACTIVE_STANDBY)
    assert [n["after"] for n in plan.body["nodes"]] == [50, 0, 20, 0]
    plan = plans.make_plan(cluster, Goal.FILL)
    assert {source for _, source, _ in rows(plan)} == {None}
    assert [n["after"] for n in plan.body["nodes"]] == [30, 20, 13, 13]
    plan = plans.make_plan(cluster, Goal.EVACUATE, {"node": standby.pk})
    assert plan.moves == 20
    assert {source for _, source, _ in rows(plan)} == {standby.pk}
    Cluster.objects.filter(pk=cluster.pk).update(mode=Mode.ACTIVE_STANDBY)
    cluster.refresh_from_db()
    plan = plans.make_plan(cluster, Goal.FILL)
    assert [n["after"] for n in plan.body["nodes"]] == [30, 20, 16, 10]


def test_scope_is_held_to_the_cluster() -> None:
    cluster, other = make_crowd(4, 0, 9, 0), make_crowd(1, 0, name="other")
    inside = balance(cluster, subclusters=[nodes_of(cluster)[0].subcluster_id])
    assert [n["after"] for n in inside.body["nodes"]] == [2, 2, 9, 0]
    with pytest.raises(Refused) as caught:
        balance(cluster, subclusters=[nodes_of(other)[0].subcluster_id])
    assert caught.value.code == "SCOPE_NOT_VALID"
    for foreign, code in ((nodes_of(other)[0], "PLAN_NO_NODE"), (None, "NODE_TO_EVACUATE")):
        with pytest.raises(Refused) as caught:
            plans.make_plan(cluster, Goal.EVACUATE, {"node": foreign and foreign.pk})
        assert caught.value.code == code
        assert foreign is None or foreign.name in caught.value.message
    assert not Plan.objects.exclude(pk=inside.pk).exists()


def test_redundancy_forbids_what_a_peer_cannot_take_over() -> None:
    cluster = make_crowd(30, 0, capacity=20, model=DeploymentModel.BALANCED_REDUNDANT)
    with pytest.raises(Refused) as caught:
        balance(cluster)
    assert caught.value.code == "PLAN_NO_REDUNDANCY"
    assert "10 users" in caught.value.fix


def test_endpoints_of_the_chosen_people_are_exact() -> None:
    """Heavy and light users on one node: on the mean 4 fit, of the people first in line only 2 would."""
    cluster = make_crowd(8, 0)
    source, to = nodes_of(cluster)
    heavy = people_of(source, 4)
    Assignment.objects.filter(home_node=source).update(endpoints=1, signed_in=False)
    Assignment.objects.filter(user__in=heavy).update(endpoints=5)
    Node.objects.filter(pk=to.pk).update(capacity_endpoints=12)
    plan = balance(cluster)
    taken = Assignment.objects.filter(user__in=[user for user, _, _ in rows(plan)])
    assert sum(taken.values_list("endpoints", flat=True)) <= 12
    assert plan.moves == 4


def test_rows_that_no_longer_hold_are_named() -> None:
    cluster = make_crowd(10, 0, 0)
    plan = balance(cluster)
    moved, pinned, *_ = [user for user, _, _ in rows(plan)]
    third = nodes_of(cluster)[2]
    Assignment.objects.filter(user=moved).update(home_node=third, serving_node=third)
    Assignment.objects.filter(user=pinned).update(pinned=True)
    stale = plans.stale_rows(plan)
    assert stale.counts == {"SKIPPED_MOVED_SINCE": 1, "SKIPPED_PINNED": 1}
    assert {row["code"] for row in stale.sample} == set(stale.counts)
    assert all(row["user"].startswith("crowd1") and row["why"] for row in stale.sample)
    assert plans.stale_rows(plan, sample=0).sample == ()


def test_the_move_of_a_user_who_was_removed_since_no_longer_holds() -> None:
    cluster = make_crowd(10, 0)
    plan = balance(cluster)
    [gone, kept, *_] = [user for user, _, _ in rows(plan)]
    remove_users(cluster, Assignment.objects.filter(user=gone), actor="ann", confirmed=1)
    Assignment.objects.filter(user=kept).delete()  # a person still, but a user of no cluster
    stale = plans.stale_rows(plan)
    assert stale.counts == {"SKIPPED_USER_GONE": 2}
    assert [row["user"] for row in stale.sample] == [EndUser.objects.get(pk=kept).user_id]
    with pytest.raises(Refused) as caught:
        operations.start_run(plan.hash, actor="ann")
    assert caught.value.code == "PLAN_STALE"


def test_a_plan_costs_the_same_queries_for_ten_users_and_for_ten_thousand() -> None:
    counts = []
    for number, users in enumerate((10, 10_000)):
        cluster = make_crowd(users, 0, 0, 0, 0, 0, name=f"size{number}")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            balance(cluster)
        counts.append(len(captured))
    assert counts[0] == counts[1] < 25


def test_a_plan_is_found_by_the_beginning_of_its_hash() -> None:
    plan = balance(make_crowd(10, 0))
    assert plans.by_hash(plan.hash[:8]).pk == plan.pk
    for wrong in (plan.hash[:7], "f" * 64, "", "%" * 8):
        with pytest.raises(Refused):
            plans.by_hash(wrong)


def test_planning_changes_no_home() -> None:
    cluster = make_crowd(10, 0)
    balance(cluster)
    assert homes(cluster) == [10, 0]
    assert ENDPOINTS == 2
