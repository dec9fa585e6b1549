"""The pane with a list of users beside the map: whose, which of them, one window of it, and its addresses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from assignments.population.board_topics import topics
from assignments.population.selectors import Board, NodeView, node_of, subcluster_of
from assignments.users.forms import SHOWS, filter_of
from assignments.users.listing import pages, places
from assignments.users.listing.filter import PAGE, UserFilter
from assignments.users.listing.order import COLUMNS, ListOrder, order_in
from assignments.users.listing.order import MOST as SORTED_MOST
from assignments.users.views.list_addresses import WindowForm, id_at, place_of, query_of
from assignments.users.views.user_row import UserRow, row_of
from topology.accounts import pseudonyms
from topology.models import ENDPOINT_KINDS, Cluster, EndUser, Node
from topology.structure.asked import read_form

LARGE = 120  # rows of a window on a tall screen
SHIFT = 15  # of 50 rows: so many a list goes on at a time; the other rows stay where they are
EDGE = 3  # rows from the end of a list at which it goes on


@dataclass(frozen=True)
class Pane:
    """The list of users beside the map: whose, which of them, and one window of at most 50 rows."""

    board: Board
    where: UserFilter
    show: str = ""
    order: ListOrder = pages.USUAL
    after: str = ""
    before: str = ""
    from_end: bool = False  # the end of the list
    jump: int | None = None  # how many users a scroll bar skipped
    near: int = 0  # about where the window stands, in a list too long to be counted
    size: int = PAGE
    too_long: str = ""  # the column that the list is too long to be sorted by

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
        pairs = [self.query, urlencode({"sort": str(self.order)}) if str(self.order) else ""]
        asked = "&".join(pair for pair in pairs if pair)
        return f"{address}?{asked}" if asked else address

    def _window(self, **cursor: object) -> str:
        more = {"sort": str(self.order), "rows": self.size if self.size != PAGE else "", **cursor}
        asked = urlencode({name: value for name, value in more.items() if value != ""})
        pairs = [*(self.query.split("&") if self.query else []), "list=1", asked]
        return f"{reverse('users', args=[self.cluster.name])}?{'&'.join(pairs).strip('&')}"

    @property
    def here(self) -> str:
        """The address of this very window."""
        return self._here()

    def _here(self, **more: object) -> str:
        if self.from_end:
            return self._window(last=1, **more)
        if self.before:
            return self._window(before=self.before, near=self.first_at, **more)
        after = self._found[1]
        return self._window(after=after, near=self.first_at, **more) if after else self._window(**more)

    @property
    def anywhere(self) -> str:
        """The address of the list in its order, to which a place may be added."""
        return self._window()

    @property
    def larger(self) -> str:
        """This window with room for the rows of a tall screen; nothing where it has that."""
        return self._here(rows=LARGE) if self.size != LARGE and len(self.rows) == self.size else ""

    @property
    def heads(self) -> list[dict[str, object]]:
        """The heads of the columns: what a click on each asks for, and which one the list is sorted by."""
        rows = []
        for column, label in COLUMNS.items():
            order, mine = self.order.other_way(column), column == self.order.column
            way = ("descending" if self.order.descending else "ascending") if mine else "none"
            address = replace(self, order=order, after="", before="", from_end=False, jump=None).anywhere
            open_to = order.of_people or self.sortable
            rows.append({"name": column, "label": label, "way": way, "address": address, "open": open_to})
        return rows

    @property
    def sortable(self) -> bool:
        """Whether it is short enough to be sorted by where people are."""
        return not self.capped and self.count <= SORTED_MOST

    sorted_most = SORTED_MOST

    # --- The rows ---------------------------------------------------------------------------------

    @cached_property
    def _found(self) -> tuple[pages.UserPage, str]:
        """The page, and the cursor that it follows on."""
        where, size, order = self.where, self.size, self.order
        if self.from_end:
            return pages.user_page_before(where, "", size, order), ""
        if self.before:
            return pages.user_page_before(where, self._named(self.before), size, order), ""
        if self.jump is not None:
            page, cursor = places.page_at(where, self.jump, self.count, size, order=order)
            return page, self._address_of(cursor)
        return pages.user_page(where, self._named(self.after), size, order), self.after

    def _named(self, cursor: str) -> str:
        return id_at(cursor) if self.order.by_id else cursor

    def _address_of(self, cursor: str) -> str:
        """A cursor of the list as an address has it: by key while names are hidden."""
        if not (cursor and self.order.by_id and pseudonyms.is_down()):
            return cursor
        pk = EndUser.objects.filter(folded=cursor).values_list("pk", flat=True).first()
        return f"~{pk}" if pk else ""

    @property
    def _page(self) -> pages.UserPage:
        return self._found[0]

    @cached_property
    def first_at(self) -> int:
        """How many users of the list stand before the first row; estimated in a list too long to be counted."""
        if not self._page.earlier or not self.rows:
            return 0
        if self.from_end:
            return max(0, self.count - len(self.rows))
        if self.exact:
            return places.users_before(self.where, self._named(self.rows[0].cursor), self.order)
        return self.near if self.jump is None else min(self.jump, self.count)

    @property
    def exact(self) -> bool:
        """Whether the places of the rows are counted."""
        return self.count <= places.EXACT

    @cached_property
    def rows(self) -> list[UserRow]:
        return [row_of(assignment, self.nodes, self.order) for assignment in self._page.rows]

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
    def shift(self) -> int:
        """Rows that the list goes on at a time; the other rows stay where they are."""
        return self.size * SHIFT // PAGE

    @property
    def earlier(self) -> str:
        at = min(self.size - self.shift, len(self.rows) - 1)
        return self._window(before=self.rows[at].cursor, near=max(0, self.first_at - self.shift))

    @property
    def later(self) -> str:
        at = min(self.shift, len(self.rows))
        return self._window(after=self.rows[at - 1].cursor, near=self.first_at + at)

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
    where, show = filter_of(request.GET, board.cluster)
    _check_place(board, where)
    asked = read_form(WindowForm, request.GET)
    pane = Pane(
        board,
        where,
        show,
        order=order_in(asked["sort"]),
        after=asked["after"],
        before=asked["before"],
        from_end=asked["last"],
        jump=asked["jump"],
        near=asked["near"] or 0,
        size=LARGE if asked["rows"] == LARGE else PAGE,
    )
    if pane.order.of_people or pane.sortable:
        return pane
    return Pane(board, where, show, too_long=COLUMNS[pane.order.column].lower(), size=pane.size)


def _check_place(board: Board, where: UserFilter) -> None:
    """Raise Refused for a node or subcluster that the cluster does not have."""
    if where.node_id:
        node_of(board, where.node_id)
    if where.subcluster_id:
        subcluster_of(board, where.subcluster_id)
