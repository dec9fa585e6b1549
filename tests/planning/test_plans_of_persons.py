"""Plans on a real database, where people differ: node and pair limits hold for the persons picked, recounted in SQL."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from assignments.board.topology_file import apply_topology
from assignments.models import Assignment, Goal, Operation
from assignments.planning import plans
from assignments.runs import batches, operations
from assignments.users.importing.imports import import_users
from tests.support.lists import csv_of
from topology.models import ENDPOINT_KINDS, Cluster, Node
from topology.reasons import Refused

pytestmark = pytest.mark.django_db
KINDS = list(ENDPOINT_KINDS)


def made(name: str, nodes: list[tuple[str, int, int]], *, model: str) -> Cluster:
    """A cluster of pairs with so many users and endpoints per node."""
    pairs: dict[str, list[dict[str, object]]] = {}
    for number, (node, users, ends) in enumerate(nodes):
        row = {"name": f"{name}-{node}", "profile": 500, "users": users, "endpoints": ends, "publisher": number == 0}
        pairs.setdefault(f"s{number // 2 + 1}", []).append(row)
    subclusters = [{"name": sub, "ha": False, "nodes": rows} for sub, rows in pairs.items()]
    apply_topology({"cluster": name, "mode": "balanced", "model": model, "subclusters": subclusters})
    return Cluster.objects.get(name=name)


def people(cluster: Cluster, rows: list[tuple[str, int, str]]) -> None:
    lines = [
        f"{user},{'|'.join(KINDS[:ends])},{(place and f'{cluster.name}-{place}') or '-'}" for user, ends, place in rows
    ]
    report = import_users(cluster, csv_of("user_id,endpoints,node", *lines))
    assert report.ok, report.problems


def run(cluster: Cluster, goal: Goal = Goal.BALANCE, **scope: object) -> Operation | None:
    """Plan and carry it out; None for a plan that moves nobody."""
    plan = plans.make_plan(cluster, goal, scope, author="anna")
    if not plan.moves:
        return None
    found = operations.start_run(plan.hash, actor="anna", unthrottled=True)
    now = timezone.now() + timedelta(seconds=60)
    while Operation.objects.get(pk=found.pk).active:
        now += timedelta(seconds=2)
        batches.run(found.pk, Operation.objects.get(pk=found.pk).generation, lambda: now)  # noqa: B023
    found.refresh_from_db()
    assert (found.done, found.skipped) == (plan.moves, 0)
    return found


def counted(cluster: Cluster) -> dict[str, tuple[int, int]]:
    """Users and endpoints of each node, person by person."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.name, count(a.user_id), coalesce(sum(a.endpoints), 0) FROM topology_node n LEFT JOIN"
            " assignments_assignment a ON a.home_node_id = n.id WHERE n.cluster_id = %s GROUP BY n.name",
            [cluster.pk],
        )
        return {name.split("-")[-1]: (int(users), int(ends)) for name, users, ends in cursor.fetchall()}


def demand_within(cluster: Cluster) -> None:
    found = counted(cluster)
    for node in Node.objects.filter(cluster=cluster):
        users, ends = found[node.name.split("-")[-1]]
        assert users <= node.capacity_users
        assert ends <= node.capacity_endpoints


def test_one_heavy_unassigned_user_does_not_spoil_a_rebalance() -> None:
    cluster = made("seven", [("a", 500, 1000), ("b", 500, 1000)], model="balanced_non_redundant")
    people(cluster, [*((f"u{n:04}", 2, "a") for n in range(500)), ("heavy", 7, "")])
    assert run(cluster)
    assert counted(cluster) == {"a": (250, 500), "b": (250, 500)}
    assert run(cluster) is None, "a second plan is empty"


def test_a_pair_gets_no_more_endpoints_than_one_of_it_can_take_over() -> None:
    nodes = [("a", 6, 16), ("b", 3, 8), ("c", 5, 20)]
    cluster = made("nn1", nodes, model="balanced_redundant")
    people(cluster, [("u0", 5, "c"), ("u1", 5, "c"), ("u2", 2, "c"), ("u3", 2, "c"), ("u4", 1, "c")])
    Assignment.objects.filter(user__user_id__in=["u2", "u3"]).update(pinned=True)
    run(cluster)
    found = counted(cluster)
    assert found["a"][1] + found["b"][1] <= 8
    assert found["a"][0] + found["b"][0] <= 3
    assert run(cluster) is None


def test_the_same_user_does_not_go_to_and_fro() -> None:
    cluster = made("osc", [("a", 5, 8), ("b", 4, 6), ("c", 7, 15)], model="balanced_redundant")
    people(cluster, [("u1", 7, "a"), ("u2", 1, "b")])
    for _ in range(3):
        try:
            run(cluster)
        except Refused:
            break
    assert run(cluster) is None


def test_what_is_possible_with_the_right_persons_is_planned() -> None:
    cluster = made("room", [("a", 500, 1000), ("b", 500, 11)], model="balanced_non_redundant")
    people(cluster, [("light", 1, "a"), *((f"b{n}", 2, "b") for n in range(5))])
    assert run(cluster, Goal.EVACUATE, node=Node.objects.get(name="room-a").pk)
    assert counted(cluster)["b"] == (6, 11)


@pytest.mark.parametrize("seed", range(6))
def test_limits_hold_for_persons_and_a_second_plan_is_empty_for_every_goal(seed: int) -> None:
    chance = random.Random(seed)
    nodes = [(letter, chance.randint(30, 60), chance.randint(80, 140)) for letter in "abcd"]
    model = chance.choice(["balanced_redundant", "balanced_non_redundant"])
    cluster = made(f"r{seed}", nodes, model=model)
    rows = []
    left = {letter: [users // 3, ends // 3] for letter, users, ends in nodes}
    for n in range(80):
        place, ends = chance.choice(["a", "b", "c", "d", ""]), chance.choice((1, 1, 2, 3, 7))
        if place and (left[place][0] < 1 or left[place][1] < ends):
            continue
        if place:
            left[place] = [left[place][0] - 1, left[place][1] - ends]
        rows.append((f"p{n}", ends, place))
    people(cluster, rows)
    pinned = [f"p{n}" for n in range(0, 80, 11)]
    Assignment.objects.filter(user__user_id__in=pinned, home_node__isnull=False).update(pinned=True)
    before = set(Assignment.objects.filter(pinned=True).values_list("pk", "home_node"))
    node = Node.objects.get(name=f"r{seed}-d").pk
    Assignment.objects.filter(home_node=node).update(pinned=False)
    evacuation = (Goal.EVACUATE, {"node": node})
    for goal, scope in ((Goal.BALANCE, {}), (Goal.FILL, {}), (Goal.ACTIVE_STANDBY, {}), evacuation, (Goal.BALANCE, {})):
        try:
            run(cluster, goal, **scope)
        except Refused as refusal:
            assert not any(isinstance(fact, int) and fact < 0 for fact in refusal.facts.values())  # noqa: PT017
            continue
        demand_within(cluster)
        assert run(cluster, goal, **scope) is None, (goal, "a plan right after a run is empty")
    kept = dict(Assignment.objects.filter(pk__in=[pk for pk, _ in before]).values_list("pk", "home_node"))
    assert all(kept[pk] == home for pk, home in before if home != node)
