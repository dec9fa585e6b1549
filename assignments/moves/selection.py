"""The users that somebody chose: by keys, by a filter, or from the list where they were picked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from assignments.models import Assignment
from assignments.runs.hand_moves import AT_ONCE
from assignments.users.listing.filter import UserFilter, matching_users
from topology.models import Cluster

UNASSIGNED = "unassigned"
SELECT = "SELECT {columns} FROM assignments_assignment WHERE cluster_id = %s AND user_id = ANY(%s)"


@dataclass(frozen=True)
class Selection:
    """Users of a cluster: by key, or all that match a filter; `drawn` is where the list that was chosen from had them.

    `drawn` is the id of a node, 0 for the unassigned users, or None for a list of several homes. `homes` are those that
    somebody was told of a few of them, by key, with 0 for none.
    """

    cluster: Cluster
    users: tuple[int, ...] = ()
    where: UserFilter | None = None
    drawn: int | None = None
    homes: Mapping[int, int] = field(default_factory=dict)

    @property
    def is_few(self) -> bool:
        """Whether they are moved at once, however many of them can go; a filter may match any number."""
        return self.where is None and len(self.users) <= AT_ONCE

    def rows(self) -> QuerySet[Assignment]:
        """The assignments that are chosen."""
        if self.where:
            return matching_users(self.where)
        return Assignment.objects.filter(cluster=self.cluster, user__in=self.users)

    def sql(self, *columns: str) -> tuple[str, Sequence[Any]]:
        """A SELECT of these columns of them, and its parameters; also where none is chosen."""
        if not self.where:  # written out: the ORM takes longer to write it than the database to answer
            return SELECT.format(columns=", ".join(columns)), [self.cluster.pk, list(self.users)]
        query = self.rows().order_by().values(*columns).query
        sql, params = query.get_compiler(DEFAULT_DB_ALIAS, elide_empty=False).as_sql()
        return str(sql), params
