"""A name that is written from right to left is read in its own order, wherever it stands."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.hands import row
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme
from topology.models import EndUser

Open = Callable[..., Page]
NAME = "דוד (ABC) 12"
PLACES = """(place, parts) => {
    const text = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (text.nextNode() && !text.currentNode.data.includes(parts[0]));
    return parts.map(part => {
        const range = new Range(), at = text.currentNode.data.indexOf(part);
        range.setStart(text.currentNode, at);
        range.setEnd(text.currentNode, at + part.length);
        return range.getBoundingClientRect().left;
    });
}"""


def demand_own_order(place: Locator) -> None:
    expect(place).to_contain_text(NAME)
    parts = ["דוד", "ABC", "12"]
    lefts = place.evaluate(PLACES, parts)
    assert lefts == sorted(lefts, reverse=True), lefts


def test_in_the_list_in_details_and_among_those_found(live_web: LiveStack, signed_in_page: Open) -> None:
    make_acme(imp1a=3)
    EndUser.objects.filter(user_id="imp1a-0002").update(name=NAME)
    page = signed_in_page("operator", "/clusters/acme/")
    name = row(page, "imp1a-0002").locator(".user-name")
    demand_own_order(name)
    head, first = page.locator("#head-name"), name.evaluate(PLACES, ["12"])[0]
    assert first - head.evaluate("head => head.getBoundingClientRect().left") < 24  # below the head of its column
    row(page, "imp1a-0002").press("i")
    demand_own_order(page.locator("#dialog-title"))
    page.goto("/users/?q=imp1a-0002")
    demand_own_order(page.locator("#directory tbody"))
