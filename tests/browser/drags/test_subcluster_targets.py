"""Users assigned to a subcluster by dialog, keys and finger, in each mode; the verdict says how many go where."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from assignments.models import Assignment
from tests.browser.hands import lead, middle, row, select, toast
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.models import Cluster

Open = Callable[..., Page]
FOUR = ("imp1a-0001", "imp1a-0002", "imp1a-0003", "imp1a-0004")
SAYS = {
    "balanced": "4 users go to equal shares of capacity: 2 to imp2a (0%) and 2 to imp2b (0%).",
    "manual": "4 users go to equal shares of capacity: 2 to imp2a (0%) and 2 to imp2b (0%).",
    "active_standby": "Active/standby: all go to imp2a, the first node of sc-2.",
}
GO = {mode: {"imp2a": 4} if mode == "active_standby" else {"imp2a": 2, "imp2b": 2} for mode in SAYS}


@pytest.fixture(params=SAYS)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(live_web: LiveStack, mode: str, signed_in_page: Open) -> Page:
    """An operator before the users of imp1a, with two empty, equal nodes beside it."""
    acme = make_acme(imp1a=30)
    acme.nodes.filter(pk=node(acme, "imp2b").pk).update(capacity_users=5000, capacity_endpoints=10_000)
    Cluster.objects.filter(pk=acme.pk).update(mode=mode)
    opened = signed_in_page("operator", f"/clusters/acme/?node={node(acme, 'imp1a').pk}", has_touch=True)
    expect(row(opened, FOUR[0])).to_be_visible()
    expect(opened.locator("#live")).to_have_attribute("data-state", "live")
    return opened


def went(page: Page) -> dict[str, int]:
    expect(toast(page)).to_contain_text("Moved 4 users to sc-2")
    rows = Assignment.objects.filter(user__user_id__in=FOUR).select_related("home_node")
    return dict(Counter(found.home_node.short_name for found in rows if found.home_node))


def test_by_the_dialog(page: Page, mode: str) -> None:
    select(page, FOUR)
    page.get_by_role("button", name="Move to…").click()
    choice = page.get_by_role("dialog").get_by_role("button", name=re.compile("^sc-2 ?, "))
    expect(choice).to_contain_text(SAYS[mode])
    choice.click()
    assert went(page) == GO[mode]


def test_by_keys(page: Page, mode: str) -> None:
    select(page, FOUR)
    page.keyboard.press("Shift+M")
    voice, ghost = page.locator("#voice"), page.locator("#ghost")
    expect(voice).to_contain_text(".acme.org: ")  # the first of the nodes
    for _ in range(12):
        if voice.inner_text().startswith("sc-2: "):
            break
        page.keyboard.press("Tab")  # what it says is said at once
    expect(ghost).to_contain_text(SAYS[mode])
    page.keyboard.press("Enter")
    assert went(page) == GO[mode]


def test_by_a_finger(page: Page, mode: str) -> None:
    select(page, FOUR)
    glass = page.context.new_cdp_session(page)
    start = middle(row(page, FOUR[1]))

    def touch(kind: str, *points: tuple[float, float]) -> None:
        glass.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    def glide(x: float, y: float) -> None:
        for part in range(1, 6):
            touch("touchMove", (start[0] + (x - start[0]) * part / 5, start[1] + (y - start[1]) * part / 5))

    touch("touchStart", start)
    expect(page.locator("#ghost")).to_be_visible()
    ghost = lead(page, "sc-2", "allowed", glide)
    expect(ghost).to_contain_text(SAYS[mode])
    touch("touchEnd")
    assert went(page) == GO[mode]
