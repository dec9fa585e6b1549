"""Failover, fallback, recover, HA, and faults of simulated nodes: asked before, refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from assignments.population.selectors import Board, NodeView, board_of, node_of
from assignments.recovery import reads
from assignments.recovery import service as recovery
from assignments.recovery.incidents import incidents_of
from assignments.recovery.next_steps import next_steps_of
from assignments.recovery.reads import Button, Controls
from assignments.recovery.rules.commands import Command, Fault, parse_fault
from assignments.recovery.rules.foretold import command_effect
from assignments.recovery.rules.n_minus_one import n_minus_one
from topology import reasons
from topology.accounts import roles
from topology.models import Cluster, Node, Subcluster
from topology.reasons import Refused
from topology.rules.states import CRITICAL_SERVICES, RECOVERY_MANAGER
from topology.structure.asked import read_form
from topology.structure.removed import no_subcluster
from topology.structure.selectors import cluster_named
from topology.structure.within_reach import limited_to_reach
from topology.views.answers import toast
from topology.views.http import needs_role

ICONS = {
    Command.FAILOVER: "arrow-out",
    Command.FALLBACK: "arrow-in",
    Command.RECOVER: "refresh",
    Command.ENABLE_HA: "shield",
    Command.DISABLE_HA: "shield-off",
}
ASKED_FIRST = (Command.FAILOVER, Command.FALLBACK, Command.DISABLE_HA)
OF_A_PAIR = {
    Command.RECOVER.value: recovery.recover,
    Command.ENABLE_HA.value: recovery.enable_ha,
    Command.DISABLE_HA.value: recovery.disable_ha,
}
OF_A_NODE = {Command.FAILOVER.value: recovery.failover, Command.FALLBACK.value: recovery.fallback}
FAULT_LABELS: dict[str, str] = {
    Fault.POWER: "Power off",
    Fault.NETWORK: "Cut the network",
    Fault.DATABASE: "Stop the database",
    Fault.SERVICE: "Stop a service",
}
DONE = {
    Command.FAILOVER.value: "Failover of {name} started.",
    Command.FALLBACK.value: "Fallback to {name} started.",
    Command.RECOVER.value: "The recovery managers of {name} start again.",
    Command.ENABLE_HA.value: "HA is on for {name}.",
    Command.DISABLE_HA.value: "HA is off for {name}; its users are not protected.",
}


@dataclass(frozen=True)
class Verbs:
    """The commands of one node or one subcluster: those that are legal now, and why the others are not."""

    legal: list[Button]
    refused: list[Button]

    @classmethod
    def of(cls, buttons: list[Button]) -> Verbs:
        return cls([b for b in buttons if b.legal], [b for b in buttons if not b.legal])


def verbs(board: Board) -> dict[str, Any]:
    """For the templates: verbs of nodes and subclusters, what happens if a node fails, incidents, next steps."""
    controls = reads.controls_of(board)
    incidents = incidents_of(board, controls)
    return card_verbs(controls) | {
        "subcluster_verbs": {
            pk: Verbs.of([b for b in control.buttons if not b.node]) for pk, control in controls.items()
        },
        "windows": {pk: control for pk, control in controls.items() if control.window},
        "incidents": incidents,
        "next_steps": next_steps_of(board, controls),
        "ends_told": {one.run.pk for one in incidents if one.run and one.ends_by_itself},  # the banner says when
    }


def card_verbs(controls: dict[int, Controls]) -> dict[str, Any]:
    """The part of it that the cards of nodes show."""
    by_node: dict[int, Verbs] = {}
    for control in controls.values():
        for node in {b.node.pk: b.node for b in control.buttons if b.node}.values():
            by_node[node.pk] = Verbs.of([b for b in control.buttons if b.node and b.node.pk == node.pk])
    return {
        "node_verbs": by_node,
        "verdicts": {pk: verdict for control in controls.values() for pk, verdict in control.verdicts.items()},
        "outlooks": {control.outlook.node.pk: control.outlook for control in controls.values() if control.outlook},
        "waits": {pk: waits for control in controls.values() for pk, waits in control.waits.items()},
        "peer_topics": _peer_topics(controls),
        "command_icons": ICONS,
        "asked_first": ASKED_FIRST,
    }


def _peer_topics(controls: dict[int, Controls]) -> dict[int, str]:
    """What happens when a node fails also depends on its peer, so its card follows both."""
    groups = [list(control.verdicts) for control in controls.values()]
    return {pk: "".join(f" node-{peer}" for peer in group if peer != pk) for group in groups for pk in group}


# --- Commands -------------------------------------------------------------------------------------
@require_GET
@needs_role(roles.OPERATE)
def ask(request: HttpRequest, cluster_name: str, kind: str, pk: int, command: str) -> HttpResponse:
    """What a command will do, to how many users and for how long; a refused one says so instead."""
    cluster, about = cluster_named(cluster_name), (kind, pk)
    return _asked(request, "recovery/_ask.html", about, lambda: _question(cluster, kind, pk, command))


def _asked(
    request: HttpRequest, dialog: str, about: tuple[str, int], question: Callable[[], dict[str, Any]]
) -> HttpResponse:
    """The dialog that asks; of one that is open only what follows from the state of the pair, as it is by now."""
    is_open = "body" in request.GET
    query = request.GET.copy()
    query["body"] = "1"
    topics = [f"{about[0].removesuffix('s')}-{about[1]}"]
    try:
        context = question()
        topics.append(f"subcluster-{context['subcluster'].pk}")
    except Refused as refusal:
        if not is_open:
            raise
        context = {"refusal": limited_to_reach(refusal, roles.reach_of(request.user))}
    context |= {"topics": " ".join(topics), "again": f"{request.path}?{query.urlencode()}"}
    return render(request, "recovery/_asked.html" if is_open else dialog, context)


def _question(cluster: Cluster, kind: str, pk: int, command: str) -> dict[str, Any]:
    """What the dialog of a command shows. Raises Refused for one that is not possible now."""
    board = board_of(cluster)
    sub, view = _about(board, kind, pk)
    controls = reads.controls_of(board, [sub.pk])[sub.pk]
    button = next((b for b in controls.buttons if b.command == command and _same(b.node, view)), None)
    if button is None:
        raise Http404
    if button.refused:
        raise button.refused
    context = {
        "cluster": board.cluster,
        "subcluster": sub,
        "view": view,
        "command": command,
        "kind": kind,
        "pk": pk,
        "label": button.label,
        "icon_name": ICONS[button.command],
        "about": "recovery/_consequence.html",
        "address": reverse("act", args=[board.cluster.name, kind, pk, command]),
    }
    return context | _consequence(board, controls, view, button.command)


def _same(node: Node | None, view: NodeView | None) -> bool:
    return (node.pk if node else None) == (view.node.pk if view else None)


def _about(board: Board, kind: str, pk: int) -> tuple[Subcluster, NodeView | None]:
    """The subcluster, and the node when it is about one; raises Refused for what the cluster does not have."""
    for sub in board.subclusters:
        if kind == "subclusters" and sub.subcluster.pk == pk:
            return sub.subcluster, None
        for view in sub.nodes:
            if kind == "nodes" and view.node.pk == pk:
                return sub.subcluster, view
    if kind == "nodes":
        node = node_of(board, pk)  # one that is in no subcluster
        raise Refused(reasons.NODE_NOT_IN_SUBCLUSTER, node=node.node.name)
    raise no_subcluster(pk, board.cluster.subclusters.all(), board.cluster)


def _consequence(board: Board, controls: Controls, view: NodeView | None, command: Command) -> dict[str, Any]:
    """Users and seconds of the cluster's clock for the dialog, as the engine would count them."""
    if view is None:
        return {}
    pair, member = controls.pair, reads.position(controls.pair, view.node)
    verdict = n_minus_one(pair, member, by_hand=True)
    effect = command_effect(pair, command, member, reads.cluster_seconds(board.cluster, timezone.now()))
    shown = {"verdict": verdict, "effect": effect, "budget": controls.budget}
    if command is Command.FAILOVER and verdict.left_out:
        return shown
    return shown | {"users": view.away, "seconds": effect.seconds}


