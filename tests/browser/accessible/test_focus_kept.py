"""By key alone: where the focus is after what it was on has gone, can do no more, or was swapped for something else."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.hands import card, row, toast
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.models import Cluster
from topology.structure.subclusters import create_subcluster, remove_subcluster

Open = Callable[..., Page]


@pytest.fixture
def acme(live_web: LiveStack) -> Cluster:
    return make_acme(imp1a=30, imp1b=4, waiting=5)


@pytest.fixture
def page(acme: Cluster, signed_in_page: Open) -> Page:
    opened = signed_in_page("administrator", f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    expect(opened.locator("#live")).to_have_attribute("data-state", "live")
    return opened


@pytest.fixture
def dialog(page: Page) -> Locator:
    return page.locator("#dialog")


def test_a_dialog_that_shows_something_else_begins_at_its_title(page: Page, dialog: Locator) -> None:
    title = dialog.locator("#dialog-title")
    page.get_by_role("button", name="Settings…").press("Enter")
    dialog.get_by_role("button", name="Balancer and runs").press("Enter")
    expect(title).to_have_text("Automatic balancing of acme")
    expect(title).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Settings…")).to_be_focused()
    page.get_by_role("button", name="Structure…").press("Enter")
    dialog.get_by_role("button", name="imp1b").press("Enter")
    expect(title).to_have_text("Move or remove imp1b")
    expect(title).to_be_focused()


def test_the_goal_of_a_plan_is_chosen_by_arrows(page: Page, dialog: Locator) -> None:
    page.get_by_role("button", name="Rebalance…").press("Enter")
    goal = dialog.get_by_label("Goal")
    for title in ("Assign the unassigned", "Active/Standby"):
        goal.press("ArrowDown")
        expect(dialog.locator("#dialog-title")).to_have_text(title)
        expect(goal).to_be_focused()


@pytest.mark.parametrize("size", [(390, 700), (720, 450)])  # a phone, and a laptop at twice its size
def test_a_plan_is_read_from_its_beginning(acme: Cluster, signed_in_page: Open, size: tuple[int, int]) -> None:
    page = signed_in_page("operator", "/clusters/acme/", viewport={"width": size[0], "height": size[1]})
    page.get_by_role("button", name="Rebalance…").press("Enter")
    dialog = page.locator("#dialog")
    expect(dialog.get_by_role("button", name="Run")).to_be_focused()
    expect(dialog.get_by_label("Goal")).to_be_in_viewport()
    assert dialog.evaluate("dialog => [dialog.scrollTop, dialog.scrollHeight > dialog.clientHeight]") == [0, True]


def test_who_can_go_no_further_goes_back_with_the_neighbour(page: Page, dialog: Locator) -> None:
    page.get_by_role("button", name="Structure…").press("Enter")
    dialog.get_by_role("button", name="Show sc-2 earlier").press("Enter")
    expect(dialog.get_by_role("button", name="Show sc-2 earlier")).to_be_disabled()
    expect(dialog.get_by_role("button", name="Show sc-2 later")).to_be_focused()


def test_a_message_gives_the_focus_back(page: Page) -> None:
    page.locator(".users").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("m")
    expect(page.locator("#dialog .target:focus")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(toast(page)).to_contain_text("Moved 1 user")
    expect(row(page, "imp1a-0001")).to_have_count(0)
    expect(page.locator(".users")).to_be_focused()
    toast(page).get_by_role("button", name="Undo").press("Enter")
    expect(toast(page)).to_contain_text("Moving 1 user to their former home")
    expect(page.locator(".users")).to_be_focused()
    toast(page).get_by_role("button", name="Close this message").press("Enter")
    expect(page.locator(".users")).to_be_focused()


def test_a_line_and_a_view_that_were_removed_leave_the_focus_beside_them(page: Page) -> None:
    page.get_by_role("button", name="Views").press("Enter")
    page.get_by_label("Name of the view").fill("mine")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Delete the view mine").press("Enter")
    expect(page.get_by_role("button", name="Delete the view mine")).to_have_count(0)
    expect(page.get_by_label("Name of the view")).to_be_focused()
    page.goto("/clusters/acme/what-if/")
    last = page.get_by_role("button", name="Remove line").last
    name = last.get_attribute("aria-label") or ""
    last.press("Enter")
    expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("button", name="Add a line")).to_be_focused()


def test_a_press_beside_everything_lets_the_focus_go(acme: Cluster, page: Page) -> None:
    card(page, "imp1a").get_by_role("button", name="Faults and more").focus()
    page.mouse.click(700, 5)  # the header
    expect(page.locator("body")).to_be_focused()
    page.evaluate("htmx.swap('#gone', '', {swapStyle: 'innerHTML', swapDelay: 0, settleDelay: 0})")  # as news do
    expect(page.locator("body")).to_be_focused()


def test_what_another_person_removes_leaves_the_focus_near_it(acme: Cluster, page: Page, dialog: Locator) -> None:
    nearby = page.locator("main :focus")
    for opens in (True, False):
        removed = create_subcluster(acme, "sc-9")
        section = page.locator("section.subcluster[data-name='sc-9']")
        button = section.get_by_role("button", name="Name, nodes and removal")
        button.focus()
        if opens:
            page.keyboard.press("Enter")
            dialog.get_by_label("Name").fill("sc-10")
        remove_subcluster(removed)
        expect(section).to_have_count(0)
        if opens:
            page.keyboard.press("Enter")
            expect(dialog).to_contain_text("There is no subcluster sc-9 in acme: engine removed it at")
            expect(dialog.get_by_label("Name")).to_have_value("sc-10")
            page.keyboard.press("Escape")
            expect(dialog).to_be_hidden()
        expect(nearby).to_have_count(1)
        assert nearby.evaluate("one => Boolean(one.closest('.map, #unassigned-nodes'))")
