"""Why is this user here: the trace of moves, the current place first, and what explains a serving node elsewhere."""

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assignments.models import Assignment, Goal, Kind, Move, Operation
from assignments.moves import pins
from assignments.moves.selection import Selection
from assignments.planning import plans
from assignments.runs import hand_moves, operations
from assignments.users import trace
from assignments.users.importing.imports import import_users
from tests.support.crowd import Hands, make_crowd
from tests.support.lists import csv_of
from tests.support.worlds import make_acme, node
from topology.models import Cluster, EndUser, Node, Subcluster
from topology.reasons import Refused
from topology.rules.states import State
from topology.structure.nodes import remove_node

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=3, waiting=1)


def key(user_id: str) -> int:
    return int(EndUser.objects.get(user_id=user_id).pk)


def anna() -> Any:
    return get_user_model().objects.get_or_create(username="anna")[0]


def test_the_latest_move_comes_first_and_says_who_when_why_and_by_which_operation(acme: Cluster) -> None:
    user = key("imp1a-0001")
    first = hand_moves.move_users(acme, [user], node(acme, "imp2a"), actor=anna())
    second = hand_moves.move_users(acme, [user], node(acme, "imp3a"), actor="bert")
    found = trace.story(acme, user)
    assert found.here
    assert (found.here.operation.pk, found.here.place, found.here.former) == (second.pk, "imp3a", "imp2a")
    assert (found.here.operation.author_name, found.here.why, found.here.title) == ("bert", "Moved by hand.", "Move")
    assert [step.operation.pk for step in found.earlier] == [first.pk]
    assert (found.earlier[0].operation.author_name, found.earlier[0].former) == ("anna", "imp1a")
    assert found.apart == ""


def test_who_was_placed_before_traces_were_kept_has_none(acme: Cluster) -> None:
    found = trace.story(acme, key("imp1a-0002"))
    assert (found.home, found.here, found.steps) == (node(acme, "imp1a"), None, ())
    told = StringIO()
    call_command("why", "acme", "imp1a-0002", stdout=told)
    assert "The moves of this user are older" in told.getvalue()


def test_a_trace_that_does_not_lead_to_the_present_home_explains_nothing(acme: Cluster) -> None:
    user = key("imp1a-0001")
    hand_moves.move_users(acme, [user], node(acme, "imp2a"), actor=anna())
    Assignment.objects.filter(user=user).update(home_node=node(acme, "imp3a"), serving_node=node(acme, "imp3a"))
    found = trace.story(acme, user)
    assert found.here is None
    assert len(found.earlier) == 1


def test_an_import_and_a_planned_run_are_named_as_what_they_were() -> None:
    crowd = make_crowd(4, 0)
    import_users(crowd, csv_of("user_id,node", "newcomer,crowd1.example.org"), actor=anna())
    newcomer = trace.story(crowd, key("newcomer"))
    assert newcomer.here
    assert (newcomer.here.title, newcomer.here.former) == ("Import", "unassigned")
    plan = plans.make_plan(crowd, Goal.BALANCE, author=anna())
    run = operations.start_run(plan.hash, actor=anna(), unthrottled=True)
    Hands().finish(run)
    moved = Move.objects.filter(operation=run, done=True).first()
    assert moved
    found = trace.story(crowd, moved.user_id)
    assert found.here
    assert (found.here.operation.pk, found.here.title, found.here.why) == (run.pk, "Rebalance", "Moved for balance.")


def test_whom_a_run_left_alone_has_that_in_the_trace_too(acme: Cluster) -> None:
    chosen = Selection(acme, (key("imp1a-0001"), key("imp1a-0002")))
    pins.pin(Selection(acme, chosen.users[:1]), "a gateway", actor=anna())
    hand_moves.move_users(acme, chosen.users, node(acme, "imp2a"), actor="bert")
    found = trace.story(acme, chosen.users[0])
    assert found.pin
    assert (found.pin.reason, found.pin.owner_name) == ("a gateway", "anna")
    assert [(step.done, step.code) for step in found.steps] == [(False, "SKIPPED_PINNED")]
    assert found.here is None


