"""Homes for the users of an import: the node that a line names, or the one that the cluster's mode leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from assignments.planning.loads import load_of
from assignments.planning.rules import goals
from assignments.planning.rules.loads import Classes, Flow, NodeLoad
from assignments.users.importing import staged_homes, staged_lines
from assignments.users.importing.report import Report
from assignments.users.importing.staged_counts import Capacity, StagedCounts
from topology import reasons
from topology.models import Cluster, Mode, Node
from topology.reasons import Refused, Said
from topology.structure.homes import homes_of


class ImportPlacement:
    """Gives every line that needs one a home: the node it names, or the one the cluster's mode leads to."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        self.cluster, self.report = cluster, report
        self.nodes = list(Node.objects.filter(cluster=cluster).order_by("number"))
        self.load, self.homes = load_of(cluster), homes_of(cluster)

    def run(self) -> StagedCounts:
        """Place them, and answer how many go where; what does not fit becomes a problem of the report.

        Raises Refused during a failover.
        """
        if self.cluster.mode == Mode.MANUAL:
            staged_homes.place_nobody_else()
        counts = StagedCounts.taken()
        if counts.arriving:
            self._refuse_in_failover()
        for node in self.nodes:
            if why := self.homes.takes(node.pk):
                self.report.problems.add_found(staged_lines.into(node.pk, *why))
        self._demand_room(counts)
        if self.report.ok and counts.waiting.users:
            return self._by_mode(counts)
        return counts

    def _refuse_in_failover(self) -> None:
        if why := self.homes.assigns():
            raise Refused(reasons.CLUSTER_IN_FAILOVER, cluster=self.cluster.name, **why[1])

    def _by_mode(self, counts: StagedCounts) -> StagedCounts:
        waiting, ask = counts.waiting, partial(self._places, self._loads(counts))
        try:
            flows = ask(waiting.users, endpoints=waiting.endpoints, classes=counts.waiting_classes)
        except Refused as refusal:
            room, _ = staged_homes.place_first(ask, waiting.users)
            facts = {
                "room": room,
                "users": waiting.users,
                "cluster": self.cluster.name,
                "why": Said(refusal.reason, refusal.facts),
            }
            self.report.problems.add_found(staged_lines.beyond(room, facts))
            return counts
        staged_homes.place_users(flows)
        placed = counts.dealt(flows) or StagedCounts.taken()
        self._demand_room(placed)
        return placed

    def _demand_room(self, counts: StagedCounts) -> None:
        capacities = self._capacities()
        if counts.may_overfill(capacities):
            self.report.problems.add_found(staged_lines.over_capacity(capacities))

    def _places(self, nodes: Sequence[NodeLoad], users: int, *, endpoints: int, classes: Classes) -> list[Flow]:
        """Users per node; room for a failover is kept where the model asks for it, as long as there is any."""
        return goals.place_as_redundant_as_possible(
            nodes,
            self.cluster.mode,
            users,
            endpoints=endpoints,
            redundant=self.load.redundant,
            classes=classes,
        )

    def _loads(self, counts: StagedCounts) -> list[NodeLoad]:
        """The nodes with the users at home there and those that this file brings so far."""
        users, endpoints = counts.homes, counts.endpoints
        return [_with(load, users[load.id], endpoints[load.id]) for load in self.load.nodes]

    def _capacities(self) -> list[Capacity]:
        return [
            Capacity(n.id, n.name, n.room.users, n.room.endpoints, n.capacity_users, n.capacity_endpoints)
            for n in self.load.nodes
        ]


def _with(load: NodeLoad, users: int, endpoints: int) -> NodeLoad:
    return replace(load, users=load.users + users, endpoints=load.endpoints + endpoints, pinned=load.pinned + users)
