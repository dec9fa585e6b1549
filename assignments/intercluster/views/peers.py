"""The peers of a cluster: each relation with its two sides, made, removed, synced, broken, rehearsed; the mesh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from assignments.intercluster import mesh, peers, reports
from assignments.intercluster.mesh_list import clusters_of, counts_of, page_of, troubled
from assignments.intercluster.mesh_map import map_of
from assignments.intercluster.rules.mesh import GRAVITY, WELL, WORDS, RehearsalStep, Side, rehearse_fault
from assignments.models import PeerCertificate, PeerFault
from topology import reasons
from topology.accounts import roles
from topology.models import Cluster
from topology.reasons import Refused
from topology.structure.asked import NumberField, read_address, read_form
from topology.structure.selectors import cluster_named
from topology.views.forms import DialogForm, ShownField
from topology.views.http import needs_role

FAULTS = [(fault, label) for fault, label in PeerFault.choices if fault]
STATES = [("", "All relations"), *((state, WORDS[state]) for state in GRAVITY)]
LONGEST = 168  # hours of a rehearsal
MOST_MOVES = 1_000_000


class MeshForm(forms.Form):
    """Which relations of the mesh an address asks for."""

    state = forms.ChoiceField(required=False, choices=STATES)
    cluster = forms.CharField(required=False, max_length=255)
    q = forms.CharField(required=False, max_length=255)
    page = NumberField(least=1, most=1_000_000)


class PeerForm(forms.Form):
    """How a relation is changed: on both sides, towards which address, with which fault of this side."""

    both = forms.BooleanField(required=False)
    address = forms.CharField(required=False)
    fault = forms.CharField(required=False)


class ReleaseForm(DialogForm):
    """The software release of a cluster."""

    about = {reasons.RELEASE_NOT_VALID.code: "release"}
    release = ShownField("Software release", kind="text")


class RehearsalForm(forms.Form):
    """A fault of a peer, for so many hours in which so many users move an hour."""

    fault = forms.ChoiceField(label="Fault", choices=FAULTS)
    peer = forms.ChoiceField()  # one of those that the cluster knows
    hours = NumberField(label="for hours", least=1, most=LONGEST)
    moves = NumberField(label="users moved an hour", most=MOST_MOVES)

    def __init__(self, asked: Mapping[str, Any], sides: Sequence[Side]) -> None:
        super().__init__(asked if "fault" in asked else None, initial={"hours": 1, "moves": 0}, label_suffix="")
        self.fields["peer"] = forms.ChoiceField(label="of", choices=[(side.remote, side.remote) for side in sides])
        self.sides = {side.remote: side for side in sides}
        for name, field in self.fields.items():
            look = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs["class"] = f"{look} {look}-sm"
            field.error_messages["invalid_choice"] = "Choose one of the list."
            if self.is_bound and name in self.errors:
                field.widget.attrs["aria-invalid"] = "true"

    def steps(self) -> list[RehearsalStep]:
        """What the fault would do, once it is asked about."""
        if not (self.is_bound and self.is_valid()):
            return []
        asked = self.cleaned_data
        return rehearse_fault(self.sides[asked["peer"]], asked["fault"], asked["moves"] or 0, asked["hours"] or 1)


@require_GET
@needs_role(roles.SEE)
def all_peers(request: HttpRequest) -> HttpResponse:
    """The whole mesh: its map, what is wrong, and each cluster; `state`, `cluster` and `q` choose relations instead."""
    clusters = list(roles.clusters_of(request.user))
    links = mesh.mesh(clusters, timezone.now(), counted=False)
    asked = read_address(MeshForm, request.GET)
    state, words = asked["state"], asked["q"].lower().split()
    name = next((cluster.name for cluster in clusters if cluster.name == asked["cluster"]), "")
    shown = [
        link
        for link in links
        if state in ("", link.state)
        and (not name or name in link.of)
        and all(any(word in one for one in link.of) for word in words)
    ]
    chosen = {"state": state, "cluster": name, "q": " ".join(words)}
    some = any(chosen.values())
    context = {
        "place": "peers",
        "path": request.get_full_path(),
        "map": map_of(clusters, [link for link in links if link.state != WELL]),
        "clusters": clusters,
        "page": page_of(shown if some else troubled(links), asked["page"] or 1),
        "rows": [] if some else clusters_of([(one.name, one.release) for one in clusters], links),
        "counts": counts_of(links),
        "states": STATES,
        "asked": chosen,
        "query": urlencode({key: value for key, value in chosen.items() if value}),
        "chosen": some,
    }
    return render(request, "intercluster/all_peers.html", context)


@require_GET
@needs_role(roles.SEE)
def of_cluster(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Every other cluster with the state of the relation, and what can be done about it."""
    cluster = cluster_named(cluster_name)
    return _of_cluster(request, cluster, ReleaseForm(initial={"release": cluster.release}))


