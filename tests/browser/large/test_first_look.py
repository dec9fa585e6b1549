"""Thirty thousand users for somebody who is new, and for a screenshot: the tour, and names that are hidden."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.hands import drag, pick_up, row, toast
from topology.models import Cluster

Open = Callable[..., Page]
pytestmark = pytest.mark.thousands
NAMES = re.compile(r"imp1a-0\d{4}|Person \d+ of|@sales|@works")


def test_the_tour_has_four_steps_and_is_skipped_with_one_press(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    page.context.clear_cookies(name="homenode_tour")
    page.reload()
    for step in (1, 2, 3):
        expect(page.get_by_role("region", name=f"Tour, step {step} of 4")).to_be_visible()
        page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("region", name="Tour, step 4 of 4")).to_be_visible()
    page.reload()  # it was not finished
    page.get_by_role("button", name="Skip the tour").click()
    expect(page.locator("#tour")).to_be_hidden()
    page.reload()
    expect(page.locator("#tour")).to_be_hidden()


def test_hidden_names_are_hidden_wherever_one_looks(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    page.locator("[popovertarget=account]").click()
    page.get_by_role("button", name=re.compile("^Hide names")).click()
    rows = page.locator(".users [data-user]")
    expect(row(page, "imp1a-00001")).to_have_count(0)
    expect(rows).to_have_count(50)
    expect(page.locator(".list-count")).to_have_text("8,000 users")

    def shows_nobody() -> None:
        seen = page.locator("body").inner_text()
        seen += " ".join(page.locator("[title]").evaluate_all("parts => parts.map(part => part.title)"))
        assert not NAMES.search(seen)

    shows_nobody()
    pick_up(page, rows.first)
    shows_nobody()
    page.keyboard.press("Escape")
    page.mouse.up()
    drag(page, rows.first, "imp1b")
    expect(toast(page)).to_contain_text("Moved 1 user to imp1b")
    shows_nobody()
    rows.first.click()
    page.get_by_role("button", name="Details…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    shows_nobody()
    for path in ("/users/", "/clusters/acme/history/"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        shows_nobody()
