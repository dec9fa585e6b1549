"""Finding users in all clusters: the address keeps the filter, pages go on by user ID, what matches is exported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any, TypeVar
from urllib.parse import urlencode
from zlib import crc32

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET
from django_htmx.http import replace_url

from assignments.models import Assignment
from assignments.users.forms import SHOWS, read_filter
from assignments.users.listing import pages
from assignments.users.listing.filter import UserFilter, matching_users
from assignments.users.views.export import csv_response
from assignments.users.views.list_addresses import CursorForm, cursor_of, id_at, query_of
from topology.accounts import pseudonyms, roles
from topology.models import ENDPOINT_KINDS, Cluster, Node, Subcluster
from topology.structure.asked import read_form
from topology.structure.removed import no_node, no_subcluster
from topology.structure.selectors import cluster_named
from topology.views.http import needs_role

Place = TypeVar("Place", Node, Subcluster)
KEPT = 32  # lists of choices
VERBS = {"move-dialog": "Move to…", "pin": "Pin…", "unpin": "Unpin…"}.items()  # with all who match


@dataclass(frozen=True)
class Person:
    """One user of the list, and where the cluster's own page shows them."""

    assignment: Assignment
    home: Node | None
    serving: Node | None
    cluster: Cluster

    @property
    def address(self) -> str:
        asked = {"node": self.assignment.home_node_id or 0, "q": self.assignment.user.user_id}
        if pseudonyms.is_down():
            asked.pop("q")
        return f"{reverse('cluster', args=[self.cluster.name])}?{urlencode(asked)}"

    @property
    def away(self) -> Node | None:
        return self.serving if self.serving is not self.home else None

    @property
    def out(self) -> bool:
        return bool(self.serving and not (self.serving.serves and self.assignment.signed_in))

    @property
    def endpoint_names(self) -> str:
        return ", ".join(ENDPOINT_KINDS[kind] for kind in self.assignment.user.endpoints) or "No endpoints"


