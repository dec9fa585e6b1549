"""What a dialog would do, as command and as call: what is typed stands in both, and both can be copied."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.accessible.axe import complaints
from tests.browser.hands import row, show
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme

Open = Callable[..., Page]


def test_what_is_typed_stands_in_the_command_and_is_copied(live_web: LiveStack, signed_in_page: Open) -> None:
    make_acme(imp1a=3, imp1b=1)
    page = signed_in_page(path="/clusters/acme/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_web.address)
    show(page, "imp1a")
    row(page, "imp1a-0002").click()
    page.get_by_role("button", name="Pin…", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why they must stay").fill("It's the gateway")
    dialog.get_by_text("For scripts").click()
    command, call = dialog.locator("#as-command-text"), dialog.locator("#as-call-text")
    expect(command).to_have_text(r"manage.py pin acme imp1a-0002 --reason 'It'\''s the gateway'")
    expect(call).to_contain_text(r"""-d '{"users": ["imp1a-0002"], "reason": "It'\''s the gateway"}'""")
    expect(call).to_contain_text(f"{live_web.address}/api/v1/clusters/acme/pins")
    dialog.get_by_label("Why they must stay").fill("Phones")
    expect(command).to_have_text("manage.py pin acme imp1a-0002 --reason Phones")
    assert complaints(page, "for scripts") == []
    dialog.get_by_role("button", name="Copy").first.click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "manage.py pin acme imp1a-0002 --reason Phones"
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    dialog.get_by_role("button", name="Copy", exact=True).click()
    assert "/clusters/acme/pins" in page.evaluate("getSelection().toString()"), "chosen, for Ctrl+C"
