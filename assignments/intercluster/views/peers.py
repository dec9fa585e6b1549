"""The peers of a cluster: each relation with its two sides, made, removed, synced, broken, rehearsed; the mesh."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from assignments.intercluster import mesh, peers, reports
from assignments.intercluster.mesh_list import clusters_of, counts_of, page_of, troubled
from assignments.intercluster.mesh_map import map_of
from assignments.intercluster.rules.mesh import GRAVITY, WELL, WORDS, RehearsalStep, Side, rehearse
from assignments.models import PeerCertificate, PeerFault
from topology import reasons
from topology.accounts import roles
from topology.models import MAX_RELEASE, Cluster
from topology.reasons import Refused
from topology.structure.asked import read_address
from topology.structure.selectors import cluster_named
from topology.views.http import needs
from topology.views.reading import number_in

FAULTS = [(fault, label) for fault, label in PeerFault.choices if fault]
STATES = [("", "All relations"), *((state, WORDS[state]) for state in GRAVITY)]
LONGEST = 168  # hours of a rehearsal
MOST_MOVES = 1_000_000


class MeshForm(forms.Form):
    """Which relations of the mesh an address asks for."""

    state = forms.ChoiceField(required=False, choices=STATES)
    cluster = forms.CharField(required=False, max_length=255)
    q = forms.CharField(required=False, max_length=255)
    page = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)


@require_GET
@needs(roles.SEE)
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
@needs(roles.SEE)
def of_cluster(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Every other cluster with the state of the relation, and what can be done about it."""
    cluster, now = cluster_named(cluster_name), timezone.now()
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
        "longest_release": MAX_RELEASE,
    }
    return render(request, "intercluster/peers.html", context | _rehearsal(request.GET, [row[2] for row in rows]))


def _rehearsal(asked: QueryDict, sides: list[Side | None]) -> dict[str, Any]:
    """What a fault would do, when one is asked about."""
    mine = [side for side in sides if side]
    fault, name = asked.get("fault", ""), asked.get("peer", "")
    side = next((side for side in mine if side.remote == name), None)
    hours = min(max(number_in(asked, "hours") or 1, 1), LONGEST)
    moves = min(max(number_in(asked, "moves") or 0, 0), MOST_MOVES)
    steps: list[RehearsalStep] = []
    if side and fault in dict(FAULTS):
        steps = rehearse(side, fault, moves, hours)
    return {"mine": mine, "asked_fault": fault, "asked_peer": name, "hours": hours, "moves": moves, "steps": steps}


@require_POST
@needs(roles.ADMINISTER)
def act(request: HttpRequest, cluster_name: str, remote: str, what: str) -> HttpResponse:
    """Make or remove a relation on both sides or this one, sync it now, break or repair this side."""
    cluster, other = cluster_named(cluster_name), cluster_named(remote)
    both = "both" in request.POST
    if both:
        _demand_administrator(request.user, other)
    if what == "make":
        peers.make(cluster, other, actor=request.user, both=both, address=request.POST.get("address", ""))
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
        peers.set_fault(cluster, other, request.POST.get("fault", ""), actor=request.user)
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
@needs(roles.ADMINISTER)
def release(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Note which software release the cluster runs."""
    cluster = cluster_named(cluster_name)
    peers.set_release(cluster, request.POST.get("release", ""), actor=request.user)
    messages.success(request, "Saved.", extra_tags="good")
    return redirect("peers", cluster.name)
