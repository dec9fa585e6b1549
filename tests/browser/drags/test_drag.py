"""Moving users on the page with the mouse; and what refuses, says so."""

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from playwright.sync_api import Page, Route, expect

from assignments.models import Assignment, Operation
from assignments.moves import drop
from assignments.moves.selection import Selection
from config.local.processes import wait_until
from tests.browser.drags.fingers import THREE, Open
from tests.browser.hands import card, drag, homes, hover, lead, middle, pick_up, row, select, show, toast
from tests.support.live_stack import LiveStack
from tests.support.worlds import add_users, node
from topology.models import Cluster, EndUser

# The middle of what has the focus is its own: nothing lies over it.
VISIBLE = """(() => {
  const { left, top, width, height } = document.activeElement.getBoundingClientRect();
  const found = document.elementFromPoint(left + width / 2, top + height / 2);
  return document.activeElement.contains(found);
})()"""


@pytest.mark.each_run
def test_a_user_is_dragged_to_another_node(page: Page) -> None:
    pick_up(page, row(page, "imp1a-0002"))
    expect(page.locator("#ghost b")).to_have_text("Move 1 user of imp1a")
    ghost = hover(page, "imp1b", "allowed")
    expect(ghost).to_contain_text("Move 1 user of imp1a to imp1b")
    expect(ghost).to_contain_text("imp1b will have 5 of 5,000 users")
    page.mouse.up()
    expect(toast(page)).to_contain_text("Moved 1 user to imp1b")
    assert homes(["imp1a-0002"]) == {"imp1b"}
    expect(card(page, "imp1b")).to_contain_text("5 / 5,000")
    expect(row(page, "imp1a-0002")).to_have_count(0)


def test_several_chosen_users_are_one_drag(page: Page) -> None:
    row(page, "imp1a-0001").click()
    row(page, "imp1a-0003").click(modifiers=["Shift"])
    row(page, "imp1a-0007").click(modifiers=["ControlOrMeta"])
    expect(page.locator("output[data-selected]")).to_have_text("4 selected")
    drag(page, row(page, "imp1a-0002"), "imp1b")
    expect(toast(page)).to_contain_text("Moved 4 users to imp1b")
    assert homes([*THREE, "imp1a-0007"]) == {"imp1b"}
    expect(page.locator("output[data-selected]")).to_have_text("")


def test_unassigned_users_get_a_home_and_lose_it(page: Page) -> None:
    show(page, "waiting")
    select(page, ["waiting-0001", "waiting-0002"])
    drag(page, row(page, "waiting-0002"), "imp2a", "warning")  # its peer is rated for 20 users
    expect(toast(page)).to_contain_text("Moved 2 users to imp2a")
    assert homes(["waiting-0001", "waiting-0002"]) == {"imp2a"}
    show(page, "imp2a")
    drag(page, row(page, "waiting-0001"), "waiting", "warning")
    expect(toast(page)).to_contain_text("Moved 1 user to Unassigned users")
    assert homes(["waiting-0001"]) == {"none"}


def test_a_target_that_refuses_says_why_and_nothing_changes(page: Page) -> None:
    select(page, THREE)
    pick_up(page, row(page, "imp1a-0002"))
    ghost = hover(page, "imp2b", "refused")
    expect(ghost).to_contain_text("imp2b has room for 1 more users, and 3 would come.")
    expect(ghost).to_contain_text("Choose another node, or fewer users.")
    expect(card(page, "imp2b")).to_have_attribute("data-verdict", "no room")
    hover(page, "spare", "refused")
    hover(page, "imp1a", "refused")
    expect(page.locator("#voice")).to_contain_text("Refused. Already on imp1a.")
    hover(page, "imp2b", "refused")
    page.mouse.up()
    expect(toast(page).get_by_role("alert")).to_contain_text("imp2b has room for 1 more users")
    assert homes(THREE) == {"imp1a"}
    assert not Operation.objects.exists()


