"""What a person does on the topology page, and what they see there."""

from collections.abc import Callable, Iterable

from playwright.sync_api import Locator, Page, expect

from assignments.models import Assignment
from config.local.processes import wait_until


def card(page: Page, short: str) -> Locator:
    """The card of a node, or of the unassigned users."""
    return page.locator("[data-drop=unassigned]" if short == "waiting" else f"article.node[data-name^='{short}.']")


def row(page: Page, user_id: str) -> Locator:
    return page.locator(f".users [data-user-id='{user_id}']")


def show(page: Page, short: str) -> None:
    """Open the list of users of a node, or of the unassigned ones."""
    card(page, short).locator("[data-shows-users]").first.click()
    place = card(page, short).get_attribute("data-drop")
    expect(page.locator(f".users[data-users='{place}']")).to_be_visible()


def select(page: Page, user_ids: Iterable[str]) -> None:
    first, *more = user_ids
    row(page, first).click()
    for user_id in more:
        row(page, user_id).click(modifiers=["ControlOrMeta"])


def middle(place: Locator) -> tuple[float, float]:
    """Where the middle of something is, once it is shown, scrolled to where no bar lies over it.

    Scrolled and measured at once, so that news cannot come between; what news hide right then has no size.
    """
    expect(place).to_be_visible()
    x, y = place.evaluate("""element => {
        element.scrollIntoView({block: "center"});
        const {x, y, width, height} = element.getBoundingClientRect();
        return [x + width / 2, y + height / 2];
    }""")
    return x, y


def is_at(what: Locator, x: float, y: float) -> bool:
    """Whether something is what the pointer meets at a place."""
    return bool(what.evaluate("(one, [x, y]) => one.contains(document.elementFromPoint(x, y))", [x, y]))


def pick_up(page: Page, what: Locator) -> None:
    """Press the mouse on something, and move far enough for a drag.

    News of the last drop may still move the map: a hand that pressed beside it lets go and presses again. A press on
    it has to begin a drag, whatever comes meanwhile.
    """
    place = (0.0, 0.0)

    def is_pressed() -> bool:
        nonlocal place
        what.hover()  # waits until it holds still
        place = middle(what)
        page.mouse.move(*place)
        if not is_at(what, *place):
            return False
        page.mouse.down()
        if not is_at(what, *place):
            page.mouse.up()
            return False
        return True

    assert wait_until(is_pressed, 20)
    x, y = place
    page.mouse.move(x - 5, y)
    page.mouse.move(x - 12, y + 3)
    expect(page.locator("#ghost")).to_be_visible()


def lead_over(page: Page, what: Locator, level: str, move: Callable[[float, float], None] | None = None) -> Locator:
    """Lead a drag over something, again while the map scrolls under it; answers what hangs at the pointer.

    The way may cross the edge of the map, which scrolls while the pointer is there: a hand follows what it aims at.
    """
    ghost = page.locator("#ghost")

    def with_mouse(x: float, y: float) -> None:
        page.mouse.move(x, y, steps=4)
        page.mouse.move(x + 1, y)

    def is_there() -> bool:
        place = middle(what)
        (move or with_mouse)(*place)
        # Another target on the way may have the same level: the pointer must be over this one, and stay.
        is_over = what.evaluate("element => Boolean(element.closest('.drop-over'))")
        return is_over and ghost.get_attribute("data-level") == level and middle(what) == place

    assert wait_until(is_there, 20), f"{ghost.get_attribute('data-level')}: {ghost.inner_text()}"
    return ghost


def hover(page: Page, short: str, level: str) -> Locator:
    """Lead the drag over a node, and wait until it says what it thinks of it; answers what hangs at the pointer."""
    return lead_over(page, card(page, short), level)


def lead(page: Page, name: str, level: str, move: Callable[[float, float], None] | None = None) -> Locator:
    """Lead a drag over the head of a panel; answers what hangs at the pointer."""
    return lead_over(page, page.locator(f"section.subcluster[data-name='{name}'] .subcluster-head h2"), level, move)


def drag(page: Page, what: Locator, short: str, level: str = "allowed") -> None:
    """Drag something to a node and drop it there."""
    pick_up(page, what)
    hover(page, short, level)
    page.mouse.up()


def toast(page: Page) -> Locator:
    return page.locator("#messages")


def homes(user_ids: Iterable[str]) -> set[str]:
    """The short names of the home nodes of users, as the database has them."""
    rows = Assignment.objects.filter(user__user_id__in=list(user_ids)).select_related("home_node")
    return {found.home_node.short_name if found.home_node else "none" for found in rows}
