"""A failover on the page: the incident view, one clock, and panes that never contradict each other."""

import re
from collections.abc import Callable
from time import monotonic
from typing import Any

from playwright.sync_api import Locator, Page, expect

from assignments.recovery import service as recovery
from tests.browser.hands import card
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.structure.clusters import create_cluster
from topology.structure.policy import set_clock_speed

Open = Callable[..., Page]
SAMPLES = 100  # at least
LONGEST = 90  # seconds, on a machine that does much else
REFRESH = 20  # samples, each a tenth of a second after the one before

# What all panes say at one moment, as a person would read it. No await in it: nothing is morphed in between.
READ = """() => {
  const n = (element) => Number((element?.textContent.match(/[\\d,]+/) ?? ["0"])[0].replace(/,/g, ""));
  const out = (element) => n(element?.querySelector(".count.tone-bad"));
  const cards = [...document.querySelectorAll("article.node[data-drop^='node:']")];
  const leaves = [...document.querySelectorAll(".tree .level-3")];
  return {
    version: document.body.dataset.version,
    read: document.querySelector("#user-list").dataset.read,
    strip: n(document.querySelector(".summary-bar [data-count=out-of-service] dd")),
    title: n({textContent: (document.title.match(/^[\\d,]+ out/) ?? ["0"])[0]}),
    banner: [...document.querySelectorAll(".incident-who b")].map(n).reduce((a, b) => a + b, 0),
    tree: out(document.querySelector(".tree .level-1")),
    subclusters: [...document.querySelectorAll(".tree .level-2")].map(out).reduce((a, b) => a + b, 0),
    leaves: Object.fromEntries(leaves.map((leaf) => [leaf.dataset.showsUsers, out(leaf)])),
    cards: Object.fromEntries(cards.map((card) => [card.dataset.drop, n(card.querySelector(".node-out strong"))])),
    served: cards.map((card) => n(card.querySelector(".gauges > :nth-child(2) b"))).reduce((a, b) => a + b, 0),
    signedIn: n([...document.querySelectorAll(".totals > div")].find((d) => d.textContent.includes("Signed in"))
      .querySelector("dd")),
    listed: n(document.querySelector(".list-count")),
  };
}"""


def is_over(seen: list[dict[str, Any]]) -> bool:
    """Whether users were out of service, and are not any more."""
    return any(now["strip"] for now in seen) and not seen[-1]["strip"]


def test_strip_tree_map_and_list_never_contradict_each_other(live_stack: LiveStack, signed_in_page: Open) -> None:
    acme = make_acme(speed=10, imp1a=600, imp1b=10, imp2a=30)
    home = node(acme, "imp1a")
    page = signed_in_page("operator", f"/clusters/acme/?node={home.pk}&show=out")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    recovery.inject(home, "power", "", None)
    seen: list[dict[str, Any]] = []
    ends = monotonic() + LONGEST
    while len(seen) < SAMPLES or (not is_over(seen) and monotonic() < ends):
        now = page.evaluate(READ)
        seen.append(now)
        assert now["strip"] == now["tree"] == now["subclusters"] == sum(now["leaves"].values()), now
        assert now["strip"] == sum(now["cards"].values()) == now["banner"] == now["title"], now
        assert now["leaves"] == {key: now["cards"][key] for key in now["leaves"]}, now
        assert now["served"] == now["signedIn"] == 640 - now["strip"], now
        page.wait_for_timeout(100)
    assert len({now["version"] for now in seen}) > 3, "it moved meanwhile"
    assert {now["strip"] for now in seen} - {0, 600}, "some had signed in again"
    for at, now in enumerate(seen):  # a list is read by each for itself: at most one refresh before or after
        near = [other["strip"] for other in seen[max(0, at - REFRESH) : at + REFRESH + 1]]
        assert min(near) <= now["listed"] <= max(near), (at, now)
        assert int(now["read"]) > 0


