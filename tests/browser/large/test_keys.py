"""Thirty thousand users without a mouse: by key alone and by plain clicks, each step told to a screen reader."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from assignments.models import Assignment
from tests.browser.hands import card, homes, row, toast
from tests.support.live_stack import LiveStack
from tests.support.worlds import node
from topology.models import Cluster, Node

Open = Callable[..., Page]
pytestmark = [pytest.mark.thousands, pytest.mark.slow]


def at_home(cluster: Cluster, short: str) -> int:
    return Assignment.objects.filter(home_node=node(cluster, short)).count()


def tab_to(page: Page, what: str, most: int = 60) -> None:
    """Press Tab until the focus is on something."""
    for _ in range(most):
        if page.evaluate("what => document.activeElement.matches(what)", what):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{what} is not reached by Tab")


def test_five_thousand_are_found_picked_up_led_and_dropped_by_key_alone(
    acme: Cluster, open_list: Open, live_stack: LiveStack
) -> None:
    page = open_list()
    voice = page.locator("#voice")
    tab_to(page, "#user-search", 120)
    page.keyboard.type("@sales.")
    expect(page.locator(".list-count")).to_have_text("5,000 users found")
    tab_to(page, ".users")
    page.keyboard.press("ControlOrMeta+a")
    expect(voice).to_have_text(re.compile("^5,?000 users selected$"))
    page.keyboard.press("Shift+M")
    expect(voice).to_contain_text("imp1b.acme.org: Allowed. imp1b will have 9,000 of 15,000 users")
    page.keyboard.press("ArrowRight")
    expect(voice).to_contain_text("sc-2: Allowed with a warning. If its peer fails, imp2b must serve 16,500")
    page.keyboard.press("ArrowRight")
    expect(voice).to_contain_text("imp2a.acme.org: Allowed with a warning. If its peer fails, imp2b must serve 16,500")
    page.keyboard.press("ArrowRight")
    expect(voice).to_contain_text("imp2b.acme.org: Refused. imp2b has room for 20 more users, and 5,000 would come.")
    expect(voice).to_contain_text("Choose another node, or fewer users.")
    page.keyboard.press("Escape")
    expect(voice).to_have_text("Cancelled: nothing was moved.")
    page.keyboard.press("Shift+M")
    expect(voice).to_contain_text("imp1b.acme.org: Allowed.")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Move 5,000 users of imp1a to imp1b?")
    expect(dialog.get_by_role("button", name="Move 5,000 users")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Moving 5,000 users to imp1b")).to_be_visible()
    expect(card(page, "imp1b")).to_contain_text("9,000 / 15,000")
    assert at_home(acme, "imp1b") == 9000


def test_plain_clicks_do_what_a_drag_does(acme: Cluster, open_list: Open, live_stack: LiveStack) -> None:
    page = open_list(short="imp3a")
    page.get_by_role("button", name="Select all").click()
    page.get_by_role("button", name="Move to…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Move 6,000 users of imp3a to…")
    refused = dialog.get_by_role("button", name=re.compile("^imp2b ?, refused"))
    expect(refused).to_be_disabled()
    expect(refused).to_contain_text("imp2b has room for 20 more users, and 6,000 would come.")
    dialog.get_by_role("button", name=re.compile("^imp1b ?, warning")).click()
    expect(dialog).to_contain_text("Move 6,000 users of imp3a to imp1b?")
    dialog.get_by_role("button", name="Move 6,000 users").click()
    expect(toast(page)).to_contain_text("Moving 6,000 users to imp1b")
    expect(card(page, "imp1b")).to_contain_text("10,000 / 15,000")
    assert at_home(acme, "imp3a") == 0


def test_a_few_are_chosen_moved_and_moved_back_by_key(acme: Cluster, open_list: Open, live_stack: LiveStack) -> None:
    page = open_list()
    page.locator(".users").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("output[data-selected]")).to_have_text("3 selected")
    page.keyboard.press("Shift+M")
    expect(page.locator("#voice")).to_contain_text("imp1b.acme.org: Allowed. imp1b will have 4,003 of 15,000 users")
    page.keyboard.press("Enter")
    three = [f"imp1a-{n:05}" for n in (1, 2, 3)]
    expect(toast(page)).to_contain_text("Moved 3 users to imp1b")
    assert homes(three) == {"imp1b"}
    undo = toast(page).get_by_role("button", name="Undo")
    tab_to(page, "#messages .undo button", 200)
    expect(undo).to_be_focused()
    page.keyboard.press("Enter")
    expect(toast(page)).to_contain_text("Moving 3 users to their former home")
    expect(card(page, "imp1a")).to_contain_text("8,000 / 15,000")
    assert homes(three) == {"imp1a"}


@pytest.mark.parametrize("how", ["key", "click"])
def test_a_node_finds_its_place_without_a_drag(acme: Cluster, open_list: Open, how: str) -> None:
    Node.objects.filter(cluster=acme).update(publisher=False)
    page = open_list("administrator")
    place = card(page, "spare").get_by_role("button", name="Place or remove…")
    into = page.get_by_role("button", name="Put it into sc-3")
    if how == "click":
        place.click()
        into.click()
    else:
        place.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        tab_to(page, "[id^='into-']")
        page.keyboard.press("Enter")
    expect(page.locator("section.subcluster[data-name='sc-3']")).to_contain_text("spare")
    assert node(acme, "spare").subcluster_id == node(acme, "imp3a").subcluster_id


def test_the_view_is_locked_by_key_and_says_so(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    lock = page.get_by_role("button", name="Lock view")
    tab_to(page, "[data-action=lock]")
    page.keyboard.press("Enter")
    expect(lock).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#voice")).to_have_text("The view is locked: nothing can be dragged.")
    row(page, "imp1a-00001").focus()
    page.keyboard.press("Shift+M")
    expect(page.get_by_role("dialog")).to_contain_text("Move 1 user of imp1a to…")  # choosing is no drag
    expect(page.locator("#ghost")).to_be_hidden()
