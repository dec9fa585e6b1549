"""What the cluster switcher shows when it opens: every cluster as it is now, those with users out of service marked."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from assignments.population.kept import boards_now
from topology.accounts import roles
from topology.structure.asked import read_address
from topology.views.http import needs_role


class SwitcherForm(forms.Form):
    """The cluster of the page that it was opened on."""

    current = forms.CharField(required=False)


@require_GET
@needs_role(roles.SEE)
def switcher(request: HttpRequest) -> HttpResponse:
    """The entries, and the mark of its button while users of another cluster are out of service."""
    current = read_address(SwitcherForm, request.GET)["current"]
    boards = [kept.board for kept in boards_now(list(roles.clusters_of(request.user)))]
    elsewhere = [board.cluster.name for board in boards if board.out_of_service and board.cluster.name != current]
    context = {
        "clusters": [(board.cluster.name, board.out_of_service) for board in boards],
        "current": current,
        "elsewhere": elsewhere,
        "fragment": True,
    }
    return render(request, "shared/_cluster_menu.html", context)
