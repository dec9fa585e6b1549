"""axe finds nothing: every page and every state of it, in light and dark, wide and narrow."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from assignments.models import Assignment, Kind, Operation
from assignments.moves import drop
from assignments.moves.selection import Selection
from assignments.planning import plans
from assignments.runs import operations
from tests.browser.accessible.axe import EVERYTHING, check, own_violations, violations
from tests.browser.hands import card, hover, pick_up, row, select, toast
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.models import Cluster, Node
from topology.rules.states import State, StateReason

Open = Callable[..., Page]
MAKE_WORSE = """main => {
    const add = (name, text, style) => {
        const made = main.appendChild(document.createElement("button"));
        made.textContent = text;
        made.className = name;
        Object.assign(made.style, style); // a style that a script sets is no inline style of the page
        return made;
    };
    const tiny = { position: "fixed", top: "200px", width: "12px", height: "12px", padding: "0" };
    add("tiny", "a", { ...tiny, left: "10px" });
    add("tiny", "b", { ...tiny, left: "24px" });
    add("under", "under", { position: "fixed", left: "9px", top: "300px", width: "60px", height: "30px", zIndex: "1" });
    add("over", "over", { position: "fixed", left: "0", top: "290px", width: "200px", height: "60px", zIndex: "2" });
    add("wide", "wide", { width: "4000px" });
}"""


@pytest.fixture
def calm(live_web: LiveStack) -> Cluster:
    return make_acme(imp1a=20, imp1b=4, imp3a=7, waiting=5)


@pytest.fixture
def users() -> int:
    """How many users the node has whose list is shown: few, for axe looks at each row."""
    return 20


@pytest.fixture
def acme(live_web: LiveStack, users: int) -> Cluster:
    """A cluster in which everything happens at once: a failover, a dead node, pinned users, runs done and begun."""
    cluster = make_acme(imp1a=users, imp1b=4, imp2b=19, imp3a=7, waiting=5)
    drop.move(Selection(cluster, people("imp1a-0010", "imp1a-0011")), f"node:{node(cluster, 'imp1b').pk}", root())
    run = operations.start_run(plans.make_plan(cluster, "balance").hash, actor=root())
    assert run.active
    operations.pause(run.pk, actor=root())
    set_state(cluster, "imp2a", State.FAILED_OVER, power_on=True)
    set_state(cluster, "imp2b", State.RUNNING_IN_BACKUP_MODE, power_on=True)
    Node.objects.filter(pk=node(cluster, "imp3a").pk).update(power_on=False)
    Assignment.objects.filter(user__user_id__in=["imp1a-0002", "imp1a-0003"]).update(pinned=True)
    return cluster


def set_state(cluster: Cluster, short: str, state: State, **more: Any) -> None:
    Node.objects.filter(pk=node(cluster, short).pk).update(state=state, reason=StateReason.ON_ADMIN_REQUEST, **more)


def people(*user_ids: str) -> tuple[int, ...]:
    return tuple(Assignment.objects.filter(user__user_id__in=user_ids).values_list("user_id", flat=True))


def root() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get_or_create(username="root", is_superuser=True)[0]


@pytest.fixture
def page(acme: Cluster, signed_in_page: Open) -> Page:
    return open_map(acme, signed_in_page)


def open_map(cluster: Cluster, signed_in_page: Open) -> Page:
    """An administrator before the users of imp1a, who has pinned the whole map: elsewhere users are out of service."""
    opened = signed_in_page(path=f"/clusters/acme/?node={node(cluster, 'imp1a').pk}")
    opened.evaluate("localStorage.setItem('view', 'whole')")
    opened.reload()
    expect(row(opened, "imp1a-0001")).to_be_visible()
    expect(opened.locator("#live")).to_have_attribute("data-state", "live")
    return opened


def dialog(page: Page, state: str) -> None:
    """Look at the open dialog, and close it."""
    expect(page.get_by_role("dialog")).to_be_visible()
    check(page, state)
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()


@pytest.mark.each_run
@pytest.mark.parametrize("users", [160])
def test_the_topology_page_at_any_width(page: Page) -> None:
    for width in (1440, 800, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        check(page, f"topology at {width}")
    page.evaluate("localStorage.removeItem('view')")
    page.reload()
    expect(card(page, "imp1a")).to_be_hidden()
    for width in (1440, 800):
        page.set_viewport_size({"width": width, "height": 900})
        check(page, f"incident view at {width}")


def test_users_that_are_chosen_found_and_not_found(page: Page) -> None:
    row(page, "imp1a-0001").click()
    row(page, "imp1a-0004").click(modifiers=["Shift"])
    check(page, "chosen users")
    page.get_by_label("Find users").fill("nobody like this")
    expect(page.get_by_text("No users match")).to_be_visible()
    check(page, "nobody found")
    page.goto("/clusters/acme/?show=out")
    check(page, "users of several nodes, out of service")


def test_a_drag_over_every_kind_of_target(page: Page) -> None:
    select(page, ["imp1a-0004", "imp1a-0005"])
    pick_up(page, row(page, "imp1a-0004"))
    for short, level in (("imp1b", "allowed"), ("imp2a", "refused"), ("waiting", "warning")):
        hover(page, short, level)
        check(page, f"a drag over {short}", focus=False)
    page.keyboard.press("Escape")


def test_messages_of_a_move_and_of_a_refusal(page: Page) -> None:
    select(page, ["imp1a-0004"])
    page.keyboard.press("Shift+M")
    expect(page.locator("#ghost")).to_contain_text("imp1b will have")
    page.keyboard.press("Enter")
    expect(toast(page)).to_contain_text("Moved 1 user to imp1b")
    check(page, "a move is done")
    row(page, "imp1a-0006").focus()
    page.keyboard.press("Shift+M")
    hover_by_key(page, "refused")
    page.keyboard.press("Enter")
    expect(toast(page).get_by_role("alert")).to_be_visible()
    check(page, "a move is refused")


def hover_by_key(page: Page, level: str) -> None:
    ghost = page.locator("#ghost")
    expect(ghost).not_to_have_attribute("data-level", "asking")
    for _ in range(10):
        if ghost.get_attribute("data-level") == level:
            return
        page.keyboard.press("ArrowRight")
    raise AssertionError(f"no target is {level}")


@pytest.mark.parametrize("users", [160])
def test_dialogs_that_move_users(page: Page) -> None:
    select(page, ["imp1a-0001", "imp1a-0002"])
    page.get_by_role("button", name="Move to…").click()
    dialog(page, "move to")
    page.get_by_role("button", name="Select all").click()
    page.get_by_role("button", name="Move to…").click()
    expect(page.get_by_role("dialog")).to_contain_text("Move 158 users of imp1a to…")
    dialog(page, "everybody, while a run holds them")
    operations.cancel(Operation.objects.get(kind=Kind.REBALANCE).pk, actor=root())
    page.get_by_role("button", name="Move to…").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Unassigned users")).click()
    expect(page.get_by_role("dialog")).to_contain_text("to Unassigned users?")
    dialog(page, "a large move asks first")


def test_dialogs_of_settings_and_files_with_mistakes(calm: Cluster, signed_in_page: Open) -> None:
    page = open_map(calm, signed_in_page)
    page.get_by_role("button", name="Settings…").click()
    inside = page.get_by_role("dialog")
    inside.get_by_label("Keep Alive Timeout", exact=True).fill("5")
    inside.get_by_role("button", name="Save").click()
    expect(inside.get_by_role("alert").first).to_be_visible()
    check(page, "settings with a mistake")
    page.keyboard.press("Escape")
    check(page, "settings that are not saved, asked about")
    inside.get_by_role("button", name="Discard changes").click()
    page.get_by_role("button", name="Import users…").click()
    bad = {"name": "bad.csv", "mimeType": "text/csv", "buffer": b"user_id,endpoints\nzoe,carrier_pigeon\n"}
    inside.get_by_label("File").set_input_files(files=[bad])  # type: ignore[list-item]
    inside.get_by_role("button", name="Check only").click()
    expect(inside).to_contain_text("Nothing was imported")
    dialog(page, "the report of a file")


def test_commands_of_recovery_menus_and_their_questions(page: Page) -> None:
    card(page, "imp1a").get_by_role("button", name=re.compile("^Faults and more")).click()
    expect(page.get_by_role("button", name="Power off")).to_be_visible()
    check(page, "the menu of a node")
    page.keyboard.press("Escape")
    card(page, "imp1a").get_by_role("button", name=re.compile("^Commands of imp1a")).click()
    expect(page.locator(".tip:popover-open")).to_be_visible()
    check(page, "what is not possible now")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Switch cluster").click()
    check(page, "the menu of clusters")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^Commands of sc-1")).click()
    page.get_by_role("button", name="Disable HA…").click()
    dialog(page, "HA off")


def test_a_connection_that_is_lost(page: Page) -> None:
    page.locator("body").evaluate("body => body.classList.add('stale')")
    page.locator("#live").evaluate(
        "light => Object.assign(light, {textContent: 'Not live since 12:00:00'}).dataset.state = 'lost'"
    )
    check(page, "the connection is lost")


def test_pages_of_who_may_only_look(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("viewer", path="/clusters/acme/operations/")
    check(page, "operations")
    page.locator("main a[href^='/operations/']").first.click()
    expect(page.locator(".operation")).to_be_visible()
    check(page, "one operation")
    for path in ("", "history/", "checks/", "what-if/"):
        page.goto(f"/clusters/acme/{path}")
        check(page, f"{path or 'topology'} for a viewer")


def test_pages_before_there_is_anything(live_web: LiveStack, context: Any, signed_in_page: Open) -> None:
    page = context.new_page()
    page.goto("/sign-in/")
    check(page, "sign-in")
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".gate-error")).to_be_visible()
    check(page, "a sign-in that failed")
    check(signed_in_page(), "nothing yet")


@pytest.mark.each_run
def test_axe_sees_what_is_wrong(live_web: LiveStack, context: Any) -> None:
    """The tests above would pass as well if axe looked at nothing."""
    page = context.new_page()
    page.goto("/sign-in/")
    page.locator("main").evaluate(
        "main => main.append(document.createElement('img'), document.createElement('button'))"
    )
    found = "\n".join(violations(page, EVERYTHING))
    assert "image-alt" in found
    assert "button-name" in found


def test_what_axe_leaves_out_is_seen(live_web: LiveStack, context: Any) -> None:
    page = context.new_page()
    page.goto("/sign-in/")
    assert own_violations(page) == []
    page.locator("main").evaluate(MAKE_WORSE)
    found = "\n".join(own_violations(page))
    assert "small target (2.5.8): button.tiny “a”" in found
    assert "hidden focus (2.4.11): button.under “under”" in found
    assert "scrolls sideways" in found
