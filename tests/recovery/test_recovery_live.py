"""The live engine against the simulator: the same scenario, the same log, on real PostgreSQL."""

import pytest
from django.db.models import Count, F, Q

from assignments.models import Assignment, Operation, Population, Progress, SubclusterLock
from assignments.simulation.rules.play import Scenario, run
from tests.recovery.recovery_world import Drive, make
from tests.recovery.rules import golden
from tests.recovery.rules.random_scenarios import document, parse
from tests.support import torture
from topology.models import Cluster, Node

pytestmark = pytest.mark.django_db

AT_EVERY_WAKE = ("manual_failover_and_fallback", "power_loss", "overload", "auto_recovery_service", "single_node")


def compare(scenario: Scenario, speed: int, beat: float | None) -> Cluster:
    cluster = make(scenario, speed=speed)
    drive = Drive(cluster, scenario, beat)
    drive.play()
    result = run(scenario)
    asked = {"fallback", "failover", "recover", "enable_ha", "disable_ha"}
    played = [(x["t"], x["subcluster"], x["event"], x["nodes"], x["out_of_service"]) for x in result.log]
    refused = [line[:3] for line in played if line[:3] in drive.refused]
    assert refused == drive.refused
    assert drive.log() == [line for line in played if line[:3] not in drive.refused], asked
    return cluster


def demand_consistent(cluster: Cluster) -> None:
    """Populations are what a count gives; no operation is left running; homes are as they were."""
    rows = Assignment.objects.filter(cluster=cluster).values_list("home_node", "serving_node")
    counted = {
        (home, serving): (users, signed)
        for home, serving, users, signed in rows.annotate(n=Count("pk"), s=Count("pk", filter=Q(signed_in=True)))
    }
    kept = Population.objects.filter(cluster=cluster, users__gt=0)
    assert counted == {(p.home_node_id, p.serving_node_id): (p.users, p.signed_in) for p in kept}
    for operation in Operation.objects.filter(cluster=cluster):
        assert operation.done + operation.skipped <= operation.total
    assert not SubclusterLock.objects.filter(active=True).exclude(operation__state=Progress.RUNNING).exists()


@pytest.mark.parametrize("name", torture.part(golden.NAMES, 3))
def test_golden_live_log_with_a_clock_so_fast_that_every_tick_is_late(name: str) -> None:
    demand_consistent(compare(golden.scenario(name), speed=600, beat=1))


@pytest.mark.in_turns
@pytest.mark.parametrize("name", torture.part(AT_EVERY_WAKE, 2))
def test_golden_live_log_at_every_wake(name: str) -> None:
    demand_consistent(compare(golden.scenario(name), speed=1, beat=None))


@pytest.mark.parametrize("seed", range(1, 300 if torture.WHOLE else 4))
def test_random_scenarios_live_are_what_they_are_in_memory(seed: int) -> None:
    scenario = parse(document(seed))
    speed, beat = ((600, 1.0), (1, None), (60, 1.0))[seed % 3]
    demand_consistent(compare(scenario, speed=speed, beat=beat))


def test_nobody_is_away_after_a_fallback() -> None:
    cluster = compare(golden.scenario("power_loss"), speed=60, beat=1)
    assert not Assignment.objects.filter(cluster=cluster).exclude(home_node=F("serving_node")).exists()
    assert not Assignment.objects.filter(cluster=cluster, signed_in=False).exists()
    assert {n.state for n in Node.objects.filter(cluster=cluster)} == {"normal"}
    kinds = [(o.kind, o.state, o.total, o.done, o.skipped) for o in Operation.objects.order_by("pk")]
    assert kinds == [("failover", "finished", 2500, 2500, 0), ("failback", "finished", 2500, 2500, 0)]


def test_who_had_no_room_is_counted_as_skipped() -> None:
    compare(golden.scenario("overload"), speed=600, beat=1)
    kinds = [(o.kind, o.state, o.total, o.done, o.skipped) for o in Operation.objects.order_by("pk")]
    assert kinds == [("failover", "finished", 4000, 1000, 3000), ("failback", "finished", 1000, 1000, 0)]
