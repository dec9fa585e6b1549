"""Maintenance of a node: begin it with a reason and an end, follow the order of the work, end it (domain.md §4.9)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from assignments.recovery import maintenance, service
from topology import reasons
from topology.accounts import roles
from topology.models import Node
from topology.reasons import Refused
from topology.structure.selectors import cluster_named, node_in
from topology.views.answers import toast
from topology.views.forms import DialogForm, ShownField, show_form
from topology.views.http import needs_role

SPANS = (("30m", "30 minutes"), ("1h", "1 hour"), ("2h", "2 hours"), ("4h", "4 hours"), ("8h", "8 hours"))


class EndForm(DialogForm):
    """When a maintenance ends: after a span, or at a time of day."""

    about = {
        reasons.MAINTENANCE_END_NOT_VALID.code: "for",
        reasons.MAINTENANCE_NO_REASON.code: "reason",
    }

    def __init__(self, *args: Any, node: Node | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.node = node  # that of a form that was sent
        self.fields["for"] = ShownField("Ends after", kind="select", choices=SPANS, initial="2h")
        self.fields["until"] = ShownField("Ends at", kind="time")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        span, until = given.pop("for"), given.pop("until")
        if self.node:
            try:
                given["until"] = maintenance.end_of(self.node.cluster, span, until)
            except Refused as refusal:
                self.refuse(refusal)
        return given

    @property
    def span(self) -> BoundField:
        """The field `for`, by a name that templates and Python can say."""
        return self["for"]


class BeginForm(EndForm):
    """Why a node is worked on, and for how long."""

    def __init__(self, *args: Any, node: Node | None = None, **kwargs: Any) -> None:
        super().__init__(*args, node=node, **kwargs)
        read = partial(maintenance.checked_reason, node) if node else None
        self.fields["reason"] = ShownField("Reason", kind="text", read=read)


@require_GET
@needs_role(roles.OPERATE)
def show(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """The form of a node that no one works on, or the order of the work; its steps alone for the live stream."""
    return _show(request, node_in(cluster_named(cluster_name), pk))


def _show(request: HttpRequest, node: Node, form: EndForm | None = None) -> HttpResponse:
    address = reverse("maintenance", args=[node.cluster.name, node.pk])
    context: dict[str, Any] = {"cluster": node.cluster, "node": node}
    if node.in_maintenance:
        context["work"] = maintenance.work(node, timezone.now())
    if "steps" in request.GET:  # in its own place: by the time of the answer the dialog may show something else
        return render(request, "recovery/maintenance/_steps.html", context)
    if node.in_maintenance:
        shown = form or EndForm()
        return show_form(request, "recovery/maintenance/_form.html", shown, address=f"{address}/extend", **context)
    context |= {"obstacle": maintenance.refusal(node), "longest": maintenance.LONGEST_REASON}
    shown = form or BeginForm()
    return show_form(request, "recovery/maintenance/_begin.html", shown, address=f"{address}/begin", **context)


@require_POST
@needs_role(roles.OPERATE)
def act(request: HttpRequest, cluster_name: str, pk: int, what: str) -> HttpResponse:
    """One step of the work, and how it stands then."""
    cluster = cluster_named(cluster_name)
    node = node_in(cluster, pk)
    if what not in FORMS and what not in STEPS:
        raise Http404
    if what != "begin" and not node.in_maintenance:  # it ended while its order was looked at
        raise Refused(reasons.MAINTENANCE_NOT_ON, node=node.name)
    if what in FORMS:
        kind, change = FORMS[what]
        form = kind(request.POST, node=node)

        def carry_out(given: dict[str, Any]) -> HttpResponse:
            change(node, actor=request.user, **given)
            return _show(request, node_in(cluster, pk))

        return form.carry_out(carry_out) or _show(request, node, form)
    STEPS[what](request, node)
    if what == "end":  # the form that begins another one would look as if nothing had ended
        return toast(request, f"The maintenance of {node.short_name} is over.", close=True)
    return _show(request, node_in(cluster, pk))


def _end(request: HttpRequest, node: Node) -> None:
    maintenance.end(node, actor=request.user)


def _ha(switch: Callable[..., object]) -> Callable[[HttpRequest, Node], None]:
    def act(request: HttpRequest, node: Node) -> None:
        if node.subcluster is None:
            raise Refused(reasons.NODE_NOT_IN_SUBCLUSTER, node=node.name)
        switch(node.subcluster, request.user)

    return act


FORMS: dict[str, tuple[type[EndForm], Callable[..., Node]]] = {
    "begin": (BeginForm, maintenance.begin),
    "extend": (EndForm, maintenance.extend),
}
STEPS: dict[str, Callable[[HttpRequest, Node], None]] = {
    "end": _end,
    "ha-off": _ha(service.disable_ha),
    "ha-on": _ha(service.enable_ha),
}
