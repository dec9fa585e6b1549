"""Twenty clusters with 120 nodes and 30,000 users on one page: dense, readable, filter first, live."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from assignments.models import Assignment
from assignments.recovery import service
from tests.browser.large.thousands import kept
from tests.support.crowd import make_crowd
from topology.models import Cluster, Node

Open = Callable[..., Page]
pytestmark = pytest.mark.thousands  # one world, put back after each test


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[list[Cluster]]:
    """Twenty clusters of six nodes with 250 users each."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        found = [make_crowd(*[250] * 6, capacity=500, name=f"region-{number:02}") for number in range(20)]
        with kept():
            yield found


@pytest.fixture
def page(world: list[Cluster], signed_in_page: Open) -> Page:
    opened = signed_in_page(path="/overview/")
    expect(opened.locator("#live")).to_have_attribute("data-state", "live")
    return opened


@pytest.mark.slow
def test_all_nodes_are_on_one_dense_page_with_readable_names(page: Page) -> None:
    assert Node.objects.count() == 120
    assert Assignment.objects.count() == 30_000
    expect(page.locator(".cell")).to_have_count(120)
    expect(page.locator(".panels")).to_have_class(re.compile("is-dense"))
    expect(page.locator("#overview-totals")).to_contain_text("30,000")
    expect(page.locator("#overview-search")).to_be_focused()
    for width in (800, 1440, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        names = page.locator(".cell b")
        small = names.evaluate_all(
            "names => names.filter(name => parseFloat(getComputedStyle(name).fontSize) < 11).length"
        )
        assert small == 0
        ends = names.evaluate_all("names => names.filter(name => name.scrollWidth > name.clientWidth + 1).length")
        assert ends == 0, f"{ends} names are cut at {width}"


def test_it_weighs_little(page: Page) -> None:
    answer = page.reload()
    assert answer
    assert len(answer.body()) < 100_000


def test_a_filter_comes_first_and_stays_in_the_address(page: Page) -> None:
    page.keyboard.type("region-07")
    panels = page.locator(".panel:visible")
    expect(panels).to_have_count(1)
    expect(page).to_have_url(re.compile("q=region-07"))
    page.reload()
    expect(panels).to_have_count(1)
    panels.locator(".cell", has_text="region-073").click()
    expect(page).to_have_url(re.compile(r"/clusters/region-07/\?node=\d+"))
    expect(page.locator(".list-count")).to_have_text("250 users")
    page.go_back()
    expect(panels).to_have_count(1)


@pytest.mark.slow
def test_trouble_anywhere_shows_itself_in_place(page: Page, world: list[Cluster]) -> None:
    page.evaluate("for (const part of document.querySelectorAll('.panel')) part.before = true")
    node = Node.objects.get(cluster=world[12], number=3)
    service.inject(node, "power")
    panel = page.locator(f"#panel-{world[12].pk}")
    expect(panel).to_contain_text("250 out of service")
    expect(page.locator("#overview-totals")).to_contain_text("1 of 20")
    assert page.locator(".panel").evaluate_all("parts => parts.every(part => part.before)")
    page.get_by_label("Which clusters").select_option("trouble")
    expect(page.locator(".panel:visible")).to_have_count(1)
