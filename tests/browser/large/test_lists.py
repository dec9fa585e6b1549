"""Finding users among thirty thousand, in one cluster and across clusters, and doing something with all of them."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from assignments.models import Assignment, Pin
from assignments.moves import pins
from assignments.moves.selection import Selection
from tests.browser.hands import card, row, toast
from tests.support.live_stack import LiveStack
from tests.support.worlds import add_users, make_acme, node
from topology.models import Cluster, Node

Open = Callable[..., Page]
pytestmark = [pytest.mark.thousands, pytest.mark.slow]


def at_home(cluster: Cluster, short: str) -> int:
    return Assignment.objects.filter(home_node=node(cluster, short)).count()


def counted(page: Page) -> Locator:
    return page.locator(".list-count")


def choose(page: Page, label: str, option: str) -> None:
    page.locator("#users").get_by_label(label, exact=True).select_option(label=option)


def test_the_list_finds_by_everything_and_the_address_keeps_it(acme: Cluster, open_list: Open) -> None:
    pinned = Assignment.objects.filter(home_node=node(acme, "imp1a"), user__user_id__lte="imp1a-00040")
    pins.pin(Selection(acme, tuple(pinned.values_list("user_id", flat=True))), "a gateway", actor="ada")
    Node.objects.filter(pk=node(acme, "imp3a").pk).update(power_on=False)  # it has no peer
    page = open_list("viewer")
    tree = page.get_by_role("navigation", name="Tree of acme")
    for place, found in (("acme", "30,000 users"), ("sc-1", "12,000 users"), ("imp1b", "4,000 users")):
        tree.get_by_role("link", name=re.compile(f"^{place}\\b")).click()
        expect(counted(page)).to_have_text(found)
    tree.get_by_role("link", name=re.compile("^acme")).click()
    expect(counted(page)).to_have_text("30,000 users")
    for show, found in (
        ("Pinned", "40"),
        ("Unassigned", "500"),
        ("Out of service", "6,000"),
        ("In service", "23,500"),
    ):
        choose(page, "Which users", show)
        expect(counted(page)).to_have_text(f"{found} users found")
    choose(page, "Which users", "All users")
    choose(page, "Endpoint", "Sametime")
    expect(counted(page)).to_have_text("300 users found")
    page.locator("#user-search").fill("@sales.")
    expect(counted(page)).to_have_text("50 users found")
    page.locator("#user-search").fill("person 4900 of imp1a")
    expect(counted(page)).to_have_text("1 user found")
    expect(row(page, "imp1a-04900")).to_be_visible()
    assert parse_qs(urlsplit(page.url).query) == {"q": ["person 4900 of imp1a"], "endpoint": ["sametime"]}
    page.reload()
    expect(counted(page)).to_have_text("1 user found")
    expect(page.locator("#user-search")).to_have_value("person 4900 of imp1a")
    tree.get_by_role("link", name=re.compile("^imp1b")).click()
    expect(counted(page)).to_have_text("4,000 users")
    page.go_back()
    expect(counted(page)).to_have_text("1 user found")


def test_a_view_of_a_filter_is_saved_opened_and_deleted(acme: Cluster, open_list: Open) -> None:
    page = open_list("viewer")
    page.locator("#user-search").fill("@sales.")
    expect(counted(page)).to_have_text("5,000 users found")
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name of the view").fill("Sales of imp1a")
    page.get_by_role("button", name="Save", exact=True).click()
    kept = page.locator("#saved-views .menu-item")
    expect(kept).to_have_text("Sales of imp1a")
    page.goto("/clusters/acme/")
    expect(counted(page)).to_have_text("30,000 users")
    page.get_by_role("button", name="Views").click()
    kept.click()
    expect(counted(page)).to_have_text("5,000 users found")
    expect(page).to_have_url(re.compile("q=%40sales"))
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Delete the view Sales of imp1a").click()
    expect(page.locator("#saved-views")).to_contain_text("None yet")


def select_all(page: Page, count: str) -> None:
    page.get_by_role("button", name="Select all").click()
    expect(page.locator("output[data-selected]")).to_have_text(f"{count} selected")


def test_all_who_match_are_pinned_and_come_as_a_file(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    page.locator("#user-search").fill("@sales.")
    expect(counted(page)).to_have_text("5,000 users found")
    select_all(page, "5,000")
    page.get_by_role("button", name="Pin…", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("#dialog-title")).to_have_text("Pin 5,000 users of imp1a")
    dialog.get_by_label("Why they must stay").fill("Their phones need the gateway")
    dialog.get_by_role("button", name="Pin 5,000 users").click()
    expect(toast(page)).to_contain_text("Pinned 5,000 users.")
    assert Pin.objects.count() == 5000
    expect(row(page, "imp1a-00001").get_by_title("Pinned")).to_be_visible()
    select_all(page, "5,000")
    page.get_by_role("button", name="Export…").click()
    with page.expect_download() as coming:
        dialog.get_by_role("button", name="Export 5,000 users").click()
    lines = coming.value.path().read_text().splitlines()
    assert len(lines) == 5001
    assert lines[1].startswith("imp1a-00001,Person 1 of imp1a,")
    page.get_by_role("button", name="Close", exact=True).last.click()
    select_all(page, "5,000")
    page.get_by_role("button", name="Unpin…").click()
    dialog.get_by_role("button", name="Unpin", exact=True).click()
    expect(row(page, "imp1a-00001").get_by_title("Pinned")).to_be_hidden()
    assert not Pin.objects.exists()


def test_all_who_match_are_assigned_and_unassigned(acme: Cluster, open_list: Open, live_stack: LiveStack) -> None:
    page = open_list(short="waiting")
    select_all(page, "500")
    page.get_by_role("button", name="Move to…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("^imp1b ?, allowed")).click()
    dialog.get_by_role("button", name="Move 500 users").click()
    expect(card(page, "imp1b")).to_contain_text("4,500 / 15,000")
    expect(card(page, "waiting")).to_contain_text("all users have a home node")
    assert at_home(acme, "imp1b") == 4500
    page.get_by_role("navigation", name="Tree of acme").get_by_role("link", name=re.compile("^imp1a")).click()
    expect(page.locator("#users-title")).to_have_text("imp1a")
    page.locator("#user-search").fill("@sales.")
    expect(counted(page)).to_have_text("5,000 users found")
    select_all(page, "5,000")
    page.get_by_role("button", name="Move to…").click()
    dialog.get_by_role("button", name=re.compile("^Unassigned users ?, warning")).click()
    expect(dialog).to_contain_text("5,000 users lose home node and service.")
    dialog.get_by_role("button", name="Move 5,000 users").click()
    expect(card(page, "waiting").locator(".waiting-count strong")).to_have_text("5,000")
    assert at_home(acme, "imp1a") == 3000


@pytest.fixture
def east(acme: Cluster) -> Iterator[Cluster]:
    """A second cluster beside the large one."""
    other = make_acme("east")
    add_users(other, "imp1a", 300)
    yield other
    Assignment.objects.filter(cluster=other).delete()
    other.delete()


def test_users_are_found_across_clusters_by_everything(acme: Cluster, east: Cluster, signed_in_page: Open) -> None:
    Node.objects.filter(pk=node(acme, "imp3a").pk).update(power_on=False)
    Assignment.objects.filter(home_node=node(acme, "imp1b"), user__user_id__lte="imp1b-00025").update(pinned=True)
    page = signed_in_page("operator", "/users/")
    status = page.locator("#directory").get_by_role("status")
    expect(status).to_have_text("30,300 users in all clusters")
    page.locator("#directory-search").press_sequentially("person 7 of imp1a")
    expect(status).to_have_text("2 users match")  # one of each cluster
    expect(page.locator("#directory-search")).to_be_focused()
    page.locator("#directory-search").fill("")
    for field, option, found in (
        ("Cluster", "east", "300"),
        ("Cluster", "acme", "30,000"),
        ("Subcluster", "sc-1", "12,000"),
        ("Home node", "imp1b", "4,000"),
        ("Which users", "Pinned", "25"),
        ("Which users", "Assigned", "4,000"),
        ("Endpoint", "Sametime", "40"),
    ):
        page.get_by_label(field, exact=True).select_option(label=option)
        expect(status).to_have_text(f"{found} users match")
    page.locator("#directory-contacts").press_sequentially("150")
    matching = Assignment.objects.filter(home_node=node(acme, "imp1b"), user__contacts__gte=150)
    few = matching.filter(user__endpoints__contains=["sametime"]).count()
    expect(status).to_have_text(f"{few} users match")
    asked = {"cluster", "subcluster", "node", "show", "endpoint", "contacts"}
    assert set(parse_qs(urlsplit(page.url).query)) == asked
    page.reload()
    expect(status).to_have_text(f"{few} users match")
    page.goto("/users/?show=out")
    expect(status).to_have_text("6,000 users match")
    page.goto("/users/?show=unassigned")
    expect(status).to_have_text("500 users match")
    with page.expect_download() as coming:
        page.get_by_role("link", name="Export as CSV").click()
    assert len(coming.value.path().read_text().splitlines()) == 501
    page.get_by_role("link", name="waiting-00001").click()
    expect(page).to_have_url(re.compile(r"/clusters/acme/\?node=0&q=waiting-00001"))
    expect(row(page, "waiting-00001")).to_be_visible()
