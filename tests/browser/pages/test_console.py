"""The page itself: an endless list in fifty rows, a filter that stays, dialogs, themes, buttons that tell the truth."""

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from assignments.models import Assignment, Kind, Operation, Progress
from assignments.planning import plans
from assignments.runs import operations
from config.local.processes import wait_until
from tests.support.crowd import make_crowd
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme
from topology.models import Cluster, EndUser, Node, Subcluster
from topology.rules.states import State, StateReason

Open = Callable[..., Page]


@pytest.fixture
def crowd(live_web: LiveStack) -> Cluster:
    return make_crowd(260, 40, 20, waiting=12)


def shown(page: Page) -> list[str]:
    rows: list[str] = page.locator(".users .user").evaluate_all("rows => rows.map(row => row.dataset.userId)")
    return rows


def test_an_endless_list_shows_everybody_in_order_and_never_more_than_fifty(
    crowd: Cluster, signed_in_page: Open
) -> None:
    page = signed_in_page(path="/clusters/crowd/")
    page.locator("article.node h3 a").first.click()
    expect(page.locator("#users-title")).to_have_text("crowd1")
    everybody = sorted(
        Assignment.objects.filter(home_node__number=1).values_list("user__user_id", flat=True), key=str.lower
    )
    seen: list[str] = []
    page.locator(".users").hover()
    for _ in range(400):
        rows = shown(page)
        assert len(rows) <= 50
        seen += [row for row in rows if row not in seen]
        if len(seen) == len(everybody):
            break
        turn_wheel(page, 160)
    assert seen == everybody
    for _ in range(400):
        if shown(page)[0] == everybody[0]:
            return
        turn_wheel(page, -160)
    raise AssertionError("the way back to the first user is closed")


# Where rows are yet to come the list is blank; who scrolls on across it is shown those of the place of arrival.
NO_BLANK = """list => {
  const rows = [...list.querySelectorAll("[data-user]")].map(row => row.getBoundingClientRect());
  const { top, bottom } = list.getBoundingClientRect(), first = Number(list.dataset.first);
  const isLast = first + rows.length >= Number(list.dataset.total);
  return rows.length > 0 && (first === 0 || rows[0].top <= top) && (isLast || rows.at(-1).bottom >= bottom);
}"""


def turn_wheel(page: Page, pixels: int) -> None:
    """Once, and wait until the list has moved or shows others, and all rows in sight are there.

    At the end of what has come yet nothing moves, for a second at most.
    """

    def place() -> object:
        return page.locator(".users").evaluate("list => list.scrollTop"), shown(page)

    before = place()
    page.mouse.wheel(0, pixels)
    wait_until(lambda: place() != before, 1)
    assert wait_until(lambda: bool(page.locator(".users").evaluate(NO_BLANK)), 30)


