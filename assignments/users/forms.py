"""Forms of the lists of users: what an address may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from django import forms
from django.http import QueryDict

from assignments.users.listing.filter import UserFilter
from topology import reasons
from topology.models import ENDPOINT_KINDS, MAX_CONTACTS, MAX_USER_ID, Cluster, Node, Subcluster
from topology.reasons import Refused
from topology.structure.asked import NumberField, read_address
from topology.structure.removed import no_subcluster
from topology.structure.selectors import node_in

SHOWS: dict[str, tuple[str, dict[str, Any]]] = {
    "": ("All users", {}),
    "assigned": ("Assigned", {"assigned": True}),
    "unassigned": ("Unassigned", {"assigned": False}),
    "pinned": ("Pinned", {"pinned": True}),
    "out": ("Out of service", {"out_of_service": True}),
    "in": ("In service", {"out_of_service": False, "assigned": True}),
}
LONGEST_QUERY = 2000  # characters of a filter as an address has it


class UserFilterForm(forms.Form):
    """The filter of a list of users as an address has it; `node` 0 is the unassigned users."""

    q = forms.CharField(required=False, max_length=MAX_USER_ID)
    show = forms.ChoiceField(required=False, choices=[(value, label) for value, (label, _) in SHOWS.items()])
    endpoint = forms.ChoiceField(required=False, choices=[("", "Any endpoint"), *ENDPOINT_KINDS.items()])
    contacts = NumberField()
    node = NumberField()
    subcluster = NumberField(least=1)
    cluster = forms.CharField(required=False, max_length=128)


def read_filter(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What an address asks for, by name. Raises Refused for what cannot be read: it must not become "everybody"."""
    asked_for = read_address(UserFilterForm, asked)
    if asked_for["contacts"]:
        asked_for["contacts"] = min(
            asked_for["contacts"], MAX_CONTACTS + 1
        )  # one more than anybody may have finds no one
    return asked_for


def filter_of(asked: Mapping[str, Any], cluster: Cluster) -> tuple[UserFilter, str]:
    """The filter of a cluster's list that stands in an address, and its choice of `show`. Raises Refused."""
    asked_for = read_filter(asked)
    where = UserFilter(
        cluster.pk,
        node_id=asked_for["node"],
        subcluster_id=asked_for["subcluster"],
        endpoint=asked_for["endpoint"],
        q=asked_for["q"],
        contacts_min=asked_for["contacts"] or None,
    )
    return replace(where, **SHOWS[asked_for["show"]][1]), asked_for["show"]


def filter_in(text: str, cluster: Cluster) -> tuple[UserFilter, str]:
    """The filter that a page has written down as one text, such as "show=pinned&node=3"; all of it must be known.

    Raises Refused for a text that cannot be read, or that names a node or subcluster which the cluster has not.
    """
    if len(text) > LONGEST_QUERY:
        raise Refused(reasons.FILTER_NOT_READABLE, problem=f"it has more than {LONGEST_QUERY:,} characters.")
    names = [name for name, _ in parse_qsl(text, keep_blank_values=True)]
    for name in names:
        if name not in UserFilterForm.base_fields or names.count(name) > 1:
            raise Refused(
                reasons.FILTER_NOT_READABLE, problem=f"“{name[:40]}” is not part of a filter, or appears twice."
            )
    where, show = filter_of(QueryDict(text), cluster)
    demand_place(where, cluster)
    return where, show


def demand_place(where: UserFilter, cluster: Cluster) -> None:
    """Raise Refused for a node or subcluster that the cluster does not have."""
    if where.node_id and not Node.objects.filter(cluster=cluster, pk=where.node_id).exists():
        node_in(cluster, where.node_id)
    if where.subcluster_id and not Subcluster.objects.filter(cluster=cluster, pk=where.subcluster_id).exists():
        raise no_subcluster(where.subcluster_id, cluster.subclusters.all(), cluster)
