"""A page of which a script or a style did not arrive is asked for once more, and then says what it lacks."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme

Open = Callable[..., Page]


@pytest.fixture
def page(live_web: LiveStack, signed_in_page: Open) -> Page:
    make_acme(imp1a=2)
    return signed_in_page(path="/overview/")


def lose(page: Page, file: str, times: int) -> list[str]:
    """Let a file not arrive so many times; the addresses that were asked for."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) <= times:
            route.abort("addressunreachable")
        else:
            route.continue_()

    page.route(f"**/{file}*", answer)
    return asked


@pytest.mark.parametrize("file", ["marks.js", "stream.js", "drag.css", "htmx.min.js"])
def test_what_is_lost_once_is_asked_for_again(page: Page, file: str) -> None:
    asked = lose(page, file, 1)
    page.goto("/clusters/acme/?show=out")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(page.get_by_role("alert").filter(has_text="did not arrive")).to_have_count(0)
    assert len(asked) == 2
    assert page.url.endswith("/clusters/acme/?show=out")


def test_what_does_not_come_at_all_is_said(page: Page) -> None:
    asked = lose(page, "marks.js", 1000)
    page.goto("/clusters/acme/")
    expect(page.get_by_role("alert").filter(has_text="A part of this page did not arrive")).to_be_visible()
    assert len(asked) == 2
    page.unroute("**/marks.js*")
    page.get_by_role("link", name="Load it again").click()
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(page.get_by_role("link", name="Load it again")).to_have_count(0)