def test_a_failover_explains_the_serving_node(acme: Cluster) -> None:
    user, home, backup = key("imp1a-0001"), node(acme, "imp1a"), node(acme, "imp1b")
    failover = Operation.objects.create(
        cluster=acme, kind=Kind.FAILOVER, from_node=home, to_node=backup, author_name="engine"
    )
    Assignment.objects.filter(user=user).update(serving_node=backup)
    Node.objects.filter(pk=home.pk).update(state=State.FAILED_OVER)
    Node.objects.filter(pk=backup.pk).update(state=State.RUNNING_IN_BACKUP_MODE)
    found = trace.story(acme, user)
    assert (found.failover, found.served) == (failover, True)
    assert found.apart == (
        "imp1b serves the user for imp1a, which is Failed Over. A failover does not change the home node."
    )
    Node.objects.filter(pk=backup.pk).update(power_on=False)
    found = trace.story(acme, user)
    assert not found.served
    assert found.apart.startswith("Out of service: imp1a is Failed Over, and imp1b, which took over, is")


def test_an_unassigned_user_and_one_of_another_cluster(acme: Cluster) -> None:
    assert trace.story(acme, key("waiting-0001")).apart.startswith("Unassigned:")
    other = make_acme("other", imp1a=1)
    with pytest.raises(Refused) as refusal:
        trace.story(other, key("imp1a-0001"))
    assert refusal.value.code == "NO_SUCH_USER"


def test_the_story_costs_the_same_however_long_it_is(acme: Cluster) -> None:
    user = key("imp1a-0001")

    def cost() -> int:
        with CaptureQueriesContext(connection) as spent:
            json.dumps(trace.story(acme, user).as_dict())
        return len(spent)

    before = cost()
    for turn in range(60):
        hand_moves.move_users(acme, [user], node(acme, "imp2a" if turn % 2 else "imp3a"), actor=anna())
    assert cost() == before <= 3
    found = trace.story(acme, user)
    assert (len(found.steps), found.more) == (trace.STEPS, True)


def test_the_command_tells_the_story_in_json(acme: Cluster) -> None:
    moved = hand_moves.move_users(acme, [key("imp1a-0001")], node(acme, "imp2a"), actor=anna())
    out = StringIO()
    call_command("why", "acme", "IMP1A-0001", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["user"], told["home"], told["pinned"]) == ("imp1a-0001", "imp2a.acme.org", None)
    assert (told["here"]["operation"], told["here"]["by"], told["here"]["code"]) == (moved.pk, "anna", "MOVED_BY_HAND")
    with pytest.raises(CommandError, match="NO_SUCH_USER"):
        call_command("why", "acme", "nobody")


def test_a_node_that_was_removed_is_not_taken_for_no_home(acme: Cluster) -> None:
    user, gone = key("imp1a-0001"), spare(acme)
    first = hand_moves.move_users(acme, [user], gone, actor=anna())
    hand_moves.move_users(acme, [user], node(acme, "imp3a"), actor=anna())
    remove_node(gone, actor=anna())
    found = trace.story(acme, user)
    assert found.here
    assert (found.here.former, found.here.place) == ("a removed node", "imp3a")
    assert [(step.former, step.place) for step in found.earlier] == [("imp1a", "a removed node")]
    assert found.as_dict()["here"]["from"] == "a removed node"
    told = StringIO()
    call_command("why", "acme", "imp1a-0001", stdout=told)
    assert "a removed node -> imp3a" in told.getvalue()
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root"))
    shown = client.get(f"/operations/{first.pk}/").content.decode()
    assert "imp1a → a removed node" in " ".join(shown.split())


def test_a_move_to_a_node_that_was_removed_does_not_explain_that_there_is_no_home(acme: Cluster) -> None:
    user, gone = key("imp1a-0001"), spare(acme)
    hand_moves.move_users(acme, [user], gone, actor=anna())
    Assignment.objects.filter(user=user).update(home_node=None, serving_node=None, signed_in=False)
    remove_node(gone, actor=anna())
    assert trace.story(acme, user).here is None


def spare(cluster: Cluster) -> Node:
    """A node that may be removed: HA of its pair is off."""
    Subcluster.objects.filter(cluster=cluster).update(ha_enabled=False)
    return node(cluster, "imp2b")
