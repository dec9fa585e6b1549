"""A form of a whole page that is pressed twice is sent once."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.support.live_stack import LiveStack
from topology.models import ApiToken

Open = Callable[..., Page]
PRESS_TWICE = """form => {
    const button = form.querySelector("button:not([type=button])");
    button.click();
    setTimeout(() => button.click(), 150);
}"""


def test_a_token_is_made_and_shown_once(live_web: LiveStack, signed_in_page: Open) -> None:
    page, sent = signed_in_page("administrator", "/accounts/"), list[str]()

    def answer_late(route: Route) -> None:
        sent.append(route.request.url)
        page.wait_for_timeout(400)  # a second press comes meanwhile
        route.continue_()

    page.route("**/accounts/tokens", answer_late)
    form = page.locator("form[action$='/accounts/tokens']")
    form.get_by_label("Name").fill("monitor")
    form.evaluate(PRESS_TWICE)
    expect(page.get_by_text("It is shown only once")).to_be_visible()
    expect(page.get_by_text("hn_")).to_be_visible()
    assert len(sent) == 1
    assert ApiToken.objects.count() == 1
    form.get_by_label("Name").fill("backup")  # another page, another form
    form.get_by_role("button", name="Create a token").click()
    expect(page.get_by_role("heading", name="Token backup")).to_be_visible()
