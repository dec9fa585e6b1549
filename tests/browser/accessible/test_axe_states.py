"""axe finds nothing in the states that no address has: checklists, errors, empty places, long names, a small window."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.template.loader import render_to_string
from django.utils import timezone
from playwright.sync_api import Page, expect

from assignments.models import Assignment, Kind, Operation, PlannedMove, RunPolicy
from assignments.moves.drop import move
from assignments.moves.selection import Selection
from assignments.planning import plans
from assignments.recovery import maintenance, service
from assignments.runs import operations
from tests.browser.accessible.axe import complaints
from tests.browser.hands import card, lead, middle, row
from tests.support import torture
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.models import Cluster, EndUser, Node, Policy, Subcluster

Open = Callable[..., Page]
WIDTHS = (800, 1440, 2560)
SEVERAL = (
    "Zoë <b>Bold</b> & Söhne <script>alert(1)</script>",
    "محمد عبد الله الخوارزمي",
    "👩🏽‍🚀 Rocket 🚀🚀🚀",
    "W" * 100,
    "x" * 60 + " " + "y" * 39,
)


class Looked:
    """Collects what is wrong in several states, so that one run says all of it."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def at(
        self, page: Page, state: str, widths: tuple[int, ...] = (), *, focus: bool = True, again: bool = False
    ) -> None:
        for width in widths or (0,):
            if width:
                page.set_viewport_size({"width": width, "height": 900})
            self.found += complaints(page, f"{state} at {width}" if width else state, focus=focus, again=again)


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Any:
    """Look at states; what is wrong in them fails the test at its end."""
    looked = Looked()
    yield looked
    assert not looked.found, "\n".join(looked.found)


def root() -> Any:
    return get_user_model().objects.get_or_create(username="administrator-1", is_superuser=True)[0]


def live(page: Page) -> Page:
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    return page


def fetch(page: Page, path: str) -> None:
    """Open a dialog by its address."""
    page.evaluate("path => htmx.ajax('GET', path, {target: '#dialog', swap: 'innerHTML'})", path)
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_node_in_hand(live_web: LiveStack, signed_in_page: Open, look: Looked) -> None:
    make_acme(imp1a=20)
    page = live(signed_in_page(path="/clusters/acme/"))
    x, y = middle(card(page, "spare").locator(".node-head h3"))
    page.mouse.move(x + 60, y)
    page.mouse.down()
    page.mouse.move(x + 50, y + 12, steps=3)
    expect(page.locator("body[data-dragging='node']")).to_be_visible()
    look.at(page, "a node in hand", focus=False)
    lead(page, "sc-3", "warning")
    look.at(page, "a node over a subcluster", focus=False)
    page.keyboard.press("Escape")


@pytest.mark.slow
def test_guides_and_the_order_of_maintenance(live_web: LiveStack, signed_in_page: Open, look: Looked) -> None:
    cluster = make_acme(imp1a=20, imp2a=9)
    until = timezone.now() + timedelta(hours=2)
    maintenance.begin(node(cluster, "imp1b"), reason="New disk in slot 3", until=until, actor=root())
    page = live(signed_in_page(path="/clusters/acme/"))
    look.at(page, "a node in maintenance", WIDTHS)
    page.set_viewport_size({"width": 1440, "height": 900})
    fetch(page, f"/clusters/acme/nodes/{node(cluster, 'imp1b').pk}/maintenance")
    expect(page.get_by_role("dialog").locator(".checklist-step").first).to_be_visible()
    look.at(page, "the order of maintenance")
    fetch(page, f"/clusters/acme/structure/nodes/{node(cluster, 'imp1a').pk}")
    look.at(page, "the checklist of the publisher", (800,))
    fetch(page, f"/clusters/acme/structure/subclusters/{node(cluster, 'imp2a').subcluster_id}")
    page.locator(".structure-leave > summary").click()
    look.at(page, "the checklist of a subcluster", (800,))