def test_the_pair_with_users_out_of_service_comes_before_one_that_is_only_degraded(
    live_stack: LiveStack, signed_in_page: Open
) -> None:
    acme = make_acme(speed=1, imp1a=10, imp2a=15)
    page = signed_in_page("operator", "/clusters/acme/")
    recovery.inject(node(acme, "imp1b"), "power", "", None)  # serves no user
    expect(panel(page, "sc-1")).to_contain_text("No protection now")
    recovery.inject(node(acme, "imp2a"), "power", "", None)
    expect(page.locator(".incident")).to_contain_text("15 users out of service in sc-2")
    expect(card(page, "imp1b")).to_be_visible()
    assert top(panel(page, "sc-2")) < top(panel(page, "sc-1"))
    expect(page.locator(".next-step")).to_contain_text("imp1b: Power off")
    ends = [end.bounding_box() or {} for end in page.locator(".incident-end").all()]
    assert len({end["x"] for end in ends}) == 1, "what to do stands in one column"


def test_an_incident_elsewhere_and_a_new_cluster_show_in_the_switcher(
    live_stack: LiveStack, signed_in_page: Open
) -> None:
    acme = make_acme(speed=1, imp1a=10, imp2a=15)  # it must not be over before it was looked at
    create_cluster("branch")
    page = signed_in_page("operator", "/clusters/branch/")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(page.locator("#elsewhere .icon")).to_have_count(0)
    recovery.inject(node(acme, "imp2a"), "power", "", None)
    expect(page.locator("#elsewhere")).to_contain_text("Users of acme are out of service")
    page.get_by_role("button", name="Switch cluster").click()
    menu = page.locator("#clusters")
    expect(menu.get_by_role("link", name="acme")).to_contain_text("out of service")
    create_cluster("north")
    expect(menu.get_by_role("link", name="north")).to_be_visible()
    expect(menu.get_by_role("link", name="branch")).to_have_attribute("aria-current", "true")
    set_clock_speed(acme, 60)
    expect(page.locator("#elsewhere .icon")).to_have_count(0, timeout=60_000)  # all signed in again
    expect(menu.get_by_role("link", name="acme")).not_to_contain_text("out of service")


def test_while_users_are_out_the_affected_pair_comes_first_and_the_rest_is_folded(
    live_stack: LiveStack, signed_in_page: Open
) -> None:
    acme = make_acme(speed=1, imp1a=10, imp2a=15, imp3a=3)  # it must not be over before it was looked at
    page = signed_in_page("operator", "/clusters/acme/")
    expect(page).to_have_title("acme · Homenode")
    expect(page.locator(".incident")).to_have_count(0)
    recovery.inject(node(acme, "imp2a"), "power", "", None)
    banner = page.locator(".incident")
    expect(banner).to_contain_text("imp2a: Power off")
    expect(banner).to_contain_text("15 users out of service in sc-2: 15 of 15 at home on imp2a")
    expect(page).to_have_title("15 out of service · acme · Homenode")
    first, healthy = panel(page, "sc-2"), panel(page, "sc-1")
    expect(card(page, "imp2a")).to_be_visible()
    expect(card(page, "imp1a")).to_be_hidden()
    expect(healthy).to_contain_text("imp1a, imp1b: no user out of service")
    assert top(first) < top(healthy)
    choose_view(page, "Whole map")
    expect(card(page, "imp1a")).to_be_visible()
    assert top(healthy) <= top(first)
    page.reload()
    expect(card(page, "imp1a")).to_be_visible()
    choose_view(page, "By itself")
    expect(card(page, "imp1a")).to_be_hidden()
    set_clock_speed(acme, 60)
    banner.get_by_role("button", name="Power on imp2a").click()
    expect(page.locator(".incident")).to_have_count(0, timeout=30_000)
    expect(card(page, "imp1a")).to_be_visible()
    choose_view(page, "Incident view")
    expect(card(page, "imp1a")).to_be_hidden()
    expect(page.locator(".incident-none")).to_be_visible()


