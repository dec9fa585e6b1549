"""Moving users on the page without a mouse: by key, by touch, by the dialog."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.drags.fingers import THREE, Open, finger
from tests.browser.hands import card, homes, lead_over, middle, row, select, toast
from tests.support.worlds import make_acme, node
from topology.models import Cluster


def test_a_move_by_key_alone(page: Page) -> None:
    page.locator(".users").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("output[data-selected]")).to_have_text("3 selected")
    page.keyboard.press("Shift+M")
    voice = page.locator("#voice")
    expect(voice).to_contain_text("imp1b.acme.org: Allowed. imp1b will have 7 of 5,000 users")
    page.keyboard.press("Tab")
    expect(voice).to_contain_text("sc-2: Allowed with a warning.")
    page.keyboard.press("Tab")
    expect(voice).to_contain_text("imp2a.acme.org: Allowed with a warning.")
    page.keyboard.press("ArrowRight")
    expect(voice).to_contain_text("imp2b.acme.org: Refused.")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowLeft")
    expect(voice).to_contain_text("imp1b.acme.org: Allowed.")
    page.keyboard.press("Enter")
    expect(toast(page)).to_contain_text("Moved 3 users to imp1b")
    assert homes(THREE) == {"imp1b"}


def test_what_is_picked_up_begins_at_a_node_and_not_at_another_cluster(page: Page) -> None:
    make_acme("west", imp1a=3)
    page.reload()
    expect(page.locator('[data-drop^="cluster:"]')).to_be_visible()
    page.locator(".users").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+M")
    expect(page.locator("#voice")).to_contain_text("imp1b.acme.org: Allowed.")
    page.keyboard.press("Escape")


@pytest.mark.slow
def test_escape_gives_up_what_was_picked_up_by_key(page: Page) -> None:
    row(page, "imp1a-0001").focus()
    page.keyboard.press("Shift+M")
    expect(page.locator("#ghost")).to_contain_text("Enter or a click drops, Escape cancels.")
    page.keyboard.press("Escape")
    expect(page.locator("#ghost")).to_be_hidden()
    expect(row(page, "imp1a-0001")).to_be_focused()
    assert homes(["imp1a-0001"]) == {"imp1a"}


def test_the_same_without_dragging(page: Page) -> None:
    select(page, THREE)
    page.get_by_role("button", name="Move to…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Move 3 users of imp1a to…")
    expect(dialog.get_by_role("button", name=re.compile("^imp2b ?, refused"))).to_be_disabled()
    dialog.get_by_role("button", name=re.compile("^imp1b ?, allowed")).click()
    expect(toast(page)).to_contain_text("Moved 3 users to imp1b")
    expect(dialog).to_be_hidden()
    assert homes(THREE) == {"imp1b"}


@pytest.mark.slow
def test_the_same_without_dragging_by_key(page: Page) -> None:
    row(page, "imp1a-0005").focus()
    page.keyboard.press("Enter")
    choice = page.get_by_role("dialog").get_by_role("button", name=re.compile("^imp1b ?, allowed"))
    expect(choice).to_be_focused()  # where the hand expects it: the first node that takes the user
    page.keyboard.press("Enter")
    expect(toast(page)).to_contain_text("Moved 1 user to imp1b")
    assert homes(["imp1a-0005"]) == {"imp1b"}


def test_a_finger_drags_after_a_long_press(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}", has_touch=True)
    expect(row(page, "imp1a-0002")).to_be_visible()
    touch = finger(page)
    start = middle(row(page, "imp1a-0002"))

    def glide(*end: float) -> None:
        for part in range(1, 6):
            touch("touchMove", tuple(a + (b - a) * part / 5 for a, b in zip(start, end, strict=True)))

    touch("touchStart", start)
    expect(page.locator("#ghost")).to_be_visible()
    lead_over(page, card(page, "imp1b"), "allowed", glide)
    touch("touchEnd")
    expect(toast(page)).to_contain_text("Moved 1 user to imp1b")
    assert homes(["imp1a-0002"]) == {"imp1b"}


@pytest.mark.slow
def test_a_finger_that_moves_at_once_scrolls_and_a_tap_chooses(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}", has_touch=True)
    expect(row(page, "imp1a-0002")).to_be_visible()
    touch = finger(page)
    x, y = middle(row(page, "imp1a-0012"))
    touch("touchStart", (x, y))
    for part in range(1, 8):
        touch("touchMove", (x, y - 20 * part))
    expect(page.locator("#ghost")).to_be_hidden()
    touch("touchEnd")
    expect(page.locator(".users [aria-selected='true']")).to_have_count(0)
    row(page, "imp1a-0014").tap()
    row(page, "imp1a-0016").tap()  # a second tap adds: a finger has no Ctrl key
    expect(page.locator("output[data-selected]")).to_have_text("2 selected")
    page.get_by_role("button", name="Move to…").tap()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^imp1b ?, allowed")).tap()
    expect(toast(page)).to_contain_text("Moved 2 users to imp1b")
    assert homes(["imp1a-0014", "imp1a-0016"]) == {"imp1b"}


@pytest.mark.slow
def test_all_users_of_a_node_by_key_and_by_a_click(acme: Cluster, page: Page) -> None:
    handle = card(page, "imp1a").locator("[data-drag-node]")
    handle.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Move 30 users of imp1a to…")
    dialog.get_by_role("button", name=re.compile("^imp2b ?, refused")).is_disabled()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(handle).to_be_focused()
    page.keyboard.press("Shift+M")
    expect(page.locator("#ghost b")).to_contain_text("Move 30 users of imp1a")
    expect(page.locator("#voice")).to_contain_text("imp1b.acme.org: Allowed. imp1b will have 34 of 5,000 users")
    page.keyboard.press("Enter")
    expect(toast(page)).to_contain_text("Moved 30 users to imp1b")
    assert homes(THREE) == {"imp1b"}


@pytest.mark.slow
def test_a_drag_that_is_refused_as_a_whole_says_so_to_the_eye_too(page: Page) -> None:
    page.route("**/moves/targets", lambda route: route.abort())
    row(page, "imp1a-0002").focus()
    page.keyboard.press("Shift+M")
    expect(toast(page)).to_contain_text("The server does not answer: nothing was moved.")
