"""manage.py move_users: the same verdicts as a drop, who stays with the code, and a run that ends by itself."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from assignments.models import Assignment
from tests.support.worlds import add_users, make_acme, node
from topology.models import Cluster, Node, Policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    cluster = make_acme(imp1a=10, imp1b=4, imp2a=3, waiting=5)
    Node.objects.filter(cluster=cluster).update(capacity_users=5000, capacity_endpoints=10_000)
    Policy.objects.update(moves_per_second=1000)
    return cluster


def call(*asked: str, code: int = 0) -> Any:
    out, ended = StringIO(), 0
    try:
        call_command("move_users", "acme", *asked, "--json", stdout=out)
    except SystemExit as end:
        ended = int(end.code or 0)
    assert ended == code
    return json.loads(out.getvalue())


def home(user_id: str) -> str | None:
    place = Assignment.objects.select_related("home_node").get(user__user_id=user_id).home_node
    return place.short_name if place else None


def test_users_go_to_a_node_and_who_stays_has_a_code(acme: Cluster) -> None:
    make_acme("other", imp2a=1)
    Assignment.objects.filter(user__user_id="imp1a-0003").update(pinned=True)
    asked = ("IMP1A-0001", "imp1a-0003", "imp1b-0001", "nobody", "other-imp2a-0001", "--to", node(acme, "imp1b").name)
    told = call(*asked, "--dry-run")
    assert told == {
        "moved": 1,
        "to": {"imp1b.acme.org": 1},
        "refused": [
            {"user_id": "nobody", "code": "NO_SUCH_USER"},
            {"user_id": "other-imp2a-0001", "code": "MOVE_OTHER_CLUSTER"},
            {"user_id": "imp1a-0003", "code": "USER_PINNED"},
            {"user_id": "imp1b-0001", "code": "USER_ALREADY_THERE"},
        ],
    }
    assert home("imp1a-0001") == "imp1a"
    assert call(*asked) == told
    assert home("imp1a-0001") == "imp1b"


def test_a_file_goes_to_a_subcluster_as_a_run_that_ends(acme: Cluster, tmp_path: Path) -> None:
    add_users(acme, "imp2b", 80)
    file = tmp_path / "ids.txt"
    file.write_text("".join(f"imp2b-{number:04}\n" for number in range(1, 81)))
    told = call("--file", str(file), "--to", "sc-1")
    assert told == {"moved": 80, "to": {"imp1a.acme.org": 37, "imp1b.acme.org": 43}, "refused": []}
    assert Assignment.objects.filter(home_node=node(acme, "imp1a")).count() == 47


def test_unassigned_is_a_place_too(acme: Cluster) -> None:
    assert call("imp1a-0001", "--to", "unassigned") == {"moved": 1, "to": {"unassigned": 1}, "refused": []}
    assert home("imp1a-0001") is None


def test_what_refuses_all_ends_with_1_and_the_code(acme: Cluster) -> None:
    unknown = call("imp1a-0001", "--to", "nowhere", code=1)
    assert (unknown["code"], unknown["fix"].partition("; ")[2]) == ("NO_SUCH_NODE", "subclusters: sc-1, sc-2, sc-3.")
    assert call("--to", "sc-1", code=1)["code"] == "MOVE_NAMES_NOBODY"
    told = call("nobody", "--to", "sc-1", code=1)
    assert told == {"moved": 0, "to": {}, "refused": [{"user_id": "nobody", "code": "NO_SUCH_USER"}]}
    with pytest.raises(CommandError):
        call_command("move_users", "acme", "imp1a-0001")


def test_a_person_reads_how_many_went_where(acme: Cluster) -> None:
    out = StringIO()
    call_command("move_users", "acme", "imp1a-0001", "nobody", "--to", "sc-2", stdout=out)
    assert "1 user moved to imp2b.acme.org" in out.getvalue()
    assert "nobody stays: NO_SUCH_USER: There is no user nobody in acme. Search for the user" in out.getvalue()
    assert "manage.py operations undo" in out.getvalue()
