"""Forms that add and change clusters, subclusters and nodes; an error stands beside its field, what was typed stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from assignments.board import checklist, removal
from assignments.board import structure as structure_service
from assignments.population.selectors import Board, NodeView, board_of, node_of, subcluster_of
from assignments.users.views.user_list import topics
from topology import reasons
from topology.accounts import roles, sentences
from topology.models import ENDPOINTS_PER_USER, PROFILES, DeploymentModel, Mode, Subcluster
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.structure.clusters import create_cluster
from topology.structure.nodes import add_node
from topology.structure.selectors import cluster_named
from topology.structure.subclusters import create_subcluster
from topology.views.answers import toast
from topology.views.http import needs
from topology.views.reading import LONGEST, number, number_in

PROFILE_CHOICES = [(str(profile), f"{profile:,} users") for profile in PROFILES]
ABOUT = {  # the field that a refusal without one of its own is about
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
MOST = 10_000_000  # far beyond any machine, and well within a column


@dataclass(frozen=True)
class StructureField:
    """One field of a form as it is shown; `choices` of (value, label, why not)."""

    name: str
    label: str
    value: str = ""
    hint: str = ""
    kind: str = "text"
    choices: Sequence[tuple[str, str, str]] = ()
    error: str = ""
    required: bool = True


@dataclass(frozen=True)
class StructureForm:
    """A dialog with one form."""

    title: str
    address: str
    submit: str
    fields: tuple[StructureField, ...]
    note: str = ""
    danger: bool = False

    def filled(self, typed: Mapping[str, str]) -> StructureForm:
        """The same with what was typed."""
        return replace(self, fields=tuple(replace(field, value=typed.get(field.name, "")) for field in self.fields))


def answer(
    request: HttpRequest, form: StructureForm, act: Callable[[Mapping[str, str]], HttpResponse], **context: Any
) -> HttpResponse:
    """The form; a good one is acted on, a refused one comes back as it was typed with the reason at its field."""
    if request.method == "GET":
        return show_form(request, form, **context)
    try:
        return act(request.POST.dict())
    except Refused as refusal:
        return show_form(request, form.filled(request.POST.dict()), refusal, **context)


def show_form(
    request: HttpRequest, form: StructureForm, refusal: Refused | None = None, **context: Any
) -> HttpResponse:
    error, about = "", ""
    if refusal:
        error = sentences.whole(refusal, {field.name: field.label for field in form.fields})
        about = str(refusal.facts.get("field") or refusal.facts.get("what") or ABOUT.get(refusal.code, ""))
    fields = tuple(replace(field, error=error if field.name == about else "") for field in form.fields)
    known = about in {field.name for field in fields}
    context |= {"form": replace(form, fields=fields), "refusal": refusal, "error": "" if known else error}
    status = refusal.reason.status if refusal else 200
    return render(request, "board/_structure_form.html", context, status=status)


def whole(typed: Mapping[str, str], field: str) -> int | None:
    """A whole number of a field, None for an empty one. Raises Refused."""
    text = typed.get(field, "").strip().replace(",", "")
    if not text:
        return None
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST else 0
    if not value or value > MOST:
        remedy = f"Enter a whole number from 1 to {MOST:,}, or nothing."
        raise Refused(reasons.VALUE_NOT_VALID, field=field, value=text[:40], remedy=remedy)
    return value


# --- Clusters -------------------------------------------------------------------------------------
@require_GET
@needs(roles.ADMINISTER)
def structure(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Subclusters and nodes of a cluster with the way to each change; the body alone for the live stream."""
    board = board_of(cluster_named(cluster_name))
    context = {"cluster": board.cluster, "board": board, "topics": topics(board)}
    template = "board/_structure_body.html" if "body" in request.GET else "board/_structure.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@needs(roles.ADMINISTER)
def new_cluster(request: HttpRequest) -> HttpResponse:
    """Create a cluster without nodes, and go there."""
    form = StructureForm(
        title="New cluster",
        address=reverse("new-cluster"),
        submit="Create cluster",
        fields=(
            StructureField("name", "Name", hint="Letters, digits, _ and -"),
            StructureField("mode", "New users", Mode.BALANCED.value, kind="select", choices=_plain(Mode.choices)),
            StructureField(
                "model",
                "Deployment model",
                DeploymentModel.BALANCED_REDUNDANT,
                kind="select",
                choices=_plain(DeploymentModel.choices),
            ),
        ),
        note="A new cluster has no nodes. The first node you add is its publisher.",
    )
    return answer(request, form, lambda typed: _create_cluster(request, typed))


def _create_cluster(request: HttpRequest, typed: Mapping[str, str]) -> HttpResponse:
    asked = {name: typed.get(name, "") for name in ("name", "mode", "model")}
    made = create_cluster(asked["name"], mode=asked["mode"], model=asked["model"], actor=request.user)
    return HttpResponseClientRedirect(reverse("cluster", args=[made.name]))


def _plain(choices: Sequence[tuple[Any, Any]]) -> list[tuple[str, str, str]]:
    return [(str(value), str(label), "") for value, label in choices]


