"""What-if in a browser: choose, run, look at any instant, fork, and the verdict on a node that follows its peer."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from assignments.models import Assignment, Simulation
from assignments.recovery import service
from tests.browser.hands import card
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.models import Cluster
from topology.templatetags.console import instant_in_full

Open = Callable[..., Page]
PATH = "/clusters/acme/what-if/"


@pytest.fixture
def acme(live_web: LiveStack) -> Cluster:
    """600 users on a pair, with nobody at work: whatever changes, a test changed it."""
    cluster = make_acme(imp1a=400, imp1b=200)
    Assignment.objects.filter(cluster=cluster).update(signed_in=True)
    return cluster


def run(page: Page) -> None:
    page.locator(".whatif-foot").get_by_role("button", name="Run").click()


def test_from_the_catalogue_to_any_instant(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", PATH)
    page.get_by_label("A sized topology").check()
    expect(page.locator('.whatif-lines select[name$="-node"]').first).to_have_value("node-1a")
    page.get_by_label("Nodes", exact=True).fill("2")
    page.get_by_label("Users", exact=True).fill("6000")
    page.get_by_label("From the catalogue").select_option("both_in_turn")
    expect(page.locator('[name$="-at"]')).to_have_count(5)
    run(page)
    expect(page).to_have_url(re.compile(r"/what-if/[a-z2-7]{10}/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Both nodes of a pair, one after the other, 2 nodes")
    expect(page.locator(".totals")).to_contain_text("Never came back")

    page.locator("#scrubber").focus()
    page.keyboard.press("Home")
    expect(page.locator("#instant-title")).to_have_text("At 0:00:00")
    expect(page.locator(".instant-head")).to_contain_text("6,000 at home")
    for _ in range(9):  # quicker than the server answers: the last one counts
        page.keyboard.press("PageUp")
    at, until = int(page.locator("#scrubber").input_value()), Simulation.objects.get().timeline["until"]
    assert at > until // 2
    expect(page.locator("#instant-title")).to_have_text(f"At {instant_in_full(at)}")
    expect(page.locator("#cursor line")).to_have_attribute("x1", f"{100 * at / until}%")

    page.locator(".log-lines a", has_text="takes over from").first.click()
    expect(page.locator("#instant-title")).to_have_text("At 0:02:00")
    expect(page.locator("#instant .node").nth(1)).to_contain_text("Taking Over")
    expect(page.locator("#scrubber")).to_have_value("120")
    page.get_by_label(re.compile("To the next event")).click()
    expect(page.locator("#instant-title")).not_to_have_text("At 0:02:00")


def test_lines_are_added_removed_and_kept_when_something_is_wrong(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", PATH)
    lines = page.locator('[name$="-at"]')
    expect(lines).to_have_count(3)
    lines.nth(1).fill("soon")
    page.get_by_role("button", name="Add a line").click()
    expect(lines).to_have_count(4)
    expect(lines.nth(1)).to_have_value("soon")
    page.get_by_role("button", name="Remove line 1").click()
    expect(lines).to_have_count(3)
    expect(page.get_by_label("From the catalogue")).to_have_value("")
    run(page)
    problems = page.locator(".whatif-problems")
    expect(problems).to_contain_text("Line 1, at: soon is not a span of time.")
    expect(lines.nth(0)).to_have_value("soon")
    expect(lines.nth(0)).to_have_attribute("aria-invalid", "true")
    assert not Simulation.objects.exists()
    lines.nth(0).fill("5m")
    page.keyboard.press("Enter")  # runs; it does not press the first button that is seen
    expect(page).to_have_url(re.compile(r"/what-if/"))


def test_a_fork_begins_with_what_was_run_and_a_viewer_only_looks(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", PATH)
    page.get_by_label("Name").fill("The first")
    run(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("The first")
    address = page.url
    page.get_by_role("link", name="Fork").click()
    expect(page.get_by_label(re.compile("From a run"))).to_be_checked()
    expect(page.get_by_label("Name")).to_have_value("The first")
    run(page)
    expect(page).to_have_url(address)  # nothing was changed, so it is the same run

    viewer = signed_in_page("viewer", address)
    expect(viewer.get_by_role("heading", level=1)).to_have_text("The first")
    expect(viewer.get_by_role("button", name="Delete…")).to_have_count(0)
    viewer.goto(PATH)
    expect(viewer.locator(".whatif-foot").get_by_role("button", name="Run")).to_have_attribute("aria-disabled", "true")


@pytest.mark.slow
@pytest.mark.parametrize("width", [800, 1440])
def test_no_page_scrolls_sideways(acme: Cluster, signed_in_page: Open, width: int) -> None:
    page = signed_in_page("operator", PATH, viewport={"width": width, "height": 900}, color_scheme="dark")
    for _ in range(2):
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
        if page.url.endswith("/what-if/"):
            run(page)
            expect(page.locator("#instant")).to_be_visible()


def test_on_a_phone_no_words_of_a_run_touch_each_other(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", PATH)
    run(page)
    expect(page).to_have_url(re.compile(r"/what-if/[a-z2-7]{10}/"))
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".axis text").nth(1)).to_be_hidden()
    for words in (".axis text", ".tries li"):
        boxes = [box for each in page.locator(words).all() if (box := each.bounding_box())]
        assert len(boxes) > 1
        for one, after in pairwise(boxes):
            assert after["y"] > one["y"] or after["x"] - one["x"] - one["width"] >= 4, words
    marks = page.locator(".tries").first.evaluate("list => getComputedStyle(list).listStylePosition")
    assert marks == "inside"  # beside the words a number stands in the gap, where two digits fill it


def test_the_verdict_on_a_node_follows_its_peer(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("viewer", "/clusters/acme/")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    verdict = card(page, "imp1a").locator("[data-verdict]")
    expect(verdict).to_contain_text("imp1b takes all 400")
    service.inject(node(acme, "imp1b"), "power")
    expect(verdict).to_contain_text("No node takes over: 400")
    service.repair(node(acme, "imp1b"), "power")
    expect(verdict).to_contain_text("imp1b takes all 400")
