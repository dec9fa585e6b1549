"""Everything a person can do, a script can do: each address of the pages names the operations of the API for it.

A new address fails until it is listed, and so does one that names an operation which is not there.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

from assignments.models import Operation, Simulation
from assignments.recovery import service
from assignments.users.listing import saved_views
from config.api import api
from tests.api.answers import problem
from tests.api.conftest import Caller
from tests.board.test_roles_of_addresses import patterns
from tests.support.worlds import make_acme, node
from topology.accounts import roles, sign_in
from topology.models import ApiAnswer, ApiToken, Cluster, Event

pytestmark = pytest.mark.django_db
Calls = Callable[..., Caller]

# What is about a person in front of a page; no script misses it.
PERSONAL = {
    "approve-plan": "a second person, never a program: docs/api.md, Tokens",
    "drags": "whose pointer drags what now",
    "hide-names": "of a session: a token sees names",
    "keys": "what each key does",
    "load": "curves to look at; a program samples /metrics",
    "sign-in": "a token is sent instead",
    "sign-in-link": "the link is opened in a browser",
    "sign-out": "a token is revoked instead",
    "stream": "the parts of the page as HTML; operations are followed with follow_operation",
    "tell-drag": "whose pointer drags what now",
    "tour": "steps of the page",
    "tour-done": "steps of the page",
}
# What answers programs at the same address.
FOR_PROGRAMS = {"healthz", "readyz", "livez", "metrics", "trouble"}
STRUCTURE = "get_topology put_topology change_node change_subcluster disable_ha make_plan move_users"
SAME: dict[str, str] = {
    # accounts
    "accounts": "list_accounts get_account list_tokens list_events",
    "invite": "make_sign_in_link",
    "set-role": "set_role",
    "set-active": "set_active",
    "delete-account": "delete_account",
    "end-sessions": "end_sessions",
    "new-token": "make_token",
    "revoke-token": "revoke_token",
    # the cluster and its topology
    "home": "list_clusters",
    "overview": "list_clusters list_duplicates",
    "overview-panel": "get_cluster",
    "cluster": "get_cluster list_users list_operations",
    "summary-bar": "get_cluster",
    "tree": "get_cluster",
    "map": "get_cluster",
    "subcluster": "get_subcluster",
    "node": "get_cluster",
    "checks": "check_cluster",
    "history": "list_events",
    "settings": "get_topology put_topology",
    "placing": "put_topology",
    "structure": "get_topology",
    "new-cluster": "put_topology",
    "new-subcluster": "put_topology",
    "new-node": "put_topology",
    "change-node": "change_node",
    "place-node": "put_topology",
    "node-targets": "put_topology",
    "remove-cluster": "remove_cluster",
    "structure-node": STRUCTURE,
    "node-step": STRUCTURE,
    "structure-subcluster": STRUCTURE,
    "subcluster-step": STRUCTURE,
    "dns": "get_srv_records",
    "dns-zone": "get_srv_zone",
    "dns-nsupdate": "get_srv_records",
    "dns-check": "check_srv_records",
    # users
    "users": "list_users",
    "user-range": "list_users",
    "find-users": "list_users",
    "palette": "list_users list_clusters",
    "switcher": "list_clusters",
    "users-by-id": "list_users",
    "details": "why_user",
    "export": "export_assignments list_users",
    "export-dialog": "export_assignments",
    "find-users-export": "list_users",
    "import": "import_users",
    "progress": "import_users",
    "remove-users": "remove_users",
    "removed-users": "export_removed_users",
    "pin": "pin_users",
    "unpin": "unpin_users",
    "saved-views": "list_saved_views put_saved_view",
    "delete-view": "delete_view",
    "find-users-views": "list_saved_views put_saved_view",
    "find-users-delete-view": "delete_view",
    "duplicates": "list_duplicates",
    "clear-uris": "clear_doubled_uris",
    "set-uri": "set_directory_uri",
    "unassign-here": "unassign_reported_users",
    # many clusters
    "all-peers": "list_peers",
    "peers": "list_peers get_believed_home",
    "peer-act": "make_peer remove_peer sync_peer set_peer_fault end_peer_reports",
    "release": "set_release",
    "balance-clusters": "get_balance balance_clusters",
    # moves and runs
    "move": "move_users",
    "move-dialog": "move_users",
    "move-targets": "move_users",
    "undo-move": "undo_operation",
    "move-to-cluster": "move_to_cluster",
    "cluster-targets": "move_to_cluster",
    "plans": "make_plan",
    "plan": "get_plan",
    "run-plan": "run_plan",
    "recommended": "get_balancer get_plan",
    "rules": "get_balancer change_balancer",
    "operations": "list_operations",
    "operation": "get_operation",
    "operation-bar": "get_operation follow_operation",
    "undo": "undo_operation",
    "steer": "steer_operation set_rate set_window",
    "ask-cancel": "steer_operation",
    # recovery and what-if
    "act": "failover fallback recover enable_ha disable_ha",
    "ask": "failover fallback recover enable_ha disable_ha",
    "node-menu": "get_cluster",
    "fault": "inject_fault repair_fault",
    "ask-fault": "inject_fault",
    "commands": "list_users move_users make_plan steer_operation failover inject_fault",
    "maintenance": "begin_maintenance",
    "maintenance-step": "begin_maintenance end_maintenance enable_ha disable_ha",
    "sign-in-rate": "set_sign_in_rate",
    "what-if": "simulate list_simulations",
    "simulation": "get_simulation",
    "simulation-instant": "get_simulation",
    "simulation-export": "get_simulation_scenario",
    "simulation-delete": "delete_simulation",
    # the directory
    "directory": "get_directory list_directory_runs",
    "directory-store": "put_directory test_directory",
    "directory-end": "remove_directory",
    "directory-read": "sync_directory",
    "directory-skipped": "list_directory_skipped",
    "directory-changes": "get_directory_run",
    "directory-decide": "sync_directory drop_directory_run",
}


def operations() -> set[str]:
    paths = api.get_openapi_schema()["paths"].values()
    return {operation["operationId"] for methods in paths for operation in methods.values()}


def test_each_address_of_the_pages_names_what_a_script_calls() -> None:
    names = {str(pattern.name) for pattern in patterns()}
    listed = set(SAME) | set(PERSONAL) | FOR_PROGRAMS
    assert names - listed == set(), "say in SAME which operation of the API does it"
    assert listed - names == set(), "no address has this name"
    known = operations()
    for name, same in SAME.items():
        assert set(same.split()) <= known, (name, set(same.split()) - known)


def test_a_name_that_is_posted_to_is_not_answered_by_reading_alone() -> None:
    from tests.board.test_roles_of_addresses import POSTED

    reading = {
        operation["operationId"]
        for methods in api.get_openapi_schema()["paths"].values()
        for method, operation in methods.items()
        if method == "get"
    }
    # A question that is too long for an address.
    asks = {"export", "users-by-id", "node-targets", "move-targets", "cluster-targets"}
    for name in POSTED - set(PERSONAL) - asks:
        assert set(SAME[name].split()) - reading, name


# --- Accounts -------------------------------------------------------------------------------------
def test_a_person_is_invited_given_roles_signed_out_and_shut_out(acme: Cluster, calls: Calls) -> None:
    admin = calls()
    made = admin.post("/accounts/olga/sign-in-link", {"role": "operator"}).data
    person = Client()
    person.post(made["url"].removeprefix("http://testserver"))
    assert person.get("/clusters/acme/").status_code == 200
    olga = admin.get("/accounts/olga").data
    assert (olga["role"], olga["active"], len(olga["sessions"])) == ("operator", True, 1)
    assert person.session.session_key not in str(olga), "its key would let whoever reads it in"
    assert admin("PUT", "/accounts/olga/role", {"role": None}).data["role"] is None
    there = admin("PUT", "/accounts/olga/role", {"role": "viewer", "cluster": "acme"}).data
    assert there["clusters"] == {"acme": "viewer"}
    session = olga["sessions"][0]["id"]
    assert admin("DELETE", "/accounts/olga/sessions?session=other").data["ended"] == 0
    assert admin("DELETE", f"/accounts/olga/sessions?session={session}").data == {"account": "olga", "ended": 1}
    assert admin("PUT", "/accounts/olga/active", {"active": False}).data["active"] is False
    assert Event.objects.filter(code="ACCOUNT_DEACTIVATED", actor_name="token ci 1").exists()
    problem(admin.get("/accounts/nobody"), 404, "NO_SUCH_ACCOUNT")
    problem(admin("PUT", "/accounts/olga/role", {"role": "king"}), 422, "ROLE_NOT_KNOWN")
    problem(admin.post("/accounts/o%20o/sign-in-link"), 422, "ACCOUNT_NAME_NOT_VALID")


def test_accounts_come_in_pages_and_the_last_administrator_stays(acme: Cluster, calls: Calls) -> None:
    for name in ("a", "b", "c"):
        get_user_model().objects.create(username=name)
    sign_in.give_role(get_user_model().objects.get(username="a"), roles.ADMINISTRATOR)
    admin = calls()
    first = admin.get("/accounts?limit=2").data
    rest = admin.get(f"/accounts?limit=2&after={first['next']}").data
    assert [each["name"] for each in first["accounts"] + rest["accounts"]] == ["a", "b", "c"]
    assert rest["next"] is None
    problem(admin("PUT", "/accounts/a/role", {"role": "viewer"}), 409, "LAST_ADMINISTRATOR")
    problem(admin("PUT", "/accounts/a/active", {"active": False}), 409, "LAST_ADMINISTRATOR")


def test_a_token_makes_lists_and_revokes_tokens_and_its_text_is_not_kept(acme: Cluster, calls: Calls) -> None:
    admin = calls()
    body = {"name": "ansible", "role": "operator", "clusters": ["acme"], "days": 30}
    made = admin.post("/tokens", body, Idempotency_Key="k").data
    again = admin.post("/tokens", body, Idempotency_Key="k")
    assert (again.data, again.headers["Idempotent-Replayed"]) == (made, "true")
    assert made["token"] not in ApiAnswer.objects.get(key="k").body, "the database has no more than its hash"
    assert Caller(made["token"]).get("/clusters/acme").status_code == 200
    listed = admin.get("/tokens").data["tokens"]
    assert listed[0] | {"last_used": None} == {k: v for k, v in made.items() if k != "token"}
    assert admin("DELETE", f"/tokens/{made['id']}").data == {"id": made["id"], "revoked": True}
    assert Caller(made["token"]).get("/clusters/acme").status_code == 401
    problem(admin("DELETE", f"/tokens/{made['id']}"), 404, "NO_SUCH_TOKEN")
    problem(admin.post("/tokens", {"name": "ci 1", "role": "viewer"}), 409, "TOKEN_NAME_TAKEN")


def test_an_administrator_of_one_cluster_gives_nobody_rights(acme: Cluster, calls: Calls) -> None:
    here = calls("administrator", acme)
    assert here.post("/tokens", {"name": "x", "role": "administrator"}).status_code == 403
    assert here.post("/accounts/x/sign-in-link").status_code == 403
    assert ApiToken.objects.count() == 1


# --- What the pages had and programs had not ------------------------------------------------------
def test_nodes_and_subclusters_are_renamed_and_rated(acme: Cluster, calls: Calls) -> None:
    admin = calls()
    renamed = admin("PATCH", "/nodes/imp1a.acme.org", {"name": "new.acme.org", "users": 40}).data
    assert renamed["name"] == "new.acme.org"
    assert renamed["capacity"]["users"] == 40
    rated = admin("PATCH", "/nodes/new.acme.org", {"profile": 1000}).data
    assert (rated["profile"], rated["capacity"]) == (1000, {"users": 1000, "endpoints": 2000})
    problem(admin("PATCH", "/nodes/new.acme.org", {"users": 1}), 409, "CAPACITY_BELOW_USERS")
    problem(admin("PATCH", "/nodes/new.acme.org", {"name": "imp1b.acme.org"}), 409, "NODE_NAME_TAKEN")
    sub = admin("PATCH", "/clusters/acme/subclusters/sc-1", {"description": "Building 4"}).data
    assert sub == {"cluster": "acme", "name": "sc-1", "description": "Building 4"}
    assert admin("PATCH", "/clusters/acme/subclusters/sc-1", {"name": "east"}).data["description"] == "Building 4"


def test_users_sign_in_at_another_rate(acme: Cluster, calls: Calls) -> None:
    operator = calls("operator")
    service.failover(node(acme, "imp1a"), actor="test")
    run = Operation.objects.get(kind="failover")
    path = f"/operations/{run.pk}/sign-in-rate"
    tried = operator.post(path, {"per_second": 3, "dry_run": True}).data
    assert (tried["rate"], tried["dry_run"]) == (3.0, True)
    done = operator.post(path, {"per_second": 3}).data
    assert (done["rate"], done["dry_run"]) == (3.0, False)
    assert set(done) == set(tried)
    run.refresh_from_db()
    assert run.rate == 3.0
    problem(operator.post(path, {"per_second": -1}), 422, "POLICY_OUT_OF_RANGE")


def test_kept_runs_are_listed_exported_and_deleted(acme: Cluster, calls: Calls, tmp_path: Any, capsys: Any) -> None:
    admin = calls()
    fault = {"at": "0s", "do": "fault", "node": "imp1a.acme.org", "kind": "power"}
    run = admin.post("/clusters/acme/simulations", {"name": "x", "timeline": [fault], "until": "20m"}).data
    kept = admin.get("/clusters/acme/simulations").data["simulations"]
    assert [(each["key"], each["name"], each["author"]) for each in kept] == [(run["key"], "x", "token ci 1")]
    file = tmp_path / "x.yaml"
    file.write_bytes(admin.get(f"/simulations/{run['key']}/scenario.yaml").content)
    call_command("simulate", str(file), "--json")
    assert capsys.readouterr().out
    assert calls("operator")("DELETE", f"/simulations/{run['key']}").status_code == 403
    assert admin("DELETE", f"/simulations/{run['key']}").data == {"deleted": run["key"]}
    assert not Simulation.objects.exists()


def test_the_release_of_a_cluster_is_noted(acme: Cluster, calls: Calls) -> None:
    admin = calls()
    path = "/clusters/acme/release"
    assert admin("PUT", path, {"release": " 14.0 "}).data == {"cluster": "acme", "release": "14.0", "changed": True}
    assert admin("PUT", path, {"release": "14.0"}).data["changed"] is False
    problem(admin("PUT", path, {"release": "1\n2"}), 422, "RELEASE_NOT_VALID")


def test_saved_views_are_brought_along(acme: Cluster, calls: Calls) -> None:
    make_acme("branch", imp1a=1)
    person = get_user_model().objects.create(username="olga")
    sign_in.give_role(person, roles.VIEWER)
    admin, path = calls(), "/accounts/olga/views"
    view = admin("PUT", path, {"name": "Pinned", "query": "show=pinned", "cluster": "acme"}).data
    assert view == {"id": view["id"], "name": "Pinned", "query": "show=pinned", "cluster": "acme"}
    assert [each.name for each in saved_views.views_of(person, acme)] == ["Pinned"]
    assert admin("PUT", path, {"name": "All of branch", "query": "cluster=branch"}).data["cluster"] is None
    assert [each["name"] for each in admin.get(path).data["views"]] == ["All of branch"]
    assert admin.get(f"{path}?cluster=acme").data == {"views": [view]}
    problem(admin("PUT", path, {"name": "?", "query": "shwo=pinned", "cluster": "acme"}), 422, "FILTER_NOT_READABLE")
    assert admin("DELETE", f"{path}/{view['id']}?cluster=acme").data == {"views": []}
