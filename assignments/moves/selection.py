"""The users that somebody chose: by keys, by a filter, or from the list where they were picked up."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from assignments.models import Assignment
from assignments.users.listing.filter import UserFilter, matching_users
from topology.models import Cluster

UNASSIGNED = "unassigned"


@dataclass(frozen=True)
class Selection:
    """Users of a cluster: by key, or all that match a filter; `drawn` is where the list that was chosen from had them.

    `drawn` is the id of a node, 0 for the unassigned users, or None for a list of several homes.
    """

    cluster: Cluster
    users: tuple[int, ...] = ()
    where: UserFilter | None = None
    drawn: int | None = None

    def rows(self) -> QuerySet[Assignment]:
        """The assignments that are chosen."""
        if self.where:
            return matching_users(self.where)
        return Assignment.objects.filter(cluster=self.cluster, user__in=self.users)
