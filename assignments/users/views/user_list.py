"""What the templates are given, in their words: the topics of a board, and the pane with a list of users."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from assignments.models import Assignment
from assignments.population.selectors import Board, NodeView, node_of, subcluster_of
from assignments.users import pages
from assignments.users.filter import PAGE, UserFilter
from assignments.users.forms import SHOWS, filter_of
from topology.accounts import pseudonyms
from topology.models import ENDPOINT_KINDS, Cluster, EndUser, Node
from topology.views.reading import number

SHIFT = 15  # rows a list goes on at a time; the other rows stay where they are
EDGE = 3  # rows from the end of a list at which it goes on


def topics(board: Board) -> str:
    """Everything that changes a number of the board."""
    names = [f"cluster-{board.cluster.pk}", f"history-{board.cluster.pk}"]
    names += [f"subcluster-{view.subcluster.pk}" for view in board.subclusters]
    return " ".join(names + [f"node-{view.node.pk}" for view in board.nodes])


@dataclass(frozen=True)
class UserRow:
    """One user of a list."""

    pk: int
    cursor: str  # in the order of the list
    user_id: str
    name: str
    pinned: bool
    signed_in: bool
    endpoints: int
    endpoint_names: str
    home: str  # named only where the list is not that of one node
    away: str
    out: bool


@dataclass(frozen=True)
class Pane:
    """The list of users beside the map: whose, which of them, and one window of at most 50 rows."""

    board: Board
    where: UserFilter
    show: str = ""
    after: str = ""
    before: str = ""

    @property
    def cluster(self) -> Cluster:
        return self.board.cluster

    @cached_property
    def nodes(self) -> dict[int, Node]:
        return {view.node.pk: view.node for view in self.board.nodes}

    @property
    def node(self) -> Node | None:
        return self.nodes.get(self.where.node_id or 0)

    @property
    def shows(self) -> str:
        """What the list shows, in the words of the drop targets."""
        if self.where.node_id is not None:
            return f"node:{self.where.node_id}" if self.where.node_id else "unassigned"
        return f"subcluster:{self.where.subcluster_id}" if self.where.subcluster_id else "cluster"

    @property
    def title(self) -> str:
        if self.node:
            return self.node.short_name
        return {"unassigned": "Unassigned users", "cluster": "All users"}.get(self.shows) or self._subcluster_name

    @property
    def full_title(self) -> str:
        return self.node.name if self.node else self.title

    @property
    def _subcluster_name(self) -> str:
        names = (v.subcluster.name for v in self.board.subclusters if v.subcluster.pk == self.where.subcluster_id)
        return next(names, "")

    @property
    def topics(self) -> str:
        return f"node-{self.node.pk}" if self.node else topics(self.board)

    # --- The filter -------------------------------------------------------------------------------

    shows_choices = [(value, label) for value, (label, _) in SHOWS.items()]
    endpoint_choices = [("", "Any endpoint"), *ENDPOINT_KINDS.items()]

    @property
    def filtered(self) -> bool:
        return bool(self.where.q or self.show or self.where.endpoint or self.where.contacts_min)

    @property
    def place(self) -> list[tuple[str, str]]:
        """Whose users, as parameters of the address."""
        return place_of(self.where)

    @property
    def query(self) -> str:
        """The filter as it stands in the address of the page."""
        return query_of(self.where, self.show)

    @property
    def page_address(self) -> str:
        address = reverse("cluster", args=[self.cluster.name])
        return f"{address}?{self.query}" if self.query else address

    def _window(self, **cursor: str) -> str:
        pairs = self.query.split("&") if self.query else []
        return (
            f"{reverse('users', args=[self.cluster.name])}?{'&'.join([*pairs, 'list=1', urlencode(cursor)]).strip('&')}"
        )

    @property
    def here(self) -> str:
        """The address of this very window."""
        if self.before:
            return self._window(before=self.before)
        return self._window(after=self.after) if self.after else self._window()

    # --- The rows ---------------------------------------------------------------------------------

    @cached_property
    def _page(self) -> pages.UserPage:
        if self.before:
            return pages.user_page_before(self.where, id_at(self.before))
        return pages.user_page(self.where, id_at(self.after))

    @cached_property
    def rows(self) -> list[UserRow]:
        return [self._row(assignment) for assignment in self._page.rows]

    def _row(self, assignment: Assignment) -> UserRow:
        user = assignment.user
        home, serving = self.nodes.get(assignment.home_node_id or 0), self.nodes.get(assignment.serving_node_id or 0)
        away = serving.short_name if serving and serving is not home else ""
        return UserRow(
            pk=user.pk,
            cursor=cursor_of(assignment),
            user_id=pseudonyms.user_id(user.user_id),
            name=pseudonyms.name(user.name, user.user_id),
            pinned=assignment.pinned,
            signed_in=assignment.signed_in,
            endpoints=assignment.endpoints,
            endpoint_names=", ".join(ENDPOINT_KINDS[kind] for kind in user.endpoints) or "No endpoints",
            home=home.short_name if home and self.where.node_id is None else "",
            away=away,
            out=bool(serving and not (serving.serves and assignment.signed_in)),
        )

    @cached_property
    def _count(self) -> tuple[int, bool]:
        if self.filtered:
            return pages.count_users(self.where)
        if self.where.node_id is None and self.where.subcluster_id is None:
            return self.board.users, False
        if self.where.node_id == 0:
            return self.board.unassigned, False
        return sum(view.home.users for view in self.board.nodes if self._holds(view)), False

    def _holds(self, view: NodeView) -> bool:
        return self.where.node_id == view.node.pk or (
            self.where.subcluster_id is not None and view.node.subcluster_id == self.where.subcluster_id
        )

    @property
    def count(self) -> int:
        return self._count[0]

    @property
    def capped(self) -> bool:
        return self._count[1]

    @property
    def earlier_at(self) -> int:
        """The row before which the list asks for earlier ones, or -1."""
        return min(EDGE, len(self.rows) - 1) if self._page.earlier else -1

    @property
    def later_at(self) -> int:
        """The row after which the list asks for later ones, or -1."""
        return len(self.rows) - EDGE if self._page.next_cursor and len(self.rows) > EDGE else -1

    @property
    def first(self) -> int:
        return self.rows[0].pk

    @property
    def last(self) -> int:
        return self.rows[-1].pk

    @property
    def earlier(self) -> str:
        return self._window(before=self.rows[min(PAGE - SHIFT, len(self.rows) - 1)].cursor)

    @property
    def later(self) -> str:
        return self._window(after=self.rows[min(SHIFT, len(self.rows)) - 1].cursor)

    @property
    def empty_hint(self) -> str:
        if self.filtered:
            return "One or two letters match the beginning of a user ID; three or more any part of ID, name or mail."
        if self.shows == "unassigned":
            return "All users have a home node. Users dropped here lose theirs."
        if not self.board.users:
            return "Import users with the button above, or with: manage.py import_users CLUSTER FILE"
        return "Drag users here from another node, or make a plan with Rebalance."


def pane(request: HttpRequest, board: Board) -> Pane:
    """The pane that an address asks for. Raises Refused for a node or subcluster that the cluster does not have."""
    asked = request.GET
    where, show = filter_of(asked, board.cluster)
    _check_place(board, where)
    return Pane(board, where, show, cursor_in(asked, "after"), cursor_in(asked, "before"))


def place_of(where: UserFilter) -> list[tuple[str, str]]:
    """Whose users, as parameters of the address."""
    pairs = (("node", where.node_id), ("subcluster", where.subcluster_id))
    return [(name, str(value)) for name, value in pairs if value is not None]


def query_of(where: UserFilter, show: str) -> str:
    """A filter as it stands in the address of the page."""
    pairs = (("q", where.q), ("show", show), ("endpoint", where.endpoint), ("contacts", where.contacts_min))
    return urlencode([*place_of(where), *((name, str(value)) for name, value in pairs if value)])


def cursor_of(assignment: Assignment) -> str:
    """A user as an address names the place in a list: by key while names are hidden."""
    return f"~{assignment.pk}" if pseudonyms.is_down() else assignment.user.user_id


def cursor_in(asked: QueryDict, name: str) -> str:
    """The place in a list as an address names it."""
    return asked.get(name, "")[:132].replace("\0", "")


def id_at(cursor: str) -> str:
    """The user ID that a place in a list stands for."""
    if pseudonyms.is_down() and cursor.startswith("~") and (key := number(cursor[1:], "cursor")):
        return EndUser.objects.filter(pk=key).values_list("user_id", flat=True).first() or ""
    return cursor


def _check_place(board: Board, where: UserFilter) -> None:
    """Raise Refused for a node or subcluster that the cluster does not have."""
    if where.node_id:
        node_of(board, where.node_id)
    if where.subcluster_id:
        subcluster_of(board, where.subcluster_id)
