"""The forms that add and change clusters, subclusters and nodes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse

from assignments.board import checklist
from assignments.population.selectors import Board, NodeView, subcluster_of
from topology import reasons
from topology.models import ENDPOINTS_PER_USER, PROFILES, Cluster, DeploymentModel, Mode, Node, Subcluster
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.structure import guards
from topology.structure.asked import LONGEST, NumberField, number, read_form
from topology.structure.stored_form import StoredForm
from topology.structure.subclusters import checked_description
from topology.views.forms import DialogForm, ShownField, show_form

MOST = 10_000_000  # far beyond any machine, and well within a column
NAME_HINT = "Letters, digits, _ and -; at most 128"


class StructureField(ShownField):
    """A field of these dialogs: `hint` stands below it, `needed` tells screen readers that it cannot stay empty."""

    def __init__(
        self, label: str, kind: str = "text", *, hint: str = "", needed: bool = True, choices: Any = (), **rest: Any
    ) -> None:
        every = [(str(value), str(name), "") for value, name in choices]
        super().__init__(label, kind=kind, choices=every, **rest)
        self.hint, self.needed = hint, needed


class StructureForm(DialogForm):
    """A dialog with one form."""

    submit: ClassVar[str] = "Save"
    danger: ClassVar[bool] = False
    script: tuple[str, ...] = ()  # the act and its names, for those who would rather write a script
    about = {
        reasons.NAME_NOT_VALID.code: "name",
        reasons.CLUSTER_NAME_TAKEN.code: "name",
        reasons.SUBCLUSTER_NAME_TAKEN.code: "name",
        reasons.NODE_NAME_TAKEN.code: "name",
        reasons.NODE_RENAMED_MEANWHILE.code: "name",
        reasons.SUBCLUSTER_FULL.code: "place",
        reasons.SUBCLUSTER_HA_ON.code: "place",
        reasons.NO_SUCH_SUBCLUSTER.code: "place",
        reasons.PUBLISHER_FIXED.code: "publisher",
        reasons.REMOVAL_NOT_CONFIRMED.code: "typed",
    }

    def __init__(self, request: HttpRequest, title: str, *, note: str = "", address: str = "", **rest: Any) -> None:
        self.title, self.note, self.address = title, note, address or request.path
        is_sent = request.method == "POST" and request.path == self.address.partition("?")[0]
        super().__init__(request.POST if is_sent else None, **rest)


def answer(
    request: HttpRequest, form: StructureForm, act: Callable[[dict[str, Any]], HttpResponse], **context: Any
) -> HttpResponse:
    """The form; a good one is acted on, a refused one comes back as it was typed with the reason at its field."""
    return form.carry_out(act) or show_form(request, "board/structure/_form.html", form, **context)


def whole(text: str) -> int | None:
    """A whole number that was typed, None for nothing. Raises Refused."""
    text = text.strip().replace(",", "")
    if not text:
        return None
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST else 0
    if not value or value > MOST:
        remedy = f"Enter a whole number from 1 to {MOST:,}, or nothing."
        raise Refused(reasons.VALUE_NOT_VALID, field="value", value=text[:40], remedy=remedy)
    return value


# --- Clusters and subclusters ---------------------------------------------------------------------
class NewClusterForm(StructureForm):
    """A cluster without nodes."""

    submit = "Create cluster"
    script = ("topology", "NAME", "")
    name = StructureField("Name", hint="Letters, digits, _ and -", read=partial(guards.group_name, kind="cluster"))
    mode = StructureField("New users", "select", choices=Mode.choices(), initial=Mode.BALANCED.value)
    model = StructureField(
        "Deployment model",
        "select",
        choices=DeploymentModel.choices(),
        initial=DeploymentModel.BALANCED_REDUNDANT.value,
    )


class RemoveClusterForm(StructureForm):
    """The name of a cluster, typed to confirm its removal."""

    submit = "Remove it and all its users"
    danger = True
    typed = StructureField("Type its name to confirm")

    def __init__(self, request: HttpRequest, cluster: Cluster) -> None:
        super().__init__(request, f"Remove {cluster.name}")
        self.script = ("remove-cluster", cluster.name, cluster.name)
        self.fields["typed"].label = f"Type the name {cluster.name} to confirm"


class NewSubclusterForm(StructureForm):
    """A subcluster without nodes."""

    submit = "Add subcluster"
    name = StructureField("Name", hint=NAME_HINT, read=partial(guards.group_name, kind="subcluster"))
    description = StructureField(
        "Description", hint='At most 128 characters, none of " % & \\ < >', needed=False, read=checked_description
    )


class SubclusterForm(StoredForm, NewSubclusterForm):
    """Name and description of a subcluster."""

    submit = "Save"


# --- Nodes ----------------------------------------------------------------------------------------
class CapacityForm(StructureForm):
    """Name, hardware profile and rated capacity of a node, stored or not."""

    name = StructureField(
        "Name", hint="Host name, unique in all clusters. Rename server and DNS entry too", read=guards.node_name
    )
    profile = StructureField(
        "Hardware profile",
        "select",
        choices=[(str(profile), f"{profile:,} users") for profile in PROFILES],
        initial="5000",
        read=lambda text: number(text, "profile") or 0,
    )
    users = StructureField("Rated users", "number", hint="Empty: from the profile", needed=False, read=whole)
    endpoints = StructureField(
        "Rated endpoints",
        "number",
        hint=f"Empty: {ENDPOINTS_PER_USER} for each user of the profile",
        needed=False,
        read=whole,
    )


class NodeForm(StoredForm, CapacityForm):
    """Name, hardware profile and rated capacity of a node that is there."""

    @classmethod
    def of(cls, request: HttpRequest, view: NodeView) -> NodeForm:
        """The form with what is stored of a node; an override of its capacity only where there is one."""
        title = f"Name and capacity of {view.node.short_name}"
        note = f"Home of {counted(view.home.users, 'user')} with {counted(view.home.endpoints, 'endpoint')}."
        address = f"{request.path}?{urlencode({'seen': view.node.name})}"  # a rename by someone else is refused once
        form = cls(request, title, note=note, address=address, initial=stored(view.node))
        form.script = ("change-node", view.node.name, "")
        return form


class PlaceForm(forms.Form):
    """The subcluster that a new node is meant for, as the address of its form has it."""

    place = NumberField()


class NewNodeForm(CapacityForm):
    """A node that is added, into a subcluster or unassigned."""

    submit = "Add node"
    name = StructureField("Name", hint="Host name, unique in all clusters: imp1c.example.org", read=guards.node_name)
    place = StructureField("Subcluster", "select", read=lambda text: number(text, "place"))
    publisher = StructureField("Publisher: the others replicate its database", "switch")

    def __init__(self, request: HttpRequest, board: Board) -> None:
        place = read_form(PlaceForm, request.GET)["place"]
        if place is not None:
            subcluster_of(board, place)  # refuses another cluster's
        shown = {"place": str(place or ""), "publisher": not board.nodes}
        note = "You can add a server before its software is installed."
        super().__init__(request, f"Add a node to {board.cluster.name}", note=note, initial=shown)
        self.script = ("topology", board.cluster.name, "")
        field = self.fields["place"]
        assert isinstance(field, StructureField)
        field.choices = places(board)


def stored(node: Node) -> dict[str, str]:
    """What the form of a node shows first."""
    users = "" if node.capacity_users == node.profile else str(node.capacity_users)
    rated = node.profile * ENDPOINTS_PER_USER
    endpoints = "" if node.capacity_endpoints == rated else str(node.capacity_endpoints)
    return {"name": node.name, "profile": str(node.profile), "users": users, "endpoints": endpoints}


def places(board: Board) -> list[tuple[str, str, str]]:
    """The subclusters of a cluster as choices for a node, each with why it is none."""
    short = {reasons.SUBCLUSTER_FULL.code: "two nodes already", reasons.SUBCLUSTER_HA_ON.code: "HA is on"}
    rows = [
        (str(target.subcluster.pk), target.subcluster.name, short[target.refusal.code] if target.refusal else "")
        for target in checklist.targets(board)
    ]
    return [("", "None: leave it unassigned", ""), *rows]


def subcluster_form(request: HttpRequest, subcluster: Subcluster, address: str) -> SubclusterForm:
    """The form with what is stored of a subcluster; steps of its checklist show it too, so its address is given."""
    shown = {"name": subcluster.name, "description": subcluster.description}
    form = SubclusterForm(request, f"Subcluster {subcluster.name}", address=address, initial=shown)
    form.script = ("change-subcluster", subcluster.cluster.name, subcluster.name)
    return form
