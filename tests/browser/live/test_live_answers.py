"""News and answers that cross on their way: none is lost, and no old one undoes what a person did."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import APIResponse, Error, Page, Route, expect

from config.local.processes import wait_until
from tests.browser.hands import card, row, toast
from tests.browser.live.changes import Open, is_live, move, press_on_card
from tests.support.worlds import add_users, node
from topology.live import events
from topology.models import Cluster
from topology.structure.nodes import unassign_node


def test_a_list_that_was_asked_for_before_a_press_waits_for_its_end(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("administrator", f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    is_live(page)
    held = hold(page, "**/clusters/acme/users?*")
    move(acme, "imp1a-0001", "imp1b")
    wait_for(page, held)
    expect(card(page, "imp1b")).to_contain_text("5 / 5,000")
    press_on_card(page, "spare")
    let_come(held)
    page.wait_for_timeout(700)  # that nothing happens takes time to see
    expect(row(page, "imp1a-0001")).to_be_visible()
    page.mouse.up()
    expect(row(page, "imp1a-0001")).to_have_count(0)


def hold(page: Page, address: str) -> list[tuple[Route, APIResponse]]:
    """Let the server answer the next request at once, and its answer come when the test says so."""
    held: list[tuple[Route, APIResponse]] = []
    page.route(address, lambda route: held.append((route, route.fetch())), times=1)
    return held


def wait_for(page: Page, held: list[tuple[Route, APIResponse]]) -> None:
    assert wait_until(lambda: bool(page.evaluate("true") and held), 10)


def let_come(held: list[tuple[Route, APIResponse]]) -> None:
    [(route, answer)] = held
    route.fulfill(response=answer)


@pytest.mark.slow
def test_news_about_a_dialog_that_is_on_its_way_is_not_lost(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    found = node(acme, "imp3a")
    card(page, "imp3a").get_by_role("button", name=re.compile("^Faults and more")).click()
    held = hold(page, f"**/structure/nodes/{found.pk}")
    page.get_by_role("button", name="Move or remove this node").click()
    wait_for(page, held)
    unassign_node(found)
    expect(page.locator("#unassigned-nodes")).to_contain_text("imp3a")  # the page has heard of it
    let_come(held)
    expect(page.locator("#step-slot")).to_contain_text("imp3a is in no subcluster")


@pytest.mark.slow
def test_news_about_what_is_being_fetched_fetches_it_once_more(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    is_live(page)
    held = hold(page, "**/clusters/acme/users?*")
    move(acme, "imp1a-0001", "imp1b")
    wait_for(page, held)
    move(acme, "imp1a-0002", "imp1b")
    expect(card(page, "imp1b")).to_contain_text("6 / 5,000")  # the page has heard of it
    let_come(held)
    expect(row(page, "imp1a-0002")).to_have_count(0)


def test_news_about_what_a_person_asked_for_meanwhile_is_not_lost(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    is_live(page)
    held = hold(page, "**/clusters/acme/users?*")
    show = card(page, "imp1b").locator("[data-shows-users]").first
    show.click()
    wait_for(page, held)
    move(acme, "imp1a-0001", "imp1b")
    expect(card(page, "imp1b")).to_contain_text("5 / 5,000")
    let_come(held)
    expect(page.locator("#users-title")).to_have_text("imp1b")
    expect(row(page, "imp1a-0001")).to_be_visible()


@pytest.mark.slow
def test_news_in_the_moment_before_a_dialog_is_ready_is_not_lost(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    found = node(acme, "imp3a")
    card(page, "imp3a").get_by_role("button", name=re.compile("^Faults and more")).click()
    button = page.get_by_role("button", name="Move or remove this node")
    expect(button).to_be_visible()
    expect(page.locator(".menu .htmx-added")).to_have_count(0)
    # The dialog is there, but htmx does not know yet what in it is to be fetched again.
    page.evaluate("htmx.config.defaultSettleDelay = 1500")
    button.click()
    expect(page.locator("#step-slot")).to_be_visible()
    unassign_node(found)
    expect(page.locator("#step-slot")).to_contain_text("imp3a is in no subcluster")


def test_an_answer_finds_its_place_although_what_was_pressed_is_gone(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", "/clusters/acme/")
    is_live(page)
    card(page, "imp1a").get_by_role("button", name="Failover…").click()
    dialog = page.get_by_role("dialog")
    held = hold(page, "**/do/failover")
    dialog.get_by_role("button", name="Failover", exact=True).click()
    wait_for(page, held)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    let_come(held)
    expect(toast(page)).to_contain_text("imp1a")
    expect(page.locator("#gone")).to_be_empty()


@pytest.mark.slow
def test_a_menu_opened_before_the_scripts_came_is_filled_and_placed(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", "/clusters/acme/")
    held: list[Route] = []
    page.route("**/js/main*.js", lambda route: held.append(route))
    page.reload(wait_until="commit")
    button = card(page, "imp1a").get_by_role("button", name=re.compile("^Faults and more"))
    button.click()
    menu = page.locator(".menu:popover-open")
    expect(menu).to_have_count(1)
    held.pop().continue_()
    expect(menu.get_by_role("button", name="Power off")).to_be_visible()
    there, opened = menu.bounding_box(), button.bounding_box()
    assert there
    assert opened
    assert there["y"] > opened["y"]
    assert abs(there["x"] - opened["x"]) < 400


def test_an_old_answer_does_not_bring_back_the_rows_a_person_scrolled_away(acme: Cluster, signed_in_page: Open) -> None:
    add_users(acme, "imp3a", 90)
    page = signed_in_page(path=f"/clusters/acme/?node={node(acme, 'imp3a').pk}")
    is_live(page)
    expect(row(page, "imp3a-0001")).to_be_visible()
    held = hold(page, "**/clusters/acme/users?*")
    events.publish([f"node-{node(acme, 'imp3a').pk}"])
    wait_for(page, held)
    row(page, "imp3a-0050").scroll_into_view_if_needed()
    expect(row(page, "imp3a-0060")).to_be_attached()
    with suppress(Error):  # the browser has given that request up
        let_come(held)
    move(acme, "imp3a-0055", "imp1b")
    expect(row(page, "imp3a-0055")).to_have_count(0)  # what was heard later is shown
    expect(row(page, "imp3a-0060")).to_be_attached()
    expect(row(page, "imp3a-0001")).to_have_count(0)
