"""Outages are shown and survived, a session that ended is said, and many tabs hold one stream."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Request, expect

from tests.browser.hands import card
from tests.browser.live.changes import Open, is_live, move
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme
from topology.live import events
from topology.models import Cluster


def test_a_stopped_server_is_shown_and_a_restarted_one_is_picked_up(
    acme: Cluster, signed_in_page: Open, live_web: LiveStack
) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    live_web.stop_web()
    expect(page.locator("#live")).to_have_attribute("data-state", "lost")
    expect(page.locator("#live")).to_contain_text("Not live since")
    expect(page.locator("body")).to_have_class(re.compile(r"\bstale\b"))
    move(acme, "imp1a-0001", "imp1b")
    live_web.start_web()
    is_live(page)
    expect(card(page, "imp1b")).to_contain_text("5 / 5,000")


def test_a_page_that_missed_too_much_fetches_everything(
    acme: Cluster, signed_in_page: Open, live_web: LiveStack
) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    live_web.stop_web()
    expect(page.locator("#live")).to_have_attribute("data-state", "lost")
    move(acme, "imp1a-0001", "imp1b")
    events.client().delete(events.stream_name())
    live_web.start_web()
    is_live(page)
    expect(card(page, "imp1b")).to_contain_text("5 / 5,000")


@pytest.mark.slow
def test_ten_tabs_hold_one_stream_and_hand_it_over(acme: Cluster, signed_in_page: Open) -> None:
    first = signed_in_page(path="/clusters/acme/")
    is_live(first)
    streams: list[str] = []

    def note(request: Request) -> None:
        if "/stream?" in request.url:
            streams.append(request.url)

    first.context.on("request", note)
    tabs = [first.context.new_page() for _ in range(9)]
    for tab in tabs:
        tab.goto("/clusters/acme/", wait_until="domcontentloaded")  # all come at once
    for tab in tabs:
        is_live(tab)
    assert streams == []
    move(acme, "imp1a-0001", "imp1b")
    for tab in [first, *tabs]:
        expect(card(tab, "imp1b")).to_contain_text("5 / 5,000")
    first.close()
    move(acme, "imp1a-0002", "imp1b")
    for tab in tabs:
        expect(card(tab, "imp1b")).to_contain_text("6 / 5,000")
    assert len(streams) == 1
    assert re.search(r"/stream\?as=\d+&after=\d+-\d+&cluster=acme&kind=administrator&version=\d+$", streams[0])


@pytest.mark.slow
def test_tabs_on_two_clusters_share_one_stream(acme: Cluster, signed_in_page: Open) -> None:
    other = make_acme("other", imp1a=3)
    first = signed_in_page(path="/clusters/acme/")
    is_live(first)
    second = first.context.new_page()
    second.goto("/clusters/other/")
    is_live(second)
    for cluster, page, user, shown in ((acme, first, "imp1a-0001", 5), (other, second, "other-imp1a-0001", 1)):
        move(cluster, user, "imp1b")
        expect(card(page, "imp1b")).to_contain_text(f"{shown} / 5,000")
    first.close()
    move(other, "other-imp1a-0002", "imp1b")
    expect(card(second, "imp1b")).to_contain_text("2 / 5,000")


def test_who_signed_out_meanwhile_is_led_to_the_sign_in(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    page.context.clear_cookies()
    move(acme, "imp1a-0001", "imp1b")
    expect(page).to_have_url(re.compile("/sign-in/"))


def test_a_tab_that_leads_and_sleeps_is_noticed_and_replaced(acme: Cluster, signed_in_page: Open) -> None:
    first = signed_in_page(path="/clusters/acme/")
    is_live(first)
    second = first.context.new_page()
    second.goto("/clusters/acme/")
    is_live(second)
    first.context.new_cdp_session(first).send("Emulation.setScriptExecutionDisabled", {"value": True})
    with second.expect_request("**/stream?*", timeout=30_000):
        second.bring_to_front()
    is_live(second)
    move(acme, "imp1a-0001", "imp1b")
    expect(card(second, "imp1b")).to_contain_text("5 / 5,000")


def test_a_session_that_ended_is_said_and_asked_no_more(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/?q=imp1a")
    is_live(page)
    Session.objects.all().delete()
    link = page.locator("#live").get_by_role("link", name="You are signed out. Sign in")
    expect(link).to_be_visible(timeout=10_000)
    assert link.get_attribute("href") == page.url
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)  # that nothing happens takes time to see
    assert asked == []


def test_a_network_that_is_gone_is_said_and_its_return_asks_at_once(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    page.evaluate("document.body.dataset.marked = 'before'")
    page.context.set_offline(True)
    expect(page.locator("#live")).to_contain_text("the network is silent")
    page.context.set_offline(False)
    is_live(page)  # although there is no news
    page.context.set_offline(True)
    expect(page.locator("#live")).to_contain_text("the network is silent")
    move(acme, "imp1a-0001", "imp1b")
    page.context.set_offline(False)
    is_live(page)
    expect(card(page, "imp1b")).to_contain_text("5 / 5,000")
    expect(page.locator("body")).to_have_attribute("data-marked", "before")
