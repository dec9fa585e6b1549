"""The buttons that mend what a check found, as far as the role reaches."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from django.urls import reverse

from assignments.board.views import palette
from assignments.board.views.palette import PaletteEntry
from assignments.models import Goal
from assignments.recovery.incidents import Repair, repairs_of
from assignments.recovery.rules.commands import Command
from topology.models import Cluster, Node
from topology.rules.check_list import PASSED, Check

# What mends each: a plan for a goal, a dialog, commands of nodes and pairs that are possible now, or another page.
PLANS = {
    "no_unassigned_users": Goal.FILL,
    "nodes_have_users": Goal.BALANCE,
    "balanced": Goal.BALANCE,
    "within_capacity": Goal.BALANCE,
    "failover_fits": Goal.BALANCE,
}
DIALOGS = {
    "nodes_assigned": "structure",
    "no_empty_subclusters": "structure",
    "same_hardware": "structure",
    "single_nodes": "structure",
    "keep_alive": "settings",
    "initialization_keep_alive": "settings",
    "mode_fits": "settings",
    "publisher": "structure",
}
MAP, PEERS = ("Show the map", "cluster", "cluster"), ("Peers", "cluster", "peers")
PAGES = {  # what the button says, its icon, and the page of the cluster
    "users_in_service": MAP,
    "ha_normal": MAP,
    "no_flapping": MAP,
    "peers_in_sync": PEERS,
    "clusters_alike": PEERS,
    "dns_records": ("DNS", "server", "dns"),
    "directory_in_step": ("Directory", "users", "directory"),
}
OF_ALL = {"directory_uris_differ": "duplicates", "homes_once": "duplicates", "user_ids_differ": "duplicates"}
COMMANDS = {
    "pairs_have_ha": (Command.ENABLE_HA,),
    "same_protection": (Command.ENABLE_HA,),
    "ha_normal": (Command.FALLBACK, Command.RECOVER),
    "nobody_failed_over": (Command.FALLBACK,),
    "users_in_service": (Command.FALLBACK, Command.RECOVER),
}
REPAIRED = {"ha_normal", "users_in_service"}  # parts of simulated nodes that are broken, one button each
LABELS = {
    Goal.FILL: "Assign all…",
    Goal.BALANCE: "Rebalance…",
    Goal.ACTIVE_STANDBY: "Move to the first nodes…",
    "structure": "Structure…",
    "settings": "Settings…",
}
ICONS = {"structure": "cluster", "settings": "settings"}


class Mending:
    """What mends the checks of one cluster; its commands and repairs are read once, when a check asks for them."""

    def __init__(self, cluster: Cluster, *, operates: bool, administers: bool) -> None:
        self.cluster = cluster
        self.operates = operates
        self.administers = administers

    def of(self, check: Check) -> list[PaletteEntry]:
        """The buttons of one check; none where it passed, or where the role does not reach."""
        return list(self._of(check.code)) if check.outcome != PASSED else []

    def _of(self, code: str) -> Iterator[PaletteEntry]:
        name = self.cluster.name
        if code in PLANS and self.operates:
            yield self._plan(PLANS[code])
        if code in DIALOGS and self.administers:
            yield PaletteEntry(LABELS[DIALOGS[code]], ICONS[DIALOGS[code]], get=reverse(DIALOGS[code], args=[name]))
        if code == "mode_fits" and self.operates:
            yield self._plan(Goal.ACTIVE_STANDBY)
        if code in REPAIRED and self.operates:
            yield from self._repairs
        if code in COMMANDS and self.operates:
            wanted = set(map(str, COMMANDS[code]))
            yield from (entry for entry in self._possible if entry.command in wanted)
        if code in PAGES:
            label, icon, view = PAGES[code]
            yield PaletteEntry(label, icon, href=reverse(view, args=[name]))
        if code in OF_ALL:
            yield PaletteEntry("Duplicates", "users", href=reverse(OF_ALL[code]))

    def _plan(self, goal: Goal) -> PaletteEntry:
        address = reverse("plans", args=[self.cluster.name])
        return PaletteEntry(LABELS[goal], "balance", post=address, values={"goal": goal.value})

    @cached_property
    def _repairs(self) -> list[PaletteEntry]:
        nodes = Node.objects.filter(cluster=self.cluster).order_by("number")
        return [self._repair(repair) for node in nodes for repair in repairs_of(node)]

    def _repair(self, repair: Repair) -> PaletteEntry:
        values = {"kind": repair.kind, "service": repair.service, "repair": "1"}
        address = reverse("fault", args=[self.cluster.name, repair.node.pk])
        return PaletteEntry(repair.label, repair.icon, post=address, target="#messages", values=values)

    @cached_property
    def _possible(self) -> list[PaletteEntry]:
        return [entry for entry in palette.of_nodes(self.cluster) if entry.command and not entry.why_not]
