"""On paper everything is there: nothing is cut, nothing dark, and nothing that could only be pressed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from assignments.models import Kind, Operation, Progress
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.models import Cluster

Open = Callable[..., Page]
WRONG = """() => {
    const found = [];
    const seen = (each) => each.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
    const told = ({ tagName, className, textContent }) =>
        `${tagName} ${className.baseVal ?? className} ${textContent.trim().slice(0, 30)}`;
    const shown = [...document.querySelectorAll("body, body *")]
        .filter((each) => seen(each) && !each.closest(".visually-hidden"));
    for (const each of shown) {
        const style = getComputedStyle(each);
        const [red, green, blue, alpha = 1] = style.backgroundColor.match(/[\\d.]+/g)?.map(Number) ?? [];
        const white = style.backgroundColor.startsWith("color(") ? 1 : 255; // what a mix is given as
        if (alpha > 0.5 && red + green + blue < 1.2 * white) found.push(`dark: ${told(each)}`);
        const isCut = style.overflowX !== "visible" && each.scrollWidth > each.clientWidth + 1;
        if (style.textOverflow === "ellipsis" && isCut) found.push(`cut: ${told(each)}`);
        if (each.matches(".btn, .icon-button, [type=range]")) found.push(`only pressed: ${told(each)}`);
        if (each.matches(".card-plain") && !each.innerText.trim()) found.push(`empty: ${told(each)}`);
        if (style.position === "fixed") found.push(`floats: ${told(each)}`);
    }
    return found;
}"""


@pytest.fixture
def page(live_web: LiveStack, signed_in_page: Open) -> Page:
    acme = make_acme(imp1a=30, imp1b=4, waiting=3)
    page = signed_in_page(path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}", color_scheme="dark")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    return page


def on_paper(page: Page) -> list[str]:
    """What is wrong with a page on paper, of the width of A4; it is on the screen again then."""
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 718, "height": 1000})
    found: list[str] = page.evaluate(WRONG)
    page.emulate_media(media="screen", color_scheme="dark")
    page.set_viewport_size({"width": 1440, "height": 900})
    return found


def test_pages_come_out_whole_in_black_on_white(page: Page) -> None:
    found = on_paper(page)
    page.emulate_media(media="print")
    heads, first = page.locator(".heads .head:visible"), page.locator(".users [data-user]").first
    expect(heads.first).to_contain_text("User ID")
    left = [first.locator("> *").nth(at).bounding_box() for at in (0, 1)]
    for at, box in enumerate(left):
        head = heads.nth(at).bounding_box()
        assert box
        assert head
        assert abs(head["x"] - box["x"]) < 2, "a head stands over its column"
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Rebalance…").click()
    expect(page.get_by_role("dialog")).to_contain_text("Minimum")
    found += on_paper(page)
    acme = Cluster.objects.get(name="acme")
    run = Operation.objects.create(cluster=acme, kind=Kind.REBALANCE, state=Progress.FINISHED, total=1)
    paths = (
        f"operations/{run.pk}/",
        "clusters/acme/history/",
        "clusters/acme/load/",
        "clusters/acme/operations/",
        "overview/",
        "users/",
    )
    for path in paths:
        page.goto(f"/{path}")
        found += [f"{path}: {each}" for each in on_paper(page)]
    page.goto("/clusters/acme/what-if/")
    page.locator("form button.btn-primary[value=run]").click()
    expect(page.locator("#instant")).to_be_visible()
    found += on_paper(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("table", name="Peaks of each node")).to_be_visible()
    assert not found, "\n".join(found)
