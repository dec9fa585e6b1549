"""The road of a rebalance on the page: plan, run, live progress, and the worker killed in the middle."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from assignments.models import Kind, Operation, Population, Progress, RunPolicy
from assignments.planning import plans
from assignments.recovery import service as recovery
from assignments.runs import operations
from tests.browser.hands import card
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology import reasons
from topology.live import events
from topology.models import Cluster, Node, Policy

Open = Callable[..., Page]


@pytest.fixture
def acme(live_stack: LiveStack) -> Cluster:
    """400 users on one of five equal nodes."""
    cluster = make_acme(imp1a=400)
    Node.objects.filter(pk=node(cluster, "imp2b").pk).update(capacity_users=5000, capacity_endpoints=10_000)
    return cluster


def counts(cluster: Cluster) -> dict[str, int]:
    rows = Population.objects.filter(cluster=cluster, users__gt=0).select_related("home_node")
    return {row.home_node.short_name: row.users for row in rows if row.home_node}


def rebalance(page: Page) -> None:
    page.get_by_role("button", name="Rebalance…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Minimum")
    dialog.get_by_role("button", name="Run 320 moves").click()
    expect(dialog).to_be_hidden()


@pytest.mark.each_run
def test_a_rebalance_runs_to_its_end_with_live_progress_in_every_browser(acme: Cluster, signed_in_page: Open) -> None:
    Policy.objects.filter(cluster=acme).update(moves_per_second=1)  # until both have seen it
    first, second = signed_in_page("operator"), signed_in_page("viewer")
    expect(second.locator("#live")).to_have_attribute("data-state", "live")
    second.evaluate("document.documentElement.dataset.marked = 'before'")
    rebalance(first)
    for page in (first, second):
        run = page.locator(".run")
        expect(run.locator(".run-percent")).to_have_text(re.compile(r"^[1-9]\d?%$"))  # on its way
    change_rate(first)
    first.goto(second.url)
    for page in (first, second):
        expect(page.locator(".run")).to_contain_text("Finished")
        expect(card(page, "imp1a")).to_contain_text("80 / 5,000")
        expect(card(page, "imp3a")).to_contain_text("80 / 5,000")
    expect(second.locator("html")).to_have_attribute("data-marked", "before")
    assert set(counts(acme).values()) == {80}


def change_rate(page: Page) -> None:
    """On the page of the run, first wrongly: what is typed, and what is wrong about it, stays while the run goes on."""
    page.locator(".run-title").click()
    form, done = page.locator(".rate-form"), page.locator(".operation .figures dd").first
    rate, together = form.get_by_label("At most", exact=True), form.get_by_label("and at most")
    rate.fill("100")
    together.fill("-3")
    form.get_by_role("button", name="Change").click()
    expect(form.get_by_role("alert")).to_contain_text("-3")
    before = done.inner_text()
    expect(done).not_to_have_text(before)
    expect(form.get_by_role("alert")).to_be_visible()
    expect(rate).to_have_value("100")
    together.fill("")
    form.get_by_role("button", name="Change").click()
    expect(page.locator(".operation")).to_contain_text("Finished")


@pytest.mark.parametrize("width", [1440, 1200, 1000])
def test_a_run_that_waits_for_its_window_says_so_and_keeps_its_buttons(
    acme: Cluster, signed_in_page: Open, width: int
) -> None:
    begins = timezone.now() + timedelta(hours=2)
    window = {"window_start": begins.time(), "window_end": (begins + timedelta(hours=1)).time()}
    RunPolicy.objects.create(cluster=acme, zone="UTC", **window)
    operations.start_run(plans.make_plan(acme, "balance").hash, actor="root", in_window=True)
    page = signed_in_page("operator", viewport={"width": width, "height": 900})
    strip = page.locator(".runs .run")
    expect(strip).to_contain_text("Waiting for the window")
    for name in ("Pause", "Cancel…"):
        expect(strip.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)


def test_a_plan_is_made_for_some_subclusters_and_says_how_long_it_takes(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator")
    page.get_by_role("button", name="Rebalance…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("the whole cluster")
    takes = dialog.locator("#takes")
    before = takes.inner_text()
    rate = dialog.get_by_label("users per second and receiving node")
    rate.fill("2")
    expect(takes).to_have_text("40 s")
    assert before != "40 s"
    for name, moves in (("sc-1", 200), ("sc-2", 300)):
        dialog.get_by_label(name, exact=True).check()
        expect(dialog.get_by_role("button", name=f"Run {moves} moves")).to_be_visible()
        expect(dialog.get_by_label(name, exact=True)).to_be_focused()
    expect(rate).to_have_value("2")  # what was typed stays with another plan
    rate.fill("300")
    dialog.get_by_role("button", name="Run 300 moves").click()
    expect(page.locator(".run")).to_contain_text("Finished")
    assert counts(acme) == {"imp1a": 100, "imp1b": 100, "imp2a": 100, "imp2b": 100}


@pytest.mark.slow
def test_a_run_whose_worker_is_killed_goes_on_by_itself(
    acme: Cluster, signed_in_page: Open, live_stack: LiveStack
) -> None:
    Policy.objects.filter(cluster=acme).update(moves_per_second=1)
    page = signed_in_page("operator")
    rebalance(page)
    expect(page.locator(".run-percent")).to_have_text(re.compile(r"^[1-9]\d?%$"))
    live_stack.kill_worker()
    assert Operation.objects.get().active
    operations.set_rate(Operation.objects.get().pk, actor="root", rate=100)
    live_stack.start_worker()
    expect(page.locator(".run")).to_contain_text("Finished", timeout=30_000)
    assert set(counts(acme).values()) == {80}
    assert Operation.objects.get().done == 320


def test_an_open_plan_says_at_once_that_a_failover_stands_in_its_way(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator")
    page.get_by_role("button", name="Rebalance…").click()
    dialog = page.get_by_role("dialog")
    rate = dialog.get_by_label("At most", exact=False).first
    rate.fill("7")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    recovery.failover(node(acme, "imp2a"))
    expect(dialog).to_contain_text("Cannot run now. imp2a.acme.org is")
    dialog.get_by_role("button", name="Run 320 moves").click()
    expect(dialog.locator("[data-messages]")).to_contain_text("Home nodes are locked")
    expect(rate).to_have_value("7")


CUT = "each => each.scrollWidth > each.clientWidth || each.scrollHeight > each.clientHeight"


@pytest.mark.parametrize("width", [360, 390, 700])
def test_a_phone_says_whole_how_long_a_run_takes(live_web: LiveStack, signed_in_page: Open, width: int) -> None:
    now = timezone.now()
    going = {"total": 4825, "done": 809, "rate": 0.2, "started_at": now, "heartbeat_at": now}
    cluster = make_acme(speed=30, imp1a=3)
    Operation.objects.create(cluster=cluster, kind=Kind.REBALANCE, state=Progress.RUNNING, **going)
    page = signed_in_page("operator", "/clusters/acme/", viewport={"width": width, "height": 844})
    said = page.locator(".runs .run-rate")
    expect(said).to_contain_text("wall time) left")
    expect(said).to_contain_text("users/s")
    assert not said.evaluate(CUT)
    assert not page.locator(".runs-active").evaluate(CUT), "and its verbs stand below"


WORDS = """lines => lines.filter(line => line.checkVisibility()).map(line => {
  const { left, height } = line.getBoundingClientRect();
  return [Math.round(left), height];
})"""


def test_a_folded_line_of_a_log_stands_under_the_others_and_is_as_wide(
    live_web: LiveStack, signed_in_page: Open
) -> None:
    cluster = make_acme(imp1a=3)
    run = Operation.objects.create(cluster=cluster, kind=Kind.MOVE, state=Progress.FINISHED, total=2000)
    for _ in range(8):
        events.record(reasons.RUN_BATCH, cluster=cluster, operation=run, done=250, skipped=0, notified=250)
    events.record(reasons.RUN_FINISHED, cluster=cluster, operation=run, kind="Move", done=2000, skipped=0)
    page = signed_in_page("viewer", f"/operations/{run.pk}/")
    folded, last = page.locator(".steplog .line-said").evaluate_all(WORDS)
    assert folded == last, "one line each, one under the other"
    page.set_viewport_size({"width": 390, "height": 844})
    (left, height), (last_left, _) = page.locator(".steplog .line-said").evaluate_all(WORDS)
    curve = page.locator(".rate-curve").bounding_box()
    assert curve
    assert left == last_left == round(curve["x"])
    assert height < 90, "the curve takes nothing from the words"
