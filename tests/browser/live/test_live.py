"""What one browser does, another shows, and a quiet page asks for nothing."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from assignments.models import Kind, Operation, Progress
from tests.browser.hands import card, drag, hover, lead, pick_up, row, toast
from tests.browser.live.changes import Open, is_live
from tests.support.worlds import node
from topology import reasons
from topology.live import events
from topology.models import Cluster, Node


@pytest.mark.each_run
def test_another_browser_shows_a_drop_without_reloading(acme: Cluster, signed_in_page: Open) -> None:
    path = f"/clusters/acme/?node={node(acme, 'imp1a').pk}"
    first, second = signed_in_page("operator", path), signed_in_page("viewer", path)
    is_live(first)
    is_live(second)
    second.evaluate("document.documentElement.dataset.marked = 'before'")
    drag(first, row(first, "imp1a-0002"), "imp1b")
    expect(toast(first)).to_contain_text("Moved 1 user to imp1b")
    expect(card(second, "imp1b")).to_contain_text("5 / 5,000")
    expect(row(second, "imp1a-0002")).to_have_count(0)
    expect(second.locator(".tree .branch", has_text="imp1b")).to_contain_text("5")
    expect(second.locator("html")).to_have_attribute("data-marked", "before")


@pytest.mark.parametrize("page_of", ["history", "operations"])
def test_what_is_new_comes_on_top_of_a_long_page(acme: Cluster, signed_in_page: Open, page_of: str) -> None:
    """The line that fetches the earlier ones when it is seen stays the last."""

    def happens() -> int:
        operation = Operation.objects.create(
            cluster=acme, kind=Kind.MOVE, state=Progress.FINISHED, finished_at=timezone.now()
        )
        events.record(
            reasons.SUBCLUSTER_CREATED, cluster=acme, operation=operation, name="x", topics=[f"cluster-{acme.pk}"]
        )
        return operation.pk

    for _ in range(60):
        happens()
    page = signed_in_page("viewer", f"/clusters/acme/{page_of}/", viewport={"width": 1440, "height": 700})
    is_live(page)
    expect(page.locator("tr.more")).to_have_count(1)
    newest = happens()
    line = page.locator(f"main tbody > tr:has(a[href='/operations/{newest}/'])")
    expect(line).to_have_count(1)
    assert line.evaluate("line => line.previousElementSibling") is None
    expect(page.locator("main tbody > tr").last).to_have_class("more")
    expect(page.locator("main tr tr")).to_have_count(0)


def test_what_one_drags_another_sees_until_it_ends(acme: Cluster, signed_in_page: Open) -> None:
    path = f"/clusters/acme/?node={node(acme, 'imp1a').pk}"
    first, second = signed_in_page("operator", path), signed_in_page("viewer", path)
    is_live(first)
    is_live(second)
    name = first.locator(".header-account-name").inner_text()
    row(first, "imp1a-0002").click()
    row(first, "imp1a-0004").click(modifiers=["Shift"])
    pick_up(first, row(first, "imp1a-0002"))
    hover(first, "imp2a", "allowed")
    expect(card(second, "imp2a")).to_have_attribute("data-drags", f"{name} may drop 3 users")
    expect(card(second, "imp1a")).to_have_attribute("data-drags", f"{name} is holding 3 users")
    expect(second.get_by_role("list", name="What others are dragging")).to_contain_text(f"{name} may drop 3 users")
    hover(first, "imp1b", "allowed")
    expect(card(second, "imp1b")).to_have_attribute("data-drags", f"{name} may drop 3 users")
    expect(second.locator("[data-drags]")).to_have_count(2)
    expect(first.locator("[data-drags]")).to_have_count(0)  # one's own drag is no news
    first.mouse.up()
    expect(card(second, "imp1b")).to_contain_text("7 / 5,000")
    expect(second.locator("[data-drags]")).to_have_count(0)
    pick_up(first, first.locator(f"[data-drag-node='{node(acme, 'imp1b').pk}']"))
    expect(card(second, "imp1b")).to_have_attribute("data-drags", f"{name} is holding all users")
    first.keyboard.press("Escape")
    expect(second.locator("[data-drags]")).to_have_count(0)


@pytest.mark.slow
def test_another_administrator_sees_which_node_is_dragged_where(acme: Cluster, signed_in_page: Open) -> None:
    first, second = signed_in_page(path="/clusters/acme/"), signed_in_page("viewer", "/clusters/acme/")
    is_live(first)
    is_live(second)
    name = first.locator(".header-account-name").inner_text()
    pick_up(first, card(first, "spare").locator("h3"))
    expect(card(second, "spare")).to_have_attribute("data-drags", f"{name} is holding the node spare")
    lead(first, "sc-3", "warning")
    target = second.locator("section.subcluster[data-name='sc-3']")
    expect(target).to_have_attribute("data-drags", f"{name} may drop the node spare")
    expect(second.get_by_role("list", name="What others are dragging")).to_contain_text(f"{name} is holding the node")
    assert "spare" in target.evaluate("element => getComputedStyle(element, '::after').content")  # to be seen, too
    first.keyboard.press("Escape")
    expect(second.locator("[data-drags]")).to_have_count(0)
    first.mouse.up()


def test_what_shows_the_cluster_is_never_fetched_and_a_quiet_page_asks_for_nothing(
    acme: Cluster, signed_in_page: Open
) -> None:
    page = signed_in_page(path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    is_live(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/clusters/")[2]))
    pk = node(acme, "imp3a").pk
    for capacity in range(4000, 4020):
        Node.objects.filter(pk=pk).update(capacity_users=capacity)
        events.publish([f"node-{pk}"])
    expect(card(page, "imp3a")).to_contain_text("0 / 4,019")
    page.wait_for_timeout(1000)  # that nothing happens takes time to see
    assert [url for url in asked if not url.endswith("/trouble")] == []
