"""Which nodes may give and take homes: one rule, and no way around it, in every state of a pair (domain.md §1.4)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assignments.intercluster.moves import move_listed
from assignments.models import Assignment, Goal, Operation
from assignments.moves import drop
from assignments.moves.selection import Selection
from assignments.planning import plans
from assignments.planning.loads import load_of
from assignments.planning.preview import next_users
from assignments.runs import balancer, batches, hand_moves, operations
from assignments.users.importing.imports import import_users
from assignments.users.listing.filter import UserFilter
from assignments.users.removal import remove_users
from assignments.users.undo import undo_import
from tests.support import torture
from tests.support.lists import csv_of
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.accounts.sign_in import give_role
from topology.models import Cluster, Node, Subcluster
from topology.reasons import Refused
from topology.rules.homes import SETTLED, Homes, Place
from topology.rules.states import CRITICAL_SERVICES, State, Truth
from topology.structure.homes import homes_of

A, B, C, D, SPARE = 1, 2, 3, 4, 5


def places(state: State = State.NORMAL, *, ha: bool = True, truth: Truth | None = None) -> Homes:
    """Two pairs and a spare node; the first node of the first pair is in a state."""
    return Homes(
        (
            Place(A, "a", 1, state, truth or Truth(), protected=ha),
            Place(B, "b", 1, State.NORMAL, Truth(), protected=ha),
            Place(C, "c", 2, State.NORMAL, Truth(), protected=True),
            Place(D, "d", 2, State.NORMAL, Truth(), protected=True, in_maintenance=True),
            Place(SPARE, "spare", None, State.UNKNOWN, Truth()),
        )
    )


def code(why: Any) -> str | None:
    return why and why[0].code


@pytest.mark.parametrize("state", list(State))
def test_a_pair_with_ha_gives_and_takes_only_when_it_is_settled(state: State) -> None:
    homes, settled = places(state), state in SETTLED
    assert (homes.gives(A) is None) == (homes.gives(B) is None) == settled
    assert (homes.takes(B) is None) == settled
    assert (homes.assigns() is None) == settled
    assert homes.locked == (frozenset() if settled else {A, B})
    assert homes.takes(C) is None, "another pair goes on with users who have a home"
    assert homes.gives(C) is None
    without = places(state, ha=False)
    assert without.gives(A) is None, "without HA a node may be emptied"
    assert without.assigns() is None


def test_what_takes_nobody_says_why() -> None:
    assert code(places().takes(SPARE)) == "NODE_WITHOUT_SUBCLUSTER"
    assert code(places().takes(D)) == "NODE_IN_MAINTENANCE"
    assert places().gives(D) is None
    why = places(ha=False, truth=Truth(power=False)).takes(A)
    assert why
    assert why[0].say(**why[1]) == "a has no power."
    assert code(places().takes(99)) == "NODE_WITHOUT_SUBCLUSTER"


# --- Every way in -----------------------------------------------------------------------------------
pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=40, imp1b=4, imp2a=10, imp3a=6, waiting=5)


def refused(act: Callable[[], Any]) -> str:
    try:
        act()
    except Refused as refusal:
        return refusal.code
    return ""


def driven(run: Operation) -> None:
    """A worker's next two turns at a run."""
    for turn in range(2):
        now = timezone.now() + timedelta(seconds=60 * (turn + 1))
        run.refresh_from_db()
        batches.run(run.pk, run.generation, lambda now=now: now)  # type: ignore[misc]


def planned(cluster: Cluster, goal: Goal, **scope: Any) -> None:
    plan = plans.make_plan(cluster, goal, scope, author="anna")
    if plan.moves:
        driven(operations.start_run(plan.hash, actor="anna", unthrottled=True))


def dropped(cluster: Cluster, source: str, target: str) -> None:
    from django.contrib.auth import get_user_model

    person, _ = get_user_model().objects.get_or_create(username="olga")
    give_role(person, roles.OPERATOR)
    home = node(cluster, source).pk if source != "waiting" else 0
    of = Subcluster.objects.filter(cluster=cluster, name=target).first()
    to = f"subcluster:{of.pk}" if of else target if target == "unassigned" else f"node:{node(cluster, target).pk}"
    drop.move(Selection(cluster, where=UserFilter(cluster.pk, node_id=home)), to, person)


