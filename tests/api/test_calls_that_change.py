"""What the API changes: imports, runs, moves, pins, faults, maintenance, topology and rules."""

import json
from typing import Any

import pytest
from django.core.management import call_command

from assignments.models import Assignment, Operation
from tests.api.answers import Calls, problem, to_the_end
from tests.support.worlds import add_users, make_acme, node
from topology.models import Cluster, Event

pytestmark = pytest.mark.django_db


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
    ended = operator.get("/operations?cluster=acme&active=false").data["operations"]
    told = [(one["kind"], one["undo_of"], one["state"]) for one in ended]
    assert told == [("rebalance", run["id"], "finished"), ("rebalance", None, "finished")]


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
    (line,) = operator.get(f"/events?operation={real.data['id']}&code=HAND_MOVED").data["events"]
    assert "moved 2 users to imp1b.acme.org from imp1a.acme.org" in line["sentence"]
    assert "imp1a-0001, imp1a-0002" in line["sentence"], "whom it moved, for who keeps the history elsewhere"
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
    about = operator.get("/events?node=IMP2A.acme.org").data["events"]
    assert {line["node"] for line in about} == {"imp2a.acme.org"}
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
    for topology in (None, {}, {"subclusters": [{"name": "s", "nodes": [{"name": "a", "users": 5}]}]}):
        sent = {"cluster": "acme", "topology": topology}
        assert own.post("/clusters/branch/simulations", sent).status_code == 422, "a topology hides another cluster"
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
    for body in ('{"threshold": 1e999}', '{"minimum_gain": 1e999}', '{"threshold": 10.7}', '{"rounds": 1e40}'):
        wrong = admin.client.patch(f"/api/v1{base}", body, "application/json", headers=admin.headers)
        assert wrong.status_code == 422, body
    assert admin("PATCH", base, {"colour": "red"}).status_code == 422
    assert admin.post(base + "/look").data["code"]
    call_command("balancer", "acme", "--json")
    assert json.loads(capsys.readouterr().out) == admin.get(base).data
    assert calls("operator")("PATCH", base, {"rounds": 3}).status_code == 403
