"""A cluster as a whole: its creation, assignment mode, deployment model and recovery policy."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import TextChoices
from django.utils import timezone

from topology import reasons
from topology.live import events
from topology.models import Cluster, DeploymentModel, Mode, Policy
from topology.reasons import Refused
from topology.rules import topology_file
from topology.structure import guards, topology_reader
from topology.structure.limits import RULES


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
    parameters = dict(topology_reader.parse_policy(policy or {}))
    mode, model = _known(Mode, "mode", mode), _known(DeploymentModel, "model", model)
    cluster, created = Cluster.objects.get_or_create(
        name=name, defaults={"mode": mode, "model": model, "clock_speed": int(parameters.pop("clock_speed") or 1)}
    )
    if not created:
        raise Refused(reasons.CLUSTER_NAME_TAKEN, cluster=name)
    cluster.policy = Policy(cluster=cluster, **parameters)
    _demand_possible(cluster.policy)
    cluster.policy.save(force_insert=True)
    guards.record(reasons.CLUSTER_CREATED, cluster=cluster, actor=actor)
    events.touch("clusters")
    return cluster


def _known(choices: type[TextChoices], field: str, value: str) -> str:
    if value not in choices.values:
        remedy = f"Choose one of {', '.join(choices.values)}."
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
    cluster.refresh_from_db()
    before = getattr(cluster, field)
    if before != value:
        setattr(cluster, field, value)
        cluster.save(update_fields=[field])
        _record(cluster, field, before, value, actor)
    return cluster


@transaction.atomic
def set_policy(cluster: Cluster, parameters: Mapping[str, Any], *, actor: Any = None) -> Cluster:
    """Change these SRM parameters and the clock speed; the others stay (domain.md §4.2; spans in cluster seconds).

    Raises Refused with every parameter that is unknown or out of range.
    """
    guards.hold(cluster)
    cluster.refresh_from_db()
    before = current_policy(cluster)
    after = topology_reader.parse_policy({**before, **parameters})
    changed = {key: value for key, value in after.items() if before[key] != value}
    for key, value in changed.items():
        _record(cluster, key, before[key], value, actor)
    if (speed := changed.pop("clock_speed", None)) is not None:
        _set_speed(cluster, int(speed))
    cluster.policy = Policy(cluster=cluster, **{key: after[key] for key in after if key != "clock_speed"})
    _demand_possible(cluster.policy)
    if changed:
        cluster.policy.save(update_fields=list(changed))
    # Every timer of the engine may now end sooner.
    guards.wake(*cluster.subclusters.all())
    return cluster


def _demand_possible(policy: Policy) -> None:
    """Refuse what the database would: a rule between parameters that the reading of one by one does not see."""
    try:
        policy.validate_constraints(exclude={"cluster"})
    except ValidationError as error:
        remedy = "Change one of the parameters that belong together."
        raise Refused(reasons.VALUE_NOT_VALID, field="policy", value=" ".join(error.messages), remedy=remedy) from error


def _set_speed(cluster: Cluster, speed: int) -> None:
    clock = cluster.clock.with_speed(speed, timezone.now())
    cluster.clock_real, cluster.clock_cluster, cluster.clock_speed = clock.anchor_real, clock.anchor_cluster, speed
    cluster.save(update_fields=["clock_real", "clock_cluster", "clock_speed"])


def current_policy(cluster: Cluster) -> dict[str, topology_file.Value]:
    """Every parameter of the policy by its name in the topology file."""
    own = {key: getattr(cluster.policy, key) for key in RULES.policy if key != "clock_speed"}
    return {**own, "clock_speed": cluster.clock_speed}


def _record(cluster: Cluster, field: str, before: Any, after: Any, actor: Any) -> None:
    guards.record(
        reasons.CLUSTER_CHANGED,
        cluster=cluster,
        actor=actor,
        field=field,
        before=before,
        after=after,
    )
