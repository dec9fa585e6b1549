"""The throttle of a whole cluster, beside that of each receiving node: from the page and from the commands."""

import io

import pytest
from django.core.management import call_command
from django.test import Client

from assignments.models import Goal, Operation
from assignments.planning import plans
from tests.planning.test_approvals import signed_in
from tests.support.crowd import make_crowd
from topology.models import Cluster, Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster() -> Cluster:
    return make_crowd(300, 0, 0)


@pytest.fixture
def ann() -> Client:
    return signed_in("ann")


def test_a_plan_is_run_from_the_page_with_both_limits_and_they_are_changed_while_it_runs(
    cluster: Cluster, ann: Client
) -> None:
    plan = plans.make_plan(cluster, Goal.BALANCE)
    assert 'name="rate_total"' in ann.get(f"/plans/{plan.hash}/").content.decode()
    assert ann.post(f"/plans/{plan.hash}/run", {"rate": "5", "rate_total": "8"}).status_code == 200
    run = Operation.objects.get()
    assert (run.rate, run.rate_total) == (5, 8)
    page = ann.get(f"/operations/{run.pk}/").content.decode()
    assert "8 over all nodes" in page
    assert ann.post(f"/operations/{run.pk}/rate", {"rate": "2", "rate_total": ""}).status_code == 200
    run.refresh_from_db()
    assert (run.rate, run.rate_total) == (2, None)
    assert ann.post(f"/operations/{run.pk}/rate", {"rate": "2", "rate_total": "-1"}).status_code == 422
    assert Event.objects.get(code="RUN_RATE_SET").sentence == "ann set the rate to 2 users per second and node."


def test_the_commands_take_it_too(cluster: Cluster) -> None:
    out = io.StringIO()
    call_command("rebalance", "crowd", "--rate", "50", "--rate-total", "60", "--no-wait", stdout=out)
    run = Operation.objects.get()
    assert (run.rate, run.rate_total) == (50, 60)
    call_command("operations", "rate", str(run.pk), "--rate", "10", "--rate-total", "12", stdout=out)
    run.refresh_from_db()
    assert (run.rate, run.rate_total) == (10, 12)