@pytest.mark.slow
def test_a_fallback_is_asked_about_and_runs(live_web: LiveStack, signed_in_page: Open, look: Looked) -> None:
    cluster = make_acme(imp1a=40, imp1b=4)
    home = node(cluster, "imp1a")
    service.failover(home, actor=root())
    now = timezone.now()
    for seconds in range(0, 1200, 20):
        service.step(home.subcluster_id or 0, now + timedelta(seconds=seconds))
    page = live(signed_in_page(path=f"/clusters/acme/?node={home.pk}"))
    look.at(page, "after a failover")
    card(page, "imp1a").get_by_role("button", name="Fallback…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look.at(page, "a fallback is asked about")
    page.keyboard.press("Escape")
    done = Operation.objects.filter(kind=Kind.FAILOVER).latest("pk")
    page.goto(f"/operations/{done.pk}/")
    look.at(page, "the steps of a failover", WIDTHS)


@pytest.mark.slow
def test_plans_alone_stale_and_waiting_for_approval(live_web: LiveStack, signed_in_page: Open, look: Looked) -> None:
    cluster = make_acme(imp1a=60)
    plan = plans.make_plan(cluster, "balance", author=root())
    page = signed_in_page(path=f"/plans/{plan.hash}/")
    look.at(page, "a plan on its own page", WIDTHS)
    RunPolicy.objects.update_or_create(cluster=cluster, defaults={"approval_required": True})
    page.goto(f"/plans/{plan.hash}/")
    look.at(page, "a plan that waits for a second person")
    RunPolicy.objects.filter(cluster=cluster).update(approval_required=False)
    moved = tuple(PlannedMove.objects.filter(plan=plan).values_list("user_id", flat=True)[:3])
    move(Selection(cluster, moved), f"node:{node(cluster, 'imp2a').pk}", root())
    page.goto(f"/plans/{plan.hash}/")
    page.get_by_role("button", name="Run 45 moves").click()
    expect(page.get_by_role("dialog").locator(".stale")).to_be_visible()
    look.at(page, "a plan on changed ground", (800,))
    run = operations.start_run(plans.make_plan(cluster, "balance").hash, actor=root())
    page.goto(f"/operations/{run.pk}/")
    look.at(page, "a run that moves users", WIDTHS)


@pytest.mark.slow
def test_every_step_of_the_tour_at_any_width(live_web: LiveStack, signed_in_page: Open, look: Looked) -> None:
    make_acme(imp1a=60, waiting=3)
    page = live(signed_in_page(path="/clusters/acme/"))
    page.context.clear_cookies(name="homenode_tour")
    page.reload()
    for step in (1, 2, 3, 4):
        expect(page.get_by_role("region", name=f"Tour, step {step} of 4")).to_be_visible()
        look.at(page, f"tour {step}", (800, 1440))
        if step < 4:
            page.get_by_role("button", name="Next").click()


@pytest.mark.slow
def test_twenty_clusters_and_hundred_and_twenty_nodes(live_web: LiveStack, signed_in_page: Open, look: Looked) -> None:
    for number in range(20):
        make_acme(f"site-{number:02}", imp1a=3, imp1b=2, imp2b=25 if number == 7 else 0)
    service.inject(node(Cluster.objects.get(name="site-03"), "imp3a"), "power")
    page = live(signed_in_page(path="/overview/"))
    expect(page.locator(".panels.is-dense .cell")).to_have_count(120)
    look.at(page, "twenty clusters", WIDTHS)
    page.locator("#overview-search").fill("nowhere")
    expect(page.get_by_text("No cluster matches")).to_be_visible()
    look.at(page, "no cluster is found")
    page.goto("/users/?q=nobody-like-this")
    expect(page.get_by_text("No users match")).to_be_visible()
    look.at(page, "no user is found", (800,))
    page.goto("/users/")
    look.at(page, "users of all clusters", WIDTHS)


def test_forms_that_were_refused(live_web: LiveStack, signed_in_page: Open, look: Looked) -> None:
    make_acme(imp1a=2)
    page = signed_in_page(path="/overview/")
    page.get_by_role("button", name="New cluster…").click()
    page.get_by_label("Name", exact=True).fill("two words")
    page.get_by_role("button", name="Create cluster").click()
    expect(page.locator("#wrong-name")).to_be_visible()
    look.at(page, "a cluster that cannot be created", (800,))
    page.goto("/clusters/acme/what-if/")
    page.locator('[name$="-at"]').first.fill("soon")
    page.locator(".whatif-foot button.btn-primary").click()
    expect(page.locator(".whatif-problems")).to_be_visible()
    look.at(page, "a what-if that cannot run", (800,))
    page.goto("/clusters/acme/")
    page.locator("[data-balancer] button").click()
    page.get_by_role("dialog").locator("[name=threshold]").fill("-3")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.locator("#wrong-threshold")).to_be_visible()
    look.at(page, "rules that cannot be stored", (800,))


