"""What one browser does, another shows; outages are shown and survived; many tabs hold one stream."""

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import APIResponse, Error, Locator, Page, Request, Route, expect

from assignments.models import Assignment, Kind, Operation, Progress
from assignments.moves import drop
from assignments.moves.selection import Selection
from config.local.processes import wait_until
from tests.browser.hands import card, drag, hover, lead, middle, pick_up, row, toast
from tests.live_stack import LiveStack
from tests.worlds import add_users, make_acme, node
from topology import reasons
from topology.live import events
from topology.models import Cluster, Node
from topology.structure.nodes import unassign_node

Open = Callable[..., Page]


@pytest.fixture
def acme(live_web: LiveStack) -> Cluster:
    return make_acme(imp1a=30, imp1b=4)


def is_live(page: Page) -> None:
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(page.locator("body")).not_to_have_class(re.compile(r"\bstale\b"))


def move(cluster: Cluster, user_id: str, short: str) -> None:
    """What another process does: the worker, a command, another web server."""
    ids = tuple(Assignment.objects.filter(user__user_id=user_id).values_list("user_id", flat=True))
    target = f"node:{node(cluster, short).pk}"
    drop.move(Selection(cluster, ids), target, superuser())


def superuser() -> object:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get_or_create(username="root", is_superuser=True)[0]


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


def test_a_stopped_server_is_shown_and_a_restarted_one_is_picked_up(
    acme: Cluster, signed_in_page: Open, live_web: LiveStack
) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    live_web.stop_web()
    expect(page.locator("#live")).to_have_attribute("data-state", "lost")
    expect(page.locator("#live")).to_contain_text("Not live since")
    expect(page.locator("body")).to_have_class(re.compile(r"\bstale\b"))
    move(acme, "imp1a-0001", "imp1b")
    live_web.start_web()
    is_live(page)
    expect(card(page, "imp1b")).to_contain_text("5 / 5,000")


def test_a_page_that_missed_too_much_fetches_everything(
    acme: Cluster, signed_in_page: Open, live_web: LiveStack
) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    live_web.stop_web()
    expect(page.locator("#live")).to_have_attribute("data-state", "lost")
    move(acme, "imp1a-0001", "imp1b")
    events.client().delete(events.stream_name())
    live_web.start_web()
    is_live(page)
    expect(card(page, "imp1b")).to_contain_text("5 / 5,000")


@pytest.mark.slow
def test_ten_tabs_hold_one_stream_and_hand_it_over(acme: Cluster, signed_in_page: Open) -> None:
    first = signed_in_page(path="/clusters/acme/")
    is_live(first)
    streams: list[str] = []

    def note(request: Request) -> None:
        if "/stream?" in request.url:
            streams.append(request.url)

    first.context.on("request", note)
    tabs = [first.context.new_page() for _ in range(9)]
    for tab in tabs:
        tab.goto("/clusters/acme/", wait_until="domcontentloaded")  # all come at once
    for tab in tabs:
        is_live(tab)
    assert streams == []
    move(acme, "imp1a-0001", "imp1b")
    for tab in [first, *tabs]:
        expect(card(tab, "imp1b")).to_contain_text("5 / 5,000")
    first.close()
    move(acme, "imp1a-0002", "imp1b")
    for tab in tabs:
        expect(card(tab, "imp1b")).to_contain_text("6 / 5,000")
    assert len(streams) == 1
    assert re.search(r"/stream\?as=\d+&after=\d+-\d+&cluster=acme&kind=administrator&version=\d+$", streams[0])


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


WATCH_HOMES = """() => {
    window.seen = [];
    const cards = ["imp1a", "imp1b"].map((name) => document.querySelector(`.node[data-name^="${name}."]`).id);
    const look = () => {
        const homes = cards.map((id) => document.querySelector(`#${id} .gauge-text b`).textContent);
        const leaves = [...document.querySelectorAll(".tree .level-3")].slice(0, 2)
            .map((leaf) => [...leaf.querySelectorAll(".count")].pop().firstChild.textContent);
        window.seen.push([document.body.dataset.version, ...homes, ...leaves].join(" "));
    };
    const all = { childList: true, subtree: true, characterData: true };
    new MutationObserver(look).observe(document.querySelector("main"), all);
}"""


