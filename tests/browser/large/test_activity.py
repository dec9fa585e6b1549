"""Thirty thousand users in motion: runs with progress and controls, a history of who and why, a failover in steps."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, expect

from assignments.models import Assignment, Kind, Operation
from assignments.moves import drop
from assignments.moves.selection import Selection
from assignments.recovery import service
from assignments.users.listing.filter import UserFilter
from tests.browser.hands import card
from tests.support.live_stack import LiveStack
from tests.support.worlds import node
from topology.models import Cluster, Event, Policy
from topology.structure.policy import set_clock_speed

Open = Callable[..., Page]
pytestmark = pytest.mark.thousands
WAIT = 30_000  # milliseconds for what the worker does, on a machine that does much else
CLOCK = r"\d{2}:\d{2}:\d{2}"


def root(name: str = "root") -> Any:
    return get_user_model().objects.get_or_create(username=name, is_superuser=True)[0]


def test_a_rebalance_is_watched_paused_paced_and_cancelled(
    acme: Cluster, open_list: Open, live_stack: LiveStack
) -> None:
    set_clock_speed(acme, 6)  # it must not end before it is paused
    Policy.objects.filter(cluster=acme).update(moves_per_second=1)
    page, other = open_list(), open_list("viewer")
    page.get_by_role("button", name="Rebalance…").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"^Run [\d,]+ moves$")).click()
    for each in (page, other):
        expect(each.locator(".run .run-count")).to_contain_text(re.compile(r"[1-9][\d,]* of [\d,]+"), timeout=WAIT)
        expect(each.locator(".run .run-rate")).to_contain_text("left")
    run = page.locator(".run")
    expect(other.locator(".run").get_by_role("button")).to_have_count(0)  # a viewer looks on
    run.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Enter")
    for each in (page, other):
        expect(each.locator(".run")).to_contain_text("Paused")
    stood = Operation.objects.get().done
    run.get_by_role("link").click()
    page.get_by_role("textbox", name="At most", exact=True).fill("5000")
    page.get_by_role("button", name="Change").click()
    expect(page.locator(".figures")).to_contain_text("5,000 users per second and node")
    assert Operation.objects.get().done == stood
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".operation")).to_contain_text("Finished", timeout=WAIT)
    expect(page.locator(".figures")).to_contain_text("(100%)")
    for step in ("paused the run after", "Finished: "):
        expect(page.locator(".steplog > li").filter(has_text=step).last).to_be_visible()


@pytest.mark.slow
def test_a_run_is_cancelled_and_what_it_did_is_undone(acme: Cluster, open_list: Open, live_stack: LiveStack) -> None:
    Policy.objects.filter(cluster=acme).update(moves_per_second=2)
    page = open_list()
    where = Selection(acme, where=UserFilter(acme.pk, node_id=node(acme, "imp1a").pk))
    run = drop.move(where, f"node:{node(acme, 'imp1b').pk}", root()).operation
    page.get_by_role("link", name="Operations").click()
    row = page.locator(f"#operation-row-{run.pk}")
    expect(row).to_contain_text(re.compile(r"[1-9]\d* / 8,000"), timeout=WAIT)
    expect(row).to_contain_text("root")
    row.get_by_role("button", name="Cancel").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("You can undo that afterwards")
    asked.get_by_role("button", name="Cancel the run").click()
    expect(row).to_contain_text("Cancelled")
    expect(page.locator("#messages").get_by_role("button", name="Undo…")).to_be_visible()
    done = Operation.objects.get(pk=run.pk).done
    assert 0 < done < 8000
    row.get_by_role("button", name="Undo…").click()
    Policy.objects.filter(cluster=acme).update(moves_per_second=1000)
    page.get_by_role("dialog").get_by_role("button", name=re.compile(rf"^Run {done:,} moves$")).click()
    expect(page.locator("#operation-rows tr").first).to_contain_text("Finished", timeout=WAIT)
    assert Assignment.objects.filter(home_node=node(acme, "imp1a")).count() == 8000


def move(cluster: Cluster, user_id: str, actor: Any) -> None:
    chosen = Assignment.objects.filter(user__user_id=user_id).values_list("user_id", flat=True)
    drop.move(Selection(cluster, tuple(chosen)), f"node:{node(cluster, 'imp1b').pk}", actor)


@pytest.mark.slow
def test_the_history_says_who_and_why_and_is_filtered(acme: Cluster, open_list: Open) -> None:
    page = open_list()
    for number in range(1, 6):
        move(acme, f"imp1a-0000{number}", root("ada" if number < 4 else "bert"))
    service.inject(node(acme, "imp3a"), "power")
    page.get_by_role("link", name="History").click()
    lines = page.locator("#history-rows tr")
    expect(lines.first).to_contain_text("imp3a")
    expect(lines.first).to_contain_text(re.compile(CLOCK))
    assert lines.count() == Event.objects.filter(cluster=acme).count()
    for line in lines.all():
        expect(line.locator(".line-who")).not_to_be_empty()
        expect(line.locator(".line-code")).not_to_be_empty()
        expect(line.locator(".line-text")).not_to_be_empty()
    page.get_by_label("By whom").press_sequentially("ada")
    expect(lines).to_have_count(3)
    expect(lines.first).to_contain_text("ada moved 1 user to imp1b")
    expect(page).to_have_url(re.compile("actor=ada"))
    page.get_by_label("By whom").fill("")
    page.get_by_label("What happened").select_option("HAND_MOVED")
    expect(lines).to_have_count(5)
    page.reload()
    expect(lines).to_have_count(5)
    move(acme, "imp1a-00009", root("cleo"))
    expect(lines).to_have_count(6)  # live, and still filtered
    expect(lines.first).to_contain_text("cleo")


def test_one_failover_reads_from_top_to_bottom(acme: Cluster, open_list: Open, live_stack: LiveStack) -> None:
    set_clock_speed(acme, 6)  # until it was seen that all are out
    page = open_list()
    card(page, "imp1a").get_by_role("button", name=re.compile("^Faults and more")).click()
    page.get_by_role("button", name="Power off", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Power off").click()
    out = page.locator(".summary-bar [data-count=out-of-service] dd")
    expect(out).to_have_text("8,000")
    set_clock_speed(acme, 60)
    expect(card(page, "imp1b")).to_contain_text("Running in Backup Mode", timeout=WAIT)
    expect(card(page, "imp1b")).to_contain_text("8,000 guests", timeout=WAIT)
    expect(out).to_have_text("0")
    expect(card(page, "imp1a")).to_contain_text("8,000 / 15,000")  # at home still
    run = Operation.objects.get(kind=Kind.FAILOVER)
    page.get_by_role("link", name="Operations").click()
    page.locator(f"#operation-row-{run.pk}").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("imp1a")
    steps = page.locator(".steplog li")
    said_lines = steps.locator(".line-said").all_inner_texts()
    times = steps.locator(".line-when").all_inner_texts()
    assert times == sorted(times)
    counted = [int(text.replace(",", "").split()[0]) for text in steps.locator(".line-out").all_inner_texts()]
    failed = counted.index(8000)  # before it stand the sign-ins of the morning
    counted, story = counted[failed:], said_lines[failed:]
    assert counted[-1] == 0
    assert counted == sorted(counted, reverse=True), counted
    story = [line for line in story if "are signed in again" not in line]  # the peer's own, from the morning too
    for number, words in enumerate(("lost the connection", "imp1b.acme.org takes over", "runs in backup mode")):
        assert words in story[number], story