def moved(cluster: Cluster, source: str, target: str | None) -> None:
    home = node(cluster, source) if source != "waiting" else None
    users = list(Assignment.objects.filter(cluster=cluster, home_node=home).values_list("pk", flat=True)[:3])
    hand_moves.move_users(cluster, users, node(cluster, target) if target else None, actor="anna")


def across(cluster: Cluster, user_id: str, into: Cluster) -> None:
    run = move_listed(cluster, [user_id], into, actor="anna", unthrottled=True).operation
    if run:
        driven(run)


def balanced(cluster: Cluster) -> None:
    balancer.configure(cluster, {"automation": "on", "cooldown_minutes": 0, "rounds": 1}, actor="anna")
    for n in range(3):
        balancer.look_at_cluster(cluster.pk, timezone.now() + n * balancer.ROUND)
    for run in Operation.objects.filter(cluster=cluster):
        driven(run)


WAYS: dict[str, Callable[[Cluster], Any]] = {
    "move out": lambda c: moved(c, "imp1a", "imp2a"),
    "move in": lambda c: moved(c, "imp2a", "imp1b"),
    "move within": lambda c: moved(c, "imp1a", "imp1b"),
    "unassign": lambda c: moved(c, "imp1a", None),
    "assign elsewhere": lambda c: moved(c, "waiting", "imp2a"),
    "assign here": lambda c: moved(c, "waiting", "imp1b"),
    "drop out": lambda c: dropped(c, "imp1a", "imp2a"),
    "drop in": lambda c: dropped(c, "imp3a", "imp1b"),
    "drop unassigned": lambda c: dropped(c, "waiting", "imp2a"),
    "drop to unassigned": lambda c: dropped(c, "imp1a", "unassigned"),
    "balance": lambda c: planned(c, Goal.BALANCE),
    "fill": lambda c: planned(c, Goal.FILL),
    "evacuate its node": lambda c: planned(c, Goal.EVACUATE, node=node(c, "imp1a").pk),
    "evacuate another": lambda c: planned(c, Goal.EVACUATE, node=node(c, "imp3a").pk),
    "active/standby": lambda c: planned(c, Goal.ACTIVE_STANDBY),
    "import named": lambda c: import_users(c, csv_of("user_id,node", f"new,{node(c, 'imp1b').name}")),
    "import by mode": lambda c: import_users(c, csv_of("user_id", "new")),
    "drop on its subcluster": lambda c: dropped(c, "imp3a", "sc-1"),
    "drop unassigned on another subcluster": lambda c: dropped(c, "waiting", "sc-2"),
    "the balancer": balanced,
    "remove": lambda c: remove_users(c, ["imp1a-0001", "imp1b-0001"], actor="anna"),
    "to another cluster": lambda c: across(c, "imp1a-0001", make_acme("branch")),
    "from another cluster": lambda c: across(make_acme("branch", imp1a=1), "branch-imp1a-0001", c),
}


# --- What began while all was normal: each is prepared, and answers what is done afterwards ----------
def a_plan(cluster: Cluster) -> Callable[[], Any]:
    plan = plans.make_plan(cluster, Goal.EVACUATE, {"node": node(cluster, "imp1a").pk}, author="anna")
    return lambda: driven(operations.start_run(plan.hash, actor="anna", unthrottled=True))


def a_run(cluster: Cluster) -> Callable[[], Any]:
    plan = plans.make_plan(cluster, Goal.EVACUATE, {"node": node(cluster, "imp1a").pk}, author="anna")
    run = operations.start_run(plan.hash, actor="anna", unthrottled=True)
    return lambda: driven(run)


def a_run_of_the_unassigned(cluster: Cluster) -> Callable[[], Any]:
    run = operations.start_run(plans.make_plan(cluster, Goal.FILL, author="anna").hash, actor="anna", unthrottled=True)
    return lambda: driven(run)


def a_move_to_undo(cluster: Cluster) -> Callable[[], Any]:
    moved(cluster, "imp1a", "imp2a")
    made = Operation.objects.get()

    def undo() -> None:
        driven(operations.start_run(operations.plan_undo(made.pk, actor="anna").hash, actor="anna", unthrottled=True))

    return undo


