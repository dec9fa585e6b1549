"""An open plan says that it cannot run as soon as that is so: what begins after it was made, and who is in its way."""

import pytest
from django.test import Client

from assignments.models import Goal, Plan
from assignments.planning import plans
from assignments.runs import operations
from tests.board.pages import HTMX, as_
from tests.support.crowd import make_crowd, nodes_of
from topology.accounts import roles
from topology.models import Cluster, Node
from topology.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster() -> Cluster:
    return make_crowd(200, 0, 0, 0)


@pytest.fixture
def plan(cluster: Cluster) -> Plan:
    return plans.make_plan(cluster, Goal.BALANCE)


def fails_over(cluster: Cluster, plan: Plan) -> None:
    Node.objects.filter(pk=nodes_of(cluster)[2].pk).update(state=State.FAILING_OVER)


def runs_already(cluster: Cluster, plan: Plan) -> None:
    operations.start_run(plan.hash, actor="ada", rate=1)


def is_removed(cluster: Cluster, plan: Plan) -> None:
    nodes_of(cluster)[3].delete()


HAPPENS = {
    "is failing over. Wait until it is Normal.": fails_over,
    "is held by operation": runs_already,
    "was removed": is_removed,
}


def now(client: Client, plan: Plan) -> str:
    return client.get(f"/plans/{plan.hash}/?now=1", headers=HTMX).content.decode()


@pytest.mark.parametrize("said", HAPPENS)
def test_an_open_plan_follows_what_stands_in_its_way(cluster: Cluster, plan: Plan, said: str) -> None:
    client = as_(roles.OPERATOR)
    assert "Cannot run now." not in now(client, plan)
    assert f'data-live="cluster-{cluster.pk}"' in now(client, plan)
    HAPPENS[said](cluster, plan)
    shown = [now(client, plan), *(client.get(f"/plans/{plan.hash}/", headers=by).content.decode() for by in ({}, HTMX))]
    for each in shown:
        assert "Cannot run now." in each
        assert said in each


def test_a_refused_start_is_a_message_so_that_what_was_typed_stays(cluster: Cluster, plan: Plan) -> None:
    fails_over(cluster, plan)
    answer = as_(roles.OPERATOR).post(f"/plans/{plan.hash}/run", {"rate": "7"}, headers=HTMX)
    assert answer.status_code == 409
    assert answer["HX-Retarget"] == "#messages"
    assert "is failing over" in answer.content.decode()
