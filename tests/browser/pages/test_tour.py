"""The first-run tour: four steps, skipped with one press, and not seen again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.worlds import make_acme


def first_time(page: Page) -> None:
    page.context.clear_cookies(name="homenode_tour")
    page.reload()


def test_the_tour_leads_through_four_steps_and_does_not_come_again(signed_in_page: Callable[..., Page]) -> None:
    make_acme()
    page = signed_in_page(path="/clusters/acme/")
    expect(page.locator("#tour")).to_be_hidden()
    first_time(page)
    tour = page.get_by_role("region", name="Tour, step 1 of 4")
    expect(tour).to_be_visible()
    for step in (2, 3, 4):
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_role("region", name=f"Tour, step {step} of 4")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#tour")).to_be_hidden()
    page.reload()
    expect(page.locator("#tour")).to_be_hidden()


@pytest.mark.slow
def test_it_is_skipped_at_once_and_shown_again_when_asked_for(signed_in_page: Callable[..., Page]) -> None:
    make_acme()
    page = signed_in_page(role="viewer", path="/clusters/acme/")
    first_time(page)
    page.get_by_role("button", name="Skip the tour").click()
    expect(page.locator("#tour")).to_be_hidden()
    page.locator("[popovertarget=account]").click()
    page.get_by_role("button", name="Show the tour").click()
    expect(page.get_by_role("region", name="Tour, step 1 of 4")).to_be_visible()
