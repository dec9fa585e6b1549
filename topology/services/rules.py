"""The rules of the topology file, read off the models so that no limit is written twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.models import Q

from topology.models import (
    DESCRIPTION,
    ENDPOINTS_PER_USER,
    GROUP_NAME,
    MAX_NODES,
    NODE_NAME,
    PROFILES,
    Cluster,
    Mode,
    Model,
    Policy,
)
from topology.topologyfile import PolicyRule, Rules


def _conditions(model: type[models.Model]) -> Iterator[tuple[str, Any]]:
    """The plain conditions (lookup, value) of a model's check constraints."""
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.CheckConstraint) and isinstance(constraint.condition, Q):
            for child in constraint.condition.children:
                if isinstance(child, tuple):
                    yield child


def _range(model: type[models.Model], column: str) -> tuple[int, int]:
    low, high = 0, 2**31 - 1
    for lookup, value in _conditions(model):
        if lookup == f"{column}__range":
            return int(value[0]), int(value[1])
        if lookup == f"{column}__gte" and isinstance(value, int):
            low = value
        if lookup == f"{column}__lte" and isinstance(value, int):
            high = value
    return low, high


def _parameter(model: type[models.Model], field: models.Field[Any, Any]) -> PolicyRule:
    default = field.get_default()
    return PolicyRule(default) if isinstance(default, bool) else PolicyRule(default, *_range(model, field.name))


def _policy() -> dict[str, PolicyRule]:
    rules = {field.name: _parameter(Policy, field) for field in Policy._meta.fields if field.name != "cluster"}
    speed = next(field for field in Cluster._meta.fields if field.name == "clock_speed")
    return {**rules, "clock_speed": _parameter(Cluster, speed)}


RULES = Rules(
    modes=tuple(Mode.values),
    models=tuple(Model.values),
    profiles=PROFILES,
    policy=_policy(),
    max_nodes=MAX_NODES,
    endpoints_per_user=ENDPOINTS_PER_USER,
    group_name=GROUP_NAME,
    node_name=NODE_NAME,
    description=DESCRIPTION,
)
