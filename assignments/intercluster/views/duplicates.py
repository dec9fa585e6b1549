"""The page of duplicates: everybody who shares a user ID or a directory URI, with the fix on each side."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from assignments.intercluster import duplicates as mend
from assignments.intercluster import selectors
from topology import reasons
from topology.accounts import pseudonyms, roles
from topology.models import MAX_URI
from topology.reasons.words import counted
from topology.structure.asked import ConfirmForm, NumberField, read_form
from topology.structure.selectors import cluster_named
from topology.views.forms import DialogForm, ShownField
from topology.views.http import needs_role

SHOWN = 100  # URIs on one page


class DuplicatesForm(forms.Form):
    """Whose duplicates an address asks for, and the URI after which its page begins."""

    cluster = forms.CharField(required=False, max_length=128)
    after = forms.CharField(required=False, max_length=MAX_URI, strip=False)


class UriForm(DialogForm):
    """Another URI for a user, or none."""

    about = {reasons.URI_NOT_VALID.code: "uri", reasons.URI_TAKEN.code: "uri"}
    uri = ShownField("New directory URI", kind="text")


class UnassignForm(ConfirmForm):
    """Which user of a cluster is unassigned; without one all that were confirmed."""

    user = NumberField()


@require_GET
@needs_role(roles.SEE)
def duplicates(request: HttpRequest) -> HttpResponse:
    """All of them, a page at a time; those of one cluster with `cluster`."""
    return _page(request)


def _page(request: HttpRequest, form: UriForm | None = None, key: int | None = None) -> HttpResponse:
    """The page that an address asks for; `form` as it was typed for the user of `key`."""
    asked = read_form(DuplicatesForm, request.GET)
    after = asked["after"]
    only = roles.reach_of(request.user).only
    seen = {cluster.pk: cluster for cluster in roles.clusters_of(request.user)}
    chosen = cluster_named(asked["cluster"]) if asked["cluster"] else None
    within = only if chosen is None else [pk for pk in seen if pk == chosen.pk]
    uris = selectors.doubled_uris(within, after, SHOWN + 1)
    operated = roles.clusters_with(request.user, roles.OPERATE)
    claims = selectors.claims(within, limit=SHOWN + 1) if not after else []
    context: dict[str, Any] = {
        "place": "duplicates",
        "chosen": chosen,
        "seen": list(seen.values()),
        "reach": set(seen),
        "users": selectors.doubled_users(within) if not after else [],
        "uris": uris[:SHOWN],
        "more": uris[SHOWN - 1].uri if len(uris) > SHOWN else "",
        "claims": claims[:SHOWN],
        "more_claims": len(claims) > SHOWN,
        "unassign": len(selectors.claimed_keys(chosen)) if chosen and claims else 0,
        "operated": set(seen) if operated is None else set(operated),
        "clear": mend.clear(chosen, actor=None, dry_run=True)["cleared"] if chosen else 0,
        "longest": MAX_URI,
        "hidden": pseudonyms.is_down(),
        "form": form,
        "form_of": key,
    }
    return render(request, "intercluster/duplicates.html", context, status=form.status if form else 200)


@require_POST
@needs_role(roles.ADMINISTER)
def clear(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Take the URI from all sharers of a cluster; the number is the one that was shown."""
    cluster = cluster_named(cluster_name)
    done = mend.clear(cluster, actor=request.user, **read_form(ConfirmForm, request.POST))
    text = f"{counted(done['cleared'], 'user')} of {cluster.name} lost the shared directory URI."
    messages.success(request, f"{text} Operation {done['operation']} undoes it.", extra_tags="good")
    return redirect("duplicates")


@require_POST
@needs_role(roles.ADMINISTER)
def set_uri(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """Give one user another URI, or none."""
    cluster = cluster_named(cluster_name)
    form = UriForm(request.POST)

    def act(given: dict[str, Any]) -> HttpResponse:
        operation = mend.set_uri(cluster, pk, actor=request.user, **given)
        said = f"Changed. Operation {operation} undoes it." if operation else "That is the URI already."
        messages.success(request, said, extra_tags="good")
        return redirect("duplicates")

    return form.carry_out_in_page(act) or _page(request, form, pk)


@require_POST
@needs_role(roles.OPERATE)
def unassign_here(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Unassign one user, or all, of a cluster whom a monitor reports at home in another one too."""
    cluster = cluster_named(cluster_name)
    asked = read_form(UnassignForm, request.POST)
    keys = None if asked["user"] is None else [asked["user"]]
    done = mend.unassign_here(cluster, keys, actor=request.user, confirmed=asked["confirmed"])
    who = f"{counted(done.total, 'user is|users are')}{' being' if done.active else ''} unassigned in {cluster.name}."
    messages.success(request, f"{who} The undo of operation {done.pk} gives the homes back.", extra_tags="good")
    return redirect("duplicates")
