"""The palette by key: Enter takes what was typed, however fast the hand."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from config.local.processes import wait_until
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme

Open = Callable[..., Page]


def test_an_enter_before_the_answer_takes_nothing_that_was_found_before(
    live_web: LiveStack, signed_in_page: Open
) -> None:
    make_acme(imp1a=3)
    page = signed_in_page("administrator", "/clusters/acme/")
    dialog, palette, held = page.locator("#dialog"), page.locator("#palette"), list[Route]()
    page.keyboard.press("/")
    expect(palette.get_by_role("button", name="Rebalance…")).to_be_visible()
    page.route("**/palette?*q=settings", lambda route: held.append(route))
    page.keyboard.type("settings")
    page.keyboard.press("Enter")
    assert wait_until(lambda: page.wait_for_timeout(20) or bool(held), 10)
    expect(palette).to_be_visible()
    expect(dialog).to_be_hidden()
    held[0].continue_()
    expect(palette).to_be_hidden()
    expect(dialog.locator("#dialog-title")).to_have_text("Settings of acme")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.press("Enter")  # nothing is typed: the first of all
    expect(dialog.locator("#dialog-title")).to_have_text("Rebalance acme")


def test_an_enter_that_ends_a_syllable_takes_nothing(live_web: LiveStack, signed_in_page: Open) -> None:
    make_acme(imp1a=3)
    page = signed_in_page("administrator", "/clusters/acme/")
    page.keyboard.press("/")
    palette = page.locator("#palette")
    expect(palette.get_by_role("button", name="Rebalance…")).to_be_visible()
    for key in ("Enter", "Escape"):
        composing = {"key": key, "isComposing": True, "bubbles": True, "cancelable": True}
        palette.get_by_role("searchbox").dispatch_event("keydown", composing)
    expect(palette).to_be_visible()
    expect(page.locator("#dialog")).to_be_hidden()


def test_the_same_words_put_in_once_more_are_looked_for_again(live_web: LiveStack, signed_in_page: Open) -> None:
    make_acme(imp1a=3)
    page = signed_in_page("administrator", "/clusters/acme/")
    for _ in range(2):
        page.keyboard.press("/")
        page.locator("#palette").get_by_role("searchbox").fill("import users")  # pasted: one event
        page.keyboard.press("Enter")
        expect(page.locator("#dialog-title")).to_have_text("Import users into acme")
        page.keyboard.press("Escape")
        expect(page.locator("#dialog")).to_be_hidden()
