"""Thirty thousand users and a mouse: what is seen inside a drag, what is one drag, what asks first, what is undone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from assignments.models import Assignment, Operation
from config.local.processes import wait_until
from tests.browser.hands import card, drag, homes, hover, lead, middle, pick_up, row, toast
from tests.support.live_stack import LiveStack
from tests.support.worlds import node
from topology.models import Cluster, Node

Open = Callable[..., Page]
pytestmark = pytest.mark.thousands


def at_home(cluster: Cluster, short: str) -> int:
    return Assignment.objects.filter(home_node=node(cluster, short)).count()


def find(page: Page, text: str, found: str) -> None:
    page.locator("#user-search").fill(text)
    expect(page.locator(".list-count")).to_have_text(found)


def select_all(page: Page) -> None:
    page.get_by_role("button", name="Select all").click()


def test_each_target_shows_the_whole_verdict_under_the_pointer(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    find(page, "@sales.", "5,000 users found")
    select_all(page)
    expect(page.locator("output[data-selected]")).to_have_text("5,000 selected")
    pick_up(page, row(page, "imp1a-00003"))
    ghost = hover(page, "imp1b", "allowed")
    expect(ghost).to_contain_text("Move 5,000 users of imp1a to imp1b")
    expect(ghost).to_contain_text("imp1b will have 9,000 of 15,000 users (60%).")
    expect(ghost).to_contain_text("If one node of sc-1 fails, the other serves 12,000 of 15,000.")
    expect(ghost).to_contain_text("5,000 signed-in users sign in again, within 100 s.")
    expect(card(page, "imp1b")).to_have_attribute("data-verdict", "9,000 of 15,000 users")
    hover(page, "imp2a", "warning")
    expect(ghost).to_contain_text("imp2a will have 11,000 of 15,000 users")
    expect(ghost).to_contain_text("If its peer fails, imp2b must serve 16,500, and it is rated for 5,520.")
    expect(ghost.locator("small")).to_contain_text("Move fewer users, or choose a node with more room.")
    hover(page, "imp2b", "refused")
    expect(ghost).to_contain_text("imp2b has room for 20 more users, and 5,000 would come.")
    expect(ghost.locator("small")).to_contain_text("Choose another node, or fewer users.")
    expect(card(page, "imp2b")).to_have_attribute("data-verdict", "no room")
    hover(page, "imp3a", "warning")
    expect(ghost).to_contain_text("imp3a has no protection: it has no peer.")
    hover(page, "waiting", "warning")
    expect(ghost).to_contain_text("5,000 users lose home node and service.")
    page.keyboard.press("Escape")
    expect(ghost).to_be_hidden()
    expect(page.locator("#voice")).to_have_text("Cancelled: nothing was moved.")
    page.mouse.up()
    assert not Operation.objects.exists()


def test_five_thousand_who_match_are_one_drag_that_asks_first(
    acme: Cluster, open_list: Open, live_stack: LiveStack
) -> None:
    page = open_list()
    find(page, "@sales.", "5,000 users found")
    select_all(page)
    drag(page, row(page, "imp1a-00003"), "imp1b")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Move 5,000 users of imp1a to imp1b?")
    expect(dialog).to_contain_text("4,000 users now, 9,000 of 15,000 afterwards (60%)")
    expect(dialog).to_contain_text(re.compile(r"[2-5],\d{3} signed-in users sign in again, within 100 s\."))
    dialog.get_by_role("button", name="Move 5,000 users").click()
    expect(toast(page)).to_contain_text("Moving 5,000 users to imp1b")
    expect(card(page, "imp1b")).to_contain_text("9,000 / 15,000")
    expect(card(page, "imp1a")).to_contain_text("3,000 / 15,000")
    assert (at_home(acme, "imp1a"), at_home(acme, "imp1b")) == (3000, 9000)
    assert not Assignment.objects.filter(home_node=node(acme, "imp1a"), user__mail__contains="@sales.").exists()
    page.locator(".runs-done summary").click()  # what has ended folds behind a count
    run = page.locator(".run", has_text="Finished")
    run.get_by_role("button", name="Undo…").click()
    expect(dialog).to_contain_text("5,000")


@pytest.mark.slow
def test_shift_and_ctrl_choose_ranges_and_single_ones(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    row(page, "imp1a-00002").click()
    row(page, "imp1a-00009").click(modifiers=["Shift"])
    row(page, "imp1a-00005").click(modifiers=["ControlOrMeta"])
    row(page, "imp1a-00012").click(modifiers=["ControlOrMeta"])
    chosen = [f"imp1a-{n:05}" for n in (2, 3, 4, 6, 7, 8, 9, 12)]
    expect(page.locator("output[data-selected]")).to_have_text("8 selected")
    drag(page, row(page, "imp1a-00007"), "imp1b")
    expect(toast(page)).to_contain_text("Moved 8 users to imp1b")
    assert homes(chosen) == {"imp1b"}
    assert homes(["imp1a-00001", "imp1a-00005", "imp1a-00010"]) == {"imp1a"}
    expect(card(page, "imp1b")).to_contain_text("4,008 / 15,000")


@pytest.mark.slow
def test_all_users_of_a_node_go_by_its_handle(acme: Cluster, open_list: Open, live_stack: LiveStack) -> None:
    page = open_list(short="imp3a")
    handle = card(page, "imp3a").locator("[data-drag-node]")
    drag(page, handle, "imp1b", "warning")  # the pair would have 18,000 users
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Move 6,000 users of imp3a to imp1b?")
    dialog.get_by_role("button", name="Cancel").click()
    assert at_home(acme, "imp3a") == 6000
    drag(page, handle, "imp1b", "warning")
    dialog.get_by_role("button", name="Move 6,000 users").click()
    expect(card(page, "imp3a")).to_contain_text("0 / 15,000")
    expect(card(page, "imp1b")).to_contain_text("10,000 / 15,000")
    expect(page.locator(".users [data-user]")).to_have_count(0)
    assert at_home(acme, "imp1b") == 10_000


def panel(page: Page, name: str) -> Locator:
    return page.locator(f"section.subcluster[data-name='{name}'] .subcluster-head h2")


def in_panel(page: Page, name: str, short: str) -> Locator:
    return page.locator(f"section.subcluster[data-name='{name}'] article.node[data-name^='{short}.']")


def test_a_node_goes_onto_a_subcluster_and_out_to_the_unassigned(acme: Cluster, open_list: Open) -> None:
    Node.objects.filter(pk=node(acme, "imp3a").pk).update(publisher=False)
    page = open_list("administrator")
    pick_up(page, card(page, "spare").locator("h3"))
    ghost = lead(page, "sc-1", "refused")
    expect(ghost).to_contain_text("sc-1 already has two nodes: imp1a.acme.org and imp1b.acme.org.")
    lead(page, "sc-3", "warning")
    expect(ghost).to_contain_text("spare joins imp3a in sc-3, whose services restart.")
    page.mouse.up()
    expect(toast(page)).to_contain_text("spare is now in sc-3.")
    assert node(acme, "spare").subcluster_id == node(acme, "imp3a").subcluster_id
    expect(in_panel(page, "sc-3", "spare")).to_be_visible()
    pick_up(page, card(page, "spare").locator("h3"))
    expect(panel(page, "Unassigned nodes")).to_be_visible()  # it holds none, and shows itself to drags alone
    lead(page, "Unassigned nodes", "warning")
    page.mouse.up()
    expect(toast(page)).to_contain_text("spare is now in the unassigned nodes.")
    assert node(acme, "spare").subcluster_id is None
    toast(page).get_by_role("button", name="Undo").click()
    expect(toast(page)).to_contain_text("spare is now in sc-3.")
    expect(in_panel(page, "sc-3", "spare")).to_be_visible()
    pick_up(page, card(page, "imp3a").locator("h3"))  # 6,000 users are at home there
    ghost = lead(page, "Unassigned nodes", "refused")
    expect(ghost).to_contain_text("6,000")
    expect(ghost.locator("small")).not_to_be_empty()
    page.mouse.up()
    expect(toast(page).get_by_role("alert")).to_contain_text("6,000")
    assert node(acme, "imp3a").subcluster_id is not None


@pytest.mark.slow
def test_a_drag_begins_past_a_threshold_and_not_in_a_locked_view(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    x, y = middle(row(page, "imp1a-00002"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 4, y + 3)
    expect(page.locator("#ghost")).to_be_hidden()
    page.mouse.move(x + 12, y + 3)
    expect(page.locator("#ghost")).to_be_visible()
    page.keyboard.press("Escape")
    page.mouse.up()
    page.get_by_role("button", name="Lock view").click()
    for what in (row(page, "imp1a-00002"), card(page, "imp1a").locator("[data-drag-node]")):
        x, y = middle(what)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 40, y, steps=4)
        expect(toast(page)).to_contain_text("The view is locked: nothing can be dragged.")
        expect(page.locator("#ghost")).to_be_hidden()
        page.mouse.up()
    assert homes(["imp1a-00002"]) == {"imp1a"}


@pytest.mark.slow
def test_a_drop_is_undone_at_once_and_from_the_history_later(
    acme: Cluster, open_list: Open, live_stack: LiveStack
) -> None:
    page = open_list()
    one, two = "imp1a-00004", "imp1a-00006"
    drag(page, row(page, one), "imp1b")
    undo = toast(page).get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    undo.click()
    assert wait_until(lambda: homes([one]) == {"imp1a"}, 20)
    page.clock.install()
    page.reload()
    drag(page, row(page, two), "imp1b")
    page.mouse.move(700, 5)  # the pointer on the message would keep it
    expect(undo).to_be_visible()
    page.clock.run_for(20_000)  # of its 30 s; the clock of a slow machine has gone on meanwhile
    expect(undo).to_be_visible()
    page.clock.run_for(13_000)
    expect(undo).to_have_count(0)
    page.clock.resume()
    page.get_by_role("link", name="Operations").click()
    last = page.locator("#operation-rows tr", has_text="Finished").first
    last.get_by_role("button", name="Undo…").click()
    page.get_by_role("dialog").get_by_role("button", name="Run 1 move").click()
    assert wait_until(lambda: homes([two]) == {"imp1a"}, 20)


@pytest.mark.slow
def test_a_refused_drop_changes_nothing_and_leaves_its_reason(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    select_all(page)
    drag(page, row(page, "imp1a-00002"), "imp2b", "refused")
    alert = toast(page).get_by_role("alert")
    expect(alert).to_contain_text("imp2b has room for 20 more users, and 8,000 would come.")
    expect(alert).to_contain_text("Choose another node, or fewer users.")
    assert not Operation.objects.exists()