def test_escape_gives_a_drag_up(page: Page) -> None:
    pick_up(page, row(page, "imp1a-0002"))
    hover(page, "imp1b", "allowed")
    page.keyboard.press("Escape")
    expect(page.locator("#ghost")).to_be_hidden()
    expect(page.locator("#voice")).to_have_text("Cancelled: nothing was moved.")
    expect(page.locator(".drop")).to_have_count(0)
    page.mouse.up()
    assert homes(["imp1a-0002"]) == {"imp1a"}


def test_the_map_scrolls_under_a_drag_that_comes_to_its_edge(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 600})
    pick_up(page, row(page, "imp1a-0002"))
    box = page.locator(".map").bounding_box()
    assert box
    page.mouse.move(box["x"] + 200, box["y"] + box["height"] - 80, steps=5)
    expect(card(page, "imp3a")).to_be_in_viewport(ratio=0.9)
    expect(card(page, "imp1b")).not_to_be_in_viewport()
    page.mouse.move(box["x"] + 200, box["y"] - 20, steps=5)  # above it, on the totals
    expect(card(page, "imp1b")).to_be_in_viewport(ratio=0.9)
    hover(page, "imp1b", "allowed")
    page.mouse.up()
    expect(toast(page)).to_contain_text("Moved 1 user to imp1b")


