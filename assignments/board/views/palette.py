"""The command palette: users, nodes, subclusters, clusters, pages and commands by name, as far as the role reaches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from assignments.recovery import reads
from assignments.recovery.rules.commands import Command
from assignments.recovery.views.recovery import ASKED_FIRST, ICONS
from assignments.users.listing import pages
from assignments.users.listing.filter import UserFilter
from topology.accounts import pseudonyms, roles, sentences
from topology.models import MAX_USER_ID, Cluster, Node, Subcluster
from topology.structure.asked import read_form
from topology.views.cluster_places import CLUSTER_PLACES
from topology.views.http import needs_role

MOST = 6  # of each group
NAMED = 2  # letters from which users are looked for
SAYS = {
    Command.FAILOVER: "Fail over {name}",
    Command.FALLBACK: "Fall back to {name}",
    Command.RECOVER: "Recover {name}",
    Command.ENABLE_HA: "Enable HA of {name}",
    Command.DISABLE_HA: "Disable HA of {name}",
}


class PaletteForm(forms.Form):
    """What is typed into the palette, and the cluster that it was opened on."""

    q = forms.CharField(required=False)
    cluster = forms.CharField(required=False)


@dataclass(frozen=True)
class PaletteEntry:
    """Something to go to (`href`), or to do: a dialog that is got or posted for, or what is done at once."""

    label: str
    icon: str
    href: str = ""
    get: str = ""
    post: str = ""
    target: str = "#dialog"
    values: dict[str, str] = field(default_factory=dict)
    hint: str = ""
    why_not: str = ""
    also: str = ""  # other words that find it
    command: str = ""  # of the recovery managers

    @property
    def vals(self) -> str:
        """The values as htmx takes them."""
        return json.dumps(self.values)

    def matches(self, words: list[str]) -> bool:
        text = f"{self.label} {self.also} {self.hint}".casefold()
        return all(word in text for word in words)


Groups = list[tuple[str, list[PaletteEntry]]]


@require_GET
@needs_role(roles.SEE)
def palette(request: HttpRequest) -> HttpResponse:
    """What the words match, the commands first."""
    asked = read_form(PaletteForm, request.GET)
    words = asked["q"][:MAX_USER_ID]
    clusters = list(roles.clusters_of(request.user))
    here = next((one for one in clusters if one.name == asked["cluster"]), None)
    groups = _found(request, words, clusters, here)
    return render(request, "board/_palette.html", {"groups": groups, "asked": words})


@require_GET
@needs_role(roles.SEE)
def keys(request: HttpRequest) -> HttpResponse:
    """Which keys do what."""
    return render(request, "board/_keys.html")


def _found(request: HttpRequest, asked: str, clusters: list[Cluster], here: Cluster | None) -> Groups:
    words = asked.casefold().split()
    shown = [here] if here else clusters
    groups = [
        ("Commands", _best(_commands(request, shown, words), words)),
        ("Nodes", _best(_nodes(clusters), words) if words else []),
        ("Subclusters", _best(_subclusters(clusters), words) if words else []),
        ("Users", _users(asked, clusters, here)),
        ("Pages", _best(_pages(here), words)),
        ("Clusters", _best(_clusters(clusters), words)),
    ]
    return [(name, entries) for name, entries in groups if entries]


def _best(entries: Iterable[PaletteEntry], words: list[str]) -> list[PaletteEntry]:
    matching = [entry for entry in entries if entry.matches(words)]
    matching.sort(key=lambda entry: bool(entry.why_not))
    return matching[:MOST]


def _commands(request: HttpRequest, clusters: list[Cluster], words: list[str]) -> Iterator[PaletteEntry]:
    reach = roles.reach_of(request.user)
    for cluster in clusters[:MOST]:
        role = reach.role_in(cluster.pk)
        if not roles.suffices(role, roles.OPERATE):
            continue
        yield from of_cluster(cluster, administers=role == roles.ADMINISTER)
        if words:
            yield from of_nodes(cluster)


def of_cluster(cluster: Cluster, *, administers: bool) -> Iterator[PaletteEntry]:
    """What can be done with a cluster as a whole."""
    name = cluster.name
    yield PaletteEntry("Rebalance…", "balance", post=reverse("plans", args=[name]), hint=name, also="balance plan")
    if not administers:
        return
    for view, label, icon, also in (
        ("import", "Import users…", "upload", "csv file"),
        ("settings", "Settings…", "settings", "policy balancer clock"),
        ("structure", "Structure…", "cluster", "add remove node subcluster"),
    ):
        yield PaletteEntry(label, icon, get=reverse(view, args=[name]), hint=name, also=also)


def of_nodes(cluster: Cluster) -> Iterator[PaletteEntry]:
    """What can be done with nodes and pairs; what is refused now says why."""
    names = dict(cluster.subclusters.values_list("pk", "name"))
    for pk, controls in reads.controls(cluster).items():
        for button in controls.buttons:
            node = button.node
            kind, key = ("nodes", node.pk) if node else ("subclusters", pk)
            name = node.short_name if node else names[pk]
            asks = button.command in ASKED_FIRST
            address = reverse("ask" if asks else "act", args=[cluster.name, kind, key, button.command])
            yield PaletteEntry(
                SAYS[button.command].format(name=name) + ("…" if asks else ""),
                ICONS[button.command],
                get=address if asks else "",
                post="" if asks else address,
                target="#dialog" if asks else "#messages",
                hint=cluster.name,
                why_not=_why_not(button),
                also=str(button.command),
                command=str(button.command),
            )
    for node in Node.objects.filter(cluster=cluster, subcluster__isnull=False).order_by("number"):
        yield PaletteEntry(
            f"Maintenance of {node.short_name}…",
            "service",
            get=reverse("maintenance", args=[cluster.name, node.pk]),
            hint=cluster.name,
        )
        yield PaletteEntry(
            f"Move all users off {node.short_name}…",
            "users",
            post=reverse("plans", args=[cluster.name]),
            values={"goal": "evacuate", "node": str(node.pk)},
            hint=cluster.name,
            also="evacuate",
        )


def _why_not(button: reads.Button) -> str:
    return sentences.say(button.refused.reason, button.refused.facts) if button.refused else ""


def _nodes(clusters: list[Cluster]) -> Iterator[PaletteEntry]:
    for node in Node.objects.filter(cluster__in=clusters).select_related("cluster").order_by("cluster__name", "number"):
        where = f"{reverse('cluster', args=[node.cluster.name])}?node={node.pk}"
        yield PaletteEntry(node.short_name, "server", href=where, hint=node.cluster.name, also=node.name)


def _subclusters(clusters: list[Cluster]) -> Iterator[PaletteEntry]:
    rows = Subcluster.objects.filter(cluster__in=clusters).select_related("cluster")
    for sub in rows.order_by("cluster__name", "position", "pk"):
        where = f"{reverse('cluster', args=[sub.cluster.name])}?subcluster={sub.pk}"
        yield PaletteEntry(sub.name, "cluster", href=where, hint=sub.cluster.name)


def _pages(here: Cluster | None) -> Iterator[PaletteEntry]:
    if here:
        pages_of = [(one.view, one.label) for one in sorted(CLUSTER_PLACES, key=lambda one: one.folds == "is-rare")]
        for view, label in (*pages_of, ("load", "Load over time")):
            yield PaletteEntry(label, "info", href=reverse(view, args=[here.name]), hint=here.name)
    yield PaletteEntry("All clusters", "cluster", href=reverse("overview"), also="overview")
    yield PaletteEntry("Find users", "search", href=reverse("find-users"), also="search")
    yield PaletteEntry("Keys", "info", get=reverse("keys"), also="shortcuts help")


def _clusters(clusters: list[Cluster]) -> Iterator[PaletteEntry]:
    for cluster in clusters:
        yield PaletteEntry(cluster.name, "cluster", href=reverse("cluster", args=[cluster.name]))


def _users(asked: str, clusters: list[Cluster], here: Cluster | None) -> list[PaletteEntry]:
    """Users whose ID, name or mail has the text; not while names are hidden, when what is typed is a name."""
    if len(asked) < NAMED or pseudonyms.is_down():
        return []
    names = {cluster.pk: cluster.name for cluster in clusters}
    where = UserFilter(here.pk if here else None, q=asked, within=None if here else tuple(names))
    entries = []
    for row in pages.user_page(where, limit=MOST).rows:
        cluster = names[row.cluster_id]
        if here and row.cluster_id == here.pk:
            address = f"{reverse('details', args=[cluster])}?{urlencode({'users': row.pk})}"
            entries.append(PaletteEntry(row.user.user_id, "user", get=address, hint=row.user.name))
        else:
            href = f"{reverse('cluster', args=[cluster])}?{urlencode({'q': row.user.user_id})}"
            entries.append(PaletteEntry(row.user.user_id, "user", href=href, hint=f"{row.user.name}, {cluster}"))
    return entries
