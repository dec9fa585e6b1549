"""A pasted list of user IDs: whose keys they are, and which of them are unknown."""

import re

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from assignments.users.listing.filter import keys_by_id
from topology import reasons
from topology.accounts import roles
from topology.models import Cluster
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.structure.asked import read_form
from topology.structure.selectors import cluster_named
from topology.views.http import needs_role

MOST = 10_000  # user IDs of one paste
NAMED = 10  # unknown ones that are named


class PasteForm(forms.Form):
    """A pasted list of user IDs."""

    ids = forms.CharField(required=False, strip=False)


@require_POST
@needs_role(roles.SEE)
def by_id(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The keys of the users whose IDs stand in a text, one a line or with commas between, and who is unknown."""
    keys, unknown, text = users_of(cluster_named(cluster_name), read_form(PasteForm, request.POST)["ids"])
    return JsonResponse({"users": keys, "unknown": unknown, "text": text})


def users_of(cluster: Cluster, text: str) -> tuple[list[int], list[str], str]:
    """The keys of the users whose IDs stand in a text, the IDs that are unknown, and a sentence. Raises Refused."""
    ids = ids_of(text)
    if len(ids) > MOST:
        raise Refused(reasons.PASTE_TOO_LONG, users=len(ids), most=f"{MOST:,}")
    keys_by_user_id = keys_by_id(cluster, ids)
    unknown = [user_id for user_id, pk in keys_by_user_id.items() if pk is None]
    keys = sorted({pk for pk in keys_by_user_id.values() if pk is not None})
    more = f" and {len(unknown) - NAMED:,} more" if len(unknown) > NAMED else ""
    said = f"{counted(len(keys), 'user')} of {cluster.name} selected."
    if unknown:
        said += f" Unknown here: {', '.join(unknown[:NAMED])}{more}."
    return keys, unknown, said


def ids_of(text: str) -> list[str]:
    """The user IDs of a text: one a line where it has lines, else between commas, semicolons or tabs."""
    lines = [line for line in text.replace("\0", "").splitlines() if line.strip()]
    parts = lines if len(lines) > 1 else re.split(r"[,;\t]", text.replace("\0", ""))
    return [part.strip(" \t,;\"'") for part in parts if part.strip(" \t,;\"'")]
