"""What-if runs of scenarios, on an inline topology or on a cluster as it is now. Nothing is written."""

from __future__ import annotations

from django.utils import timezone

from assignments import simulator, simulator_file
from assignments.recovery_pair import Pair
from assignments.services import recovery
from assignments.services import recovery_reads as reads
from assignments.simulator import Result, Scenario
from topology import selectors
from topology.models import Subcluster
from topology.services import RULES


def simulate(document: object) -> Result:
    """Run a parsed scenario; raises Refused when it cannot be read or names what does not exist."""
    return simulator.run(scenario(document))


def scenario(document: object) -> Scenario:
    """The scenario of a parsed document; raises Refused."""
    return simulator_file.parse(document, RULES, present)


def present(name: str) -> tuple[tuple[Pair, ...], int]:
    """The pairs of a cluster as they are, and its time; raises Refused."""
    cluster = selectors.cluster_named(name)
    now = reads.cluster_seconds(cluster, timezone.now())
    subclusters = Subcluster.objects.filter(cluster=cluster).select_related("cluster__policy")
    return tuple(recovery.caught_up(sub, now) for sub in subclusters), now
