"""The topology file with everything it can say: structure by topology, HA by the recovery service."""

from typing import Any

from assignments.services import recovery
from topology import services
from topology.models import Subcluster
from topology.topologyfile_difference import Difference


def apply_topology(
    document: object,
    *,
    prune: bool = False,
    dry_run: bool = False,
    actor: Any = None,
    expected: Difference | None = None,
) -> Difference:
    """Make a cluster what a parsed topology file says; see topology.services.apply_topology."""
    return services.apply_topology(
        document, prune=prune, dry_run=dry_run, actor=actor, set_ha=_set_ha, expected=expected
    )


def _set_ha(subcluster: Subcluster, on: bool, actor: Any) -> object:
    return (recovery.enable_ha if on else recovery.disable_ha)(subcluster, actor=actor)
