"""manage.py rebalance and manage.py operations: what they print, and that they drive a run to its end."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from assignments.models import Operation, Plan
from tests.support.crowd import homes, make_crowd, nodes_of

pytestmark = pytest.mark.django_db


def said(*args: str) -> str:
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def told(*args: str) -> dict[str, Any]:
    return dict(json.loads(said(*args, "--json")))


def test_a_dry_run_prints_the_plan_and_moves_nobody() -> None:
    cluster = make_crowd(60, 0, 0)
    plan = told("rebalance", "crowd", "--dry-run")
    assert (plan["moves"], plan["minimum_moves"]) == (40, 40)
    assert plan["nodes"][0] == {"name": "crowd1.example.org", "before": 60, "after": 20}
    assert plan["hash"] == Plan.objects.get().hash
    assert "operation" not in plan
    text = said("rebalance", "crowd", "--dry-run")
    assert "40 moves" in text
    assert "40 is the minimum" in text
    assert homes(cluster) == [60, 0, 0]


def test_it_waits_to_the_end_without_a_worker() -> None:
    cluster = make_crowd(1_300, 0)
    text = said("rebalance", "crowd", "--unthrottled")
    assert "Finished: 650 of 650 moved, 0 skipped" in text
    assert homes(cluster) == [650, 650]
    done = told("rebalance", "crowd")
    assert done["moves"] == 0
    assert "operation" not in done


def test_the_answer_of_a_run_holds_plan_and_operation() -> None:
    make_crowd(10, 0)
    done = told("rebalance", "crowd", "--unthrottled")
    assert (done["moves"], done["operation"]["state"], done["operation"]["done"]) == (5, "finished", 5)


def test_goals_and_scope() -> None:
    cluster = make_crowd(10, 10, 4, 0)
    assert told("rebalance", "crowd", "--goal", "active_standby", "--dry-run")["nodes"][0]["after"] == 20
    name = nodes_of(cluster)[0].name
    assert told("rebalance", "crowd", "--goal", "evacuate", "--node", name, "--dry-run")["nodes"][0]["after"] == 0
    assert told("rebalance", "crowd", "--subcluster", "sc-2", "--dry-run")["moves"] == 2
    for wrong, code in (
        (("nowhere",), "NO_SUCH_CLUSTER"),
        (("crowd", "--subcluster", "sc-9"), "NO_SUCH_SUBCLUSTER"),
        (("crowd", "--goal", "evacuate"), "NODE_TO_EVACUATE"),
    ):
        with pytest.raises(CommandError, match=code):
            said("rebalance", *wrong)


def test_runs_are_listed_and_steered() -> None:
    cluster = make_crowd(100, 0)
    found = told("rebalance", "crowd", "--no-wait", "--rate", "5")["operation"]
    assert (found["state"], found["rate"]) == ("queued", 5)
    pk = str(found["id"])
    assert [row["id"] for row in told("operations")["operations"]] == [found["id"]]
    assert "queued" in said("operations", "list")
    assert told("operations", "pause", pk)["operation"]["state"] == "paused"
    assert told("operations", "resume", pk)["operation"]["state"] == "queued"
    assert told("operations", "rate", pk, "--rate", "9")["operation"]["rate"] == 9
    assert told("operations", "cancel", pk)["operation"]["state"] == "cancelled"
    assert said("operations") == "No operation is active.\n"
    assert "cancelled" in said("operations", "list", "--all")
    with pytest.raises(CommandError, match="RUN_STATE_WRONG"):
        said("operations", "resume", pk)
    said("rebalance", "crowd", "--unthrottled")
    last = str(Operation.objects.latest("pk").pk)
    assert told("operations", "undo", last, "--dry-run")["moves"] == 50
    told("operations", "undo", last)
    assert Operation.objects.latest("pk").undo_of_id == int(last)
    assert homes(cluster) == [50, 50]
