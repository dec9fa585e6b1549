"""Roles, everywhere or in one cluster, and the one question every edge asks: may this person do that?

    group -> role everywhere  \
    ClusterRole -> role there  } the higher one counts in the cluster that a request is about
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import BigIntegerField, Q, QuerySet, Value

from topology import reasons
from topology.models import Cluster, ClusterRole
from topology.reasons import Refused

VIEWER = "viewer"
OPERATOR = "operator"
ADMINISTRATOR = "administrator"
ROLES = (VIEWER, OPERATOR, ADMINISTRATOR)

# What each verb needs; a higher role includes the lower ones.
SEE = VIEWER
OPERATE = OPERATOR  # move users, run plans, fail over, inject faults
EXPORT = VIEWER if settings.VIEWERS_MAY_EXPORT else OPERATOR  # whole lists of users, as files
ADMINISTER = ADMINISTRATOR  # change the topology, the policy, import users


@dataclass(frozen=True)
class Reach:
    """The role that somebody has everywhere, and the roles in single clusters, by their keys."""

    everywhere: str | None = None
    clusters: Mapping[int, str] = field(default_factory=dict)

    def role_in(self, cluster_id: int | None) -> str | None:
        """The role that counts in a cluster; None: for what is about no cluster."""
        return highest(self.everywhere, self.clusters.get(cluster_id or 0))

    @property
    def somewhere(self) -> bool:
        """Whether there is anything to see."""
        return bool(self.everywhere or self.clusters)

    @property
    def only(self) -> tuple[int, ...] | None:
        """The clusters that may be seen; None: all of them."""
        return None if self.everywhere else tuple(sorted(self.clusters))


def highest(*roles: str | None) -> str | None:
    """The highest of some roles, None where there is none."""
    return max((role for role in roles if role in ROLES), key=ROLES.index, default=None)


def administrators() -> QuerySet[Any]:
    """Who may sign in and administer everywhere."""
    holds = Q(groups__name=ADMINISTRATOR) | Q(is_superuser=True)
    return get_user_model().objects.filter(holds, is_active=True).distinct()


def reach_of(user: Any) -> Reach:
    """What somebody reaches; asked once per request and kept on the user. An actor with a `reach` says it."""
    if not getattr(user, "is_authenticated", False) or not getattr(user, "is_active", False):
        return Reach()
    if (own := getattr(user, "reach", None)) is not None:
        return own  # type: ignore[no-any-return]
    if getattr(user, "is_superuser", False):
        return Reach(ADMINISTRATOR)
    if not hasattr(user, "_homenode_reach"):
        user._homenode_reach = _read(user)
    return user._homenode_reach  # type: ignore[no-any-return]


def _read(user: Any) -> Reach:
    groups = user.groups.annotate(place=Value(None, BigIntegerField())).values_list("name", "place")
    rows = list(groups.union(user.cluster_roles.values_list("role", "cluster_id"), all=True))
    return Reach(
        highest(*(role for role, cluster in rows if cluster is None)),
        {cluster: role for role, cluster in rows if cluster is not None},
    )


def reaches_of(users: Sequence[Any]) -> dict[int, Reach]:
    """What each of some people reaches, by their keys, in two queries."""
    everywhere: dict[int, set[str]] = defaultdict(set)
    for name, user in Group.objects.filter(user__in=users).values_list("name", "user"):
        everywhere[user].add(name)
    there: dict[int, dict[int, str]] = defaultdict(dict)
    for user, cluster, role in ClusterRole.objects.filter(user__in=users).values_list("user", "cluster", "role"):
        there[user][cluster] = role
    return {
        user.pk: Reach(ADMINISTRATOR) if user.is_superuser else Reach(highest(*everywhere[user.pk]), there[user.pk])
        for user in users
    }


def enter(user: Any, cluster_id: int | None) -> None:
    """Let the role in this cluster count for the rest of the request."""
    user._homenode_place = cluster_id


def role_of(user: Any) -> str | None:
    """The role of a signed-in person or program in the cluster that the request is about, or None."""
    return reach_of(user).role_in(getattr(user, "_homenode_place", None))


def clusters_with(user: Any, role: str) -> tuple[int, ...] | None:
    """The clusters in which somebody has a role or a higher one, by their keys; None: all of them."""
    reach = reach_of(user)
    if suffices(reach.everywhere, role):
        return None
    return tuple(sorted(pk for pk, have in reach.clusters.items() if suffices(have, role)))


def lacking(
    role: str, cluster: Cluster | str | int | None, *, program: bool = False, anywhere: bool = False
) -> Refused:
    """The refusal of a person who lacks a role in a cluster, or without one in all of them, with what would grant it.

    A `program` gets a role with another token; `anywhere`: that of a single cluster is enough where none is named.
    """
    if isinstance(cluster, int):
        cluster = Cluster.objects.filter(pk=cluster).values_list("name", flat=True).first()
    where = f"in {cluster}" if cluster else "in a cluster" if anywhere else "in all clusters"
    option = f" --cluster {cluster or 'CLUSTER'}" if cluster or anywhere else ""
    edge = "another token, of manage.py token create" if program else "page Accounts, or manage.py accounts role"
    return Refused(reasons.ROLE_NEEDED, role=role, where=where, grant=f"{edge} NAME --role {role}{option}")


def may_export(user: Any) -> bool:
    """Whether somebody may have lists of users as files: of the cluster at hand, or of some where there is none."""
    return may(user, EXPORT) or (getattr(user, "_homenode_place", None) is None and clusters_with(user, EXPORT) != ())


def suffices(have: str | None, role: str) -> bool:
    """Whether a role is this one or a higher one; None is none."""
    return have is not None and ROLES.index(have) >= ROLES.index(role)


def may(user: Any, role: str) -> bool:
    """Whether somebody has a role or a higher one there."""
    return suffices(role_of(user), role)


def demand_there(user: Any, role: str, cluster_id: int | None, *, program: bool = False) -> None:
    """Raise Refused for who lacks a role in the other cluster that something is about; None: there is no other."""
    if cluster_id is not None and not suffices(reach_of(user).role_in(cluster_id), role):
        raise lacking(role, cluster_id, program=program)


def clusters_of(user: Any) -> QuerySet[Cluster]:
    """The clusters that somebody may see, by name."""
    only = reach_of(user).only
    return Cluster.objects.all() if only is None else Cluster.objects.filter(pk__in=only)
