"""What-if: choose a topology and faults, run them in memory, look at what came of it at any instant, share it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import replace_url

from assignments.models import Simulation
from assignments.simulation import whatif
from assignments.simulation.clients import walks
from assignments.simulation.log import shown, told
from assignments.simulation.rules import catalogue, timeline
from assignments.simulation.views import chart
from assignments.simulation.views import form as forms
from assignments.simulation.views.form import Reader
from assignments.simulation.views.whatif_form import BUDGETS, KINDS, MOST_ROWS, WhatifForm
from topology.accounts import roles
from topology.dns.rules.tries import Walk
from topology.models import PROFILES, Cluster, DeploymentModel
from topology.reasons import REASONS
from topology.structure.selectors import cluster_named
from topology.views.http import needs
from topology.views.reading import number_in


# --- The form -------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@needs(roles.SEE)
def page(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The form; a POST changes it or runs it."""
    cluster = cluster_named(cluster_name)
    if request.method == "POST":
        return _posted(request, cluster)
    kept = request.GET.get("fork")
    form = (
        WhatifForm.of_scenario(kept, whatif.named(kept).scenario)
        if kept
        else forms.fill(WhatifForm.for_cluster(cluster), cluster)
    )
    return _form(request, cluster, form)


def _posted(request: HttpRequest, cluster: Cluster) -> HttpResponse:
    form = WhatifForm.from_post(request.POST)
    change = request.POST.get("change", "")
    if change != "run":
        return _form(request, cluster, _changed(form, cluster, change))
    return run(request, cluster.name)


def _changed(form: WhatifForm, cluster: Cluster, change: str) -> WhatifForm:
    """What a button or a choice of the form does to it."""
    if change == "add":
        return forms.add_row(form, cluster)
    if match := re.fullmatch(r"remove-(\d{1,3})", change):
        return forms.remove_row(form, int(match[1]))
    if change == "fill":
        return forms.fill(form, cluster)
    # Other nodes or another seed: the lines of the catalogue are made anew, those of a person stay.
    return forms.fill(form, cluster) if change == "topology" and form.untouched else form