@require_http_methods(["GET", "POST"])
@needs(roles.ADMINISTER)
def remove_cluster(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """What goes with a cluster, its name to be typed, and the removal."""
    cluster = cluster_named(cluster_name)
    form = StructureForm(
        title=f"Remove {cluster.name}",
        address=reverse("remove-cluster", args=[cluster.name]),
        submit="Remove it and all its users",
        fields=(StructureField("typed", f"Type the name {cluster.name} to confirm"),),
        danger=True,
    )

    def remove(typed: Mapping[str, str]) -> HttpResponse:
        gone = removal.remove_cluster(cluster, typed.get("typed", ""), actor=request.user)
        with_what = f"{counted(gone.nodes, 'node')} and {counted(gone.users, 'user')}"
        messages.success(request, f"{cluster.name} is removed, with {with_what}.")
        return HttpResponseClientRedirect(reverse("overview"))

    about = {"contents": removal.contents(cluster), "obstacle": removal.obstacle(cluster), "cluster": cluster}
    return answer(request, form, remove, **about)


# --- Subclusters and nodes ------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@needs(roles.ADMINISTER)
def new_subcluster(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Add a subcluster; it serves nobody until it has a node."""
    cluster = cluster_named(cluster_name)
    form = StructureForm(
        title=f"Add a subcluster to {cluster.name}",
        address=reverse("new-subcluster", args=[cluster.name]),
        submit="Add subcluster",
        fields=(
            StructureField("name", "Name", hint="Letters, digits, _ and -; at most 128"),
            StructureField(
                "description", "Description", hint='At most 128 characters, none of " % & \\ < >', required=False
            ),
        ),
    )

    def add(typed: Mapping[str, str]) -> HttpResponse:
        text = typed.get("description", "")
        made = create_subcluster(cluster, typed.get("name", ""), description=text, actor=request.user)
        return toast(request, f"{made.name} is added. It serves no users until it has a node.", close=True)

    return answer(request, form, add)


@require_http_methods(["GET", "POST"])
@needs(roles.ADMINISTER)
def new_node(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Add a node to a cluster, into a subcluster or unassigned."""
    board = board_of(cluster_named(cluster_name))
    first = not board.nodes
    form = StructureForm(
        title=f"Add a node to {board.cluster.name}",
        address=reverse("new-node", args=[board.cluster.name]),
        submit="Add node",
        fields=(
            StructureField("name", "Name", hint="Host name, unique in all clusters: imp1c.example.org"),
            StructureField("profile", "Hardware profile", "5000", kind="select", choices=_plain(PROFILE_CHOICES)),
            *_capacity_fields(),
            StructureField("place", "Subcluster", request.GET.get("place", ""), kind="select", choices=_places(board)),
            StructureField(
                "publisher", "Publisher: the others replicate its database", "on" if first else "", kind="switch"
            ),
        ),
        note="You can add a server before its software is installed.",
    )

    def add(typed: Mapping[str, str]) -> HttpResponse:
        node = add_node(
            board.cluster,
            typed.get("name", ""),
            subcluster=_subcluster_asked(board, typed.get("place", "")),
            profile=number_in(typed, "profile") or 0,
            users=whole(typed, "users"),
            endpoints=whole(typed, "endpoints"),
            publisher=typed.get("publisher") == "on",
            actor=request.user,
        )
        return toast(request, f"{node.name} is added.", close=True)

    return answer(request, form, add)


def _capacity_fields(users: str = "", endpoints: str = "") -> tuple[StructureField, StructureField]:
    return (
        StructureField("users", "Rated users", users, "Empty: from the profile", required=False, kind="number"),
        StructureField(
            "endpoints",
            "Rated endpoints",
            endpoints,
            f"Empty: {ENDPOINTS_PER_USER} for each user of the profile",
            required=False,
            kind="number",
        ),
    )


def _places(board: Board) -> list[tuple[str, str, str]]:
    short = {reasons.SUBCLUSTER_FULL.code: "two nodes already", reasons.SUBCLUSTER_HA_ON.code: "HA is on"}
    rows = [
        (str(target.subcluster.pk), target.subcluster.name, short[target.refusal.code] if target.refusal else "")
        for target in checklist.targets(board)
    ]
    return [("", "None: leave it unassigned", ""), *rows]


def _subcluster_asked(board: Board, text: str) -> Subcluster | None:
    return subcluster_of(board, number(text, "place") or 0).subcluster if text else None


@require_http_methods(["GET", "POST"])
@needs(roles.ADMINISTER)
def change_node(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """The name of a node, its hardware profile and what overrides its capacity."""
    board = board_of(cluster_named(cluster_name))
    view = node_of(board, pk)
    node = view.node

    def store(typed: Mapping[str, str]) -> HttpResponse:
        profile = number_in(typed, "profile") or 0
        wanted = {"users": profile, "endpoints": profile * ENDPOINTS_PER_USER}
        given = {name: whole(typed, name) or usual for name, usual in wanted.items()}
        name, seen = typed.get("name", ""), request.GET.get("seen", node.name)
        structure_service.change_node(node, name=name, seen=seen, profile=profile, **given, actor=request.user)
        return toast(request, "Saved.", close=True)

    return answer(request, _node_form(board, view), store)


def _node_form(board: Board, view: NodeView) -> StructureForm:
    node = view.node
    users = "" if node.capacity_users == node.profile else str(node.capacity_users)
    rated = node.profile * ENDPOINTS_PER_USER
    endpoints = "" if node.capacity_endpoints == rated else str(node.capacity_endpoints)
    address = reverse("change-node", args=[board.cluster.name, node.pk])
    return StructureForm(
        title=f"Name and capacity of {node.short_name}",
        address=f"{address}?{urlencode({'seen': node.name})}",
        submit="Save",
        fields=(
            StructureField(
                "name", "Name", node.name, hint="Host name, unique in all clusters. Rename server and DNS entry too"
            ),
            StructureField(
                "profile", "Hardware profile", str(node.profile), kind="select", choices=_plain(PROFILE_CHOICES)
            ),
            *_capacity_fields(users, endpoints),
        ),
        note=f"Home of {counted(view.home.users, 'user')} with {counted(view.home.endpoints, 'endpoint')}.",
    )