@pytest.mark.slow
def test_places_with_nothing_in_them(live_web: LiveStack, signed_in_page: Open, look: Looked) -> None:
    page = signed_in_page(path="/overview/")
    expect(page.get_by_text("No cluster yet")).to_be_visible()
    look.at(page, "an overview of nothing")
    page.goto("/users/")
    expect(page.get_by_text("No users yet")).to_be_visible()
    look.at(page, "nobody anywhere")
    bare = Cluster.objects.create(name="bare")
    Policy.objects.create(cluster=bare)
    page.goto("/clusters/bare/")
    expect(page.get_by_text("No subclusters yet")).to_be_visible()
    look.at(page, "a cluster without subclusters", (800, 1440))
    Subcluster.objects.create(cluster=bare, name="sc-1", position=1)
    page.goto("/clusters/bare/")
    look.at(page, "a subcluster without nodes")
    for path in ("operations", "history", "checks", "what-if"):
        page.goto(f"/clusters/bare/{path}/")
        look.at(page, f"nothing in {path}")


def test_pages_that_say_no(live_web: LiveStack, signed_in_page: Open, context: Any, look: Looked) -> None:
    make_acme(imp1a=2)
    page = signed_in_page("viewer", "/overview/")
    answers = {
        "/clusters/acme/settings": 403,
        "/nothing/here/": 404,
        "/clusters/nowhere/": 422,
        "/clusters/acme/recommended": 403,
        "/clusters/acme/people/details": 422,
    }
    for path, status in answers.items():
        answer = page.goto(path)
        assert answer
        assert answer.status == status, path
        look.at(page, f"{status} {path}", (800, 1440))
    boss = signed_in_page(path="/overview/")
    answer = boss.goto("/clusters/acme/recommended")
    assert answer
    assert answer.status == 409
    look.at(boss, "409")
    boss.route("**/broken/", lambda route: route.fulfill(status=500, body=render_to_string("500.html")))
    boss.goto("/broken/")
    look.at(boss, "500")
    stranger = context.new_page()
    stranger.goto("/sign-in/")
    stranger.locator("[name=csrfmiddlewaretoken]").evaluate("field => field.remove()")
    stranger.get_by_label("Name").fill("anybody")
    stranger.get_by_label("Password").fill("anything")
    stranger.get_by_role("button", name="Sign in").click()
    expect(stranger.get_by_role("heading", level=1)).to_have_text("The page is too old")
    look.at(stranger, "a form of an earlier sign-in")


@pytest.mark.slow
def test_a_locked_view_and_hidden_names(live_web: LiveStack, signed_in_page: Open, look: Looked) -> None:
    make_acme(imp1a=30)
    page = live(signed_in_page(path="/clusters/acme/"))
    page.get_by_role("button", name="Lock view").click()
    expect(page.locator("body[data-locked]")).to_be_visible()
    look.at(page, "a locked view", (800, 1440))
    page.locator("[popovertarget=account]").click()
    look.at(page, "the menu of the account")
    page.get_by_role("button", name="Hide names").click()
    expect(page.get_by_text("Person 1 of")).to_have_count(0)
    live(page)
    look.at(page, "hidden names", (800, 1440))