def a_drop_to_undo(cluster: Cluster) -> Callable[[], Any]:
    moved(cluster, "imp3a", "imp1b")
    made = Operation.objects.get()
    return lambda: driven(drop.undo_move(made.pk, "anna"))


def an_import_to_undo(cluster: Cluster) -> Callable[[], Any]:
    import_users(cluster, csv_of("user_id,node", f"new,{node(cluster, 'imp1b').name}", "other,-"))
    made = Operation.objects.get()
    return lambda: undo_import(made, actor="anna")


def a_removal_to_undo(cluster: Cluster) -> Callable[[], Any]:
    remove_users(cluster, ["imp1a-0001", "imp2a-0001"], actor="anna")
    made = Operation.objects.get()
    return lambda: undo_import(made, actor="anna")


BEGUN = [a_plan, a_run, a_run_of_the_unassigned, a_move_to_undo, a_drop_to_undo, an_import_to_undo, a_removal_to_undo]


UNSETTLED = [state for state in State if state not in SETTLED]
WHOSE = ("imp1a", "imp1b")  # either node of the pair may be the one that failed


def met(ways: list[Any]) -> list[tuple[Any, State, str]]:
    """Each way meets a third of the states, others each, on either node; all of them in `make torture`."""
    if torture.WHOLE:
        return [(way, state, short) for way in ways for state in UNSETTLED for short in WHOSE]
    some = [(way, n + 3 * k) for n, way in enumerate(ways) for k in range(4)]
    return [(way, UNSETTLED[k % len(UNSETTLED)], WHOSE[k % 2]) for way, k in some]


def kept(cluster: Cluster) -> tuple[set[Any], set[Any]]:
    """Who is at home in the pair and where, and who is unassigned."""
    pair = Subcluster.objects.get(cluster=cluster, name="sc-1").nodes.values_list("pk", flat=True)
    homes = Assignment.objects.filter(home_node__in=list(pair)).values_list("pk", "home_node")
    return set(homes), set(Assignment.objects.filter(cluster=cluster, home_node=None).values_list("pk", flat=True))


@pytest.mark.parametrize(("way", "state", "short"), met(list(WAYS)))
def test_no_way_in_changes_a_home_that_is_locked(way: str, state: State, short: str, acme: Cluster) -> None:
    Node.objects.filter(pk=node(acme, short).pk).update(state=state)
    before = kept(acme)
    refused(lambda: WAYS[way](acme))
    assert kept(acme) == before


@pytest.mark.parametrize(("begun", "state", "short"), met(BEGUN))
def test_nor_does_what_began_before(begun: Any, state: State, short: str, acme: Cluster) -> None:
    act = begun(acme)
    Node.objects.filter(pk=node(acme, short).pk).update(state=state)
    before = kept(acme)
    refused(act)
    assert kept(acme) == before
    Node.objects.filter(pk=node(acme, short).pk).update(state=State.NORMAL)
    Operation.objects.update(heartbeat_at=None)
    refused(act)
    assert kept(acme) != before, "it goes on, or can be done, when the pair is Normal"


@pytest.mark.parametrize("way", list(WAYS))
def test_every_way_in_is_open_while_all_is_normal(way: str, acme: Cluster) -> None:
    before = set(Assignment.objects.values_list("pk", "home_node"))
    assert refused(lambda: WAYS[way](acme)) == ""
    assert set(Assignment.objects.values_list("pk", "home_node")) != before


OUT: list[dict[str, Any]] = [
    {}, {"power_on": False}, {"network_up": False}, {"database_up": False}, {"failed_services": [CRITICAL_SERVICES[0]]},
    {
        "maintenance_until": timezone.now(), "maintenance_since": timezone.now(), "maintenance_owner": "ann",
        "maintenance_reason": "fan",
    },
    {"subcluster": None, "slot": None},
]  # fmt: skip


