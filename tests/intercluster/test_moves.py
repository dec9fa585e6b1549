"""Moves between clusters: one step for each person, both sides ask the rule of homes, undone, and nobody lost."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assignments.board.removal import remove_cluster
from assignments.intercluster import moves
from assignments.intercluster.leaving import Leaving
from assignments.models import Assignment, DirectoryAgreement, Move, Operation, Pin, Plan, Progress, RunPolicy
from assignments.planning import approvals, plans
from assignments.runs import batches, operations
from tests.api.conftest import Caller
from tests.structure.test_constraints import assert_counts_true, assert_lists_true
from tests.support.worlds import add_users, make_acme, node
from topology.accounts import roles, tokens
from topology.models import Cluster, EndUser, Event, Mode, Node
from topology.reasons import Refused
from topology.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def clusters() -> tuple[Cluster, Cluster]:
    return make_acme(imp1a=6, imp1b=2, waiting=2), make_acme("branch", imp1a=1)


def run(operation: Operation) -> Operation:
    """Until it ends, as a worker would."""
    for _ in range(50):
        operation.refresh_from_db()
        if not operation.active:
            break
        Operation.objects.filter(pk=operation.pk).update(heartbeat_at=None)
        batches.run(operation.pk, operation.generation, timezone.now)
    return operation


def move(cluster: Cluster, ids: list[str], into: Cluster, **more: Any) -> tuple[Operation, moves.ListedArrivals]:
    listed = moves.move_listed(cluster, ids, into, actor="ann", unthrottled=True, **more)
    assert listed.operation
    return run(listed.operation), listed.ended()


def test_users_change_their_cluster_and_get_a_home_by_its_mode(clusters: Any) -> None:
    acme, branch = clusters
    operation, found = move(acme, ["IMP1A-0001", "imp1a-0002", "waiting-0001", "imp1b-0001"], branch)
    assert (operation.state, operation.done, operation.to_cluster) == (Progress.FINISHED, 4, branch)
    assert found.as_dict()["moved"] == 4
    assert sum(found.to.values()) == 4
    assert all(name.endswith(".branch.org") for name in found.to)
    assert Assignment.objects.filter(cluster=branch).count() == 5
    assert Assignment.objects.get(user__user_id="imp1a-0001").serving_node.cluster == branch
    assert Event.objects.get(code="RUN_STARTED").facts["unassigned"] == 1
    assert_counts_true()
    assert_lists_true()


def test_the_node_can_be_named_and_contacts_come_along(clusters: Any) -> None:
    acme, branch = clusters
    EndUser.objects.filter(user_id="imp1a-0001").update(contacts=80)
    _, found = move(acme, ["imp1a-0001"], branch, to_node=node(branch, "imp3a"))
    assert found.to == {"imp3a.branch.org": 1}
    assert EndUser.objects.get(user_id="imp1a-0001").contacts == 80
    with pytest.raises(Refused) as refused:
        moves.move_listed(acme, ["imp1a-0002"], branch, node(acme, "imp1b"), actor="ann")
    assert refused.value.code == "PLAN_NO_NODE"


def test_a_manual_cluster_leaves_them_unassigned(clusters: Any) -> None:
    acme, branch = clusters
    Cluster.objects.filter(pk=branch.pk).update(mode=Mode.MANUAL)
    branch.refresh_from_db()
    operation, found = move(acme, ["imp1a-0001", "waiting-0001"], branch)
    assert found.to == {"unassigned": 2}
    assert Assignment.objects.filter(cluster=branch, home_node=None, signed_in=False).count() == 2
    back = run(
        operations.start_run(operations.plan_undo(operation.pk, actor="ann").hash, actor="ann", unthrottled=True)
    )
    assert back.done == 2
    assert Assignment.objects.get(user__user_id="imp1a-0001").home_node == node(acme, "imp1a")
    assert Assignment.objects.get(user__user_id="waiting-0001").home_node is None
    assert Assignment.objects.filter(cluster=acme).count() == 10
    assert_counts_true()


def test_who_stays_has_a_code(clusters: Any) -> None:
    acme, branch = clusters
    pinned = EndUser.objects.get(user_id="imp1a-0003")
    Assignment.objects.filter(user=pinned).update(pinned=True)
    Pin.objects.create(user=pinned, reason="lab", owner_name="ann")
    make_acme("third", imp1a=1)
    asked = ["nobody", "branch-imp1a-0001", "third-imp1a-0001", "imp1a-0003", "imp1a-0004", " IMP1A-0004 "]
    dry = moves.move_listed(acme, asked, branch, actor="ann", dry_run=True)
    _, found = move(acme, asked, branch)
    assert dry.as_dict() == found.as_dict()
    assert [(row["user_id"], row["code"]) for row in found.refused] == [
        ("nobody", "NO_SUCH_USER"), ("branch-imp1a-0001", "ALREADY_IN_CLUSTER"),
        ("third-imp1a-0001", "USER_OF_OTHER_CLUSTER"), ("imp1a-0003", "USER_PINNED"),
    ]  # fmt: skip
    assert Pin.objects.get(user=pinned).reason == "lab"
    nobody = moves.move_listed(acme, ["nobody"], branch, actor="ann")
    assert nobody.as_dict() == {"moved": 0, "to": {}, "refused": [{"user_id": "nobody", "code": "NO_SUCH_USER"}]}
    with pytest.raises(Refused) as refused:
        moves.move_listed(acme, ["imp1a-0001"], acme, actor="ann")
    assert refused.value.code == "SAME_CLUSTER"


def test_both_sides_ask_the_rule_of_homes(clusters: Any) -> None:
    acme, branch = clusters
    Node.objects.filter(pk=node(branch, "imp2a").pk).update(state=State.FAILED_OVER)
    with pytest.raises(Refused) as refused:
        moves.move_listed(acme, ["imp1a-0001"], branch, actor="ann")
    assert refused.value.code == "MOVE_NEW_DURING_FAILOVER"
    Node.objects.filter(pk=node(branch, "imp2a").pk).update(state=State.NORMAL)
    Node.objects.filter(pk=node(acme, "imp1a").pk).update(state=State.FAILED_OVER)
    found = moves.move_listed(acme, ["imp1a-0001", "waiting-0001"], branch, actor="ann", dry_run=True)
    assert [(row["user_id"], row["code"]) for row in found.refused] == [("imp1a-0001", "MOVE_PAIR_IN_FAILOVER")]
    assert found.as_dict()["moved"] == 1


def test_a_run_waits_while_a_pair_of_the_other_cluster_fails_over(clusters: Any) -> None:
    acme, branch = clusters
    listed = moves.move_listed(acme, ["imp1a-0001"], branch, actor="ann", unthrottled=True)
    operation = listed.operation
    assert operation
    Node.objects.filter(pk=node(branch, "imp2a").pk).update(state=State.FAILED_OVER)
    batches.run(operation.pk, 0, timezone.now)
    operation.refresh_from_db()
    assert (operation.wait_code, operation.done) == ("WAITS_FOR_FAILOVER", 0)
    Node.objects.filter(pk=node(branch, "imp2a").pk).update(state=State.NORMAL)
    assert run(operation).done == 1


def test_an_undo_takes_them_back_and_can_be_undone_itself(clusters: Any) -> None:
    acme, branch = clusters
    before = list(Assignment.objects.order_by("pk").values())
    operation, _ = move(acme, [f"imp1a-000{n}" for n in range(1, 6)], branch)
    Assignment.objects.filter(user__user_id="imp1a-0005").update(home_node=node(branch, "imp3a"),
        serving_node=node(branch, "imp3a"))  # fmt: skip
    moved = Move.objects.get(operation=operation, user__user_id="imp1a-0005")
    plan = operations.plan_undo(operation.pk, actor="ann")
    stays = 0 if moved.to_node == node(branch, "imp3a") else 1
    assert (plan.cluster, plan.moves) == (branch, 5 - stays)
    back = run(operations.start_run(plan.hash, actor="ann", unthrottled=True))
    assert (back.cluster, back.to_cluster, back.done) == (branch, acme, 5 - stays)
    if not stays:
        assert list(Assignment.objects.order_by("pk").values()) == before
    again = run(operations.start_run(operations.plan_undo(back.pk, actor="ann").hash, actor="ann", unthrottled=True))
    assert again.done == 5 - stays
    assert Assignment.objects.filter(cluster=branch).count() == 6
    assert_counts_true()
    assert_lists_true()


def test_an_approval_is_needed_where_either_cluster_asks_for_it(clusters: Any) -> None:
    acme, branch = clusters
    RunPolicy.objects.create(cluster=branch, approval_required=True)
    with pytest.raises(Refused) as refused:
        moves.move_listed(acme, ["imp1a-0001"], branch, actor="ann")
    assert refused.value.code == "PLAN_NOT_APPROVED"
    dry = moves.move_listed(acme, ["imp1a-0001"], branch, actor="ann", dry_run=True)
    assert dry.as_dict()["needs_approval"]
    plan = moves.plan_to_cluster(acme, [EndUser.objects.get(user_id="imp1a-0001").pk], branch, author="ann")
    assert approvals.required(plan)


def test_there_must_be_room(clusters: Any) -> None:
    acme, branch = clusters
    six = [f"imp1a-000{n}" for n in range(1, 7)]
    Node.objects.filter(cluster=branch).update(capacity_users=1)
    for to_node in (node(branch, "imp2b"), None):
        with pytest.raises(Refused) as refused:
            moves.move_listed(acme, six, branch, to_node, actor="ann")
        assert refused.value.code == "PLAN_NO_ROOM_USERS"
    assert Assignment.objects.filter(cluster=branch).count() == 1


def test_who_leaves_a_cluster_leaves_its_directory(clusters: Any) -> None:
    acme, branch = clusters
    agreement = DirectoryAgreement.objects.create(cluster=acme, servers=["ldap://127.0.0.1"])
    user = EndUser.objects.get(user_id="imp1a-0001")
    agreement.people.create(user=user, key="one")
    move(acme, ["imp1a-0001"], branch)
    assert not agreement.people.exists()


def test_the_queries_do_not_grow_with_the_users(clusters: Any) -> None:
    acme, branch = clusters
    add_users(acme, "imp3a", 300)
    counts = []
    for ids in (["imp3a-0001"], [f"imp3a-{n:04}" for n in range(2, 250)]):
        with CaptureQueriesContext(connection) as queries:
            listed = moves.move_listed(acme, ids, branch, actor="ann", unthrottled=True)
            assert listed.operation
            batches.run(listed.operation.pk, 0, timezone.now)
        counts.append(len(queries))
        assert Operation.objects.get(pk=listed.operation.pk).state == Progress.FINISHED
    assert abs(counts[0] - counts[1]) <= 2


def test_headroom_keeps_room_for_a_failover(clusters: Any) -> None:
    acme, branch = clusters
    [other] = moves.other_clusters([acme, branch], acme)
    assert (other.cluster, other.users, other.room) == (branch, 1, 4999 + 20 + 5000)
    assert other.as_dict(Leaving(3, 0, None))["level"] == "allowed"
    assert other.as_dict(Leaving(20_000, 0, None))["level"] == "warning"
    Node.objects.filter(pk=node(branch, "imp1a").pk).update(state=State.FAILED_OVER)
    [other] = moves.other_clusters([acme, branch], acme)
    assert other.as_dict(Leaving(1, 0, None))["level"] == "refused"


def test_a_plan_of_old_people_says_so(clusters: Any) -> None:
    acme, branch = clusters
    user = EndUser.objects.get(user_id="waiting-0001")
    plan = moves.plan_to_cluster(acme, [user.pk], branch, author="ann")
    Cluster.objects.filter(pk=branch.pk).update(mode=Mode.MANUAL)
    branch.refresh_from_db()
    move(acme, ["waiting-0001"], branch)
    assert plans.stale_rows(plan).count == 1


@pytest.mark.parametrize("mode", [Mode.MANUAL, Mode.BALANCED])
def test_a_plan_into_a_cluster_that_was_removed_since_says_so(clusters: Any, mode: Mode) -> None:
    acme, branch = clusters
    Cluster.objects.filter(pk=branch.pk).update(mode=mode)
    branch.refresh_from_db()
    users = EndUser.objects.filter(user_id__startswith="imp1a-", assignment__cluster=acme)
    plan = moves.plan_to_cluster(acme, list(users.values_list("pk", flat=True)), branch, author="ann")
    remove_cluster(branch, "branch")
    with pytest.raises(Refused) as refused:
        operations.start_run(plan.hash, actor="ann")
    assert refused.value.code == "PLAN_NODE_GONE"
    assert "6 of 6 planned moves" in refused.value.message


def test_the_page_asks_which_cluster_shows_the_plan_and_runs_it(clusters: Any, admin_client: Client) -> None:
    acme, branch = clusters
    users = ",".join(str(pk) for pk in EndUser.objects.filter(user_id__startswith="imp1a").values_list("pk", flat=True))
    asked = {"users": users, "list": f"node:{node(acme, 'imp1a').pk}"}
    told = admin_client.post("/clusters/acme/moves/clusters/targets", asked).json()["targets"]
    assert told[f"cluster:{branch.pk}"]["level"] == "allowed"
    dialog = admin_client.get("/clusters/acme/moves/clusters", asked).content.decode()
    assert f"cluster:{branch.pk}" in dialog
    chosen = asked | {"to": f"cluster:{branch.pk}"}
    Node.objects.filter(pk=node(acme, "imp1a").pk).update(state=State.FAILED_OVER)
    held = admin_client.post("/clusters/acme/moves/clusters/targets", asked).json()["targets"]
    assert {(one["level"], one["code"]) for one in held.values()} == {("refused", "MOVE_PAIR_IN_FAILOVER")}
    assert "MOVE_PAIR_IN_FAILOVER" in admin_client.post("/clusters/acme/moves/clusters", chosen).content.decode()
    Node.objects.filter(pk=node(acme, "imp1a").pk).update(state=State.NORMAL)
    plan = admin_client.post("/clusters/acme/moves/clusters", chosen)
    assert "imp1a.branch.org" in plan.content.decode()
    made = Plan.objects.get(goal="to_cluster")
    assert made.moves == 6
    admin_client.post(f"/plans/{made.hash}/run", {})
    assert Operation.objects.get().to_cluster == branch
    for page in ("/clusters/acme/operations/", "/clusters/branch/operations/", "/clusters/branch/"):
        assert "acme → branch" in admin_client.get(page).content.decode()
    assert 'data-drop="cluster:' in admin_client.get("/clusters/acme/").content.decode()


def test_the_api_needs_the_right_on_both_sides(clusters: Any, client: Client) -> None:
    acme, _ = clusters
    here = tokens.create("here", roles.OPERATOR, clusters=[acme], actor="test")[1]
    both = tokens.create("both", roles.OPERATOR, actor="test")[1]
    body = {"users": ["imp1a-0001", "nobody"], "to_cluster": "branch"}

    def ask(token: str, **more: Any) -> Any:
        head = {"Authorization": f"Bearer {token}"}
        return client.post("/api/v1/clusters/acme/moves-to-cluster", body | more, "application/json", headers=head)

    assert ask(here).status_code == 403
    dry = ask(both, dry_run=True)
    assert (dry.status_code, dry.json()["moved"], dry.json()["operation"]) == (200, 1, None)
    answer = ask(both, unthrottled=True)
    assert answer.status_code == 202
    assert answer.json()["refused"][0]["code"] == "NO_SUCH_USER"
    assert run(Operation.objects.get(pk=answer.json()["operation"]["id"])).done == 1


def test_the_plan_of_such_a_move_and_its_undo_run_with_the_right_on_both_sides_alone(clusters: Any) -> None:
    acme, branch = clusters
    operation, _ = move(acme, ["imp1a-0001"], branch)
    plan = moves.plan_to_cluster(acme, [EndUser.objects.get(user_id="imp1a-0002").pk], branch, author="ann")
    back = operations.plan_undo(operation.pk, actor="ann")
    addresses = [f"operations/{operation.pk}/undo", f"plans/{plan.hash}/run", f"plans/{back.hash}/run"]
    for of in clusters:
        one = Caller(tokens.create(f"of-{of}", roles.OPERATOR, clusters=[of], actor="test")[1])
        assert [one.post(f"/{address}").status_code for address in addresses] == [403] * 3
    both = Caller(tokens.create("both", roles.OPERATOR, clusters=clusters, actor="test")[1])
    assert both.post(f"/{addresses[0]}").status_code == 202


def test_who_asks_for_the_operations_of_a_cluster_is_told_of_arrivals(clusters: Any, capsys: Any) -> None:
    acme, branch = clusters
    keys = list(
        EndUser.objects.filter(user_id__startswith="imp1a-", assignment__cluster=acme).values_list("pk", flat=True)
    )
    run = operations.start_run(moves.plan_to_cluster(acme, list(keys), branch, author="ann").hash, actor="ann")
    of = {
        cluster.name: Caller(tokens.create(f"of-{cluster}", roles.VIEWER, clusters=[cluster], actor="test")[1])
        for cluster in clusters
    }
    for asked in ("/operations", "/operations?active=true"):
        assert [[one["id"] for one in caller.get(asked).data["operations"]] for caller in of.values()] == [[run.pk]] * 2
    for name in of:
        assert [one["id"] for one in of[name].get(f"/operations?cluster={name}").data["operations"]] == [run.pk]
        call_command("operations", "--cluster", name, "--json")
        assert [one["id"] for one in json.loads(capsys.readouterr().out)["operations"]] == [run.pk]


def test_on_the_page_too_they_need_the_right_on_both_sides(clusters: Any, client: Client) -> None:
    acme, branch = clusters
    operation, _ = move(acme, ["imp1a-0001"], branch)
    plan = moves.plan_to_cluster(acme, [EndUser.objects.get(user_id="imp1a-0002").pk], branch, author="ann")
    back = operations.plan_undo(operation.pk, actor="ann")
    posts = [f"/clusters/acme/moves/{operation.pk}/undo", f"/operations/{operation.pk}/undo"]
    posts += [f"/plans/{one.hash}/{verb}" for one in (plan, back) for verb in ("run", "approve")]
    for of in clusters:
        user = get_user_model().objects.create_user(f"of-{of}")
        user.cluster_roles.create(cluster=of, role=roles.OPERATOR)
        client.force_login(user)
        assert [client.post(address).status_code for address in posts] == [403] * 6
    assert Operation.objects.count() == 1
    user.cluster_roles.create(cluster=acme, role=roles.OPERATOR)
    assert client.post(posts[0]).status_code == 200
    assert Operation.objects.count() == 2


def test_the_command_runs_to_its_end_without_a_worker(clusters: Any, tmp_path: Path, capsys: Any) -> None:
    _, branch = clusters
    path = tmp_path / "users.txt"
    path.write_text("imp1a-0001\nIMP1A-0002\nnobody\n")

    def ask(*options: str) -> dict[str, Any]:
        call_command("move_users", "acme", *options, "--to-cluster", "branch", "--json")
        shape: dict[str, Any] = json.loads(capsys.readouterr().out)
        return shape

    dry = ask("--file", str(path), "--dry-run")
    assert not Operation.objects.exists()
    told = ask("--file", str(path))
    assert told == dry
    assert told["moved"] == sum(told["to"].values()) == 2
    assert told["refused"] == [{"user_id": "nobody", "code": "NO_SUCH_USER"}]
    named = ask("imp1b-0001", "--to", "imp3a.branch.org", "--unthrottled")
    assert named == {"moved": 1, "to": {"imp3a.branch.org": 1}, "refused": []}
    with pytest.raises(SystemExit):
        call_command("move_users", "acme", "imp1a-0003", "--to-cluster", "branch", "--to", "imp1b.acme.org", "--json")
    assert json.loads(capsys.readouterr().out)["code"] == "PLAN_NO_NODE"
    assert Assignment.objects.filter(cluster=branch).count() == 4
