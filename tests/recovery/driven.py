"""A pair whose faults and times a test gives, and what becomes of it."""

from typing import Any

from django.db.models import F

from assignments.models import Assignment
from assignments.recovery.rules.commands import Fault
from assignments.recovery.rules.pair import Member, Pair, Parameters
from assignments.simulation.rules.play import Action, Scenario, at_rest
from topology.models import Node, Subcluster

A, B = "a.example.org", "b.example.org"
HOURS = 3600


def scenario(*timeline: Action, users: int = 300, until: int = 2 * HOURS, **parameters: Any) -> Scenario:
    members = tuple(Member(name, 10 * max(users, 500), 5000) for name in (A, B))
    counts = {(i, i): (users, users) for i in range(2)}
    pair = at_rest(Pair("sc-1", members, counts, True, "balanced_redundant", Parameters(**parameters)))
    return Scenario("test", (pair,), timeline, until)


POWER_LOSS = (Action(60, "fault", 0, 0, Fault.POWER), Action(2400, "repair", 0, 0, Fault.POWER))
HOME_AGAIN = Action(3000, "fallback", 0, 0)


def node(name: str = A) -> Node:
    return Node.objects.select_related("subcluster").get(name=name)


def sub() -> Subcluster:
    return Subcluster.objects.get(name="sc-1")


def states() -> list[tuple[str, str]]:
    return list(Node.objects.order_by("number").values_list("state", "reason"))


def all_home() -> bool:
    return not Assignment.objects.exclude(home_node=F("serving_node"), signed_in=True).exists()
