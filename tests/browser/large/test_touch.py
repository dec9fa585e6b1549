"""Thirty thousand users and a finger: a long press drags, a move at once scrolls, a tap chooses."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from assignments.models import Assignment
from tests.browser.hands import card, homes, lead, lead_over, middle, row, toast
from tests.support.live_stack import LiveStack
from tests.support.worlds import node
from topology.models import Cluster

Open = Callable[..., Page]
pytestmark = [pytest.mark.thousands, pytest.mark.slow]
Place = tuple[float, float]


class Finger:
    """One finger on the glass of a page."""

    def __init__(self, page: Page) -> None:
        self.glass = page.context.new_cdp_session(page)
        self.page = page

    def _send(self, kind: str, *points: Place) -> None:
        touched = [{"x": x, "y": y} for x, y in points]
        self.glass.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touched})

    def hold(self, what: Locator) -> None:
        """Press and stay until the drag has begun."""
        self.at = middle(what)
        self._send("Start", self.at)
        expect(self.page.locator("#ghost")).to_be_visible()

    def lead(self, short: str, level: str) -> None:
        """Lead the drag over a node."""
        lead_over(self.page, card(self.page, short), level, lambda x, y: self.glide((x, y)))

    def lead_to(self, name: str, level: str) -> None:
        """Lead the drag over the head of a subcluster's panel."""
        lead(self.page, name, level, lambda x, y: self.glide((x, y)))

    def glide(self, end: Place, steps: int = 5) -> None:
        start = self.at
        for part in range(1, steps + 1):
            self.at = tuple(a + (b - a) * part / steps for a, b in zip(start, end, strict=True))  # type: ignore[assignment]
            self._send("Move", self.at)

    def swipe(self, what: Locator, up: float) -> None:
        """Press and move at once."""
        self.at = x, y = middle(what)
        self._send("Start", self.at)
        self.glide((x, y - up), 8)
        self.lift()

    def lift(self) -> None:
        self._send("End")


@pytest.fixture
def tablet(open_list: Open) -> Page:
    opened = open_list(has_touch=True, viewport={"width": 1180, "height": 820})
    assert isinstance(opened, Page)
    return opened


def test_a_long_press_drags_what_is_chosen(acme: Cluster, tablet: Page) -> None:
    page, finger = tablet, Finger(tablet)
    row(page, "imp1a-00002").tap()
    row(page, "imp1a-00004").tap()  # a second tap adds: a finger has no Ctrl key
    expect(page.locator("output[data-selected]")).to_have_text("2 selected")
    finger.hold(row(page, "imp1a-00004"))
    finger.lead("imp2b", "warning")
    expect(page.locator("#ghost")).to_contain_text("imp2b will have 5,502 of 5,520 users")
    finger.lead("imp1b", "allowed")
    expect(page.locator("#ghost")).to_contain_text("imp1b will have 4,002 of 15,000 users")
    finger.lift()
    expect(toast(page)).to_contain_text("Moved 2 users to imp1b")
    assert homes(["imp1a-00002", "imp1a-00004"]) == {"imp1b"}
    toast(page).get_by_role("button", name="Undo").tap()
    expect(toast(page)).to_contain_text("Moving 2 users to their former home")

    row(page, "imp1a-00006").tap()
    finger.hold(row(page, "imp1a-00006"))
    finger.lead_to("sc-2", "warning")
    expect(page.locator("#ghost")).to_contain_text("equal shares of capacity: 1 to imp2")
    said = page.locator("#ghost").inner_text()
    finger.lift()
    expect(toast(page)).to_contain_text("Moved 1 user to sc-2")
    (home,) = homes(["imp1a-00006"])
    assert f"to {home}" in said


def test_a_node_full_of_users_goes_by_its_handle_after_a_question(
    acme: Cluster, tablet: Page, live_stack: LiveStack
) -> None:
    page, finger = tablet, Finger(tablet)
    finger.hold(card(page, "imp1b").locator("[data-drag-node]"))
    finger.lead("imp3a", "warning")
    finger.lift()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Move 4,000 users of imp1b to imp3a?")
    dialog.get_by_role("button", name="Move 4,000 users").tap()
    expect(card(page, "imp3a")).to_contain_text("10,000 / 15,000")
    assert Assignment.objects.filter(home_node=node(acme, "imp3a")).count() == 10_000


def test_a_finger_scrolls_through_the_list_and_drags_nothing(acme: Cluster, tablet: Page) -> None:
    page, finger = tablet, Finger(tablet)
    for _ in range(40):
        finger.swipe(page.locator(".users"), 250)
        expect(page.locator("#ghost")).to_be_hidden()
        if page.locator(".users [data-user-id='imp1a-00090']").count():
            break
    expect(row(page, "imp1a-00090")).to_have_count(1)
    assert page.locator(".users [data-user]").count() <= 50
    expect(page.locator(".users [aria-selected='true']")).to_have_count(0)


def test_taps_alone_move_all_who_match(acme: Cluster, tablet: Page, live_stack: LiveStack) -> None:
    page = tablet
    page.locator("#user-search").fill("@sales.")
    expect(page.locator(".list-count")).to_have_text("5,000 users found")
    page.get_by_role("button", name="Select all").tap()
    page.get_by_role("button", name="Move to…").tap()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^imp1b ?, allowed")).tap()
    page.get_by_role("dialog").get_by_role("button", name="Move 5,000 users").tap()
    expect(toast(page)).to_contain_text("Moving 5,000 users to imp1b")
    expect(card(page, "imp1b")).to_contain_text("9,000 / 15,000")
