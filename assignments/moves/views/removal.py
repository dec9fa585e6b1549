"""Taking the chosen users out of a cluster: what they lose, confirmed by the number that is typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_http_methods

from assignments.moves import pins
from assignments.moves.views.selection import dialog_query, fields, for_scripts, label, selection
from assignments.users.removal import RemovedUsers, remove_users
from topology import reasons
from topology.accounts import pseudonyms, roles
from topology.models import Cluster
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.structure.asked import number
from topology.structure.selectors import cluster_named
from topology.views.answers import toast
from topology.views.forms import DialogForm, ShownField, show_form
from topology.views.http import needs_role


def _typed_count(text: str) -> int:
    typed = number(text.strip().replace(",", ""))
    if typed is None:
        raise Refused(reasons.INPUT_NOT_A_NUMBER, value="", where="")
    return typed


class RemovalForm(DialogForm):
    """How many users go, typed to confirm it."""

    count = ShownField("The number to confirm", read=_typed_count)

    def refuse(self, refusal: Refused, name: str = "") -> None:
        """Show a refusal; another number is a slip of who types it, and is said in words of its own."""
        if refusal.code != reasons.SELECTION_CHANGED.code:
            return super().refuse(refusal, name)
        self.refusal = refusal
        problem = forms.ValidationError("This is not the number of users who go.", code=refusal.code)
        return self.add_error("count", problem)


@require_http_methods(["GET", "POST"])
@needs_role(roles.ADMINISTER)
def remove(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Who would go and what they lose; then, with the number typed, they are removed."""
    cluster = cluster_named(cluster_name)
    if (asked := dialog_query(request)) is not None:
        return _dialog(request, cluster, asked, RemovalForm())
    form = RemovalForm(request.POST)

    def act(given: dict[str, Any]) -> HttpResponse:
        rows = selection(request.POST, cluster).rows()
        removed = remove_users(cluster, rows, actor=request.user, confirmed=given["count"])
        stay = f" {removed.refused_total:,} stay." if removed.refused_total else ""
        count = counted(removed.removed, "user")
        return toast(request, f"Removed {count}, operation {removed.operation}.{stay}", close=True)

    return form.carry_out(act) or _dialog(request, cluster, request.POST, form)


def _dialog(request: HttpRequest, cluster: Cluster, asked: QueryDict, form: RemovalForm) -> HttpResponse:
    chosen = selection(asked, cluster)
    preview = remove_users(cluster, chosen.rows(), actor=request.user, dry_run=True)
    if not preview.removed + preview.refused_total:
        raise Refused(reasons.PEOPLE_NOBODY, cluster=cluster.name)
    context: dict[str, Any] = {
        "cluster": cluster,
        "preview": preview,
        "because": " ".join(_because(preview)),
        "label": label("Remove", chosen, preview.removed + preview.refused_total),
        "fields": fields(asked),
        "chosen": for_scripts(chosen),
        "pins": pins.pins_of(chosen) if preview.pinned else [],
    }
    return show_form(request, "moves/_remove.html", form, **context)


def _because(preview: RemovedUsers) -> list[str]:
    """Why users stay: each reason once, and no one by name while names are hidden."""
    if pseudonyms.is_down():
        return []
    return preview.sentences[:5]