@pytest.mark.parametrize("out", OUT, ids=lambda out: next(iter(out), "normal"))
def test_the_planner_and_a_drop_agree_on_who_takes_users(out: dict[str, Any], acme: Cluster) -> None:
    Subcluster.objects.update(ha_enabled=False)
    pk, agreed = node(acme, "imp3a").pk, set()
    for state in State:
        Node.objects.filter(pk=pk).update(state=state, **out)
        found = next(one for one in load_of(acme).nodes if one.id == pk)
        assert found.target == (homes_of(acme).takes(found.id) is None)
        agreed.add(found.target)
    assert agreed == ({False} if out else {True, False})


def test_a_plan_leaves_a_failed_over_pair_out_and_says_so_with_its_numbers(
    acme: Cluster, admin_client: Client, capsys: Any
) -> None:
    Node.objects.filter(pk=node(acme, "imp1b").pk).update(state=State.RUNNING_IN_BACKUP_MODE)
    plan = plans.make_plan(acme, Goal.BALANCE, author="anna")
    assert {flow[end] for flow in plan.body["flows"] for end in ("from", "to")} <= {
        "imp2a.acme.org", "imp2b.acme.org", "imp3a.acme.org",
    }  # fmt: skip
    assert [(left["node"], left["users"], left["code"]) for left in plan.body["left_out"]] == [
        ("imp1a.acme.org", 40, "MOVE_PAIR_IN_FAILOVER"),
        ("imp1b.acme.org", 4, "MOVE_PAIR_IN_FAILOVER"),
    ]
    assert all("why" not in left for left in plan.body["left_out"]), "codes and facts are stored, not sentences"
    said = "imp1b.acme.org is running in backup mode. Home nodes are locked until the failover ends."
    assert [left["why"] for left in plans.as_dict(plan)["left_out"]] == [said, said]
    page = " ".join(admin_client.get(reverse("plan", args=[plan.hash])).content.decode().split())
    assert "Left out: imp1a with 40 users. imp1b.acme.org is running in backup mode." in page
    plan.body["left_out"] = [{"node": "imp1a.acme.org", "users": 1, "code": "X", "why": "As {it} was."}]
    assert plans.as_dict(plan)["left_out"] == plan.body["left_out"], "the sentence of an older version"
    Assignment.objects.filter(home_node=node(acme, "imp1b")).exclude(user__user_id="imp1b-0001").delete()
    plan.delete()  # else the same one is answered
    call_command("rebalance", "acme", "--dry-run")
    assert f"Left out: imp1b.acme.org with 1 user. {said}" in capsys.readouterr().out
    assert next_users(acme).refusal
    within = {"subclusters": [Subcluster.objects.get(name="sc-1").pk]}
    assert refused(lambda: plans.make_plan(acme, Goal.BALANCE, within, author="anna")) == "MOVE_PAIR_IN_FAILOVER"


def test_a_run_that_meets_a_failover_waits_with_its_reason_and_goes_on_when_the_pair_is_normal(acme: Cluster) -> None:
    plan = plans.make_plan(acme, Goal.EVACUATE, {"node": node(acme, "imp1a").pk}, author="anna")
    run = operations.start_run(plan.hash, actor="anna", unthrottled=True)
    Node.objects.filter(pk=node(acme, "imp1b").pk).update(state=State.RUNNING_IN_BACKUP_MODE)
    driven(run)
    run.refresh_from_db()
    assert (run.state, run.done, run.wait_code) == ("running", 0, "WAITS_FOR_FAILOVER")
    said = operations.as_dict(run)["waits"]
    assert said == "imp1b.acme.org is running in backup mode. Home nodes are locked until the failover ends."
    Node.objects.update(state=State.NORMAL)
    driven(run)
    run.refresh_from_db()
    assert (run.state, run.done) == ("finished", 40)


def test_a_plan_whose_receiving_node_was_removed_is_refused_with_that_reason(acme: Cluster) -> None:
    plan = plans.make_plan(acme, Goal.EVACUATE, {"node": node(acme, "imp3a").pk}, author="anna")
    target = next(flow["to_id"] for flow in plan.body["flows"])
    Assignment.objects.filter(home_node=target).update(home_node=None, serving_node=None, signed_in=False)
    Node.objects.filter(pk=target).delete()
    assert refused(lambda: operations.start_run(plan.hash, actor="anna")) == "PLAN_NODE_GONE"
