"""What the API answers: clusters, users, plans and all that a command prints."""

import json
from contextlib import suppress
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.answers import Calls, problem
from tests.board.pages import as_
from tests.support.worlds import make_acme
from topology.accounts import roles
from topology.models import Cluster

pytestmark = pytest.mark.django_db


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
