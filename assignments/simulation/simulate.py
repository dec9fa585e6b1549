"""What-if runs of scenarios, on an inline topology or on a cluster as it is now. Nothing is written."""

from __future__ import annotations

from django.utils import timezone

from assignments.recovery import reads, service
from assignments.recovery.rules.pair import Pair
from assignments.simulation import scenario_reader
from assignments.simulation.rules import play
from assignments.simulation.rules.play import Result, Scenario
from topology.models import Node, Subcluster
from topology.structure import selectors


def simulate(document: object) -> Result:
    """Run a parsed scenario; raises Refused when it cannot be read or names what does not exist."""
    return play.run(scenario(document))


def scenario(document: object) -> Scenario:
    """The scenario of a parsed document; raises Refused."""
    return scenario_reader.parse(document, present, unassigned_of)


def unassigned_of(name: str) -> list[str]:
    """The nodes of a cluster that are in no subcluster."""
    return list(Node.objects.filter(cluster__name=name, subcluster=None).values_list("name", flat=True))


def present(name: str) -> tuple[tuple[Pair, ...], int]:
    """The pairs of a cluster as they are, and its time; raises Refused."""
    cluster = selectors.cluster_named(name)
    real = timezone.now()
    subclusters = Subcluster.objects.filter(cluster=cluster).select_related("cluster__policy")
    pairs = [service.caught_up(sub, real) for sub in subclusters]
    return tuple(pair for pair, _ in pairs), max([reads.cluster_seconds(cluster, real), *(now for _, now in pairs)])
