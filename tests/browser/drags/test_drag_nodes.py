"""Moving nodes between subclusters on the page: with the mouse, by touch, by key, by clicks."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.drags.fingers import Open, finger
from tests.browser.hands import card, lead, middle, pick_up, toast
from tests.support.worlds import node
from topology.models import Cluster


def panel(page: Page, name: str) -> Locator:
    return page.locator(f"section.subcluster[data-name='{name}']")


def place(acme: Cluster, short: str) -> str | None:
    found = node(acme, short).subcluster
    return found.name if found else None


def test_a_node_is_dragged_onto_a_subcluster_and_out_again(acme: Cluster, builder: Page) -> None:
    page = builder
    pick_up(page, card(page, "spare").locator("h3"))
    expect(page.locator("#ghost b")).to_have_text("Move the node spare to Unassigned nodes")  # it is over its own place
    expect(panel(page, "sc-1")).to_have_attribute("data-verdict", "two nodes already")
    expect(page.locator(".node.drop")).to_have_count(0)  # a node is no target of a node
    ghost = lead(page, "sc-1", "refused")
    expect(ghost).to_contain_text("sc-1 already has two nodes: imp1a.acme.org and imp1b.acme.org.")
    lead(page, "Unassigned nodes", "refused")
    expect(ghost).to_contain_text("spare is already in Unassigned nodes.")
    lead(page, "sc-3", "warning")
    expect(ghost).to_contain_text("spare joins imp3a in sc-3, whose services restart.")
    page.mouse.up()
    expect(toast(page)).to_contain_text("spare is now in sc-3.")
    expect(panel(page, "sc-3")).to_contain_text("spare")
    assert place(acme, "spare") == "sc-3"
    expect(panel(page, "Unassigned nodes")).to_be_hidden()  # it holds none, and shows itself to drags alone
    pick_up(page, card(page, "spare").locator("h3"))
    expect(panel(page, "Unassigned nodes")).to_be_visible()
    lead(page, "Unassigned nodes", "warning")
    page.mouse.up()
    expect(toast(page)).to_contain_text("spare is now in the unassigned nodes.")
    assert place(acme, "spare") is None
    toast(page).get_by_role("button", name="Undo").click()
    expect(toast(page)).to_contain_text("spare is now in sc-3.")
    assert place(acme, "spare") == "sc-3"


def test_a_node_that_cannot_go_says_why_and_stays(acme: Cluster, builder: Page) -> None:
    page = builder
    pick_up(page, card(page, "imp1b").locator("h3"))
    ghost = lead(page, "sc-3", "refused")
    expect(ghost).to_contain_text("sc-1")
    expect(ghost.locator("small")).not_to_be_empty()
    page.mouse.up()
    expect(toast(page).get_by_role("alert")).to_be_visible()
    assert place(acme, "imp1b") == "sc-1"
    page.keyboard.press("Escape")
    card(page, "imp1b").locator("h3 a").click()  # the name is still a link
    expect(page.locator("#users-title")).to_have_text("imp1b")


def test_a_node_is_moved_by_key_alone(acme: Cluster, builder: Page) -> None:
    page = builder
    card(page, "spare").locator("h3 a").focus()
    page.keyboard.press("Shift+M")
    expect(page.locator("#ghost b")).to_have_text("Move the node spare to sc-3")  # the first that takes it
    voice = page.locator("#voice")
    expect(voice).to_contain_text("sc-3: Allowed with a warning. spare joins imp3a in sc-3")
    page.keyboard.press("ArrowUp")
    expect(voice).to_contain_text("sc-2: Refused. sc-2 already has two nodes")
    page.keyboard.press("Tab")
    expect(voice).to_contain_text("sc-3: Allowed with a warning. spare joins imp3a in sc-3")
    page.keyboard.press("Enter")
    expect(toast(page)).to_contain_text("spare is now in sc-3.")
    expect(panel(page, "sc-3")).to_contain_text("spare")
    assert place(acme, "spare") == "sc-3"
    expect(card(page, "spare").locator(":focus")).to_have_count(1)  # the focus went along with it
    page.keyboard.press("Shift+M")
    expect(voice).to_contain_text("Unassigned nodes: Allowed with a warning. spare leaves sc-3")
    page.keyboard.press("ArrowRight")
    expect(voice).to_contain_text("sc-1: Refused.")
    page.keyboard.press("Escape")
    expect(voice).to_have_text("Cancelled: nothing was moved.")
    assert place(acme, "spare") == "sc-3"


@pytest.mark.slow
def test_a_node_is_picked_up_and_dropped_by_clicks(acme: Cluster, builder: Page) -> None:
    page = builder
    card(page, "imp3a").get_by_role("button", name="Faults and more of imp3a").click()
    page.get_by_role("button", name="Pick up this node").click()
    expect(page.locator("#ghost b")).to_contain_text("Move the node imp3a")
    target = page.locator("#unassigned-nodes h2")
    page.mouse.move(*middle(target), steps=3)
    expect(page.locator("#ghost")).to_contain_text("imp3a leaves sc-3")
    target.click()
    expect(toast(page)).to_contain_text("imp3a is now in the unassigned nodes.")
    assert place(acme, "imp3a") is None
    toast(page).get_by_role("button", name="Undo").click()
    expect(toast(page)).to_contain_text("imp3a is now in sc-3.")
    card(page, "imp3a").get_by_role("button", name="Faults and more of imp3a").click()
    page.get_by_role("button", name="Pick up this node").click()
    expect(page.locator("#ghost")).to_be_visible()
    expect(page.locator(".subcluster.drop")).not_to_have_count(0)
    page.locator(".summary-bar").click(position={"x": 3, "y": 3})  # beside every target
    expect(page.locator("#voice")).to_have_text("No target: nothing was moved.")
    expect(page.locator("#ghost")).to_be_hidden()
    assert place(acme, "imp3a") == "sc-3"


@pytest.mark.slow
def test_a_finger_drags_a_node_after_a_long_press(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/", has_touch=True)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    touch = finger(page)
    # Both at rest where nothing scrolls: the panel of sc-3 ends above the spare node.
    end = middle(panel(page, "sc-3").locator("h2"))
    box = card(page, "spare").locator("h3").bounding_box()
    assert box
    start = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    touch("touchStart", start)
    expect(page.locator("#ghost b")).to_contain_text("Move the node spare")
    for part in range(1, 6):
        touch("touchMove", tuple(a + (b - a) * part / 5 for a, b in zip(start, end, strict=True)))
    expect(page.locator("#ghost")).to_have_attribute("data-level", "warning")
    touch("touchEnd")
    expect(toast(page)).to_contain_text("spare is now in sc-3.")
    assert place(acme, "spare") == "sc-3"
