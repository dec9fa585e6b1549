"""Details, pins and exports in the browser: by the buttons of the list and by key."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from assignments.models import Assignment, Pin
from assignments.runs.hand_moves import move_users
from tests.browser.hands import row, select, show, toast
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.models import Cluster

Open = Callable[..., Page]


@pytest.fixture
def acme(live_web: LiveStack) -> Cluster:
    return make_acme(imp1a=70, imp1b=3, waiting=2)


def test_details_open_for_one_user_by_button_and_by_key(acme: Cluster, signed_in_page: Open) -> None:
    moved = Assignment.objects.get(user__user_id="imp1a-0002")
    run = move_users(acme, [moved.user_id], node(acme, "imp1b"), actor="bert")
    page = signed_in_page(path="/clusters/acme/")
    show(page, "imp1b")
    details = page.get_by_role("button", name="Details…")
    expect(details).to_be_disabled()
    select(page, ["imp1a-0002", "imp1b-0001"])
    expect(details).to_be_disabled()
    row(page, "imp1a-0002").click()
    details.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".trace .is-here")).to_contain_text("imp1a → imp1b")
    expect(dialog.locator(".trace .is-here")).to_contain_text("by bert")
    expect(dialog.get_by_role("link", name=f"operation {run.pk}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    row(page, "imp1b-0001").click()
    page.keyboard.press("i")
    expect(dialog.locator("#dialog-title")).to_contain_text("imp1b-0001")
    expect(dialog.locator(".trace")).to_contain_text("older than the traces kept")


MIDDLES = """parts => parts.map(part => {
  const { top, height } = part.getBoundingClientRect();
  return top + height / 2;
})"""


def test_the_words_of_details_stand_on_one_line_with_states_and_buttons(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", "/clusters/acme/")
    show(page, "imp1b")
    row(page, "imp1b-0001").click()
    page.get_by_role("button", name="Details…").click()
    facts = page.get_by_role("dialog").locator(".facts > div")
    expect(facts).to_have_count(8)
    home, served = (facts.filter(has_text=label).locator("dd > *") for label in ("Home node", "Served by"))
    middles = [*home.evaluate_all(MIDDLES), *served.evaluate_all(MIDDLES)]
    assert max(middles) - min(middles) <= 1
    assert len(middles) == 5
    state, mail = (facts.filter(has_text=label).locator("dd").evaluate_all(MIDDLES) for label in ("Client", "Mail"))
    assert abs(state[0] - mail[0]) <= 1


def test_chosen_users_are_pinned_shown_as_pinned_and_unpinned(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/")
    show(page, "imp1a")
    page.get_by_role("button", name="Select all").click()
    page.get_by_role("button", name="Pin…", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("#dialog-title")).to_have_text("Pin 70 users of imp1a")
    dialog.get_by_label("Why they must stay").fill("Their phones need the gateway")
    dialog.get_by_role("button", name="Pin 70 users").click()
    expect(toast(page)).to_contain_text("Pinned 70 users.")
    expect(dialog).to_be_hidden()
    expect(row(page, "imp1a-0001").get_by_title("Pinned")).to_be_visible()
    assert Pin.objects.count() == 70
    row(page, "imp1a-0001").click()
    page.get_by_role("button", name="Unpin…").click()
    expect(dialog.locator("table")).to_contain_text("Their phones need the gateway")
    dialog.get_by_role("button", name="Unpin", exact=True).click()
    expect(row(page, "imp1a-0001").get_by_title("Pinned")).to_be_hidden()
    assert Pin.objects.count() == 69


def test_the_chosen_users_come_as_a_file(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(role="operator", path="/clusters/acme/")
    show(page, "imp1a")
    page.get_by_role("button", name="Select all").click()
    page.get_by_role("button", name="Export…").click()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Export 70 users").click()
    lines = coming.value.path().read_text().splitlines()
    assert coming.value.suggested_filename.startswith("acme-users-")
    assert len(lines) == 71
    assert lines[1].startswith("imp1a-0001,Person 1 of imp1a,")


@pytest.mark.slow
def test_a_view_is_saved_and_opened_and_deleted(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(role="viewer", path="/clusters/acme/")
    show(page, "imp1a")
    page.get_by_label("Find users").fill("imp1a-007")
    expect(page.locator(".users .user")).to_have_count(1)
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name of the view").fill("The last one")
    page.get_by_role("button", name="Save", exact=True).click()
    kept = page.locator("#saved-views .menu-item")
    expect(kept).to_have_text("The last one")
    page.goto("/clusters/acme/")
    page.get_by_role("button", name="Views").click()
    kept.click()
    expect(page.locator(".users .user")).to_have_count(1)
    expect(page.get_by_label("Find users")).to_have_value("imp1a-007")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Delete the view The last one").click()
    expect(page.locator("#saved-views")).to_contain_text("None yet")