@require_POST
@needs_role(roles.OPERATE)
def act(request: HttpRequest, cluster_name: str, kind: str, pk: int, command: str) -> HttpResponse:
    """Do it; the page hears of every step by the live stream."""
    board = board_of(cluster_named(cluster_name))
    sub, view = _about(board, kind, pk)
    if view is not None and command in OF_A_NODE:
        OF_A_NODE[command](view.node, request.user)
        return toast(request, DONE[command].format(name=view.node.short_name), close=True)
    if view is None and command in OF_A_PAIR:
        OF_A_PAIR[command](sub, request.user)
        tone = "warn" if command == Command.DISABLE_HA else "good"
        return toast(request, DONE[command].format(name=sub.name), tone=tone, close=True)
    raise Http404


# --- Faults ---------------------------------------------------------------------------------------
class FaultForm(forms.Form):
    """What of a node fails, or is repaired; which kinds and services there are says `parse_fault`."""

    kind = forms.CharField(required=False)
    service = forms.CharField(required=False)
    repair = forms.BooleanField(required=False)


@require_GET
@needs_role(roles.OPERATE)
def menu(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """The menu of a node: its faults and repairs, moving everybody off, its history."""
    board = board_of(cluster_named(cluster_name))
    sub, view = _about(board, "nodes", pk)
    assert view is not None
    failed = set(view.node.failed_services)
    critical = (*CRITICAL_SERVICES, RECOVERY_MANAGER)
    services = [(name, name in failed) for name in (*critical, *sorted(failed.difference(critical)))]
    peer = next((v.node for v in board.nodes if v.node.subcluster_id == sub.pk and v is not view), None)
    context = {"cluster": board.cluster, "view": view, "services": services, "peer": peer}
    return render(request, "recovery/node/_menu_items.html", context)


@require_POST
@needs_role(roles.OPERATE)
def fault(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """Break or repair a part of a simulated node; the engine has to find out by itself."""
    board = board_of(cluster_named(cluster_name))
    _, view = _about(board, "nodes", pk)
    assert view is not None
    asked = read_form(FaultForm, request.POST)
    kind, service, mends = asked["kind"], asked["service"], asked["repair"]
    change = recovery.repair if mends else recovery.inject
    outcome = change(view.node, kind, service, request.user)
    if kind == Fault.NETWORK and mends:
        what = "network partition healed"
    elif kind == Fault.NETWORK:
        what = next(event.facts["what"] for event in outcome.events if event.why is reasons.FAULT_INJECTED)
    else:
        what = f"{service or kind} {'repaired' if mends else 'failed'}"
    text = f"{view.node.short_name}: {what}."
    # A repair is asked by no dialog: one that was opened meanwhile stays.
    return toast(request, text, tone="good" if mends else "warn", close=not mends)


@require_GET
@needs_role(roles.OPERATE)
def ask_fault(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """What a fault will do to whom."""
    cluster, asked = cluster_named(cluster_name), read_form(FaultForm, request.GET)
    return _asked(request, "recovery/_fault_ask.html", ("nodes", pk), lambda: _fault_question(cluster, pk, asked))


def _fault_question(cluster: Cluster, pk: int, asked: dict[str, Any]) -> dict[str, Any]:
    """What the dialog of a fault shows."""
    board = board_of(cluster)
    sub, view = _about(board, "nodes", pk)
    assert view is not None
    kind, service = parse_fault(asked["kind"] or Fault.POWER, asked["service"])
    pair = reads.controls_of(board, [sub.pk])[sub.pk].pair
    noticed = pair.parameters.noticed_after(heard=kind in (Fault.SERVICE, Fault.DATABASE))
    return {
        "cluster": board.cluster,
        "subcluster": sub,
        "view": view,
        "about": "recovery/_fault_consequence.html",
        "kind": kind,
        "service": service,
        "label": f"Stop {service}" if kind == Fault.SERVICE else FAULT_LABELS[kind],
        "hurts": kind != Fault.SERVICE or service in CRITICAL_SERVICES,
        "verdict": n_minus_one(pair, reads.position(pair, view.node), notice=noticed),
        "address": reverse("fault", args=[board.cluster.name, view.node.pk]),
    }
