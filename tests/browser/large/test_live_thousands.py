"""Thirty thousand users, live and calm: numbers change in place, nothing goes from under a hand, others are seen."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, expect

from assignments.models import Assignment
from assignments.moves import drop
from assignments.moves.selection import Selection
from tests.browser.hands import card, homes, hover, pick_up, row, toast
from tests.support.live_stack import LiveStack
from tests.support.worlds import node
from topology.models import Cluster

Open = Callable[..., Page]
pytestmark = [pytest.mark.thousands, pytest.mark.slow]


def root() -> Any:
    return get_user_model().objects.get_or_create(username="root", is_superuser=True)[0]


def move(cluster: Cluster, user_id: str, short: str) -> None:
    """What another process does: the worker, a command, another web server."""
    ids = tuple(Assignment.objects.filter(user__user_id=user_id).values_list("user_id", flat=True))
    drop.move(Selection(cluster, ids), f"node:{node(cluster, short).pk}", root())


def is_live(page: Page) -> None:
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(page.locator("body")).not_to_have_class(re.compile(r"\bstale\b"))


def test_numbers_change_in_place_while_thousands_move(acme: Cluster, open_list: Open, live_stack: LiveStack) -> None:
    mover, watcher = open_list(), open_list("viewer")
    place = card(watcher, "imp1b")
    watcher.evaluate("""() => {
        const parts = document.querySelectorAll(".node, .subcluster, .summary-bar, .tree, .users");
        for (const part of parts) part.before = true;
    }""")
    watcher.locator(".users").hover()
    watcher.mouse.wheel(0, 300)
    boxes = [watcher.locator("article.node").nth(n).bounding_box() for n in range(6)]
    mover.locator("#user-search").fill("@sales.")
    expect(mover.locator(".list-count")).to_have_text("5,000 users found")
    mover.get_by_role("button", name="Select all").click()
    mover.get_by_role("button", name="Move to…").click()
    mover.get_by_role("dialog").get_by_role("button", name=re.compile("^imp1b ?, allowed")).click()
    mover.get_by_role("dialog").get_by_role("button", name="Move 5,000 users").click()
    expect(watcher.locator(".run").first).to_be_visible()
    expect(place).to_contain_text("9,000 / 15,000")
    expect(watcher.locator(".tree .branch", has_text="imp1b")).to_contain_text("9,000")
    expect(watcher.locator(".run")).to_contain_text("Finished")
    kept = """parts => parts.every(part => part.before)"""
    assert watcher.locator(".node, .subcluster, .summary-bar, .tree, .users").evaluate_all(kept)
    widths = [(box or {})["width"] for box in boxes]
    now = [(watcher.locator("article.node").nth(n).bounding_box() or {})["width"] for n in range(6)]
    assert now == widths


def test_nothing_is_swapped_under_a_drag_and_changed_ground_is_said(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    row(page, "imp1a-00001").click()
    row(page, "imp1a-00003").click(modifiers=["Shift"])
    pick_up(page, row(page, "imp1a-00002"))
    hover(page, "imp1b", "allowed")
    move(acme, "imp1a-00001", "imp3a")
    page.wait_for_timeout(1500)  # nothing is to happen, and that takes time to see
    expect(row(page, "imp1a-00001")).to_be_visible()
    expect(card(page, "imp3a")).to_contain_text("6,000 / 15,000")
    page.mouse.up()
    expect(toast(page)).to_contain_text("root moved imp1a-00001 to imp3a at ")
    expect(toast(page)).to_contain_text("1 of 3 chosen users now at home elsewhere")
    assert homes(["imp1a-00002", "imp1a-00003"]) == {"imp1a"}
    expect(card(page, "imp3a")).to_contain_text("6,001 / 15,000")
    expect(row(page, "imp1a-00001")).to_have_count(0)


def test_nothing_is_swapped_under_an_open_menu(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    place = card(page, "imp3a")
    place.get_by_role("button", name=re.compile("^Faults and more")).click()
    off = page.get_by_role("button", name="Power off")
    expect(off).to_be_visible()
    move(acme, "imp1a-00001", "imp3a")
    expect(page.locator(".tree .branch", has_text="imp3a")).to_contain_text("6,001")
    page.wait_for_timeout(700)  # nothing is to happen, and that takes time to see
    expect(off).to_be_visible()
    expect(place).to_contain_text("6,000 / 15,000")
    page.keyboard.press("Escape")
    expect(place).to_contain_text("6,001 / 15,000")


def test_two_administrators_see_what_the_other_drags(acme: Cluster, open_list: Open) -> None:
    first, second = open_list("administrator"), open_list("administrator")
    name, other = (
        first.locator(".header-account-name").inner_text(),
        second.locator(".header-account-name").inner_text(),
    )
    first.locator("#user-search").fill("@sales.")
    expect(first.locator(".list-count")).to_have_text("5,000 users found")
    first.get_by_role("button", name="Select all").click()
    pick_up(first, row(first, "imp1a-00002"))
    hover(first, "imp1b", "allowed")
    expect(card(second, "imp1a")).to_have_attribute("data-drags", f"{name} is holding 5,000 users")
    expect(card(second, "imp1b")).to_have_attribute("data-drags", f"{name} may drop 5,000 users")
    pick_up(second, row(second, "imp1a-00004"))
    hover(second, "imp1b", "allowed")
    first.keyboard.press("Escape")
    expect(card(first, "imp1b")).to_have_attribute("data-drags", f"{other} may drop 1 user")
    second.mouse.up()
    expect(toast(second)).to_contain_text("Moved 1 user to imp1b")
    expect(card(first, "imp1b")).to_contain_text("4,001 / 15,000")
    expect(first.locator("[data-drags]")).to_have_count(0)
    first.mouse.up()


@pytest.mark.parametrize("width", [800, 2560])
def test_large_numbers_fit_at_any_width(acme: Cluster, open_list: Open, width: int) -> None:
    page = open_list(viewport={"width": width, "height": 900})
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over == 0
    cut = page.locator(".gauge-text, .totals dd, .subcluster-count, .list-count, .node-head h3").evaluate_all(
        "parts => parts.filter(part => part.scrollWidth > part.clientWidth + 1).map(part => part.outerHTML)"
    )
    assert cut == []
