"""34 clusters that are peers: panels folded to their trouble, and a map of the mesh that leads to each relation."""

import re
from collections.abc import Callable, Iterator
from itertools import combinations

import pytest
from playwright.sync_api import Page, expect

from assignments.intercluster import peers
from assignments.recovery import service
from tests.browser.large.thousands import kept
from tests.support.crowd import make_crowd
from topology.models import Cluster, Node

Open = Callable[..., Page]
pytestmark = pytest.mark.thousands  # one world, put back after each test
COUNT = 34


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[list[Cluster]]:
    """One relation is missing, one is one-sided and one fails; a node of the second cluster is without power."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        found = [make_crowd(*[20] * 6, capacity=500, name=f"region-{number:02}") for number in range(COUNT)]
        for cluster in found:
            first = Node.objects.filter(cluster=cluster).earliest("number")
            Node.objects.filter(pk=first.pk).update(publisher=True)
        peers.apply(list(combinations(found, 2))[1:], actor="ann")
        peers.remove(found[4], found[5], actor="ann", both=False)
        peers.set_fault(found[2], found[3], "certificate", actor="ann")
        peers.sync_now(found[2], found[3])
        service.inject(Node.objects.filter(cluster=found[1]).latest("number"), "power")
        with kept():
            yield found


@pytest.fixture
def page(world: list[Cluster], signed_in_page: Open) -> Page:
    opened = signed_in_page(path="/overview/")
    expect(opened.locator("#live")).to_have_attribute("data-state", "live")
    return opened


def test_panels_name_what_is_in_trouble_and_open_on_demand(page: Page) -> None:
    answer = page.reload()
    assert answer
    assert len(answer.body()) < 100_000
    expect(page.locator(".cell")).to_have_count(1)
    panel = page.locator(".panel", has_text="region-07")
    panel.get_by_role("button", name="All 6 nodes").focus()
    page.keyboard.press("Enter")
    expect(panel.locator(".cell")).to_have_count(6)
    expect(page.locator(".cell")).to_have_count(7)


def test_the_map_is_readable_and_each_trouble_leads_to_its_relation(page: Page) -> None:
    figure = page.get_by_role("group", name="Map of the relations between clusters")
    expect(figure.locator("text")).to_have_count(COUNT)
    for width in (500, 800, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        boxes = figure.evaluate(
            "svg => [...svg.querySelectorAll('text')].map(text => text.getBoundingClientRect()).filter(box =>"
            " box.left < svg.getBoundingClientRect().left - 1 || box.right > svg.getBoundingClientRect().right + 1)"
        )
        assert boxes == []
    for one, state in (("02", "Failed"), ("04", "One-sided"), ("00", "No relation")):
        name = f"region-{one} and region-{int(one) + 1:02}: {state}"
        expect(figure.get_by_role("link", name=name)).to_have_count(1)
    figure.get_by_role("link", name=re.compile("region-02 and region-03")).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/clusters/region-02/peers/#region-03"))
    expect(page.locator("#region-03")).to_contain_text("does not trust the certificate")


def test_the_page_of_all_relations_is_walked_by_the_keyboard(page: Page) -> None:
    page.goto(page.url.replace("/overview/", "/peers/"))
    expect(page.locator("#relations .relations tbody tr")).to_have_count(3)  # what is wrong, and nothing else
    expect(page.get_by_role("row", name=re.compile("^region-"))).to_have_count(3 + COUNT)
    for width in (500, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    page.get_by_label("Relations of which cluster").select_option("region-02")
    expect(page.locator("#relations .relations tbody tr")).to_have_count(COUNT - 1)
    expect(page.locator("#relations .relations tbody tr").first).to_contain_text("Failed")
    expect(page).to_have_url(re.compile("cluster=region-02"))
    page.get_by_label("Relations of which cluster").select_option("")
    page.get_by_label("State of the relations").select_option("well")
    expect(page.get_by_text("1 to 40 of 558")).to_be_visible()
    page.get_by_role("link", name="After").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("41 to 80 of 558")).to_be_visible()
