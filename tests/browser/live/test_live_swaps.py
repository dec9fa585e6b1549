"""A version is applied whole, and nothing is swapped under a press, an open menu or typing."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.hands import card, middle, row
from tests.browser.live.changes import Open, is_live, move, press_on_card
from tests.support.worlds import node
from topology.live import events
from topology.models import Cluster, Node

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