def test_on_a_telephone_strip_and_banner_leave_the_nodes_their_place(live_web: LiveStack, signed_in_page: Open) -> None:
    acme = make_acme(speed=30, imp1a=10, imp3a=3)
    page = signed_in_page("operator", "/clusters/acme/", viewport={"width": 390, "height": 844})
    recovery.inject(node(acme, "imp3a"), "power", "", None)
    banner = page.locator(".incident")
    expect(banner).to_contain_text("3 users out of service")
    expect(banner).to_contain_text("Until then 3 users cannot sign in: sc-3 has no second node.")
    expect(banner.get_by_role("heading", name="Repair imp3a")).to_be_in_viewport(ratio=1)
    expect(banner.get_by_role("button", name="Power on imp3a")).to_be_in_viewport(ratio=1)
    strip = page.locator(".summary-bar").bounding_box()
    assert strip
    assert strip["height"] <= 260
    expect(card(page, "imp3a")).to_be_in_viewport()
    assert page.locator(".incidents").evaluate("part => part.scrollHeight <= part.clientHeight"), "nothing is cut off"
    recovery.failover(node(acme, "imp1a"), None)
    title = page.locator(".runs-active .run-title")
    expect(title).to_contain_text("Failover imp1a")
    icon = title.locator(".icon").bounding_box()
    words = title.evaluate("""title => { const range = document.createRange();
        range.selectNodeContents(title.lastChild); return range.getBoundingClientRect().left }""")
    assert icon
    assert words - icon["x"] - icon["width"] >= 4, "the icon does not touch the title"


def panel(page: Page, name: str) -> Locator:
    return page.locator(f"section.subcluster[data-name='{name}']")


def top(place: Locator) -> float:
    box = place.bounding_box()
    assert box
    return box["y"]


def choose_view(page: Page, name: str) -> None:
    page.locator("[popovertarget=account]").click()
    page.locator("#account").get_by_role("button", name=re.compile(f"^{name}")).click()


def test_colour_and_edge_follow_what_people_feel_before_anything_is_detected(
    live_web: LiveStack, signed_in_page: Open
) -> None:
    acme = make_acme(imp1a=10, imp3a=3)
    page = signed_in_page("viewer", "/clusters/acme/")
    badge = card(page, "imp1a").locator(".state-badge").first
    expect(badge).to_have_class(re.compile("tone-good"))
    recovery.inject(node(acme, "imp1a"), "power", "", None)
    expect(badge).to_have_class(re.compile("tone-bad"))
    expect(badge).to_have_text("Normal")  # the product's word: no worker runs that would find out
    expect(card(page, "imp1a")).to_contain_text("Not serving")
    expect(card(page, "imp1a")).to_have_class(re.compile("tone-edge-bad"))
    expect(card(page, "imp3a").locator("[data-condition]")).to_have_text("Serving, HA off")


def test_spans_are_those_of_the_clusters_clock_with_the_wall_in_brackets(
    live_web: LiveStack, signed_in_page: Open
) -> None:
    make_acme(speed=30, imp1a=2000, imp1b=100)
    page = signed_in_page("viewer", "/clusters/acme/")
    expect(page.locator(".simulated")).to_have_text("SIMULATED \N{MULTIPLICATION SIGN}30")
    window = panel(page, "sc-1").locator("[data-window]")
    upper = int((window.get_attribute("data-window") or "").split("-")[1])
    said = re.search(r"all of the fuller node in (.+?) \((.+?) wall time\)", window.inner_text())
    assert said, window.inner_text()
    assert seconds(said[1]) <= upper
    assert abs(seconds(said[1]) / 30 - seconds(said[2])) <= 2
    page.goto("/clusters/acme/history/")
    expect(page.locator(".header-bar .simulated")).to_be_visible()


def seconds(span: str) -> int:
    parts = re.findall(r"(\d+) (s|min|h)", span)
    return sum(int(number) * {"s": 1, "min": 60, "h": 3600}[unit] for number, unit in parts)