def _of_cluster(request: HttpRequest, cluster: Cluster, release_form: ReleaseForm) -> HttpResponse:
    now = timezone.now()
    links = mesh.of_cluster(cluster, list(roles.clusters_of(request.user)), now)
    rows = []
    for link in sorted(links, key=lambda link: (GRAVITY.index(link.state), link.of)):
        other = next(name for name in link.of if name != cluster.name)
        rows.append((other, link, next((side for side in link.sides if side.cluster == cluster.name), None)))
    context = {
        "cluster": cluster,
        "place": "peers",
        "rows": rows,
        "faults": FAULTS,
        "fault_words": dict(PeerFault.choices),
        "certificates": dict(PeerCertificate.choices),
        "release_form": release_form,
    }
    sides = [side for _, _, side in rows if side]
    if sides:
        context["rehearsal"] = RehearsalForm(request.GET, sides)
    return render(request, "intercluster/peers.html", context, status=release_form.status)


@require_POST
@needs_role(roles.ADMINISTER)
def act(request: HttpRequest, cluster_name: str, remote: str, what: str) -> HttpResponse:
    """Make or remove a relation on both sides or this one, sync it now, break or repair this side."""
    cluster, other = cluster_named(cluster_name), cluster_named(remote)
    asked = read_form(PeerForm, request.POST)
    both = asked["both"]
    if both:
        _demand_administrator(request.user, other)
    if what == "make":
        peers.make(cluster, other, actor=request.user, both=both, address=asked["address"])
        text = f"{cluster.name} and {other.name} are peers." if both else f"{cluster.name} knows {other.name} now."
    elif what == "remove":
        peers.remove(cluster, other, actor=request.user, both=both)
        text = f"The relation with {other.name} was removed{'' if both else ' on this side'}."
    elif what == "sync":
        peers.sync_now(cluster, other)
        text = f"Synced with {other.name}."
    elif what == "end-reports":
        source = reports.end(cluster, other, actor=request.user)
        text = f"{source} no longer reports on {other.name}; the console syncs it."
    elif what == "fault":
        peers.set_fault(cluster, other, asked["fault"], actor=request.user)
        peers.sync_now(cluster, other)
        text = "Done."
    else:
        raise Refused(reasons.NO_SUCH_PEER, cluster=cluster.name, remote=other.name)
    messages.success(request, text, extra_tags="good")
    return redirect("peers", cluster.name)


def _demand_administrator(user: Any, other: Cluster) -> None:
    if roles.reach_of(user).role_in(other.pk) != roles.ADMINISTER:
        raise roles.lacking(roles.ADMINISTER, other)


@require_POST
@needs_role(roles.ADMINISTER)
def release(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Note which software release the cluster runs."""
    cluster = cluster_named(cluster_name)
    form = ReleaseForm(request.POST)

    def act(given: dict[str, Any]) -> HttpResponse:
        peers.set_release(cluster, actor=request.user, **given)
        messages.success(request, "Saved.", extra_tags="good")
        return redirect("peers", cluster.name)

    return form.carry_out(act) or _of_cluster(request, cluster, form)
