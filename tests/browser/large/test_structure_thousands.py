"""The structure under thirty thousand users: built, changed and taken apart from the page, in the guided order."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from assignments.models import Assignment
from tests.browser.hands import card, toast
from tests.browser.large.thousands import make_thousands
from tests.support.live_stack import LiveStack
from tests.support.worlds import node
from topology.models import Cluster, Node, Subcluster

Open = Callable[..., Page]

pytestmark = pytest.mark.slow


@pytest.fixture
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[Cluster]:
    """A world for each test: what is removed cannot be put back."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield make_thousands()
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False, inhibit_post_migrate=True)


@pytest.fixture
def transactional_db(world: Cluster) -> None:
    """The data of the world."""


@pytest.fixture
def acme(world: Cluster) -> Cluster:
    return world


def panel(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.locator(f"section.subcluster[data-name='{name}']")


def test_a_node_with_thousands_of_users_is_led_out_and_removed(
    acme: Cluster, open_list: Open, live_stack: LiveStack
) -> None:
    page = open_list("administrator")
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Faults and more of imp1b").click()
    page.get_by_role("button", name=re.compile("^Move(, rename)? or remove this node")).click()
    expect(page.locator("#checklist")).to_be_visible()
    expect(page.locator("#step-slot button")).to_have_count(0)  # not its turn
    page.get_by_role("button", name="Disable HA").click()
    expect(page.locator("#step-ha")).to_have_attribute("data-standing", "done")
    expect(page.locator("#step-users")).to_contain_text("4,000 at home")
    page.get_by_role("button", name="Move all users off").click()
    page.get_by_role("button", name="Run 4,000 moves").click()
    expect(page.locator("#step-users")).to_have_attribute("data-standing", "done", timeout=60_000)
    page.get_by_role("button", name="Remove from subcluster").click()
    expect(page.locator("#step-slot")).to_contain_text("imp1b is in no subcluster")
    page.get_by_role("button", name="Put it into sc-3").click()
    expect(page.locator("#step-slot")).to_contain_text("imp1b is out of sc-3")
    page.get_by_role("button", name="Remove from subcluster").click()
    page.get_by_role("button", name="Remove permanently").click()
    expect(dialog).not_to_be_visible()
    expect(toast(page)).to_contain_text("imp1b.acme.org is removed")
    expect(card(page, "imp1b")).to_have_count(0)
    assert not Node.objects.filter(name="imp1b.acme.org").exists()
    assert Assignment.objects.exclude(home_node=None).count() == 29_500


def test_what_cannot_be_removed_says_why_and_what_comes_first(acme: Cluster, open_list: Open) -> None:
    page = open_list("administrator")
    page.get_by_role("button", name="Name, nodes and removal of sc-1").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("summary", has_text="Remove sc-1").click()
    steps = dialog.locator("#checklist")
    expect(steps).to_contain_text("8,000 at home")
    expect(steps).to_contain_text("4,000 at home")
    expect(dialog.get_by_role("button", name="Remove the subcluster")).to_have_count(0)
    standings = steps.locator(".checklist-step").evaluate_all("steps => steps.map(step => step.dataset.standing)")
    assert "done" not in standings[-1:]
    assert Subcluster.objects.filter(name="sc-1").exists()


def test_subclusters_and_nodes_are_made_renamed_and_moved(acme: Cluster, open_list: Open) -> None:
    Node.objects.filter(pk=node(acme, "imp3a").pk).update(publisher=False)
    page = open_list("administrator")
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Structure…").click()
    expect(dialog).to_contain_text("6 of at most 6 nodes")
    expect(dialog.get_by_role("button", name="Add a node")).to_be_disabled()
    dialog.get_by_role("button", name="Add a subcluster").click()
    dialog.get_by_label("Name", exact=True).fill("sc-1")
    dialog.get_by_role("button", name=re.compile("^Add subcluster")).click()
    expect(dialog.locator("#wrong-name")).to_contain_text("sc-1")  # the name is taken
    dialog.get_by_label("Name", exact=True).fill("sc-4")
    dialog.get_by_role("button", name=re.compile("^Add subcluster")).click()
    expect(panel(page, "sc-4")).to_contain_text("No node in this subcluster")
    page.get_by_role("button", name="Name, nodes and removal of sc-4").click()
    dialog.get_by_label("Name", exact=True).fill("branch")
    dialog.get_by_role("button", name=re.compile("^(Store|Change|Save)")).click()
    expect(panel(page, "branch")).to_be_visible()
    assert Subcluster.objects.filter(cluster=acme, name="branch").exists()
    if dialog.is_visible():
        page.keyboard.press("Escape")
    card(page, "spare").get_by_role("button", name=re.compile("^Place")).click()
    dialog.get_by_role("button", name="Put it into branch").click()
    expect(panel(page, "branch")).to_contain_text("spare")
    page.get_by_role("button", name="Remove from subcluster").click()
    expect(page.locator("#step-slot")).to_contain_text("spare is in no subcluster")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Name, nodes and removal of branch").click()
    dialog.locator("summary", has_text="Remove branch").click()
    dialog.get_by_role("button", name=re.compile("^Remove (the subcluster|permanently)$")).click()
    expect(panel(page, "branch")).to_have_count(0)
    assert not Subcluster.objects.filter(cluster=acme, name="branch").exists()
