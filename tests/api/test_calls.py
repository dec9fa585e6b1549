"""The HTTP API: every verb over the same services, with the same codes, and the shapes that others rely on."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assignments.models import Assignment, Operation
from assignments.runs import batches
from tests.api.conftest import Caller
from tests.board.test_page import as_
from tests.worlds import add_users, make_acme, node
from topology.accounts import roles
from topology.models import Cluster, Event

pytestmark = pytest.mark.django_db
Calls = Callable[..., Caller]


def to_the_end(pk: int) -> None:
    from datetime import timedelta

    from django.utils import timezone

    for step in range(1, 200):
        for due, generation in batches.due_runs(timezone.now() + timedelta(seconds=step)):
            batches.run(due, generation, lambda step=step: timezone.now() + timedelta(seconds=step))
        if not Operation.objects.get(pk=pk).active:
            return
    raise AssertionError("it did not end")


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.data.get("code")) == (status, code), answer.content[:500]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "fix", "instance"} <= set(answer.data)
    assert answer.data["status"] == status
    return dict(answer.data)


# --- Reading --------------------------------------------------------------------------------------
def test_a_cluster_is_what_the_command_prints(acme: Cluster, calls: Calls, capsys: Any) -> None:
    call_command("show_topology", "acme", "--json")
    printed = json.loads(capsys.readouterr().out)
    viewer = calls("viewer")
    assert viewer.get("/clusters/acme").data == printed
    assert viewer.get("/clusters").data == {"clusters": [printed], "next": None}
    assert viewer.get("/clusters/acme/checks").data["cluster"] == "acme"


def test_a_cluster_that_did_not_change_is_answered_from_the_shared_snapshot(acme: Cluster, calls: Calls) -> None:
    viewer, operator = calls("viewer"), calls("operator")
    viewer.get("/clusters/acme")
    with CaptureQueriesContext(connection) as asked:
        assert viewer.get("/clusters/acme").data["users"]["assigned"] == 40
    read = " ".join(query["sql"] for query in asked)
    assert len(asked) <= 4, read  # the token, the cluster twice, and the mark of what is kept
    assert 'FROM "assignments_operation"' not in read, "the board is not read again"
    assert as_(roles.VIEWER).get("/clusters/acme/").status_code == 200
    operator.post("/clusters/acme/moves", {"users": ["imp1a-0001"], "to": None})
    assert viewer.get("/clusters/acme").data["users"]["assigned"] == 39, "never older than the database"


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (("check_topology", "acme"), "/clusters/acme/checks"),
        (("srv", "acme"), "/clusters/acme/srv"),
        (("duplicates",), "/duplicates"),
        (("balancer", "acme"), "/clusters/acme/balancer"),
        (("why", "acme", "imp1a-0001"), "/clusters/acme/users/imp1a-0001/why"),
    ],
    ids=lambda part: part[0] if isinstance(part, tuple) else "",
)
def test_the_api_answers_all_that_a_command_prints(
    acme: Cluster, calls: Calls, capsys: Any, command: tuple[str, ...], path: str
) -> None:
    answered = calls().get(path).data
    with suppress(CommandError, SystemExit):  # of checks that fail
        call_command(*command, "--json")
    assert answered == json.loads(capsys.readouterr().out)


def test_a_plan_and_its_run_are_answered_with_all_that_a_command_prints(
    acme: Cluster, calls: Calls, capsys: Any
) -> None:
    operator = calls("operator")
    call_command("rebalance", "acme", "--dry-run", "--json")
    printed = json.loads(capsys.readouterr().out)
    plan = operator.post("/clusters/acme/plans").data
    assert set(printed) - set(plan) == set()
    assert {name: plan[name] for name in printed} == printed
    run = operator.post(f"/plans/{plan['hash']}/run").data
    call_command("operations", "list", "--json")
    listed = json.loads(capsys.readouterr().out)["operations"][0]
    assert set(listed) - set(run) == set(), "nothing beside the fields of the shape is dropped"
    page = operator.get("/operations").data["operations"][0]
    assert set(listed) - set(page) == set()


def test_clusters_and_users_come_in_pages_each_once(acme: Cluster, calls: Calls) -> None:
    for name in ("b1", "b2", "b3"):
        make_acme(name, imp1a=1)
    viewer = calls("viewer")
    seen, after = [], ""
    while after is not None:
        page = viewer.get(f"/clusters?limit=3&after={after}").data
        seen += [cluster["cluster"] for cluster in page["clusters"]]
        after = page["next"]
    assert seen == ["acme", "b1", "b2", "b3"]
    users, cursor = [], ""
    while cursor is not None:
        page = viewer.get(f"/users?limit=10&cluster=acme&cursor={cursor}").data
        users += [user["user_id"] for user in page["users"]]
        cursor = page["next"]
    assert len(users) == len(set(users)) == 44
    assert users == sorted(users)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("node=imp1a.acme.org", 30),
        ("cluster=acme&subcluster=sc-1", 40),
        ("assigned=false", 4),
        ("assigned=true&q=imp1b", 10),
        ("q=imp1a-0001", 1),
        ("pinned=true", 0),
    ],
)
def test_users_are_found_by_filter(acme: Cluster, calls: Calls, query: str, count: int) -> None:
    users = calls("viewer").get(f"/users?limit=1000&{query}").data["users"]
    assert len(users) == count
    if "node=" in query:
        assert {user["home_node"] for user in users} == {"imp1a.acme.org"}


@pytest.mark.parametrize(
    "query",
    ["node=no", "cluster=no", "subcluster=sc-1", "assigned=perhaps", "endpoint=fax", "nodes=3", "limit=0", "q=%00"],
)
def test_a_filter_that_cannot_be_read_never_means_everybody(acme: Cluster, calls: Calls, query: str) -> None:
    answer = calls("viewer").get(f"/users?{query}")
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_why_a_user_is_there_and_who_is_not(acme: Cluster, calls: Calls) -> None:
    viewer = calls("viewer")
    assert viewer.get("/clusters/acme/users/IMP1A-0001/why").data["home"] == "imp1a.acme.org"
    problem(viewer.get("/clusters/acme/users/nobody/why"), 404, "NO_SUCH_USER")


# --- The road: import, plan, run, undo ------------------------------------------------------------
def test_users_are_imported_from_a_csv_all_or_none(acme: Cluster, calls: Calls) -> None:
    admin = calls()
    text = "user_id,name\nnew1,One\nnew2,Two\n"
    dry = admin("POST", "/clusters/acme/users/import?dry_run=true", raw=text).data
    assert (dry["dry_run"], dry["created"]) == (True, 2)
    assert not admin.get("/users?q=new").data["users"]
    real = admin("POST", "/clusters/acme/users/import", raw=text).data
    assert set(real) == set(dry)
    assert (real["created"], real["assigned"]) == (2, 2)
    mapped = admin("POST", "/clusters/acme/users/import?column=login%3Duser_id&keep=~", raw="login,name\nnew1,~\n")
    assert (mapped.data["mapped_columns"], mapped.data["unchanged"]) == ({"login": "user_id"}, 1)
    odd = admin("POST", "/clusters/acme/users/import?dry_run=true", raw="user_id,e-mail\nnew1,x\n").data
    assert odd["unused_columns"] == [{"column": "e-mail", "did_you_mean": "mail"}]
    problem(admin("POST", "/clusters/acme/users/import?column=login%3Did", raw="login\n"), 422, "IMPORT_COLUMN_CHOICE")
    bad = admin("POST", "/clusters/acme/users/import", raw="user_id\nnew3\nnew3\n")
    found = problem(bad, 422, "IMPORT_REFUSED")
    assert found["errors"][0]["code"] == "IMPORT_ID_TWICE"
    assert not admin.get("/users?q=new3").data["users"]
    assert "token ci 1" in Event.objects.get(code="USERS_IMPORTED").sentence + str(
        Event.objects.get(code="USERS_IMPORTED").actor_name
    )
    assert "new1" in b"".join(admin.get("/clusters/acme/assignments.csv").streaming_content).decode()


def test_a_plan_is_made_run_by_its_hash_watched_and_undone(acme: Cluster, calls: Calls) -> None:
    operator = calls("operator")
    plan = operator.post("/clusters/acme/plans", {"goal": "balance", "subclusters": ["sc-1"]}).data
    assert (plan["moves"], plan["minimum_moves"]) == (10, 10)
    assert {n["name"]: n["after"] for n in plan["nodes"]}["imp1a.acme.org"] == 20
    assert operator.post("/clusters/acme/plans", {"subclusters": ["sc-1"]}).data["hash"] == plan["hash"]
    assert operator.get(f"/plans/{plan['hash'][:12]}").data == plan
    answer = operator.post(f"/plans/{plan['hash']}/run", {"unthrottled": True})
    assert answer.status_code == 202
    run = answer.data
    assert {"id", "kind", "state", "done", "total", "skipped", "wait", "url"} <= set(run)
    assert (run["state"], run["total"], run["kind"], run["wait"]) == ("running", 10, "rebalance", None)
    to_the_end(run["id"])
    ended = operator.get(run["url"].removeprefix("/api/v1")).data
    assert (ended["state"], ended["done"]) == ("finished", 10)
    assert Operation.objects.get(pk=run["id"]).author_name == "token ci 1"
    dry = operator.post(f"/operations/{run['id']}/undo", {"dry_run": True}).data
    assert (dry["plan"]["moves"], dry["operation"]) == (10, None)
    assert operator.post(f"/operations/{run['id']}/undo", {"unthrottled": True, "rate": 5}).status_code == 422
    undo = operator.post(f"/operations/{run['id']}/undo", {"unthrottled": True})
    assert undo.status_code == 202
    assert undo.data["operation"]["rate"] is None
    to_the_end(undo.data["operation"]["id"])
    assert Assignment.objects.filter(home_node=node(acme, "imp1a")).count() == 30
    lines = operator.get("/events?cluster=acme").data["events"]
    assert {line["actor"] for line in lines if line["code"] == "RUN_STARTED"} == {"token ci 1"}
    assert [line["id"] for line in lines] == sorted((line["id"] for line in lines), reverse=True)
    assert (
        operator.get("/operations?cluster=acme&active=false").data["operations"][0]["undo_of" if False else "state"]
        == "finished"
    )


def test_a_run_is_paused_resumed_and_cancelled(acme: Cluster, calls: Calls) -> None:
    operator = calls("operator")
    plan = operator.post("/clusters/acme/plans").data
    run = operator.post(f"/plans/{plan['hash']}/run", {"rate": 0.01}).data
    for verb, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        assert operator.post(f"/operations/{run['id']}/{verb}").data["state"] == state
    problem(operator.post(f"/operations/{run['id']}/pause"), 409, "RUN_STATE_WRONG")
    assert operator.post(f"/operations/{run['id']}/explode").status_code == 422
    problem(operator.get("/operations/999999"), 404, "NO_SUCH_OPERATION")
    assert operator.post(f"/plans/{plan['hash']}/run", {"rate": 1, "unthrottled": True}).status_code == 422
    assert operator.post(f"/plans/{plan['hash']}/run", {"rates": 1}).status_code == 422


# --- Moves ----------------------------------------------------------------------------------------
def test_users_are_moved_unassigned_and_refused_with_the_code_of_the_page(acme: Cluster, calls: Calls) -> None:
    operator = calls("operator")
    ask = {"users": ["imp1a-0001", "IMP1A-0002"], "to": "imp1b.acme.org"}
    dry = operator.post("/clusters/acme/moves", ask | {"dry_run": True}).data
    assert (dry["dry_run"], dry["id"], dry["total"], dry["verdict"]["users_after"]) == (True, None, 2, 12)
    real = operator.post("/clusters/acme/moves", ask)
    assert (real.status_code, real.data["state"], real.data["done"]) == (200, "finished", 2)
    assert set(real.data) >= set(dry)
    assert operator.post("/clusters/acme/moves", {"users": ["imp1a-0001"], "to": None}).data["done"] == 1
    assert Assignment.objects.get(user__user_id="imp1a-0001").home_node is None
    make_acme("branch")
    other = {"users": ["imp1a-0003"], "to": "imp1a.branch.org"}
    problem(operator.post("/clusters/acme/moves", other), 409, "MOVE_OTHER_CLUSTER")
    full = {"users": [f"imp1a-{n:04}" for n in range(3, 31)], "to": "imp2b.acme.org"}
    problem(operator.post("/clusters/acme/moves", full), 409, "NODE_NO_ROOM")
    problem(operator.post("/clusters/acme/moves", {"users": ["nobody"], "to": None}), 422, "NO_SUCH_USER")
    problem(operator.post("/clusters/acme/moves", {"users": ["imp1a-0003"], "to": "no"}), 422, "NO_SUCH_NODE")
    for body in ({"to": None}, {"users": [], "to": None}, {"users": ["a"], "filter": {}, "to": None}, {"users": ["a"]}):
        assert operator.post("/clusters/acme/moves", body).status_code == 422, body


def test_all_who_match_a_filter_are_moved_with_a_key_alone(acme: Cluster, calls: Calls) -> None:
    operator = calls("operator")
    ask = {"filter": {"assigned": False}, "to": "imp1b.acme.org"}
    problem(operator.post("/clusters/acme/moves", ask), 400, "IDEMPOTENCY_KEY_NEEDED")
    assert operator.post("/clusters/acme/moves", ask | {"dry_run": True}).data["total"] == 4
    first = operator.post("/clusters/acme/moves", ask, Idempotency_Key="a")
    assert first.data["done"] == 4
    add_users(acme, "waiting", 0)
    again = operator.post("/clusters/acme/moves", ask, Idempotency_Key="a")
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert Operation.objects.count() == 1


def test_pins(acme: Cluster, calls: Calls) -> None:
    operator = calls("operator")
    assert operator.post("/clusters/acme/pins", {"users": ["imp1a-0001"], "reason": "VIP"}).data["users"] == 1
    assert operator.get("/users?pinned=true").data["users"][0]["user_id"] == "imp1a-0001"
    problem(operator.post("/clusters/acme/moves", {"users": ["imp1a-0001"], "to": None}), 409, "USERS_PINNED")
    assert operator.post("/clusters/acme/pins/remove", {"users": ["imp1a-0001"]}).data["users"] == 1


# --- Recovery and faults --------------------------------------------------------------------------
def test_failover_faults_and_refusals(acme: Cluster, calls: Calls) -> None:
    operator = calls("operator")
    answer = operator.post("/nodes/imp1a.acme.org/failover").data
    assert {n["state"] for n in answer["nodes"]} == {"failing_over", "taking_over"}
    refused = operator.post("/nodes/imp1a.acme.org/failover")
    assert refused.status_code == 409
    assert operator.post("/nodes/imp2a.acme.org/faults", {"kind": "power"}).data["events"]
    assert not node(acme, "imp2a").power_on
    problem(operator.post("/nodes/imp2a.acme.org/faults", {"kind": "power"}), 409, "FAULT_ALREADY_THERE")
    assert operator("DELETE", "/nodes/imp2a.acme.org/faults", {"kind": "power"}).status_code == 200
    assert node(acme, "imp2a").power_on
    assert operator.post("/nodes/imp2a.acme.org/faults", {"kind": "flood"}).status_code == 422
    problem(operator.post("/nodes/nothing/failover"), 404, "NO_SUCH_NODE")
    assert operator.get("/clusters/acme/subclusters/sc-1").data["ha"] is True
    assert operator.post("/clusters/acme/subclusters/sc-2/recover").status_code == 409


def test_maintenance(acme: Cluster, calls: Calls) -> None:
    operator = calls("operator")
    ask = {"reason": "new disks", "span": "2h"}
    nodes = operator.post("/nodes/imp1a.acme.org/maintenance", ask).data["nodes"]
    assert [n["in_maintenance"] for n in nodes] == [True, False]
    assert operator.post("/nodes/imp1a.acme.org/maintenance", {"span": "soon"}).status_code == 422
    assert operator("DELETE", "/nodes/imp1a.acme.org/maintenance").status_code == 200


# --- What-if --------------------------------------------------------------------------------------
def test_a_scenario_is_played_on_the_cluster_or_inline(acme: Cluster, calls: Calls) -> None:
    operator = calls("operator")
    fault = {"at": "0s", "do": "fault", "node": "imp1a.acme.org", "kind": "power"}
    answer = operator.post("/clusters/acme/simulations", {"name": "x", "timeline": [fault], "until": "20m", "seed": 1})
    assert {"log", "result"} <= set(answer.data)
    assert operator.get(f"/simulations/{answer.data['key']}").data == answer.data
    assert operator.post("/clusters/acme/simulations", {"timeline": "?"}).status_code == 422
    branch = make_acme("branch", imp1a=1)
    own = calls("operator", branch)
    assert own.post("/clusters/branch/simulations", {"cluster": "acme", "timeline": []}).status_code == 422
    assert own.get(f"/simulations/{answer.data['key']}").status_code == 403


# --- The topology as a document -------------------------------------------------------------------
def test_a_topology_is_put_read_back_and_the_same_again_changes_nothing(calls: Calls) -> None:
    admin = calls()
    wanted = {
        "mode": "balanced",
        "subclusters": [
            {"name": "sc-1", "ha": False, "nodes": [{"name": "a.org", "profile": 5000, "publisher": True}]}
        ],
    }
    dry = admin("PUT", "/clusters/new/topology?dry_run=true", wanted)
    assert (dry.data["changed"], dry.data["topology"]) == (True, None)
    problem(admin.get("/clusters/new"), 404, "NO_SUCH_CLUSTER")
    first = admin("PUT", "/clusters/new/topology", wanted)
    assert first.data["changed"]
    got = admin.get("/clusters/new/topology")
    assert got.data == first.data["topology"]
    assert got.headers["ETag"] == first.headers["ETag"]
    again = admin("PUT", "/clusters/new/topology", got.data, If_Match=got.headers["ETag"])
    assert (again.data["changed"], again.data["changes"]) == (False, [])
    changed = got.data | {"mode": "manual"}
    problem(admin("PUT", "/clusters/new/topology", changed, If_Match='"old"'), 409, "TOPOLOGY_CHANGED_MEANWHILE")
    assert admin("PUT", "/clusters/new/topology", changed).data["topology"]["mode"] == "manual"
    assert admin("PUT", "/clusters/new/topology", changed | {"cluster": "other"}).status_code == 422
    assert admin("PUT", "/clusters/new/topology", {"nonsense": 1}).status_code == 422
    problem(admin("DELETE", "/clusters/new?confirm=other"), 422, "REMOVAL_NOT_CONFIRMED")
    assert admin("DELETE", "/clusters/new?confirm=new").data["nodes"] == 1


# --- The automatic balancer -----------------------------------------------------------------------
def test_the_rules_of_the_balancer_are_read_tried_and_changed(acme: Cluster, calls: Calls, capsys: Any) -> None:
    admin, base = calls("administrator"), "/clusters/acme/balancer"
    assert admin.get(base).data["settings"]["automation"] == "off"
    tried = admin("PATCH", base, {"automation": "recommend", "rounds": 2, "dry_run": True})
    assert (tried.data["settings"]["automation"], tried.data["settings"]["rounds"]) == ("recommend", 2)
    assert admin.get(base).data["settings"]["automation"] == "off"
    done = admin("PATCH", base, {"automation": "recommend", "rounds": 2})
    assert done.data == tried.data
    assert Event.objects.get(code="RUN_POLICY_CHANGED").actor_name.startswith("token ")
    problem(admin("PATCH", base, {"zone": "Mars/Olympus"}), 422, "SETTING_NOT_VALID")
    assert admin("PATCH", base, {"colour": "red"}).status_code == 422
    assert admin.post(base + "/look").data["code"]
    call_command("balancer", "acme", "--json")
    assert json.loads(capsys.readouterr().out) == admin.get(base).data
    assert calls("operator")("PATCH", base, {"rounds": 3}).status_code == 403