@pytest.fixture
def long_names(live_web: LiveStack) -> Cluster:
    """Names as long as they may be, and names in other scripts, with signs of HTML and emoji."""
    name = "presence-cluster-with-a-very-long-name-of-the-largest-region"
    cluster = make_acme(name, imp1a=5, imp1b=6, waiting=2)
    for number, each in enumerate(cluster.nodes.order_by("number"), 1):
        start = f"presence-node-{number}-in-the-data-centre-of-the-largest-region-no-"
        Node.objects.filter(pk=each.pk).update(name=f"{start}{number}.example.org")
    for sub in cluster.subclusters.all():
        Subcluster.objects.filter(pk=sub.pk).update(
            name=f"{sub.name}-of-the-headquarters-and-all-of-its-branches-abroad"
        )
    people = EndUser.objects.filter(assignment__cluster=cluster).order_by("pk")
    for user, shown in zip(people, SEVERAL, strict=False):
        EndUser.objects.filter(pk=user.pk).update(name=shown, user_id=f"{user.pk}-{'long.user.id' * 10}"[:132])
    return cluster


@pytest.mark.parametrize("width", torture.part([800, 640, 1440], 3))
def test_long_and_foreign_names(long_names: Cluster, signed_in_page: Open, look: Looked, width: int) -> None:
    home = long_names.nodes.order_by("number").first()
    assert home
    here, again = f"/clusters/{long_names.name}", width != 1440
    service.inject(home, "power")
    size = {"width": width, "height": 450 if width == 640 else 900}
    page = live(signed_in_page(path=f"{here}/?node={home.pk}", viewport=size))
    assert page.locator(".users b, .users script").count() == 0
    look.at(page, f"long names at {width}", again=again)
    for dialog in ("people/details", "structure/", "moves/dialog"):
        chosen = "" if dialog == "structure/" else f"?list=node:{home.pk}&users={_somebody(long_names)}"
        fetch(page, f"{here}/{dialog}{chosen}")
        look.at(page, f"long names {dialog} at {width}", again=again)
    for path in (
        "/overview/",
        "/users/",
        f"{here}/checks/",
        f"{here}/history/",
        f"{here}/what-if/",
        f"{here}/operations/",
    ):
        page.goto(path)
        look.at(page, f"long names {path.split('/')[-2]} at {width}", again=again)


def _somebody(cluster: Cluster) -> int:
    return Assignment.objects.filter(cluster=cluster, home_node__isnull=False).order_by("user_id")[0].user_id


@pytest.mark.slow
def test_a_window_at_twice_its_size(live_web: LiveStack, signed_in_page: Open, look: Looked) -> None:
    """1280 pixels at 200 % are 640: everything is there, and nothing scrolls sideways (1.4.4, 1.4.10)."""
    make_acme(imp1a=60, waiting=3)
    page = live(signed_in_page(path="/clusters/acme/", viewport={"width": 640, "height": 450}))
    expect(row(page, "imp1a-0001")).to_be_attached()
    look.at(page, "topology at 200 %", again=True)
    for path in ("operations", "history", "checks", "what-if"):
        page.goto(f"/clusters/acme/{path}/")
        look.at(page, f"{path} at 200 %", again=True)
    page.goto("/clusters/acme/")
    for path in ("settings", "import", "rules", "structure/", "structure/nodes/new"):
        fetch(live(page), f"/clusters/acme/{path}")
        look.at(page, f"{path} at 200 %", again=True)


@pytest.mark.parametrize("forced", ["active", "none"])
def test_colours_of_the_system_and_no_motion(live_web: LiveStack, signed_in_page: Open, forced: Any) -> None:
    cluster = make_acme(imp1a=9)
    service.inject(node(cluster, "imp1a"), "power")
    page = live(signed_in_page(path="/clusters/acme/", forced_colors=forced, reduced_motion="reduce"))
    row(page, "imp1a-0001").click()
    chosen = row(page, "imp1a-0001").evaluate("row => getComputedStyle(row).outlineStyle")
    assert (chosen == "solid") == (forced == "active"), "what is chosen is marked by more than a colour of ours"
    moving = page.evaluate("document.getAnimations().length")
    assert moving == 0, "something moves although the system asks for no motion"