@require_POST
@needs(roles.OPERATE)
def run(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Run what was typed and show the result at its own address."""
    cluster = cluster_named(cluster_name)
    form = WhatifForm.from_post(request.POST)
    reader = Reader(form, cluster)
    document = reader.scenario()
    if document is None:
        return _form(request, cluster, form, reader)
    return redirect("simulation", whatif.start(document, cluster=cluster, actor=request.user).key)


def _form(request: HttpRequest, cluster: Cluster, form: WhatifForm, reader: Reader | None = None) -> HttpResponse:
    """The form as typed; with the problems of a run that was asked for, 422."""
    wrong = reader is not None
    reader = reader or Reader(form, cluster)
    if not form.untouched:
        form = replace(form, entry="")
    places = {problem.field: problem for problem in reversed(reader.problems)}
    known = {node for _, nodes in reader.groups for node in nodes}
    context = {
        "cluster": cluster,
        "form": form,
        "rows": [(i, row, row.node in known, places.get(f"row-{i}")) for i, row in enumerate(form.rows)],
        "groups": reader.groups,
        "problems": reader.problems,
        "places": places,
        "wrong": wrong,
        "entries": list(catalogue.CATALOGUE.values()),
        "entry": catalogue.CATALOGUE.get(form.entry),
        "models": DeploymentModel.choices(),
        "profiles": PROFILES,
        "does": forms.DOES,
        "kinds": KINDS,
        "critical": forms.CRITICAL,
        "others": forms.OTHERS,
        "budgets": BUDGETS,
        "full": len(form.rows) >= MOST_ROWS,
        "users": sum(n for pair in reader.pairs for n, _ in pair.populations.values()),
        "node_count": sum(len(nodes) for _, nodes in reader.groups),
        "place": "what-if",
    }
    fragment = bool(request.headers.get("HX-Request"))
    if not fragment:
        context["runs"] = whatif.recent(cluster)
    template = "simulation/_whatif_form.html" if fragment else "simulation/whatif.html"
    response = render(request, template, context, status=422 if wrong and reader.problems else 200)
    patch_vary_headers(response, ["HX-Request"])
    return response


# --- A run ----------------------------------------------------------------------------------------
@require_GET
@needs(roles.SEE, whatif.cluster_id_of)
def show(request: HttpRequest, key: str) -> HttpResponse:
    """One run: its numbers, charts and log, and the topology at an instant."""
    simulation = whatif.named(key)
    drawn = chart.charts(simulation.timeline, simulation.result["result"])
    log = _shown(simulation.result["log"], drawn)
    t = number_in(request.GET, "t")
    numbers = simulation.result["result"]
    served_again = numbers["served_again_at"]
    context = {
        "cluster": simulation.cluster,
        "run": simulation,
        "numbers": numbers,
        "served_after": None if served_again is None else served_again - (drawn.lost_at or 0),
        "fullest": max(drawn.nodes, key=lambda node: node.percent, default=None),
        "charts": drawn,
        "log": log,
        "now": (now := chart.instant(simulation.timeline, log, _first_look(log) if t is None else t)),
        "clients": _clients(simulation, now.t),
        "table": chart.table(simulation.timeline),
        "stayed_out": [node for node in drawn.nodes if node.left_out],
        "may_delete": whatif.may_delete(simulation, request.user),
        "place": "what-if",
    }
    return render(request, "simulation/whatif_run.html", context)


def _shown(log: list[dict[str, Any]], drawn: chart.Charts) -> list[dict[str, Any]]:
    """The lines with their level, and with short names of nodes; what a flapping node repeats is one of them."""
    short = {node.name: node.name.split(".", 1)[0] for node in drawn.nodes}
    return [line | {"why": REASONS.get(line["event"])} for line in told(shown(log), short)]


def _first_look(log: list[dict[str, Any]]) -> int:
    """The worst instant: what a rehearsal is looked at for."""
    worst = max(log, key=lambda line: int(line["out_of_service"]), default=None)
    return int(worst["t"]) if worst else 0


def _clients(simulation: Simulation, t: int) -> list[tuple[str, Walk]]:
    return walks(simulation.scenario.get("topology") or {}, timeline.at(simulation.timeline, t))


@require_GET
@needs(roles.SEE, whatif.cluster_id_of)
def instant(request: HttpRequest, key: str) -> HttpResponse:
    """The topology of a run at an instant, and the mark in its charts."""
    simulation = whatif.named(key)
    now = chart.instant(simulation.timeline, told(shown(simulation.result["log"])), number_in(request.GET, "t") or 0)
    moved = request.headers.get("HX-Trigger") != "scrubber"  # the one under the finger is not replaced
    context = {
        "run": simulation,
        "cluster": simulation.cluster,
        "now": now,
        "clients": _clients(simulation, now.t),
        "fragment": True,
        "moved": moved,
    }
    response = render(request, "simulation/_whatif_instant.html", context)
    if request.headers.get("HX-Request"):  # a reload, or Back, comes to the same instant
        replace_url(response, f"{reverse('simulation', args=[simulation.key])}?t={now.t}")
    return response


@require_GET
@needs(roles.SEE, whatif.cluster_id_of)
def export(request: HttpRequest, key: str) -> HttpResponse:
    """The run as a scenario file for manage.py simulate."""
    simulation = whatif.named(key)
    response = HttpResponse(whatif.export(simulation), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="what-if-{simulation.key}.yaml"'
    return response


@require_POST
@needs(roles.SEE, whatif.cluster_id_of)
def delete(request: HttpRequest, key: str) -> HttpResponse:
    """Delete a run; only its author and administrators may."""
    simulation = whatif.delete(key, actor=request.user)
    return redirect("what-if", simulation.cluster.name) if simulation.cluster else redirect("home")
