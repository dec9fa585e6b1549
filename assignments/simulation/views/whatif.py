"""What-if: choose a topology and faults, run them in memory, look at what came of it at any instant, share it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import replace_url

from assignments.models import Simulation
from assignments.simulation import whatif
from assignments.simulation.clients import walks
from assignments.simulation.log import lines_in_words, without_repeats
from assignments.simulation.rules import catalogue, timeline
from assignments.simulation.views import chart
from assignments.simulation.views.form_changes import changed_form, filled_form
from assignments.simulation.views.form_start import of_scenario, start_of
from assignments.simulation.views.line_form import MOST_ROWS, LineForm, check_count
from assignments.simulation.views.whatif_form import WhatifForm
from topology.accounts import roles
from topology.dns.rules.tries import Walk
from topology.models import Cluster
from topology.reasons import REASONS
from topology.rules.log_folds import LogEntry
from topology.structure.asked import NumberField, read_form
from topology.structure.selectors import cluster_named
from topology.views.http import needs_role
from topology.views.log_folds import folded


class InstantForm(forms.Form):
    """The instant of a run, in seconds, that an address asks for."""

    t = NumberField()


# --- The form -------------------------------------------------------------------------------------
class ChangeForm(forms.Form):
    """Which change of the form a button asks for, and how many lines the form has."""

    change = forms.CharField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line-TOTAL_FORMS"] = NumberField()  # as formsets name it


class ForkForm(forms.Form):
    """The run that a new one is made from."""

    fork = forms.CharField(required=False)


@require_http_methods(["GET", "POST"])
@needs_role(roles.SEE)
def page(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The form; a POST changes it or runs it."""
    cluster = cluster_named(cluster_name)
    if request.method == "POST":
        if (change := read_form(ChangeForm, request.POST)["change"]) == "run":
            return run(request, cluster.name)
        return _form(request, changed_form(_sent(request, cluster), change).settled())
    here = reverse("what-if", args=[cluster.name])
    if key := read_form(ForkForm, request.GET)["fork"]:
        typed, rows = of_scenario(cluster, key, whatif.named(key).scenario)
        return _form(request, WhatifForm(cluster, typed, rows, here))
    return _form(request, filled_form(WhatifForm(cluster, start_of(cluster), [], here)))


def _sent(request: HttpRequest, cluster: Cluster) -> WhatifForm:
    """The form as it was typed. Raises Refused where its number of lines is none that it can have."""
    typed = {name: request.POST.get(name, "").strip() for name in WhatifForm.base_fields}
    count = read_form(ChangeForm, request.POST)["line-TOTAL_FORMS"] or 0
    check_count(count)
    rows = [
        {name: request.POST.get(f"line-{i}-{name}", "").strip() for name in LineForm.base_fields} for i in range(count)
    ]
    return WhatifForm(cluster, typed, rows, reverse("what-if", args=[cluster.name]))


@require_POST
@needs_role(roles.OPERATE)
def run(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Run what was typed and show the result at its own address."""
    cluster = cluster_named(cluster_name)
    form = _sent(request, cluster).settled()
    document = form.scenario()
    if document is None:
        return _form(request, form, wrong=True)
    return redirect("simulation", whatif.start(document, cluster=cluster, actor=request.user).key)


def _form(request: HttpRequest, form: WhatifForm, *, wrong: bool = False) -> HttpResponse:
    """The form as typed; with the problems of a run that was asked for, 422."""
    context = {
        "cluster": form.cluster,
        "form": form,
        "groups": form.groups,
        "wrong": wrong,
        "entry": catalogue.CATALOGUE.get(str(form.typed.get("entry"))),
        "full": len(form.rows) >= MOST_ROWS,
        "users": sum(n for pair in form.pairs for n, _ in pair.populations.values()),
        "node_count": sum(len(nodes) for _, nodes in form.groups),
        "place": "what-if",
    }
    fragment = bool(request.headers.get("HX-Request"))
    if not fragment:
        context["runs"] = whatif.recent(form.cluster)
    template = "simulation/_whatif_form.html" if fragment else "simulation/whatif.html"
    response = render(request, template, context, status=422 if wrong else 200)
    patch_vary_headers(response, ["HX-Request"])
    return response


# --- A run ----------------------------------------------------------------------------------------
@require_GET
@needs_role(roles.SEE, whatif.cluster_id_of)
def show(request: HttpRequest, key: str) -> HttpResponse:
    """One run: its numbers, charts and log, and the topology at an instant."""
    simulation = whatif.named(key)
    drawn = chart.charts(simulation.timeline, simulation.result["result"])
    log = _shown(simulation.result["log"], drawn)
    t = read_form(InstantForm, request.GET)["t"]
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
        "folded": _folded(simulation.result["log"], log, drawn),
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
    return [
        line | {"why": REASONS.get(line["event"])} for line in lines_in_words(without_repeats(log), _short_names(drawn))
    ]


def _short_names(drawn: chart.Charts) -> dict[str, str]:
    return {node.name: node.name.split(".", 1)[0] for node in drawn.nodes}


def _folded(log: list[dict[str, Any]], lines: list[dict[str, Any]], drawn: chart.Charts) -> list[Any]:
    """The lines as they are read: those that say the same again and again are one."""
    short = _short_names(drawn)
    facts = [
        {key: short.get(fact, fact) if isinstance(fact, str) else fact for key, fact in line.get("facts", {}).items()}
        for line in without_repeats(log)
    ]
    return folded(LogEntry(line["t"], line["event"], each, line) for line, each in zip(lines, facts, strict=True))


def _first_look(log: list[dict[str, Any]]) -> int:
    """The worst instant: what a rehearsal is looked at for."""
    worst = max(log, key=lambda line: int(line["out_of_service"]), default=None)
    return int(worst["t"]) if worst else 0


def _clients(simulation: Simulation, t: int) -> list[tuple[str, Walk]]:
    return walks(simulation.scenario.get("topology") or {}, timeline.at(simulation.timeline, t))


@require_GET
@needs_role(roles.SEE, whatif.cluster_id_of)
def instant(request: HttpRequest, key: str) -> HttpResponse:
    """The topology of a run at an instant, and the mark in its charts."""
    simulation = whatif.named(key)
    t = read_form(InstantForm, request.GET)["t"] or 0
    now = chart.instant(simulation.timeline, lines_in_words(without_repeats(simulation.result["log"])), t)
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
@needs_role(roles.SEE, whatif.cluster_id_of)
def export(request: HttpRequest, key: str) -> HttpResponse:
    """The run as a scenario file for manage.py simulate."""
    simulation = whatif.named(key)
    response = HttpResponse(whatif.export(simulation), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="what-if-{simulation.key}.yaml"'
    return response


@require_POST
@needs_role(roles.SEE, whatif.cluster_id_of)
def delete(request: HttpRequest, key: str) -> HttpResponse:
    """Delete a run; only its author and administrators may."""
    simulation = whatif.delete(key, actor=request.user)
    return redirect("what-if", simulation.cluster.name) if simulation.cluster else redirect("home")