class Directory:
    """The page: everything it shows is read when the template asks for it."""

    def __init__(self, asked: QueryDict, user: Any, *, exact: bool = False) -> None:
        self.exact, self.within = exact, roles.reach_of(user).only
        self.asked = read_filter(asked)
        self.q, self.show = self.asked["q"], self.asked["show"]
        self.endpoint, self.contacts = self.asked["endpoint"], self.asked["contacts"]
        self.after = read_form(CursorForm, asked)["after"]
        self.where = self._filter()

    # --- Where ------------------------------------------------------------------------------------
    @cached_property
    def clusters(self) -> dict[int, Cluster]:
        clusters = Cluster.objects.all() if self.within is None else Cluster.objects.filter(pk__in=self.within)
        return {cluster.pk: cluster for cluster in clusters}

    @cached_property
    def nodes(self) -> dict[int, Node]:
        return {node.pk: node for node in self._seen(Node.objects.order_by("cluster__name", "number"))}

    @cached_property
    def subclusters(self) -> dict[int, Subcluster]:
        return {sub.pk: sub for sub in self._seen(Subcluster.objects.order_by("cluster__name", "position", "id"))}

    @cached_property
    def cluster(self) -> Cluster | None:
        name = self.asked["cluster"]
        cluster = cluster_named(name) if name else None
        if cluster and cluster.pk not in self.clusters:
            raise roles.lacking(roles.SEE, cluster)
        return cluster

    def _seen(self, rows: QuerySet[Place]) -> QuerySet[Place]:
        """Those of the clusters that may be seen."""
        return rows if self.within is None else rows.filter(cluster_id__in=self.within)

    @cached_property
    def node(self) -> Node | None:
        """The node asked for. Raises Refused when there is none.

        On the page, a node of another cluster than the one just chosen is let go; what acts (`exact`) refuses it.
        """
        key = self.asked["node"]
        wanted = self.nodes.get(key or 0)
        if key and (wanted is None or (self.exact and not self._within(wanted.cluster_id))):
            known = Node.objects.filter(pk__in=[pk for pk, node in self.nodes.items() if self._within(node.cluster_id)])
            raise no_node(
                key, known, self.cluster.pk if self.cluster else None, wanted.name if wanted else "", self.within
            )
        return wanted if wanted and self._within(wanted.cluster_id) else None

    @cached_property
    def subcluster(self) -> Subcluster | None:
        """The subcluster asked for; refused and let go as a node is."""
        key = self.asked["subcluster"]
        subcluster = self.subclusters.get(key or 0)
        if key and (subcluster is None or (self.exact and not self._within(subcluster.cluster_id))):
            known = [pk for pk, sub in self.subclusters.items() if self._within(sub.cluster_id)]
            rows, name = Subcluster.objects.filter(pk__in=known), subcluster.name if subcluster else ""
            raise no_subcluster(key, rows, self.cluster, name, self.within)
        return subcluster if subcluster and self._within(subcluster.cluster_id) else None

    def _within(self, cluster_id: int) -> bool:
        return self.cluster is None or self.cluster.pk == cluster_id

    @property
    def node_options(self) -> SafeString:
        """Choices by cluster; one cluster's alone when it is chosen."""
        return self._options(self.nodes.values(), self.node, attrgetter("short_name"))

    @property
    def subcluster_options(self) -> SafeString:
        return self._options(self.subclusters.values(), self.subcluster, attrgetter("name"))

    def _options(self, places: Iterable[Place], chosen: Place | None, label: Callable[[Place], str]) -> SafeString:
        groups: dict[int, list[tuple[int, str]]] = {pk: [] for pk, _ in self._chosen}
        for place in places:
            if place.cluster_id in groups:
                groups[place.cluster_id].append((place.pk, label(place)))
        named = ((self.clusters[pk].name, tuple(group)) for pk, group in groups.items() if group)
        return _drawn_options(tuple(named), chosen.pk if chosen else None)

    @property
    def _chosen(self) -> list[tuple[int, Cluster]]:
        return [(pk, cluster) for pk, cluster in self.clusters.items() if self._within(pk)]

    # --- Which users ------------------------------------------------------------------------------
    show_choices = [(value, label) for value, (label, _) in SHOWS.items()]
    endpoint_choices = [("", "Any endpoint"), *ENDPOINT_KINDS.items()]

    def _filter(self) -> UserFilter:
        """What is asked for. Raises Refused for a cluster, node or subcluster that there is not."""
        where = UserFilter(
            self.cluster.pk if self.cluster else None,
            node_id=self.node.pk if self.node else None,
            subcluster_id=self.subcluster.pk if self.subcluster else None,
            endpoint=self.endpoint,
            q=self.q,
            contacts_min=self.contacts,
            within=self.within,
        )
        return replace(where, **SHOWS[self.show][1])

    @cached_property
    def page(self) -> pages.UserPage:
        return pages.user_page(self.where, id_at(self.after))

    @cached_property
    def rows(self) -> list[Person]:
        return [self._person(assignment) for assignment in self.page.rows]

    def _person(self, assignment: Assignment) -> Person:
        home, serving = self.nodes.get(assignment.home_node_id or 0), self.nodes.get(assignment.serving_node_id or 0)
        return Person(assignment, home, serving, self.clusters[assignment.cluster_id])

    @cached_property
    def count(self) -> tuple[int, bool]:
        """How many match, and whether there are more than were counted."""
        return pages.count_users(self.where)

    @property
    def topics(self) -> str:
        """What may change who is found, and the numbers of the page; it is read again while its first rows are all."""
        clusters = [self.home.pk] if self.home else [pk for pk, _ in self._chosen]
        return " ".join(["clusters", *(f"{kind}-{pk}" for pk in clusters for kind in ("cluster", "history"))])

    @property
    def filtered(self) -> bool:
        return bool(self.query)

    # --- What is done with all who match ----------------------------------------------------------
    @cached_property
    def home(self) -> Cluster | None:
        """The one cluster that everybody who matches is of, by what is asked for; None where several may be."""
        asked = {place.cluster_id for place in (self.node, self.subcluster) if place}
        cluster_pk = next(iter(asked)) if asked else self.cluster.pk if self.cluster else None
        if cluster_pk is None and len(self.clusters) == 1:
            cluster_pk = next(iter(self.clusters))
        return self.clusters.get(cluster_pk or 0)

    @property
    def chosen(self) -> str:
        """All who match, as the list of their cluster says it."""
        return query_of(self.where, self.show)

    @property
    def chosen_page(self) -> str:
        """The list of their cluster with the same filter."""
        if self.home is None:
            return ""
        address = reverse("cluster", args=[self.home.name])
        return f"{address}?{self.chosen}" if self.chosen else address

    # --- Addresses --------------------------------------------------------------------------------
    @property
    def query(self) -> str:
        """The filter as an address keeps it: what is not asked for is left out."""
        asked: dict[str, object] = {
            "q": self.q,
            "cluster": self.cluster.name if self.cluster else "",
            "subcluster": self.subcluster.pk if self.subcluster else "",
            "node": self.node.pk if self.node else "",
            "show": self.show,
            "endpoint": self.endpoint,
            "contacts": self.contacts or "",
        }
        return urlencode({name: value for name, value in asked.items() if value != ""})

    @property
    def here(self) -> str:
        return _address("find-users", self.query)

    @property
    def export(self) -> str:
        return _address("find-users-export", self.query)

    @property
    def next(self) -> str:
        """The address of the page after this one."""
        following = urlencode({"after": cursor_of(self.page.rows[-1])})
        return _address("find-users", "&".join(part for part in (self.query, following) if part))

    @property
    def key(self) -> str:
        """Names what reads the list again: under another filter it is another, and waits for no answer of this one."""
        return f"{crc32(self.here.encode()):08x}"

    @property
    def next_key(self) -> str:
        """Names the row that fetches the next page: under another filter it must not become the row of a user."""
        return f"{crc32(self.next.encode()):08x}"


@lru_cache(KEPT)
def _drawn_options(groups: tuple[tuple[str, tuple[tuple[int, str], ...]], ...], chosen: int | None) -> SafeString:
    """Drawn once for what they say: 34 clusters have some 300, a third of the page."""
    return render_to_string("users/_search_options.html", {"groups": groups, "chosen": chosen})


def _address(name: str, query: str) -> str:
    return reverse(name) + (f"?{query}" if query else "")


@require_GET
@needs_role(roles.SEE)
def find_users(request: HttpRequest) -> HttpResponse:
    """The first page with its filter, or only the rows of a further one."""
    directory = Directory(request.GET, request.user)
    rows_only = bool(directory.after and request.headers.get("HX-Request"))
    template = "users/_search_rows.html" if rows_only else "users/search.html"
    response = render(request, template, {"place": "users", "found": directory, "verbs": VERBS})
    if request.headers.get("HX-Request") and not rows_only:
        replace_url(response, directory.here)
    return response


@require_GET
@needs_role(roles.SEE)
def export(request: HttpRequest) -> HttpResponse:
    """Everybody who matches in the clusters of which one may have lists, as CSV."""
    if not roles.may_export(request.user):
        raise roles.lacking(roles.EXPORT, None, anywhere=True)
    rows = matching_users(Directory(request.GET, request.user, exact=True).where)
    only = roles.clusters_with(request.user, roles.EXPORT)
    rows = rows if only is None else rows.filter(cluster__in=only)
    return csv_response(request, rows, "users", spreadsheet=True, of_clusters=True)
