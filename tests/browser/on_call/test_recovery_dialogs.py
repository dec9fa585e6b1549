"""Two dialogs of recovery before one's eyes: the order of the work on a node, and the rate of a failover."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from assignments.recovery import service as recovery
from tests.browser.accessible.axe import check
from tests.browser.hands import card, toast
from tests.support import torture
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.structure.policy import set_clock_speed

Open = Callable[..., Page]


def choose(page: Page, short: str, name: str) -> None:
    """Choose from the menu of a node."""
    card(page, short).get_by_role("button", name=re.compile("^Faults and more")).click()
    page.get_by_role("button", name=name, exact=True).click()


def step(page: Page, key: str) -> Locator:
    return page.locator(f"#maintenance-{key}")


def demand_whole(dialog: Locator) -> None:
    """Nothing in the dialog is cut or reaches over its edge."""
    expect(dialog).to_be_visible()
    over = dialog.evaluate(
        """dialog => [...dialog.querySelectorAll('button, label, p, dd, dt, input, select')].filter(part => {
            const box = part.getBoundingClientRect(), frame = dialog.getBoundingClientRect()
            return box.width && (box.right > frame.right + 1 || box.left < frame.left - 1)
                || part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).display !== 'inline'
        }).map(part => part.outerHTML)"""
    )
    assert over == []


def test_the_order_of_the_work_follows_the_node(live_stack: LiveStack, signed_in_page: Open) -> None:
    make_acme(speed=60, imp1a=300, imp1b=10)
    page, other = signed_in_page("operator"), signed_in_page("viewer")
    choose(page, "imp1a", "Maintenance…")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("new disk")
    dialog.get_by_label("Ends after").select_option("8h")
    dialog.get_by_role("button", name="Begin").click()
    expect(dialog.get_by_role("heading", level=2)).to_have_text("imp1a is in maintenance")
    expect(step(page, "away")).to_have_attribute("data-standing", "now")
    expect(card(other, "imp1a").locator("[data-maintenance]")).to_contain_text("new disk (operator-1)")
    expect(card(other, "imp1b").locator("[data-verdict]")).to_contain_text("No node takes over")

    dialog.get_by_role("button", name="HA off").click()
    expect(step(page, "settle")).to_have_attribute("data-standing", "busy")
    # Two minutes, sped up 60 times.
    expect(step(page, "settle")).to_have_attribute("data-standing", "done", timeout=20_000)
    dialog.get_by_role("button", name="Close").last.click()
    choose(page, "imp1a", "Power off")
    expect(dialog).to_contain_text("No node takes over")
    dialog.get_by_role("button", name="Power off").click()
    expect(card(other, "imp1a").locator(".node-out")).to_contain_text("300 out of service")
    card(page, "imp1a").get_by_role("button", name="Steps…").click()
    expect(step(page, "work")).to_have_attribute("data-standing", "now")
    expect(step(page, "work")).to_contain_text("power is off")
    dialog.get_by_role("button", name="Close").last.click()
    choose(page, "imp1a", "Power on")
    card(page, "imp1a").get_by_role("button", name="Steps…").click()
    expect(step(page, "finish")).to_have_attribute("data-standing", "now", timeout=30_000)
    dialog.get_by_role("button", name="HA on").click()
    second = signed_in_page("operator")
    card(second, "imp1a").get_by_role("button", name="Steps…").click()
    dialog.get_by_role("button", name="End the maintenance").click()
    expect(second.get_by_role("dialog")).to_contain_text("This maintenance is over.")
    for each in (page, other):
        expect(card(each, "imp1a").locator("[data-maintenance]")).to_have_count(0)
        expect(card(each, "imp1b").locator(".state-badge").first).to_have_text("Normal", timeout=20_000)


def test_the_rate_is_seen_before_it_is_changed(live_stack: LiveStack, signed_in_page: Open) -> None:
    acme = make_acme(speed=10, imp1a=1000, imp1b=10)
    page = signed_in_page("operator")
    card(page, "imp1a").get_by_role("button", name="Failover…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Failover", exact=True).click()
    page.get_by_role("button", name="Rate…").click()
    effect = dialog.locator("#sign-in-rate-effect")
    expect(effect).to_contain_text(re.compile(r"About .+ \(\d+ s wall time\) from now, at the peak 6 sign-ins"))
    minutes = dialog.get_by_role("textbox", name="Minutes")
    minutes.click(force=True)  # what does not count is dim, and lets the click through
    expect(dialog.get_by_role("radio").nth(1)).to_be_checked()
    minutes.fill("0")
    expect(effect).to_contain_text("done_within_minutes cannot be 0")
    minutes.fill("1")
    expect(effect).to_contain_text(re.compile(r"at the peak 1\d(\.\d)? sign-ins per second \(1\d\d wall time\) at"))
    dialog.get_by_role("button", name="Change").click()
    said = r"1\d sign-ins per second \(1\d\d wall time\) from now on, .+ \(\d+ s wall time\) left"
    expect(toast(page)).to_contain_text(re.compile(said))
    set_clock_speed(acme, 60, actor=None)
    expect(card(page, "imp1b")).to_contain_text("1,000 guests", timeout=30_000)


@pytest.mark.parametrize("width", torture.part([1440, 800, 2560], 3))
def test_both_dialogs_are_whole_and_legible(live_stack: LiveStack, signed_in_page: Open, width: int) -> None:
    make_acme(imp1a=300, imp1b=10, imp2a=4)
    page = signed_in_page("operator", viewport={"width": width, "height": 900})
    dialog = page.get_by_role("dialog")
    card(page, "imp1a").get_by_role("button", name="Failover…").click()
    dialog.get_by_role("button", name="Failover", exact=True).click()
    page.get_by_role("button", name="Rate…").click()
    expect(dialog.locator("#sign-in-rate-effect")).to_contain_text("sign-ins per second")
    demand_whole(dialog)
    check(page, f"rate at {width}")
    page.keyboard.press("Escape")
    page.evaluate("localStorage.setItem('view', 'whole')")  # the incident view folds the other pair
    page.reload()
    choose(page, "imp2a", "Maintenance…")
    demand_whole(dialog)
    dialog.get_by_label("Reason").fill("new disk in slot 3, and the firmware of its controller")
    dialog.get_by_role("button", name="Begin").click()
    expect(step(page, "away")).to_have_attribute("data-standing", "now")
    demand_whole(dialog)
    check(page, f"maintenance at {width}")
    page.keyboard.press("Escape")
    demand_whole(card(page, "imp2a"))


def test_a_question_that_is_open_says_what_another_administrator_does_meanwhile(
    live_web: LiveStack, signed_in_page: Callable[..., Page]
) -> None:
    acme = make_acme(imp1a=7)
    page = signed_in_page("operator", "/clusters/acme/")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    card(page, "imp1a").get_by_role("button", name="Failover…").click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("Users who lose service for a while")
    page.keyboard.press("Tab")  # to what is confirmed with Enter
    recovery.failover(node(acme, "imp1a"))
    expect(dialog).to_contain_text("Failover needs a pair in Normal state; imp1a.acme.org is Failing Over.")
    expect(dialog).not_to_contain_text("Users who lose service")
    expect(dialog.get_by_role("button", name="Failover", exact=True)).to_be_hidden()
    expect(dialog.locator("#dialog-title")).to_have_text("Fail over imp1a?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_visible()
