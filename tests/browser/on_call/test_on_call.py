"""Small promises of the page to a hand on call: verdicts that follow, undos that link, keys and edges."""

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from assignments.models import Assignment, Kind, Operation, Progress
from assignments.runs import hand_moves
from tests.browser.hands import card, drag, hover, pick_up, row, toast
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.models import Cluster
from topology.templatetags.console import instant_in_full

Open = Callable[..., Page]
IN_A_NODE = "document.activeElement.closest('article.node') !== null"


@pytest.fixture
def acme(live_web: LiveStack) -> Cluster:
    return make_acme(imp1a=30, imp1b=4)


def live(page: Page) -> Page:
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    return page


def users_of_imp1a(acme: Cluster, signed_in_page: Open) -> Page:
    page = live(signed_in_page("operator", f"/clusters/acme/?node={node(acme, 'imp1a').pk}"))
    expect(row(page, "imp1a-0001")).to_be_visible()
    return page


def test_a_hovered_verdict_follows_the_world_while_the_drag_lasts(acme: Cluster, signed_in_page: Open) -> None:
    page = users_of_imp1a(acme, signed_in_page)
    pick_up(page, row(page, "imp1a-0001"))
    ghost = hover(page, "imp1b", "allowed")
    expect(ghost).to_contain_text("imp1b will have 5 of 5,000 users")
    others = Assignment.objects.filter(home_node=node(acme, "imp1a"), user__user_id__gt="imp1a-0020")
    hand_moves.move_users(acme, list(others.values_list("user", flat=True)), node(acme, "imp1b"), actor="bob")
    expect(ghost).to_contain_text("imp1b will have 15 of 5,000 users")
    page.keyboard.press("Escape")
    page.mouse.up()


def test_an_undo_links_to_what_it_undid_and_back_and_is_offered_once(
    acme: Cluster, live_stack: LiveStack, signed_in_page: Open
) -> None:
    page = users_of_imp1a(acme, signed_in_page)
    drag(page, row(page, "imp1a-0001"), "imp1b")
    expect(page.get_by_role("button", name="Undo", exact=True)).to_have_count(1)
    toast(page).get_by_role("button", name="Undo").click()
    expect(toast(page)).to_contain_text("former home")
    expect(card(page, "imp1a")).to_contain_text("30 / 5,000")
    undo, undone = Operation.objects.order_by("-pk")[:2]
    page.goto(f"/operations/{undone.pk}/")
    expect(page.get_by_role("button", name="Undo…")).to_have_count(0)
    page.get_by_role("link", name=f"operation {undo.pk}", exact=True).click()
    expect(page).to_have_url(re.compile(f"/operations/{undo.pk}/"))
    expect(page.locator("main")).to_contain_text("Undoes")
    page.get_by_role("link", name=f"operation {undone.pk}", exact=True).click()
    expect(page).to_have_url(re.compile(f"/operations/{undone.pk}/"))


def test_a_skip_link_leads_to_the_nodes(acme: Cluster, signed_in_page: Open) -> None:
    page = live(signed_in_page("operator", "/clusters/acme/"))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the nodes")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    stops = 0
    while not page.evaluate(IN_A_NODE):
        page.keyboard.press("Tab")
        stops += 1
        assert stops <= 5, "few stops to the first node"


@pytest.mark.parametrize("width", [390, 800, 1440])
def test_no_menu_touches_the_edge_of_the_window(acme: Cluster, signed_in_page: Open, width: int) -> None:
    page = live(signed_in_page("administrator", "/clusters/acme/", viewport={"width": width, "height": 900}))
    pages = page.get_by_role("button", name="More", exact=True)
    faults = page.get_by_role("button", name=re.compile("^Faults and more"))
    for opener in (page.locator("button.header-account"), faults.first, faults.nth(1), *pages.all()):
        opener.click()
        menu = page.locator(".menu:popover-open")
        expect(menu).to_be_visible()
        box = menu.bounding_box()
        assert box
        assert box["x"] >= 4, (opener, box)
        assert box["x"] + box["width"] <= width - 4, (opener, box)
        page.keyboard.press("Escape")
        expect(menu).to_have_count(0)


