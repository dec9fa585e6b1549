"""Users taken out of a cluster and brought back: page, command, API; sets, not loops; races with real threads."""

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assignments.models import Assignment, FormerUser, Kind, Operation, Pin
from assignments.moves import pins
from assignments.users import undo as undoing
from assignments.users.removal import remove_users
from tests.structure.test_constraints import assert_counts_true, assert_lists_true
from tests.support.worlds import make_acme, node
from topology.models import Cluster, EndUser, Event, Node
from topology.reasons import Refused
from topology.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=3, imp1b=2, imp3a=1, waiting=1)


def people() -> list[tuple[Any, ...]]:
    """Everything that is kept of users."""
    columns = ("user_id", "name", "mail", "endpoints", "contacts", "created_at", "assignment__home_node",
               "assignment__serving_node", "assignment__pinned", "assignment__endpoints", "pin__reason",
               "pin__owner_name", "pin__at")  # fmt: skip
    return list(EndUser.objects.order_by("pk").values_list("pk", *columns))


def test_a_dry_run_says_what_the_real_run_says_and_changes_nothing(acme: Cluster) -> None:
    before = people()
    ids = ["IMP1A-0001", "imp1b-0001", "waiting-0001", "nobody"]
    pins.pin(pins.named(acme, ["imp1a-0001"]), "gateway", actor="ann")
    dry = remove_users(acme, ids, dry_run=True).as_dict()
    assert (dry["removed"], dry["pinned"], dry["unassigned"]) == (3, 1, 1)
    assert dry["homes"] == {"imp1a.acme.org": 1, "imp1b.acme.org": 1}
    assert [(row["user_id"], row["code"]) for row in dry["refused"]] == [("nobody", "NO_SUCH_USER")]
    assert len(people()) == len(before)
    real = remove_users(acme, ids, actor="ann", confirmed=3).as_dict()
    assert real | {"dry_run": True, "operation": None} == dry
    assert EndUser.objects.count() == len(before) - 3
    assert_counts_true()
    assert_lists_true()


def test_one_operation_stands_in_the_history_and_brings_everything_back(acme: Cluster) -> None:
    pins.pin(pins.named(acme, ["imp1a-0001"]), "gateway", actor="ann")
    EndUser.objects.filter(user_id="imp1a-0001").update(name="Ann", mail="ann@x.org", contacts=7)
    before = people()
    found = remove_users(acme, list(EndUser.objects.values_list("user_id", flat=True)), actor="ann")
    operation = Operation.objects.get(pk=found.operation)
    assert (operation.kind, operation.done, operation.skipped) == (Kind.REMOVAL, 7, 0)
    assert Event.objects.get(code="USERS_REMOVED").operation_id == operation.pk
    assert not EndUser.objects.exists()
    dry = undoing.undo_import(operation, dry_run=True)
    back = undoing.undo_import(operation, actor="ann", confirmed=7)
    assert (dry.returned, back.returned, back.left, back.pinned) == (7, 7, 0, 1)
    assert people() == before
    assert_counts_true()
    assert_lists_true()
    with pytest.raises(Refused) as refused:
        undoing.undo_import(operation)
    assert refused.value.code == "UNDO_NOT_POSSIBLE"


def test_who_was_imported_again_stays_and_who_has_no_room_comes_back_unassigned(acme: Cluster) -> None:
    ids = ["imp1a-0001", "imp1a-0002", "imp1b-0001", "imp3a-0001"]
    operation = Operation.objects.get(pk=remove_users(acme, ids).operation)
    EndUser.objects.create(user_id="Imp1a-0001")
    Node.objects.filter(pk=node(acme, "imp1b").pk).update(capacity_users=1)
    Node.objects.filter(pk=node(acme, "imp3a").pk).update(maintenance_until="2100-01-01T00:00Z",
        maintenance_since="2026-01-01T00:00Z", maintenance_owner="ann", maintenance_reason="disk")  # fmt: skip
    back = undoing.undo_import(operation)
    assert {row["user_id"].lower(): row["code"] for row in back.left_users} == {
        "imp1a-0001": "UNDO_ID_TAKEN", "imp1b-0001": "UNDO_NO_HOME", "imp3a-0001": "UNDO_NO_HOME",
    }  # fmt: skip
    assert back.returned == 3
    assert Assignment.objects.get(user__user_id="imp1b-0001").home_node is None
    assert Assignment.objects.get(user__user_id="imp1a-0002").home_node == node(acme, "imp1a")
    assert_counts_true()


