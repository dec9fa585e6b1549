"""A cluster as a whole: its creation, assignment mode and deployment model."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from topology import reasons
from topology.live import events
from topology.models import Cluster, DeploymentModel, Mode
from topology.reasons import Refused
from topology.rules.modes import Labelled
from topology.structure import guards
from topology.structure import policy as policies


@transaction.atomic
def create_cluster(
    name: str,
    *,
    mode: str = Mode.BALANCED,
    model: str = DeploymentModel.BALANCED_REDUNDANT,
    policy: Mapping[str, Any] | None = None,
    actor: Any = None,
) -> Cluster:
    """A new cluster without nodes. Raises Refused for a name, mode, model or parameter that cannot be."""
    name = guards.group_name(name, "cluster")
    parameters = dict(policy or {})
    speed = policies.checked_speed(parameters.pop(policies.SPEED, None))
    mode, model = _known(Mode, "mode", mode), _known(DeploymentModel, "model", model)
    cluster, created = Cluster.objects.get_or_create(
        name=name, defaults={"mode": mode, "model": model, "clock_speed": speed}
    )
    if not created:
        raise Refused(reasons.CLUSTER_NAME_TAKEN, cluster=name)
    cluster.policy = policies.new_policy(cluster, parameters)
    cluster.policy.save(force_insert=True)
    guards.record(reasons.CLUSTER_CREATED, cluster=cluster, actor=actor)
    events.touch("clusters")
    return cluster


def _known(choices: type[Labelled], field: str, value: str) -> str:
    if value not in choices.values():
        remedy = f"Choose one of {', '.join(choices.values())}."
        raise Refused(reasons.VALUE_NOT_VALID, field=field, value=value, remedy=remedy)
    return str(value)


def set_mode(cluster: Cluster, mode: str, *, actor: Any = None) -> Cluster:
    """Change how new users are assigned; those assigned already stay where they are (domain.md §2)."""
    return _set_choice(cluster, "mode", _known(Mode, "mode", mode), actor)


def set_model(cluster: Cluster, model: str, *, actor: Any = None) -> Cluster:
    """Change the deployment model the cluster is meant to be (domain.md §3)."""
    return _set_choice(cluster, "model", _known(DeploymentModel, "model", model), actor)


@transaction.atomic
def _set_choice(cluster: Cluster, field: str, value: str, actor: Any) -> Cluster:
    guards.hold(cluster)
    before = getattr(cluster, field)
    if before != value:
        setattr(cluster, field, value)
        cluster.save(update_fields=[field])
        _record(cluster, field, before, value, actor)
    return cluster


def _record(cluster: Cluster, field: str, before: Any, after: Any, actor: Any) -> None:
    guards.record(
        reasons.CLUSTER_CHANGED,
        cluster=cluster,
        actor=actor,
        field=field,
        before=before,
        after=after,
    )