@pytest.mark.each_run
def test_a_search_filters_the_list_and_stays_in_the_address(crowd: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/crowd/?node=0")
    page.get_by_label("Find users").fill("waiting-1")
    expect(page.locator(".users .user")).to_have_count(4)  # 1, 10, 11, 12
    expect(page.locator(".list-count")).to_have_text("4 users found")
    expect(page).to_have_url(re.compile(r"\?node=0&q=waiting-1$"))
    page.reload()
    expect(page.locator(".users .user")).to_have_count(4)
    expect(page.get_by_label("Find users")).to_have_value("waiting-1")
    page.get_by_label("Find users").fill("nobody like this")
    expect(page.get_by_text("No users match")).to_be_visible()


def test_a_node_is_chosen_in_the_tree_and_the_back_button_returns(crowd: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/crowd/?node=0")
    tree = page.get_by_role("navigation", name="Tree of crowd")
    tree.get_by_role("link", name="crowd2").click()
    expect(page.locator("#users-title")).to_have_text("crowd2")
    expect(tree.get_by_role("link", name="crowd2")).to_have_attribute("aria-current", "true")
    expect(page.locator("article.node.is-shown h3")).to_have_text("crowd2")
    page.go_back()
    expect(page.locator("#users-title")).to_have_text("Unassigned users")


def test_the_label_of_a_focused_button_follows_what_it_does(crowd: Cluster, signed_in_page: Open) -> None:
    plan = plans.make_plan(crowd, "balance")
    run = operations.start_run(plan.hash, actor=None)
    page = signed_in_page(path="/clusters/crowd/")
    strip = page.locator(f"#operation-{run.pk}")
    for button, state, following in (
        ("Pause", Progress.PAUSED, "Resume"),
        ("Resume", Progress.QUEUED, "Pause"),
        ("Cancel", Progress.CANCELLED, ""),
    ):
        strip.get_by_role("button", name=button).focus()
        page.keyboard.press("Enter")
        if button == "Cancel":
            page.get_by_role("dialog").get_by_role("button", name="Cancel the run").click()
        expect(strip).to_contain_text(Progress(state).label)
        expect(strip.get_by_role("button", name=button)).to_have_count(0)
        assert Operation.objects.get(pk=run.pk).state == state
        if following:
            expect(strip.get_by_role("button", name=following)).to_be_focused()


def test_settings_keep_what_was_typed_beside_the_error(crowd: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/crowd/")
    page.get_by_role("button", name="Settings").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Keep Alive Timeout", exact=True).fill("5")
    dialog.get_by_label("Clock speed").fill("60")
    # The browser's console tells of every answer that is an error; this one is meant.
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("“Keep Alive Timeout” cannot be 5")
    expect(dialog.get_by_label("Clock speed")).to_have_value("60")
    dialog.get_by_label("Keep Alive Timeout", exact=True).fill("-5")  # this one the field refuses, not the policy
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("“Keep Alive Timeout” cannot be -5")
    page.keyboard.press("Escape")
    dialog.locator(".unsaved-question button").first.click()
    dialog.get_by_label("Keep Alive Timeout", exact=True).fill("45")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#messages")).to_contain_text("Saved.")
    expect(page.locator(".summary-bar")).to_contain_text("SIMULATED \N{MULTIPLICATION SIGN}60")


def test_the_theme_follows_the_system_until_one_is_chosen(crowd: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/crowd/", color_scheme="dark")
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(root).to_have_attribute("data-bs-theme", "light")
    switch = page.get_by_role("button", name="Light, dark or system theme")
    switch.click()
    switch.click()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", "dark")


def runs_over(page: Page) -> int:
    """Pixels by which the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


ONE_ROW = "all => new Set(all.map(o => o.offsetTop)).size === 1 && all.every(o => o.scrollWidth <= o.clientWidth)"


@pytest.mark.parametrize("width", [800, 1024, 1440, 2560])
def test_list_and_map_stand_side_by_side_and_nothing_runs_over(
    crowd: Cluster, signed_in_page: Open, width: int
) -> None:
    page = signed_in_page(path="/clusters/crowd/?node=0", viewport={"width": width, "height": 900})
    light = page.locator("#live")
    expect(light).to_have_attribute("data-state", "live")
    assert runs_over(page) == 0
    light.evaluate("element => { element.textContent = 'Connecting' }")
    assert runs_over(page) == 0
    page.locator("body").evaluate("body => body.classList.add('stale')")
    light.evaluate("element => { element.dataset.state = 'lost'; element.textContent = 'Not live since 12:00:00 AM' }")
    assert runs_over(page) == 0
    row, card = page.locator(".users .user").first, page.locator("article.node").first
    expect(row).to_be_in_viewport()
    expect(card).to_be_in_viewport()
    expect(page.locator("[data-drop='unassigned']")).to_be_in_viewport()
    assert page.locator(".list-verbs .btn").evaluate_all(ONE_ROW), "the buttons of the list stand in one row, whole"
    left, right = row.bounding_box(), card.bounding_box()
    assert left
    assert right
    assert left["x"] + left["width"] <= right["x"] or right["x"] + right["width"] <= left["x"]


def test_six_nodes_fit_the_window_of_a_laptop(live_web: LiveStack, signed_in_page: Open) -> None:
    cluster = make_crowd(79, 31, 64, 53, 47, 21, waiting=4, capacity=15_000)
    Cluster.objects.filter(pk=cluster.pk).update(clock_speed=30)
    Subcluster.objects.filter(cluster=cluster).update(ha_enabled=True)
    Node.objects.filter(cluster=cluster).update(state=State.NORMAL, reason=StateReason.NORMAL)
    page = signed_in_page(path="/clusters/crowd/", viewport={"width": 1440, "height": 900})
    expect(page.locator(".n1").first).to_contain_text("wall time")
    assert page.locator(".map").evaluate("map => map.scrollHeight - map.clientHeight") == 0


def test_no_page_scrolls_sideways_on_a_telephone(crowd: Cluster, signed_in_page: Open) -> None:
    make_crowd(5, 5, name="other")
    now = timezone.now()
    Operation.objects.create(
        cluster=crowd, kind=Kind.IMPORT, state=Progress.FINISHED, total=30_000, done=30_000, finished_at=now
    )
    page = signed_in_page(viewport={"width": 390, "height": 844})
    of_cluster = [f"/clusters/crowd/{name}" for name in ("", "operations/", "checks/", "peers/", "dns/", "history/")]
    wide = {}
    for address in (*of_cluster, "/overview/", "/peers/", "/accounts/", "/duplicates/"):
        page.goto(address)
        wide[address] = runs_over(page)
    assert {address: pixels for address, pixels in wide.items() if pixels} == {}


LONGEST_NAME = "a" * 63 + "." + "b" * 63 + ".example.org"
IN_SIGHT = """all => all.filter(one => one.checkVisibility()).map(one =>
  one.closest(".user-list").getBoundingClientRect().right - one.getBoundingClientRect().left > 40)"""


@pytest.mark.parametrize("width", [390, 800, 1440])
def test_the_longest_names_widen_no_page(crowd: Cluster, signed_in_page: Open, width: int) -> None:
    Cluster.objects.update(name="c" * 100)
    Subcluster.objects.filter(cluster=crowd, position=1).update(name="s" * 100)
    Node.objects.filter(cluster=crowd, number=1).update(name=LONGEST_NAME)
    make_crowd(5, 5, name="other")
    page = signed_in_page(viewport={"width": width, "height": 844})
    here = f"/clusters/{'c' * 100}/"
    names = ("", "operations/", "checks/", "peers/", "dns/", "history/", "what-if/", "load/", "commands/", "settings")
    wide = {}
    for address in (*(here + name for name in names), "/peers/", "/overview/", "/users/", "/duplicates/"):
        page.goto(address)
        wide[address] = runs_over(page)
    assert {address: pixels for address, pixels in wide.items() if pixels > 0} == {}


def test_labels_of_settings_are_lines_on_a_phone_and_no_columns_of_words(crowd: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(viewport={"width": 390, "height": 844})
    for address in ("settings", "rules"):
        page.goto(f"/clusters/{crowd.name}/{address}")
        labels = page.locator(".field > label")
        expect(labels).not_to_have_count(0)
        heights = labels.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().height)")
        assert max(heights) < 45, "two lines"


def test_a_long_user_id_leaves_the_columns_of_all_others_in_sight(crowd: Cluster, signed_in_page: Open) -> None:
    longest = EndUser.objects.order_by("user_id").first()
    assert longest
    EndUser.objects.filter(pk=longest.pk).update(user_id="0" * 90)
    page = signed_in_page(path="/clusters/crowd/", viewport={"width": 1440, "height": 900})
    row = page.locator(f".users [data-user='{longest.pk}']")
    expect(row).to_have_attribute("title", re.compile("0{90}"))
    assert all(page.locator(".users .user-served, .users .user-name, .heads .head").evaluate_all(IN_SIGHT))


# A name that is a fraction of a pixel too wide already ends in an ellipsis.
CUT = """names => names.filter(name => {
  const text = document.createRange();
  text.selectNodeContents(name);
  return text.getBoundingClientRect().width > name.getBoundingClientRect().width + 0.01;
}).map(name => name.textContent)"""


def test_a_state_gives_way_to_the_name_of_its_node(live_web: LiveStack, signed_in_page: Open) -> None:
    acme = make_acme(imp1a=30, imp1b=10)
    Node.objects.filter(cluster=acme, slot=2).update(state=State.RUNNING_IN_BACKUP_MODE)
    page = signed_in_page(path="/overview/")
    for width in range(1440, 900, -90):
        page.set_viewport_size({"width": width, "height": 900})
        names = page.locator(".cell b")
        expect(names).to_have_count(6)
        assert names.evaluate_all(CUT) == [], width