def test_users_of_a_pair_in_failover_stay(acme: Cluster) -> None:
    Node.objects.filter(pk=node(acme, "imp1a").pk).update(state=State.FAILED_OVER)
    found = remove_users(acme, ["imp1a-0001", "imp1b-0001", "imp3a-0001"])
    assert found.removed == 1
    assert {row["user_id"]: row["code"] for row in found.refused} == {
        "imp1a-0001": "MOVE_PAIR_IN_FAILOVER", "imp1b-0001": "MOVE_PAIR_IN_FAILOVER",
    }  # fmt: skip
    with pytest.raises(Refused) as refused:
        remove_users(acme, ["imp1a-0001"])
    assert refused.value.code == "NOBODY_REMOVED"
    assert refused.value.message.startswith("No users were removed: 1 user cannot be removed now. ")


def test_another_number_than_was_confirmed_removes_nobody(acme: Cluster) -> None:
    with pytest.raises(Refused) as refused:
        remove_users(acme, ["imp1a-0001", "imp1a-0002"], confirmed=3)
    assert refused.value.code == "SELECTION_CHANGED"
    assert EndUser.objects.count() == 7


def test_the_statements_do_not_grow_with_the_users(acme: Cluster) -> None:
    counts = []
    for ids in (["imp1a-0001"], ["imp1a-0002", "imp1a-0003", "imp1b-0001", "imp1b-0002"]):
        with CaptureQueriesContext(connection) as queries:
            operation = Operation.objects.get(pk=remove_users(acme, ids).operation)
            undoing.undo_import(operation)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_command_prints_what_was_asked_for(acme: Cluster, tmp_path: Any, capsys: Any) -> None:
    path = tmp_path / "leavers.csv"
    path.write_text("user_id,name\nimp1a-0001,x\nimp1a-0002,y\nghost,z\n")
    call_command("remove_users", "acme", file=str(path), dry_run=True, json=True)
    dry = json.loads(capsys.readouterr().out)
    assert dry["removed"] == 2
    call_command("remove_users", "acme", file=str(path), yes=True, json=True)
    done = json.loads(capsys.readouterr().out)
    assert (done["removed"], [(row["user_id"], row["code"]) for row in done["refused"]]) == (
        2, [("ghost", "NO_SUCH_USER")],
    )  # fmt: skip
    with pytest.raises(SystemExit):
        call_command("remove_users", "acme", "imp1a-0003", json=True)  # nobody is there to type the number
    assert json.loads(capsys.readouterr().out)["code"] == "REMOVAL_COUNT_NEEDED"
    call_command("operations", "undo", done["operation"], json=True)
    assert json.loads(capsys.readouterr().out)["returned"] == 2
    assert EndUser.objects.count() == 7


def test_what_is_kept_goes_with_the_cluster(acme: Cluster) -> None:
    remove_users(acme, ["imp1a-0001"])
    assert FormerUser.objects.count() == 1
    Operation.objects.all().delete()
    assert not FormerUser.objects.exists()
    assert not Pin.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_of_leavers_is_read_by_the_columns_that_the_cluster_remembers(
    acme: Cluster, tmp_path: Any, capsys: Any, encoding: str
) -> None:
    Cluster.objects.filter(pk=acme.pk).update(list_columns={"Kürzel": "user_id", "e-mail": "mail"})
    path = tmp_path / "leavers.csv"
    path.write_text("Name;Kürzel\nx;imp1a-0001\ny;imp1a-0002\n", encoding=encoding)
    call_command("remove_users", "acme", file=str(path), dry_run=True, json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["removed"], found["refused_total"]) == (2, 0)
    path.write_text("imp1a-0001\nimp1a-0002\n", encoding=encoding)
    call_command("remove_users", "acme", file=str(path), dry_run=True, json=True)
    assert json.loads(capsys.readouterr().out)["removed"] == 2
