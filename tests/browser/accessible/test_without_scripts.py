"""Without JavaScript an operator reads, moves users, makes and runs a plan, and fails a node over, by forms alone."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from assignments.models import Assignment, Operation
from config.local.processes import wait_until
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node

Open = Callable[..., Page]


def homes(user_ids: list[str]) -> set[str]:
    rows = Assignment.objects.filter(user__user_id__in=user_ids, home_node__isnull=False)
    return {row.home_node.short_name for row in rows.select_related("home_node") if row.home_node}


def test_an_operator_works_by_forms_alone(live_stack: LiveStack, signed_in_page: Open) -> None:
    make_acme(imp1a=12, imp1b=2, imp2a=6)
    page = signed_in_page("operator", "/clusters/acme/", java_script_enabled=False)
    expect(page.locator(".no-script")).to_contain_text("Without JavaScript")
    expect(page.get_by_role("button", name="Rebalance…")).to_be_hidden()
    for opener in page.locator("button[popovertarget]:visible").all():
        opener.click()
        expect(page.locator("[popover]:popover-open")).not_to_be_empty()
        page.keyboard.press("Escape")
    page.locator(".no-script a").click()
    expect(page.get_by_role("heading", name="Commands of acme", level=1)).to_be_visible()

    page.get_by_label("User IDs").fill("imp1a-0001\nimp1a-0002\nghost")
    page.get_by_role("button", name="Find these users").click()
    expect(page.get_by_text("2 users of acme selected. Unknown here: ghost.")).to_be_visible()
    page.get_by_role("button", name="Move to…").click()
    expect(page.get_by_role("heading", name="Move 2 users to…", level=2)).to_be_visible()
    page.get_by_role("button", name=re.compile("^imp2a")).click()
    expect(page.get_by_text("Moved 2 users to imp2a")).to_be_visible()
    assert homes(["imp1a-0001", "imp1a-0002"]) == {"imp2a"}

    page.get_by_role("link", name="To all commands of acme").click()
    page.get_by_role("button", name="Make a plan…").click()
    page.get_by_role("button", name=re.compile("^Run ")).click()
    expect(page.get_by_text("runs:")).to_be_visible()
    assert Operation.objects.filter(kind="rebalance").count() == 1


def test_values_that_open_settings_by_script_are_read_without_it(live_web: LiveStack, signed_in_page: Open) -> None:
    make_acme(imp1a=1, speed=30)
    page = signed_in_page("administrator", "/clusters/acme/", java_script_enabled=False)
    expect(page.locator(".total-text", has_text="New users").locator(".as-link")).to_be_visible()
    expect(page.locator("[data-balancer]").get_by_text("Off")).to_be_visible()
    expect(page.locator(".simulated")).to_be_visible()
    page.context.clear_cookies(name="homenode_tour")
    page.reload()
    expect(page.locator("#tour")).to_be_hidden()  # nothing could end it
    expect(page.locator("#tour")).to_have_count(1)


def test_a_node_is_failed_over_and_a_refusal_is_a_page(live_web: LiveStack, signed_in_page: Open) -> None:
    cluster = make_acme(imp1a=12, imp1b=2)
    page = signed_in_page("operator", "/clusters/acme/commands/", java_script_enabled=False)
    page.get_by_role("link", name="Fail over imp1a…").click()
    expect(page.get_by_role("heading", name="Fail over imp1a?", level=2)).to_be_visible()
    dialog = page.locator("main .dialog").bounding_box()
    assert dialog
    assert abs(dialog["x"] + dialog["width"] / 2 - page.evaluate("document.body.clientWidth / 2")) <= 1, "in the middle"
    page.get_by_role("button", name="Failover").click()
    expect(page.get_by_text("Failover of imp1a started.")).to_be_visible()
    assert wait_until(lambda: node(cluster, "imp1a").state != "normal", 5)
    page.goto(f"/clusters/acme/nodes/{node(cluster, 'imp1a').pk}/ask/failover")
    expect(page.locator("main code")).to_be_visible()  # the code of the refusal
