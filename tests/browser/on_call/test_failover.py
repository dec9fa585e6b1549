"""The road of a failure on the page: power off, users out of service counted down, served by the peer, home again."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from assignments.models import Population
from tests.browser.hands import card
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme
from topology.models import Cluster
from topology.structure.policy import set_clock_speed

Open = Callable[..., Page]
SOME = re.compile(r"^[1-9]\d{0,2}$")  # 1 to 999


def out_of_service(page: Page) -> Locator:
    return page.locator(".summary-bar [data-count=out-of-service] dd")


def fault(page: Page, short: str, name: str) -> None:
    card(page, short).get_by_role("button", name=re.compile("^Faults and more")).click()
    page.get_by_role("button", name=name, exact=True).click()
    if name == "Power off":  # asked, for users are served
        page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


def places(cluster: Cluster) -> set[tuple[str, str, int]]:
    """Home, serving node and number of users."""
    rows = Population.objects.filter(cluster=cluster, users__gt=0, home_node__isnull=False)
    return {(r.home_node.short_name, r.serving_node.short_name, r.users) for r in rows}  # type: ignore[union-attr]


@pytest.mark.each_run
def test_a_node_loses_power_its_peer_takes_over_and_all_come_home(live_stack: LiveStack, signed_in_page: Open) -> None:
    acme = make_acme(speed=6, imp1a=1000, imp1b=10)  # time enough for two browsers of a busy machine
    page, other = signed_in_page("operator"), signed_in_page("viewer")
    expect(other.locator("#live")).to_have_attribute("data-state", "live")
    other.evaluate("document.documentElement.dataset.marked = 'before'")

    fault(page, "imp1a", "Power off")
    for each in (page, other):
        expect(out_of_service(each)).to_have_text("1,000")
        expect(card(each, "imp1a").locator(".node-out")).to_contain_text("1,000 out of service")
        expect(card(each, "imp1b")).to_contain_text("Taking Over")
    for each in (page, other):
        expect(out_of_service(each)).to_have_text(SOME)  # counted down before one's eyes
    set_clock_speed(acme, 60, actor=None)
    for each in (page, other):
        expect(out_of_service(each)).to_have_text("0", timeout=20_000)
        expect(card(each, "imp1b")).to_contain_text("Running in Backup Mode")
        expect(card(each, "imp1b")).to_contain_text("1,000 guests")
        expect(card(each, "imp1a")).to_contain_text("1,000 / 5,000")  # at home still
    assert places(acme) == {("imp1a", "imp1b", 1000), ("imp1b", "imp1b", 10)}

    step = page.locator(".next-step")  # stands where the banner stood, until the pair is whole again
    expect(step).to_contain_text("imp1a: Power off")
    expect(step).to_contain_text("1,000 of imp1a are served by its peer")
    expect(other.locator(".next-step")).to_contain_text("Ask an operator")
    step.get_by_role("button", name="Power on imp1a").click()
    expect(card(page, "imp1a")).to_contain_text("Failed Over", timeout=20_000)
    step.get_by_role("button", name="Fallback to imp1a…").click(timeout=20_000)
    page.get_by_role("dialog").get_by_role("button", name="Fallback", exact=True).click()
    for each in (page, other):
        for short in ("imp1a", "imp1b"):
            expect(card(each, short).locator(".state-badge").first).to_have_text("Normal", timeout=30_000)
        expect(out_of_service(each)).to_have_text("0", timeout=20_000)
        expect(card(each, "imp1b")).not_to_contain_text("guests")
        expect(each.locator(".next-step")).to_have_count(0)
    assert places(acme) == {("imp1a", "imp1a", 1000), ("imp1b", "imp1b", 10)}
    expect(other.locator("html")).to_have_attribute("data-marked", "before")


@pytest.mark.slow
def test_a_node_without_a_peer_keeps_its_users_out_of_service(live_stack: LiveStack, signed_in_page: Open) -> None:
    make_acme(speed=60, imp3a=40)
    page = signed_in_page("operator")
    sub = page.locator(".subcluster", has=card(page, "imp3a"))
    expect(sub).to_contain_text("One node: no protection")
    fault(page, "imp3a", "Power off")
    expect(out_of_service(page)).to_have_text("40")
    expect(card(page, "imp3a").locator(".node-out")).to_contain_text("40 out of service")
    fault(page, "imp3a", "Power on")
    expect(out_of_service(page)).to_have_text("0", timeout=20_000)
