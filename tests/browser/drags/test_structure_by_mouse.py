"""Changing the structure with the mouse, the overview of all clusters, and finding users, in a real browser."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from assignments.models import Assignment
from assignments.recovery import service
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.models import Cluster, Node, Subcluster
from topology.structure.clusters import create_cluster

OpenPage = Callable[..., Page]


def open_guide(page: Page, short: str) -> None:
    page.get_by_role("button", name=f"Faults and more of {short}").click()
    page.get_by_role("button", name="Move or remove this node").click()
    expect(page.locator("#checklist")).to_be_visible()


def test_a_node_is_led_out_step_by_step(live_stack: LiveStack, signed_in_page: OpenPage) -> None:
    cluster = make_acme(speed=60, imp1a=20, imp1b=80)
    page = signed_in_page()
    open_guide(page, "imp1b")
    expect(page.locator("#step-slot button")).to_have_count(0)
    page.get_by_role("button", name="Disable HA").click()
    expect(page.locator("#step-ha")).to_have_attribute("data-standing", "done")
    page.get_by_role("button", name="Move all users off").click()
    page.get_by_role("button", name="Run 80 moves").click()
    # The checklist comes back by itself, and its counts follow the run.
    expect(page.locator("#step-users")).to_have_attribute("data-standing", "done")
    page.get_by_role("button", name="Remove from subcluster").click()
    expect(page.locator("#step-slot")).to_contain_text("imp1b is in no subcluster")
    page.get_by_role("button", name="Put it into sc-3").click()
    expect(page.locator("#step-slot")).to_contain_text("imp1b is out of sc-3")
    page.get_by_role("button", name="Remove from subcluster").click()
    page.get_by_role("button", name="Remove permanently").click()
    expect(page.locator("#dialog")).not_to_be_visible()
    expect(page.locator("#messages")).to_contain_text("imp1b.acme.org is removed")
    expect(page.locator("article.node[data-name='imp1b.acme.org']")).to_have_count(0)
    assert not Node.objects.filter(cluster=cluster, name="imp1b.acme.org").exists()
    assert Assignment.objects.filter(home_node=None).count() == 0


def test_a_cluster_is_built_from_nothing(live_web: LiveStack, signed_in_page: OpenPage) -> None:
    page = signed_in_page()
    page.get_by_role("button", name="New cluster").click()
    page.get_by_label("Name", exact=True).fill("two words")
    page.get_by_role("button", name="Create cluster").click()
    wrong = page.locator("#wrong-name")
    expect(wrong).to_contain_text("is not a valid name for a cluster")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    expect(page.get_by_label("Name", exact=True)).to_have_value("two words")
    page.get_by_label("Name", exact=True).fill("west")
    page.get_by_role("button", name="Create cluster").click()
    expect(page).to_have_url(re.compile("/clusters/west/$"))
    page.get_by_role("button", name="Add a subcluster").click()
    page.get_by_label("Name", exact=True).fill("sc-1")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="sc-1")).to_be_visible()
    page.get_by_role("button", name="Add a node").click()
    page.get_by_label("Name", exact=True).fill("pub.west.org")
    page.locator("#dialog").get_by_role("button", name="Add node").click()
    expect(page.locator("article.node[data-name='pub.west.org']")).to_be_visible()
    made = Node.objects.get()
    assert (made.subcluster, made.publisher) == (Subcluster.objects.get(), True)


def test_a_node_is_renamed_and_subclusters_change_places(live_web: LiveStack, signed_in_page: OpenPage) -> None:
    cluster = make_acme(imp1b=3)
    page, other = signed_in_page(), signed_in_page(role="viewer", path="/clusters/acme/")
    expect(other.locator("#live")).to_have_attribute("data-state", "live")
    page.get_by_role("button", name="Faults and more of imp1b").click()
    page.get_by_role("button", name="Name and capacity").click()
    name = page.get_by_label("Name", exact=True)
    name.fill("imp1a.acme.org")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#wrong-name")).to_contain_text("imp1a.acme.org is already a node of acme.")
    expect(name).to_be_focused()
    name.fill("west.acme.org")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("Saved.")
    for shown in (page, other):
        expect(shown.locator("article.node[data-name='west.acme.org']")).to_contain_text("3 / 5,000")
        expect(shown.locator(".tree")).to_contain_text("west")
        expect(shown.locator(".tree")).not_to_contain_text("imp1b")
    page.get_by_role("button", name="Structure…").click()
    page.get_by_role("button", name="Show sc-3 earlier").click()
    heads = other.locator("section.subcluster:not(.is-unassigned) h2")
    expect(heads).to_have_text(["sc-1", "sc-3", "sc-2"])
    expect(page.locator("#structure tbody th")).to_have_text(["sc-1", "sc-3", "sc-2"])
    page.get_by_role("button", name="Change or remove sc-3").click()
    page.get_by_label("Name", exact=True).fill("annex")
    page.get_by_label("Description").fill("Across the river")
    page.get_by_role("button", name="Save").click()
    expect(other.locator(".subcluster-about")).to_have_text("Across the river")
    expect(heads).to_have_text(["sc-1", "annex", "sc-2"])
    assert Node.objects.get(cluster=cluster, name="west.acme.org").home_populations.get().users == 3


def test_a_cluster_goes_when_its_name_is_typed(live_web: LiveStack, signed_in_page: OpenPage) -> None:
    make_acme(imp1a=9)
    page = signed_in_page()
    page.get_by_role("button", name="Structure…").click()
    page.get_by_role("button", name="Remove cluster…").click()
    page.get_by_label("Type the name acme").fill("acm")
    page.get_by_role("button", name="Remove it and all its users").click()
    expect(page.locator("#wrong-typed")).to_contain_text("Type the name acme")
    page.get_by_label("Type the name acme").fill("acme")
    page.get_by_role("button", name="Remove it and all its users").click()
    expect(page).to_have_url(re.compile("/overview/$"))
    expect(page.locator("#messages")).to_contain_text("acme is removed, with 6 nodes and 9 users.")
    assert not Cluster.objects.exists()


def test_the_overview_shows_new_trouble_by_itself(live_web: LiveStack, signed_in_page: OpenPage) -> None:
    west, _ = make_acme("west", imp3a=7), make_acme("east")
    page = signed_in_page(role="viewer", path="/overview/?only=trouble")
    expect(page.locator(".panel:visible")).to_have_count(0)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    service.inject(node(west, "imp3a"), "power")
    panel = page.locator(".panel:visible")
    expect(panel).to_have_count(1)
    expect(panel).to_contain_text("Not serving")
    expect(panel).to_contain_text("7 out of service")
    expect(page.locator("#overview-totals")).to_contain_text("1 of 2")
    page.locator("select[name=only]").select_option("")
    create_cluster("north")
    expect(page.locator(".panel:visible")).to_have_count(3)
    page.locator("#overview-search").fill("nor")
    expect(page.locator(".panel:visible")).to_have_count(1)
    expect(page).to_have_url(re.compile("q=nor"))


def test_finding_users_keeps_the_focus_and_the_address(live_web: LiveStack, signed_in_page: OpenPage) -> None:
    west = make_acme("west", imp1a=3)
    make_acme("east", imp1a=2)
    page = signed_in_page(role="viewer", path="/users/")
    rows = page.locator(".directory tbody tr")
    expect(rows).to_have_count(5)
    page.locator("#directory-search").press_sequentially("west")
    expect(rows).to_have_count(3)
    expect(page.locator("#directory-search")).to_be_focused()
    page.locator("#directory-node").select_option(str(node(west, "imp1a").pk))
    expect(page).to_have_url(re.compile(rf"/users/\?q=west&node={node(west, 'imp1a').pk}$"))
    page.locator("#directory-contacts").press_sequentially("9")
    expect(page.locator(".empty-title")).to_have_text("No users match")
    expect(page.locator("#directory-contacts")).to_be_focused()
    page.goto("/users/?q=west-imp1a-0002")
    page.get_by_role("link", name="west-imp1a-0002").click()
    expect(page).to_have_url(re.compile(r"/clusters/west/\?node=\d+&q=west-imp1a-0002"))
    expect(page.locator(".users [data-user-id='west-imp1a-0002']")).to_be_visible()
