"""Whoever is found across clusters is acted on there; a list filtered again shows nobody of the filter before."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from assignments.models import Assignment, Pin
from tests.browser.hands import toast
from tests.support.live_stack import LiveStack
from tests.support.worlds import node
from topology.models import Cluster

Open = Callable[..., Page]
pytestmark = pytest.mark.thousands


def status(page: Page) -> Locator:
    return page.locator("#directory").get_by_role("status")


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).select_option(label=option)


def at_home(cluster: Cluster, short: str) -> int:
    return Assignment.objects.filter(home_node=node(cluster, short)).count()


def shown(page: Page) -> list[str]:
    return page.locator(".directory tbody th a").all_inner_texts()


def test_a_filter_after_a_filter_shows_those_who_match_once_each(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("viewer", "/users/")
    expect(status(page)).to_have_text("30,000 users in all clusters")
    for label, option, found in (
        ("Home node", "imp1b", "4,000"),
        ("Endpoint", "Sametime", "40"),
        ("Endpoint", "Any endpoint", "4,000"),
        ("Home node", "imp1a", "8,000"),
    ):
        choose(page, label, option)
        expect(status(page)).to_have_text(f"{found} users match")
        names = shown(page)
        assert len(names) == len(set(names)) == min(50, int(found.replace(",", "")))
    for rows in (100, 150):
        page.locator(".directory tr.more").scroll_into_view_if_needed()
        expect(page.locator(".directory tbody th")).to_have_count(rows)
    choose(page, "Endpoint", "Sametime")
    expect(status(page)).to_have_text("80 users match")
    page.locator(".directory tr.more").scroll_into_view_if_needed()
    expect(page.locator(".directory tbody th")).to_have_count(80)
    matching = Assignment.objects.filter(home_node=node(acme, "imp1a"), user__endpoints__contains=["sametime"])
    assert sorted(shown(page)) == sorted(matching.values_list("user__user_id", flat=True))


def test_all_who_are_found_are_pinned_moved_and_unassigned(
    acme: Cluster, signed_in_page: Open, live_stack: LiveStack
) -> None:
    page = signed_in_page("operator", "/users/")
    choose(page, "Home node", "imp1b")
    choose(page, "Endpoint", "Sametime")
    group, dialog = page.get_by_role("group", name="For all matching users"), page.get_by_role("dialog")
    expect(group).to_contain_text("All 40 in acme")
    group.get_by_role("button", name="Pin…", exact=True).click()
    dialog.get_by_label("Why they must stay").fill("Their phones need the gateway")
    dialog.get_by_role("button", name="Pin 40 users").click()
    expect(toast(page)).to_contain_text("Pinned 40 users.")
    expect(page.locator(".directory").get_by_title("Pinned")).to_have_count(40)
    assert Pin.objects.count() == 40
    group.get_by_role("button", name="Unpin…").click()
    dialog.get_by_role("button", name="Unpin", exact=True).click()
    expect(page.locator(".directory").get_by_title("Pinned")).to_have_count(0)
    group.get_by_role("button", name="Move to…").click()
    dialog.get_by_role("button", name=re.compile("^imp1a ?, allowed")).click()
    expect(toast(page)).to_contain_text("Moved 40 users to imp1a.")
    expect(page.locator("#directory")).to_contain_text("No users match")
    toast(page).get_by_role("button", name="Undo").click()  # a run, which the list follows
    expect(group).to_contain_text("All 40 in acme", timeout=20_000)
    choose(page, "Endpoint", "Any endpoint")
    expect(group).to_contain_text("All 4,000 in acme")
    group.get_by_role("button", name="Move to…").click()
    dialog.get_by_role("button", name=re.compile("^Unassigned users ?, warning")).click()
    dialog.get_by_role("button", name="Move 4,000 users").click()
    expect(toast(page)).to_contain_text("Moving 4,000 users")
    expect(page.locator("#directory")).to_contain_text("No users match", timeout=30_000)
    assert at_home(acme, "imp1b") == 0


def test_some_of_those_found_are_chosen_in_the_list_of_their_cluster(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", "/users/?show=assigned&contacts=20")
    matching = Assignment.objects.filter(home_node__isnull=False, user__contacts__gte=20)
    all_of_them = f"{matching.count():,}"
    expect(status(page)).to_have_text("10,000+ users match")
    page.get_by_role("link", name="Choose some of them in acme").click()
    expect(page).to_have_url(re.compile(r"/clusters/acme/\?show=assigned&contacts=20$"))
    expect(page.locator("#user-contacts")).to_have_value("20")
    page.get_by_role("button", name="Select all").click()
    expect(page.locator("output[data-selected]")).to_have_text("10,000+ selected")
    page.get_by_role("button", name="Export…").click()
    expect(page.get_by_role("dialog").locator("#dialog-title")).to_have_text(f"Export {all_of_them} users")
    page.get_by_role("dialog").get_by_role("button", name="Close").first.click()
    page.locator("#user-contacts").fill("150")
    few = f"{matching.filter(user__contacts__gte=150).count():,} users found"
    expect(page.locator(".list-count")).to_have_text(few)
    expect(page.locator("output[data-selected]")).to_have_text("")
    page.reload()
    expect(page.locator(".list-count")).to_have_text(few)


def test_a_filter_across_clusters_is_kept_as_a_view(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("viewer", "/users/")
    choose(page, "Home node", "imp1b")
    choose(page, "Endpoint", "Sametime")
    expect(status(page)).to_have_text("40 users match")
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name of the view").fill("Old clients of imp1b")
    page.get_by_role("button", name="Save", exact=True).click()
    kept = page.locator("#saved-views .menu-item")
    expect(kept).to_have_text("Old clients of imp1b")
    page.goto("/users/")
    page.get_by_role("button", name="Views").click()
    kept.click()
    expect(status(page)).to_have_text("40 users match")
    expect(page.get_by_label("Endpoint", exact=True)).to_have_value("sametime")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Delete the view Old clients of imp1b").click()
    expect(page.locator("#saved-views")).to_contain_text("None yet")
