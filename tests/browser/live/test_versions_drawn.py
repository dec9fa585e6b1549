"""A version of a cluster comes in many parts: what follows a swap is done once for all of them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.models import Cluster
from topology.structure.policy import set_clock_speed

# The parts that came by the stream, what was fetched, and how often all that shows users was marked and laid out.
COUNT = """() => {
    const counted = window.counted = {parts: 0, fetched: 0, versions: 0, marked: 0, laidOut: 0};
    const computed = window.getComputedStyle;
    window.getComputedStyle = (element, ...more) => {
        if (element.matches(".users")) counted.laidOut += 1;
        return computed(element, ...more);
    };
    const all = document.querySelectorAll;
    document.querySelectorAll = (what) => {
        if (what === "[data-shows-users]") counted.marked += 1;
        return all.call(document, what);
    };
    document.addEventListener("htmx:afterSwap", ({detail}) => { counted[detail.xhr ? "fetched" : "parts"] += 1; });
    const versions = new MutationObserver(() => { counted.versions += 1; });
    versions.observe(document.body, {attributeFilter: ["data-version"]});
}"""


@pytest.fixture
def acme(live_web: LiveStack) -> Cluster:
    return make_acme(imp1a=30, imp1b=4)


def test_what_follows_a_version_of_many_parts_is_done_once(acme: Cluster, signed_in_page: Callable[..., Page]) -> None:
    page = signed_in_page("operator", f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    page.evaluate(COUNT)
    set_clock_speed(acme, 6)  # stands on every card
    expect(page.get_by_text("Simulated ×6")).to_be_visible()  # noqa: RUF001
    page.wait_for_function("() => counted.versions > 0 && counted.parts > 4 * counted.versions")  # one is in sight
    counted = page.evaluate("window.counted")
    assert 0 < counted["marked"] <= counted["versions"] + 2 * counted["fetched"], counted  # swapped in, and settled
    assert counted["laidOut"] <= counted["versions"] + 2 * counted["fetched"], counted
