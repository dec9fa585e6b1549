"""The list of users stands for all thirty thousand: its scroll bar, its keys, its columns, and a pasted list."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.hands import row, toast
from tests.support.worlds import node
from topology.models import Cluster

Open = Callable[..., Page]
pytestmark = pytest.mark.thousands
FIRST = "() => document.querySelector('.users [data-user]').dataset.userId"


def shown(page: Page) -> str:
    return page.locator("[data-shown]").inner_text()


def at_top(page: Page) -> str:
    """The user ID of the row at the upper edge of the list."""
    return str(
        page.locator(".users").evaluate(
            "ul => [...ul.querySelectorAll('[data-user]')].find(row => row.getBoundingClientRect().bottom >"
            " ul.getBoundingClientRect().top + 1)?.dataset.userId"
        )
    )


def test_the_scroll_bar_stands_for_all_and_jumps_to_any_place(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("viewer", "/clusters/acme/")
    ul = page.locator(".users")
    expect(page.locator("[data-shown]")).to_have_text(re.compile(r"^1\u2013\d+ of $"))
    rows = ul.evaluate("ul => ul.scrollHeight / 32")
    assert 29_990 < rows < 30_010
    ul.evaluate("ul => { ul.scrollTop = 15_000 * 32 }")
    expect(page.locator("[data-shown]")).to_have_text(re.compile(r"^15,00\d\u201315,0\d\d of $"))
    expect(ul).to_have_attribute("data-first", re.compile(r"^149\d\d$"))
    assert at_top(page).startswith("imp")
    ul.evaluate("ul => { ul.scrollTop = 0 }")
    expect(ul).to_have_attribute("data-first", "0")
    expect(page.locator("[data-shown]")).to_have_text(re.compile(r"^1\u2013\d+ of $"))
    heads_stand_over_their_columns(page)
    page.get_by_role("button", name="Select all").click()
    expect(page.locator("[data-selected]")).to_have_text("30,000 selected")
    expect(page.locator(".list-bar")).to_contain_text(re.compile(r"^\s*1\u2013\d+ of\s+30,000"), use_inner_text=True)
    fits = page.locator(".list-count").evaluate("count => count.scrollWidth <= count.clientWidth")
    assert fits, "the count is whole"


WORDS_BEGIN = """element => { const words = document.createRange(); words.selectNodeContents(element);
    return words.getBoundingClientRect().left }"""


def heads_stand_over_their_columns(page: Page) -> None:
    for name, cell in (("user_id", "id"), ("name", "name"), ("served", "served")):
        column = page.locator(f".users .user-{cell}").first.evaluate(WORDS_BEGIN)
        assert abs(page.locator(f"#head-{name}").evaluate(WORDS_BEGIN) - column) < 2, name


@pytest.mark.slow
def test_home_end_and_page_keys_reach_the_whole_list(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    ul = page.locator(".users")
    first = page.evaluate(FIRST)
    row(page, first).click()
    page.keyboard.press("PageDown")
    expect(page.locator(".users [data-user]:focus")).to_have_count(1)
    assert page.locator(".users [data-user]:focus").get_attribute("data-user-id") != first
    page.keyboard.press("End")
    expect(row(page, "imp1a-08000")).to_be_focused()
    expect(page.locator("[data-shown]")).to_have_text(re.compile(r"\u20138,000 of $"))
    page.keyboard.press("Home")
    expect(row(page, "imp1a-00001")).to_be_focused()
    expect(ul).to_have_attribute("data-first", "0")


def test_columns_sort_and_say_when_the_list_is_too_long(acme: Cluster, open_list: Open) -> None:
    page = open_list(viewport={"width": 2560, "height": 1440})
    ul = page.locator(".users")
    page.get_by_role("button", name="User ID").click()
    expect(ul).to_have_attribute("data-sort", "-user_id")
    expect(row(page, "imp1a-08000")).to_be_visible()
    page.get_by_role("button", name="Served by").click()
    expect(ul).to_have_attribute("data-sort", "served")
    page.get_by_role("button", name="Name").click()
    expect(ul).to_have_attribute("data-sort", "name")
    page.goto("/clusters/acme/")
    expect(page.get_by_role("button", name="Home", exact=True)).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_role("button", name="Contacts")).not_to_have_attribute("aria-disabled", "true")


@pytest.mark.slow
def test_a_user_id_is_never_cut(acme: Cluster, open_list: Open) -> None:
    for width in (390, 800, 1440):
        page = open_list(viewport={"width": width, "height": 900})
        ids = page.locator(".user-id")
        assert not ids.evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth).length")
        page.close()


PASTE = """text => {
    const data = new DataTransfer();
    data.setData('text/plain', text);
    const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
    document.querySelector('.users').dispatchEvent(paste);
}"""


def test_a_pasted_list_selects_its_users_and_says_who_is_unknown(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    page.evaluate(PASTE, "imp1a-00007\nimp1b-00003\nghost\n")
    expect(toast(page)).to_contain_text("2 users of acme selected. Unknown here: ghost.")
    expect(page.locator("output[data-selected]")).to_have_text("2 selected")
    expect(page.locator("#users-title")).to_have_text("All users")
    page.get_by_role("button", name="Move to…").click()
    expect(page.get_by_role("dialog")).to_contain_text("Move 2 users to…")


def test_the_palette_finds_people_places_and_commands_by_key_alone(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", "/clusters/acme/")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    page.keyboard.press("Control+k")
    palette = page.locator("#palette")
    expect(palette.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("fail over imp1a")
    expect(palette.locator(".menu-item").first).to_contain_text("Fail over imp1a…")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog #dialog-title")).to_contain_text("Fail over imp1a?")
    expect(page).to_have_url(re.compile("#open="))
    page.reload()
    expect(page.locator("#dialog #dialog-title")).to_contain_text("Fail over imp1a?")
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("#open="))
    page.keyboard.press("/")
    page.keyboard.type("imp2a")
    expect(palette.locator("a.menu-item").first).to_contain_text("imp2a")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#dialog #dialog-title")).to_have_text("Keys")


# As quick as a hand that presses Enter in the very moment in which something is found.
PRESS_AT_ONCE = """() => new MutationObserver((_, observer) => {
  const found = document.querySelector("#palette .menu-item");
  if (found) observer.disconnect();
  found?.click();
}).observe(document.getElementById("palette-found"), { childList: true })"""


def test_what_comes_can_be_pressed_from_its_first_moment(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", "/clusters/acme/")
    page.keyboard.press("Control+k")
    field = page.locator("#palette").get_by_role("searchbox")
    expect(field).to_be_focused()
    expect(page.locator("#palette-found .menu-item")).not_to_have_count(0)
    page.locator("#palette-found").evaluate("found => found.replaceChildren()")
    page.evaluate(PRESS_AT_ONCE)
    field.fill("fail over imp1a")
    expect(page.locator("#dialog #dialog-title")).to_contain_text("Fail over imp1a?")


@pytest.mark.slow
def test_arrows_go_through_move_to_and_escape_gives_the_focus_back(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    row(page, page.evaluate(FIRST)).click()
    page.keyboard.press("m")
    focused = page.locator("#dialog .target:focus")
    expect(focused).to_have_attribute("value", f"node:{node(acme, 'imp1b').pk}")
    page.keyboard.press("ArrowDown")
    expect(focused).not_to_have_attribute("value", f"node:{node(acme, 'imp1b').pk}")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Rebalance…").click()
    expect(page.locator("#dialog #dialog-title")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Rebalance…")).to_be_focused()
