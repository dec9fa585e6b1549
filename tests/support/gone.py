"""A cluster that somebody removes in the middle of what another changes."""

from typing import Any

import pytest

from assignments.board import removal
from assignments.models import RunPolicy
from assignments.runs import balancer
from topology.models import Cluster


def remove_while_rules_change(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the cluster go while the rules of its balancer are changed."""
    stored = balancer.settings_of

    def remove_then(policy: RunPolicy) -> dict[str, Any]:
        read = stored(policy)
        if seen := Cluster.objects.filter(name=name).first():
            removal.remove_cluster(seen, name)
        return read

    monkeypatch.setattr(balancer, "settings_of", remove_then)