def test_a_version_is_applied_whole(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    page.evaluate(WATCH_HOMES)
    for number in range(1, 7):
        move(acme, f"imp1a-{number:04}", "imp1b")
    expect(card(page, "imp1b")).to_contain_text("10 / 5,000")
    seen = page.evaluate("window.seen")
    assert seen
    for line in seen:
        _, home_a, home_b, leaf_a, leaf_b = line.split()
        assert (home_a, home_b) == (leaf_a, leaf_b), line
        assert int(home_a) + int(home_b) == 34, line


# Versions that come at once, as to a busy page: what is drawn for them, and how often the list is laid out.
MANY_AT_ONCE = """async ([versions, text]) => {
    const address = performance.getEntriesByType("resource").map(({ name }) => name)
        .find((name) => /\\/versions\\.([0-9a-f]+\\.)?js/.test(name));
    const { arrive, shown } = await import(address);
    let swaps = 0, layouts = 0;
    document.addEventListener("htmx:afterSwap", () => { swaps += 1; });
    const { getComputedStyle } = window;
    window.getComputedStyle = (element, ...rest) => {
        layouts += element.matches(".users");
        return getComputedStyle(element, ...rest);
    };
    const cards = [...document.querySelectorAll("article.node")];
    const start = shown().version;
    let before = start;
    for (let number = 1; number <= versions; number += 1) {
        const made = document.createElement("div");
        made.dataset.version = Number(start) + number;
        for (const card of cards) made.append(card.cloneNode(true));
        made.querySelector("h3 a").textContent = number === versions ? text : number;
        arrive({ cluster: shown().cluster, version: made.dataset.version, after: before, html: made.outerHTML });
        before = made.dataset.version;
    }
    while (document.body.dataset.version !== before) await new Promise((done) => setTimeout(done, 10));
    return { cards: cards.length, swaps, layouts };
}"""


def test_versions_that_come_faster_than_they_are_drawn_are_drawn_as_one(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    page.locator("article.node h3 a").first.click()
    expect(page.locator(".users [data-user]").first).to_be_visible()
    drawn = page.evaluate(MANY_AT_ONCE, [200, "the last one"])
    expect(page.locator("article.node h3 a").first).to_have_text("the last one")
    assert drawn["swaps"] <= 3 * drawn["cards"], drawn  # the first one, and all others together
    assert drawn["layouts"] <= 3, drawn  # none of them brought rows; the list itself may just have come


def test_nothing_is_swapped_under_an_open_menu_and_the_rest_goes_on(acme: Cluster, signed_in_page: Open) -> None:
    page, other = signed_in_page("operator", "/clusters/acme/"), signed_in_page("viewer", "/clusters/acme/")
    is_live(page)
    is_live(other)
    pk, place = node(acme, "imp3a").pk, card(page, "imp3a")
    place.get_by_role("button", name=re.compile("^Faults and more")).click()
    off = page.get_by_role("button", name="Power off")
    expect(off).to_be_visible()
    for capacity in (4444, 4321):
        Node.objects.filter(pk=pk).update(capacity_users=capacity)
        events.publish([f"node-{pk}"])
        expect(card(other, "imp3a")).to_contain_text(f"0 / {capacity:,}")
    move(acme, "imp1a-0001", "imp1b")
    expect(card(other, "imp1b")).to_contain_text("5 / 5,000")
    expect(card(page, "imp1b")).to_contain_text("5 / 5,000")  # the rest goes on
    page.wait_for_timeout(500)  # that nothing happens takes time to see
    expect(off).to_be_visible()
    expect(place).to_contain_text("0 / 5,000")
    page.keyboard.press("Escape")
    expect(place).to_contain_text("0 / 4,321")


def test_who_held_too_many_versions_back_asks_once_for_everything(acme: Cluster, signed_in_page: Open) -> None:
    page, other = signed_in_page("operator", "/clusters/acme/"), signed_in_page("viewer", "/clusters/acme/")
    is_live(page)
    is_live(other)
    place, pk = press_on_card(page, "imp3a"), node(acme, "imp3a").pk
    for capacity in range(4000, 4012):
        Node.objects.filter(pk=pk).update(capacity_users=capacity)
        events.publish([f"node-{pk}"])
        expect(card(other, "imp3a")).to_contain_text(f"0 / {capacity:,}")
    expect(place).to_contain_text("0 / 5,000")
    page.mouse.up()
    expect(place).to_contain_text("0 / 4,011")
    expect(card(page, "imp1b")).to_contain_text("4 / 5,000")


@pytest.mark.slow
def test_tabs_on_two_clusters_share_one_stream(acme: Cluster, signed_in_page: Open) -> None:
    other = make_acme("other", imp1a=3)
    first = signed_in_page(path="/clusters/acme/")
    is_live(first)
    second = first.context.new_page()
    second.goto("/clusters/other/")
    is_live(second)
    for cluster, page, user, shown in ((acme, first, "imp1a-0001", 5), (other, second, "other-imp1a-0001", 1)):
        move(cluster, user, "imp1b")
        expect(card(page, "imp1b")).to_contain_text(f"{shown} / 5,000")
    first.close()
    move(other, "other-imp1a-0002", "imp1b")
    expect(card(second, "imp1b")).to_contain_text("2 / 5,000")


def press_on_card(page: Page, short: str) -> Locator:
    place = card(page, short)
    page.mouse.move(*middle(place.locator("h3")))
    page.mouse.down()
    return place


def test_nothing_is_swapped_under_a_press(acme: Cluster, signed_in_page: Open) -> None:
    first, second = signed_in_page("administrator", "/clusters/acme/"), signed_in_page("viewer", "/clusters/acme/")
    is_live(first)
    is_live(second)
    place = press_on_card(first, "spare")
    pk = node(acme, "spare").pk
    Node.objects.filter(pk=pk).update(capacity_users=4321)
    events.publish([f"node-{pk}"])
    expect(card(second, "spare")).to_contain_text("4,321")
    first.wait_for_timeout(1000)  # that nothing happens takes time to see
    expect(place).not_to_contain_text("4,321")
    x, y = middle(place.locator("h3"))
    first.mouse.move(x - 12, y + 3, steps=3)
    expect(first.locator("#ghost")).to_be_visible()
    first.keyboard.press("Escape")
    first.mouse.up()
    expect(place).to_contain_text("4,321")


def test_a_list_that_was_asked_for_before_a_press_waits_for_its_end(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("administrator", f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    is_live(page)
    held = hold(page, "**/clusters/acme/users?*")
    move(acme, "imp1a-0001", "imp1b")
    wait_for(page, held)
    expect(card(page, "imp1b")).to_contain_text("5 / 5,000")
    press_on_card(page, "spare")
    let_come(held)
    page.wait_for_timeout(700)  # that nothing happens takes time to see
    expect(row(page, "imp1a-0001")).to_be_visible()
    page.mouse.up()
    expect(row(page, "imp1a-0001")).to_have_count(0)


def hold(page: Page, address: str) -> list[tuple[Route, APIResponse]]:
    """Let the server answer the next request at once, and its answer come when the test says so."""
    held: list[tuple[Route, APIResponse]] = []
    page.route(address, lambda route: held.append((route, route.fetch())), times=1)
    return held


def wait_for(page: Page, held: list[tuple[Route, APIResponse]]) -> None:
    assert wait_until(lambda: bool(page.evaluate("true") and held), 10)


def let_come(held: list[tuple[Route, APIResponse]]) -> None:
    [(route, answer)] = held
    route.fulfill(response=answer)


@pytest.mark.slow
def test_news_about_a_dialog_that_is_on_its_way_is_not_lost(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    found = node(acme, "imp3a")
    card(page, "imp3a").get_by_role("button", name=re.compile("^Faults and more")).click()
    held = hold(page, f"**/structure/nodes/{found.pk}")
    page.get_by_role("button", name="Move or remove this node").click()
    wait_for(page, held)
    unassign_node(found)
    expect(page.locator("#unassigned-nodes")).to_contain_text("imp3a")  # the page has heard of it
    let_come(held)
    expect(page.locator("#step-slot")).to_contain_text("imp3a is in no subcluster")


@pytest.mark.slow
def test_news_about_what_is_being_fetched_fetches_it_once_more(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    is_live(page)
    held = hold(page, "**/clusters/acme/users?*")
    move(acme, "imp1a-0001", "imp1b")
    wait_for(page, held)
    move(acme, "imp1a-0002", "imp1b")
    expect(card(page, "imp1b")).to_contain_text("6 / 5,000")  # the page has heard of it
    let_come(held)
    expect(row(page, "imp1a-0002")).to_have_count(0)


def test_news_about_what_a_person_asked_for_meanwhile_is_not_lost(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    is_live(page)
    held = hold(page, "**/clusters/acme/users?*")
    show = card(page, "imp1b").locator("[data-shows-users]").first
    show.click()
    wait_for(page, held)
    move(acme, "imp1a-0001", "imp1b")
    expect(card(page, "imp1b")).to_contain_text("5 / 5,000")
    let_come(held)
    expect(page.locator("#users-title")).to_have_text("imp1b")
    expect(row(page, "imp1a-0001")).to_be_visible()


@pytest.mark.slow
def test_news_in_the_moment_before_a_dialog_is_ready_is_not_lost(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    found = node(acme, "imp3a")
    card(page, "imp3a").get_by_role("button", name=re.compile("^Faults and more")).click()
    button = page.get_by_role("button", name="Move or remove this node")
    expect(button).to_be_visible()
    expect(page.locator(".menu .htmx-added")).to_have_count(0)
    # The dialog is there, but htmx does not know yet what in it is to be fetched again.
    page.evaluate("htmx.config.defaultSettleDelay = 1500")
    button.click()
    expect(page.locator("#step-slot")).to_be_visible()
    unassign_node(found)
    expect(page.locator("#step-slot")).to_contain_text("imp3a is in no subcluster")


def test_an_answer_finds_its_place_although_what_was_pressed_is_gone(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", "/clusters/acme/")
    is_live(page)
    card(page, "imp1a").get_by_role("button", name="Failover…").click()
    dialog = page.get_by_role("dialog")
    held = hold(page, "**/do/failover")
    dialog.get_by_role("button", name="Failover", exact=True).click()
    wait_for(page, held)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    let_come(held)
    expect(toast(page)).to_contain_text("imp1a")
    expect(page.locator("#gone")).to_be_empty()


@pytest.mark.slow
def test_a_menu_opened_before_the_scripts_came_is_filled_and_placed(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", "/clusters/acme/")
    held: list[Route] = []
    page.route("**/js/main*.js", lambda route: held.append(route))
    page.reload(wait_until="commit")
    button = card(page, "imp1a").get_by_role("button", name=re.compile("^Faults and more"))
    button.click()
    menu = page.locator(".menu:popover-open")
    expect(menu).to_have_count(1)
    held.pop().continue_()
    expect(menu.get_by_role("button", name="Power off")).to_be_visible()
    there, opened = menu.bounding_box(), button.bounding_box()
    assert there
    assert opened
    assert there["y"] > opened["y"]
    assert abs(there["x"] - opened["x"]) < 400


def test_an_old_answer_does_not_bring_back_the_rows_a_person_scrolled_away(acme: Cluster, signed_in_page: Open) -> None:
    add_users(acme, "imp3a", 90)
    page = signed_in_page(path=f"/clusters/acme/?node={node(acme, 'imp3a').pk}")
    is_live(page)
    expect(row(page, "imp3a-0001")).to_be_visible()
    held = hold(page, "**/clusters/acme/users?*")
    events.publish([f"node-{node(acme, 'imp3a').pk}"])
    wait_for(page, held)
    row(page, "imp3a-0050").scroll_into_view_if_needed()
    expect(row(page, "imp3a-0060")).to_be_attached()
    with suppress(Error):  # the browser has given that request up
        let_come(held)
    move(acme, "imp3a-0055", "imp1b")
    expect(row(page, "imp3a-0055")).to_have_count(0)  # what was heard later is shown
    expect(row(page, "imp3a-0060")).to_be_attached()
    expect(row(page, "imp3a-0001")).to_have_count(0)


def test_what_is_being_typed_stays_and_the_numbers_still_change(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    is_live(page)
    page.locator("#user-search").press_sequentially("imp1a-00", delay=20)
    move(acme, "imp1a-0001", "imp1b")
    expect(card(page, "imp1b")).to_contain_text("5 / 5,000")
    expect(page.locator("#user-search")).to_be_focused()
    expect(page.locator("#user-search")).to_have_value("imp1a-00")


@pytest.mark.slow
def test_chosen_rows_stay_chosen_when_the_list_is_fetched_again(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    is_live(page)
    row(page, "imp1a-0003").click()
    row(page, "imp1a-0005").click(modifiers=["Shift"])
    move(acme, "imp1a-0001", "imp1b")
    expect(row(page, "imp1a-0001")).to_have_count(0)
    for number in (3, 4, 5):
        expect(row(page, f"imp1a-000{number}")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".users [aria-selected='true']")).to_have_count(3)
    expect(row(page, "imp1a-0005")).to_be_focused()


def test_who_signed_out_meanwhile_is_led_to_the_sign_in(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    page.context.clear_cookies()
    move(acme, "imp1a-0001", "imp1b")
    expect(page).to_have_url(re.compile("/sign-in/"))


def test_a_tab_that_leads_and_sleeps_is_noticed_and_replaced(acme: Cluster, signed_in_page: Open) -> None:
    first = signed_in_page(path="/clusters/acme/")
    is_live(first)
    second = first.context.new_page()
    second.goto("/clusters/acme/")
    is_live(second)
    first.context.new_cdp_session(first).send("Emulation.setScriptExecutionDisabled", {"value": True})
    with second.expect_request("**/stream?*", timeout=30_000):
        second.bring_to_front()
    is_live(second)
    move(acme, "imp1a-0001", "imp1b")
    expect(card(second, "imp1b")).to_contain_text("5 / 5,000")


def test_a_session_that_ended_is_said_and_asked_no_more(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/?q=imp1a")
    is_live(page)
    Session.objects.all().delete()
    link = page.locator("#live").get_by_role("link", name="You are signed out. Sign in")
    expect(link).to_be_visible(timeout=10_000)
    assert link.get_attribute("href") == page.url
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)  # that nothing happens takes time to see
    assert asked == []


def test_a_network_that_is_gone_is_said_and_its_return_asks_at_once(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/")
    is_live(page)
    page.evaluate("document.body.dataset.marked = 'before'")
    page.context.set_offline(True)
    expect(page.locator("#live")).to_contain_text("the network is silent")
    page.context.set_offline(False)
    is_live(page)  # although there is no news
    page.context.set_offline(True)
    expect(page.locator("#live")).to_contain_text("the network is silent")
    move(acme, "imp1a-0001", "imp1b")
    page.context.set_offline(False)
    is_live(page)
    expect(card(page, "imp1b")).to_contain_text("5 / 5,000")
    expect(page.locator("body")).to_have_attribute("data-marked", "before")