@pytest.mark.parametrize("width", [360, 800])
def test_a_run_beside_others_that_ended_is_whole(acme: Cluster, signed_in_page: Open, width: int) -> None:
    now = timezone.now()
    run = {"cluster": acme, "kind": Kind.REBALANCE, "total": 4806, "done": 66, "started_at": now}
    Operation.objects.create(state=Progress.RUNNING, rate=2, rate_total=3.5, **run)
    Operation.objects.create(state=Progress.CANCELLED, finished_at=now, **run)
    page = live(signed_in_page("operator", "/clusters/acme/", viewport={"width": width, "height": 1000}))
    expect(page.locator(".runs-done")).to_have_count(1)
    expect(page.locator(".runs-active .run-rate")).to_contain_text("left")
    for button in page.locator(".runs-active .run").get_by_role("button").all():
        expect(button).to_be_in_viewport(ratio=1)
    assert page.locator(".runs-active").evaluate("part => part.scrollHeight <= part.clientHeight + 1"), "nothing is cut"


@pytest.mark.parametrize("width", [1280, 1440])
def test_two_runs_stand_side_by_side_and_more_are_counted(acme: Cluster, signed_in_page: Open, width: int) -> None:
    going = {"cluster": acme, "state": Progress.RUNNING, "total": 7900, "done": 90, "started_at": timezone.now()}
    ends = {"from_node": node(acme, "imp1b"), "to_node": node(acme, "imp1a"), "rate": 15}
    Operation.objects.create(kind=Kind.FAILBACK, **going, **ends)
    Operation.objects.create(kind=Kind.REBALANCE, **going)
    page = live(signed_in_page("operator", "/clusters/acme/", viewport={"width": width, "height": 900}))
    runs = page.locator(".runs-active .run")
    expect(runs).to_have_count(2)
    for part in (*page.locator(".runs-active .run-title").all(), *runs.get_by_role("button").all()):
        expect(part).to_be_in_viewport(ratio=1)
    expect(page.locator(".runs")).to_contain_text("2 run")
    expect(runs.first).to_contain_text("Fallback")
    assert page.locator(".runs-active").evaluate("part => part.scrollHeight <= part.clientHeight + 1")


def test_numbers_have_one_format_whatever_the_browser_speaks(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", "/clusters/acme/", locale="de-DE")
    live(page)
    page.evaluate("document.querySelector('.users').dataset.total = '6396'")
    page.get_by_role("button", name="Select all").click()
    expect(page.locator("output[data-selected]")).to_have_text("6,396 selected")


def test_the_scrubber_shows_what_the_page_shows_after_reload_and_back(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", "/clusters/acme/what-if/")
    page.locator(".whatif-foot").get_by_role("button", name="Run").click()
    scrubber, title = page.locator("#scrubber"), page.locator("#instant-title")
    scrubber.focus()
    before = title.inner_text()
    for _ in range(3):
        page.keyboard.press("PageUp")
    expect(title).not_to_have_text(before)
    expect(page).to_have_url(re.compile(r"\bt=\d+"))
    at = scrubber.input_value()
    shown = f"At {instant_in_full(int(at))}"
    expect(title).to_have_text(shown)  # of the last of three presses
    page.reload()
    expect(title).to_have_text(shown)
    expect(scrubber).to_have_value(at)
    page.goto("/clusters/acme/history/")
    page.go_back()
    expect(title).to_have_text(shown)
    expect(scrubber).to_have_value(at)


def test_refused_targets_differ_by_their_line_where_colours_are_the_systems(
    acme: Cluster, signed_in_page: Open
) -> None:
    acme.nodes.filter(pk=node(acme, "imp1b").pk).update(capacity_users=4)
    address = f"/clusters/acme/?node={node(acme, 'imp1a').pk}"
    page = live(signed_in_page("operator", address, forced_colors="active"))
    pick_up(page, row(page, "imp1a-0001"))
    hover(page, "imp1b", "refused")
    styles = [
        card(page, name).evaluate("card => getComputedStyle(card).outlineStyle") for name in ("imp2a", "imp1b", "imp3a")
    ]
    assert styles[1] == "dotted", styles
    assert "dotted" not in (styles[0], styles[2]), styles
    page.keyboard.press("Escape")
    page.mouse.up()
