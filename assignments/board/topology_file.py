"""The topology file with everything it can say: structure by topology, HA by the recovery service."""

from typing import Any

from assignments.recovery import service
from topology.models import Subcluster
from topology.rules.difference import Difference
from topology.structure.files import apply_topology as apply_structure


def apply_topology(
    document: object,
    *,
    prune: bool = False,
    dry_run: bool = False,
    actor: Any = None,
    expected: Difference | None = None,
) -> Difference:
    """Make a cluster what a parsed topology file says; see topology.structure.files.apply_topology."""
    return apply_structure(document, prune=prune, dry_run=dry_run, actor=actor, set_ha=_set_ha, expected=expected)


def _set_ha(subcluster: Subcluster, on: bool, actor: Any) -> object:
    return (service.enable_ha if on else service.disable_ha)(subcluster, actor=actor)
