"""A browser whose clock is wrong says the same times and ages as any other: those of the server."""

from datetime import UTC, datetime, time, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live.changes import Open, is_live
from topology.models import Cluster

HOURS = """(() => {
  const Real = Date, off = %d * 3600000;
  window.Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + off); }
    static now() { return Real.now() + off; }
  };
})()"""
SAY_AGE = """(instant) => {
  const time = Object.assign(document.createElement("time"), { id: "age", dateTime: instant });
  time.dataset.ago = "";
  document.querySelector("main").append(time);
}"""


def open_page(signed_in_page: Open, hours: int) -> Page:
    page = signed_in_page("viewer", timezone_id="UTC")
    page.context.add_init_script(HOURS % hours)
    page.goto("/clusters/acme/")
    is_live(page)
    return page


@pytest.mark.parametrize("hours", [5, -5, 30])
def test_ages_and_the_last_sign_of_life_are_by_the_clock_of_the_server(
    hours: int, acme: Cluster, signed_in_page: Open
) -> None:
    page = open_page(signed_in_page, hours)
    page.evaluate(SAY_AGE, (datetime.now(UTC) - timedelta(minutes=3, seconds=20)).isoformat())
    expect(page.locator("#age")).to_have_text("3 minutes ago")
    before = datetime.now(UTC)
    page.context.set_offline(True)
    expect(page.locator("#live")).to_contain_text("Not live since")
    said = page.locator("#live").inner_text().partition("since ")[2][:8]
    told = datetime.combine(before, time.fromisoformat(said), UTC)
    assert abs(told - before) < timedelta(minutes=1) or before.hour == 23
    expect(page.locator("#lost")).to_contain_text(" s ago: the network is silent")