def test_a_hand_that_trembles_does_not_drag(page: Page) -> None:
    x, y = middle(row(page, "imp1a-0002"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 4, y + 3)
    expect(page.locator("#ghost")).to_be_hidden()
    page.mouse.up()
    expect(row(page, "imp1a-0002")).to_have_attribute("aria-selected", "true")


def test_a_hand_that_is_faster_than_the_server_drops_all_the_same(page: Page) -> None:
    def answer_late(route: Route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/moves/targets", answer_late)
    pick_up(page, row(page, "imp1a-0002"))
    page.mouse.move(*middle(card(page, "imp1b")))
    page.mouse.up()
    expect(toast(page)).to_contain_text("Moved 1 user to imp1b")
    assert homes(["imp1a-0002"]) == {"imp1b"}


def test_a_server_that_does_not_answer_ends_the_drag(page: Page) -> None:
    page.route("**/moves/targets", lambda route: route.abort())
    x, y = middle(row(page, "imp1a-0002"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 20, y, steps=3)
    expect(page.locator("#voice")).to_have_text("The server does not answer: nothing was moved.")
    expect(page.locator("#ghost")).to_be_hidden()
    page.mouse.up()


def test_a_drag_of_who_is_signed_out_says_so(page: Page) -> None:
    page.context.clear_cookies(name=re.compile("session"))
    x, y = middle(row(page, "imp1a-0002"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 20, y, steps=3)
    expect(toast(page)).to_contain_text("You are signed out: nothing was changed.")
    expect(page.locator("#ghost")).to_be_hidden()
    page.mouse.up()
    expect(page.locator("#lost")).to_contain_text("You are signed out")


def test_what_has_the_focus_is_never_hidden_below_the_bar(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 620})
    page.locator(".map a, .map button").first.focus()
    seen = 0
    while page.evaluate("Boolean(document.activeElement.closest('.map'))"):
        seen += 1
        assert page.evaluate(VISIBLE), page.evaluate("document.activeElement.outerHTML")
        page.keyboard.press("Tab")
    assert seen > 12


def test_all_users_of_a_node_by_its_handle_after_a_question(acme: Cluster, live_stack: LiveStack, page: Page) -> None:
    make_more(acme, 70)
    drag(page, card(page, "imp1a").locator("[data-drag-node]"), "imp1b")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Move 100 users of imp1a to imp1b?")
    expect(dialog).to_contain_text("4 users now, 104 of 5,000 afterwards")
    dialog.get_by_role("button", name="Cancel").click()
    assert homes(THREE) == {"imp1a"}
    drag(page, card(page, "imp1a").locator("[data-drag-node]"), "imp1b")
    dialog.get_by_role("button", name="Move 100 users").click()
    expect(toast(page)).to_contain_text("Moving 100 users to imp1b")
    expect(card(page, "imp1b")).to_contain_text("104 / 5,000")
    assert homes(THREE) == {"imp1b"}


def operator(name: str) -> Any:
    person = get_user_model().objects.create_user(name)
    person.groups.set([Group.objects.get(name="operator")])
    return person


def make_more(cluster: Cluster, count: int) -> None:
    home = node(cluster, "imp1a")
    people = EndUser.objects.bulk_create(EndUser(user_id=f"imp1a-9{n:03}") for n in range(count))
    Assignment.objects.bulk_create(
        Assignment(user=user, cluster=cluster, home_node=home, serving_node=home) for user in people
    )


def test_everyone_who_matches_a_search_is_one_drag(page: Page) -> None:
    page.locator("#user-search").fill("imp1a-001")
    expect(page.locator(".users [data-user]")).to_have_count(10)
    page.locator(".users").focus()
    page.keyboard.press("ControlOrMeta+a")
    expect(page.locator("output[data-selected]")).to_have_text("10 selected")
    drag(page, row(page, "imp1a-0012"), "imp1b")
    expect(toast(page)).to_contain_text("Moved 10 users to imp1b")
    assert homes([f"imp1a-001{n}" for n in range(10)]) == {"imp1b"}
    assert homes(["imp1a-0001", "imp1a-0020"]) == {"imp1a"}


def test_nothing_is_swapped_under_a_drag_and_old_ground_says_what_changed(acme: Cluster, page: Page) -> None:
    select(page, THREE)
    pick_up(page, row(page, "imp1a-0002"))
    hover(page, "imp1b", "allowed")
    ids = tuple(Assignment.objects.filter(user__user_id=THREE[0]).values_list("user_id", flat=True))
    drop.move(Selection(acme, ids), f"node:{node(acme, 'imp3a').pk}", operator("bob"))
    page.wait_for_timeout(1500)  # nothing is to happen, and that takes time to see
    expect(row(page, THREE[0])).to_be_visible()
    expect(card(page, "imp1b")).to_have_class(re.compile("drop-over"))
    page.mouse.up()
    expect(toast(page)).to_contain_text("bob moved imp1a-0001 to imp3a at ")
    assert homes(THREE[1:]) == {"imp1a"}
    expect(row(page, THREE[0])).to_have_count(0)


def test_a_drop_is_undone_with_one_click(live_stack: LiveStack, page: Page) -> None:
    select(page, THREE)
    drag(page, row(page, THREE[0]), "imp1b")
    toast(page).get_by_role("button", name="Undo").click()
    expect(toast(page)).to_contain_text("Moving 3 users to their former home")
    # The worker moves them back; the list may still show them from before the drop.
    assert wait_until(lambda: homes(THREE) == {"imp1a"}, 20), homes(THREE)
    expect(row(page, THREE[0])).to_be_visible()


def test_a_range_reaches_beyond_the_rows_of_the_page(acme: Cluster, page: Page) -> None:
    add_users(acme, "imp3a", 300)
    show(page, "imp3a")
    row(page, "imp3a-0003").click()
    scroll = "list => { list.scrollTo(0, list.scrollHeight); }"
    assert wait_until(lambda: bool(page.locator(".users").evaluate(scroll) or row(page, "imp3a-0300").count()), 30)
    expect(row(page, "imp3a-0003")).to_have_count(0)  # the window of the list has left it
    row(page, "imp3a-0298").click(modifiers=["Shift"])
    expect(page.locator("output[data-selected]")).to_have_text("296 selected")
    expect(row(page, "imp3a-0297")).to_have_attribute("aria-selected", "true")
    expect(row(page, "imp3a-0299")).to_have_attribute("aria-selected", "false")
    row(page, "imp3a-0297").click(modifiers=["ControlOrMeta"])
    expect(page.locator("output[data-selected]")).to_have_text("295 selected")
    page.get_by_role("button", name="Pin…", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Pin 295 users of imp3a")
    page.keyboard.press("Escape")
    drag(page, row(page, "imp3a-0296"), "imp1b")
    expect(page.get_by_role("dialog")).to_contain_text("Move 295 users of imp3a to imp1b?")


def test_an_operator_moves_users_but_no_nodes(page: Page) -> None:
    x, y = middle(card(page, "spare").locator("h3"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 40, y, steps=4)
    expect(page.locator("#ghost")).to_be_hidden()
    page.mouse.up()


def test_a_locked_view_lets_nothing_be_dragged(page: Page) -> None:
    lock = page.get_by_role("button", name="Lock view")
    expect(lock).to_have_attribute("aria-pressed", "false")
    lock.click()
    expect(lock).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#voice")).to_have_text("The view is locked: nothing can be dragged.")
    page.reload()
    expect(lock).to_have_attribute("aria-pressed", "true")
    for what in (row(page, "imp1a-0002"), card(page, "imp1a").locator("[data-drag-node]")):
        x, y = middle(what)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 40, y, steps=4)
        expect(toast(page)).to_contain_text("The view is locked: nothing can be dragged.")
        expect(page.locator("#ghost")).to_be_hidden()
        page.mouse.up()
        toast(page).evaluate("messages => messages.replaceChildren()")
    row(page, "imp1a-0002").focus()
    page.keyboard.press("Shift+M")
    expect(page.get_by_role("dialog")).to_contain_text("Move 1 user of imp1a to…")  # choosing is no drag
    expect(page.locator("#ghost")).to_be_hidden()
    page.keyboard.press("Escape")
    lock.press("Enter")
    expect(lock).to_have_attribute("aria-pressed", "false")
    drag(page, row(page, "imp1a-0002"), "imp1b")
    expect(toast(page)).to_contain_text("Moved 1 user to imp1b")


@pytest.mark.slow
def test_undo_is_offered_for_thirty_seconds(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(role="operator", path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    page.clock.install()
    page.reload()
    select(page, THREE[:1])
    drag(page, row(page, THREE[0]), "imp1b")
    undo = toast(page).get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    page.mouse.move(700, 5)  # the pointer on the message would keep it
    page.clock.run_for(28_000)
    expect(undo).to_be_visible()
    page.clock.run_for(5_000)
    expect(undo).to_have_count(0)


def test_a_drop_that_waits_for_a_server_without_an_answer_is_given_up(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(role="operator", path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    page.clock.install()
    page.reload()
    page.route("**/moves/targets", lambda route: None)  # a database that takes questions and answers none
    with page.expect_request("**/moves/targets"):
        pick_up(page, row(page, THREE[0]))
    page.mouse.move(*middle(card(page, "imp1b").locator("h3")))
    page.mouse.up()
    expect(page.locator("#ghost")).to_contain_text("Checking targets")
    page.clock.run_for(11_000)
    expect(toast(page)).to_contain_text("The server does not answer: nothing was moved.")
    expect(page.locator("#ghost")).to_be_hidden()
    page.unroute("**/moves/targets")
    drag(page, row(page, THREE[0]), "imp1b")  # what hung is over
    expect(toast(page)).to_contain_text("Moved 1 user to imp1b")


def test_users_dropped_on_a_subcluster_are_spread_over_its_nodes_as_it_said(page: Page) -> None:
    select(page, THREE)
    pick_up(page, row(page, THREE[0]))
    ghost = lead(page, "sc-2", "warning")
    expect(ghost).to_contain_text("Move 3 users of imp1a to sc-2")
    expect(ghost).to_contain_text(re.compile(r"3 users go to equal shares of capacity: \d to imp2[ab]"))
    page.mouse.up()
    expect(toast(page)).to_contain_text("Moved 3 users to sc-2")
    assert homes(THREE) <= {"imp2a", "imp2b"}
    toast(page).get_by_role("button", name="Undo").click()
    expect(toast(page)).to_contain_text("former home")


def test_a_viewer_drags_nothing(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(role="viewer", path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    x, y = middle(row(page, "imp1a-0002"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 40, y, steps=4)
    expect(page.locator("#ghost")).to_be_hidden()
    page.mouse.up()
    expect(page.get_by_role("button", name="Move to…")).to_have_count(0)
