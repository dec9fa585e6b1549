"""The rules of the topology file, read off the models so that no limit is written twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.models import Q

from topology.models import (
    DESCRIPTION,
    ENDPOINTS_PER_USER,
    MAX_NODES,
    PROFILES,
    Cluster,
    DeploymentModel,
    Mode,
    Policy,
)
from topology.rules.topology_file import FileRules, PolicyRule

Bounds = tuple[float, float]


def _conditions(condition: Q) -> Iterator[tuple[str, Any]]:
    """The plain conditions (lookup, value) in a condition, however deep."""
    for child in condition.children:
        if isinstance(child, Q):
            yield from _conditions(child)
        elif isinstance(child, tuple):
            yield child


def _bounds(model: type[models.Model], column: str) -> Bounds:
    """The range that the check constraints of a model leave a column."""
    low, high = 0.0, float(2**31 - 1)
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.CheckConstraint) and isinstance(constraint.condition, Q):
            for lookup, value in _conditions(constraint.condition):
                low, high = _narrowed(low, high, lookup.removeprefix(f"{column}__"), value)
    return low, high


def _narrowed(low: float, high: float, test: str, value: Any) -> Bounds:
    if test == "range":
        return float(value[0]), float(value[1])
    if not isinstance(value, int | float):
        return low, high
    return {"gte": (value, high), "lte": (low, value), "lt": (low, value - 1)}.get(test, (low, high))


def _parameter(model: type[models.Model], field: models.Field[Any, Any]) -> PolicyRule:
    default = None if field.null else field.get_default()
    low, high = _bounds(model, field.name)
    whole = isinstance(field, models.IntegerField)
    return PolicyRule(default, int(low) if whole else low, int(high) if whole else high, whole)


def _policy() -> dict[str, PolicyRule]:
    rules = {field.name: _parameter(Policy, field) for field in Policy._meta.fields if field.name != "cluster"}
    speed = next(field for field in Cluster._meta.fields if field.name == "clock_speed")
    return {**rules, "clock_speed": _parameter(Cluster, speed)}


RULES = FileRules(
    modes=tuple(Mode.values()),
    models=tuple(DeploymentModel.values()),
    profiles=PROFILES,
    policy=_policy(),
    max_nodes=MAX_NODES,
    endpoints_per_user=ENDPOINTS_PER_USER,
    description=DESCRIPTION,
)
