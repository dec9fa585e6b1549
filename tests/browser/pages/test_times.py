"""Times in one zone that the page names: the browser's, the cluster's, or without scripts the server's."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from assignments.models import RunPolicy
from tests.support.worlds import make_acme
from topology import reasons
from topology.live import events
from topology.models import Cluster, Event

Open = Callable[..., Page]
THEN = datetime(2024, 7, 31, 22, 30, 5, tzinfo=UTC)
ZONE = "[data-zone]"


@pytest.fixture
def acme(transactional_db: None) -> Cluster:
    cluster = make_acme(imp1a=3)
    RunPolicy.objects.create(cluster=cluster, zone="Asia/Kolkata")
    events.record(reasons.CLUSTER_CREATED, cluster=cluster, name="acme")
    Event.objects.update(at=THEN)
    return cluster


def line(page: Page) -> str:
    return page.locator(".line-when time").first.inner_text()


def choose(page: Page, zone: str) -> None:
    page.locator("button.header-account").click()
    page.get_by_role("radio", name=re.compile(zone)).check()
    page.keyboard.press("Escape")


def test_the_zone_of_the_browser_then_of_the_cluster_and_it_is_kept(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/history/", timezone_id="America/New_York")
    expect(page.locator(ZONE)).to_have_text("America/New_York")
    assert line(page) == "31 Jul 2024 18:30"
    title = page.locator(".line-when time").first.get_attribute("title")
    assert title == "Wed 31 Jul 2024 18:30:05 America/New_York"
    choose(page, "the cluster")
    expect(page.locator(ZONE)).to_have_text("Asia/Kolkata")
    assert line(page) == "1 Aug 2024 04:00"
    page.reload()
    expect(page.locator(ZONE)).to_have_text("Asia/Kolkata")
    assert line(page) == "1 Aug 2024 04:00"
    other = page.context.new_page()
    other.goto("/clusters/acme/history/")
    expect(other.locator(ZONE)).to_have_text("Asia/Kolkata")
    choose(page, "this browser")
    expect(other.locator(ZONE)).to_have_text("America/New_York")  # the choice is for all tabs
    assert line(other) == "31 Jul 2024 18:30"


def test_a_form_that_asks_for_a_zone_is_no_choice_of_the_page(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/rules", timezone_id="America/New_York")
    expect(page.get_by_label("in the time zone")).to_have_value("Asia/Kolkata")
    expect(page.locator("#live")).to_have_text("Live")
    choose(page, "the cluster")
    expect(page.locator(ZONE)).to_have_text("Asia/Kolkata")


def test_what_the_stream_brings_is_in_the_same_zone(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/", timezone_id="America/New_York")
    expect(page.locator("#live")).to_have_text("Live")
    RunPolicy.objects.update(automation="on", code="BALANCER_COOLDOWN", facts={"until": THEN.isoformat()})
    events.publish([f"cluster-{acme.pk}"])
    told = page.locator(".total-sentence time")
    expect(told).to_have_text("31 Jul 2024 18:30")
    later = THEN.replace(hour=12)
    RunPolicy.objects.update(facts={"until": later.isoformat()})
    events.publish([f"cluster-{acme.pk}"])
    expect(told).to_have_text("31 Jul 2024 08:30")
    expect(page.locator("#live")).to_have_attribute("title", re.compile(r"of \d\d:\d\d:\d\d"))


def test_every_time_of_every_page_is_in_the_zone_that_the_page_names(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/", timezone_id="Asia/Tokyo")
    pages = ("", "operations/", "checks/", "history/", "what-if/", "directory/")
    for address in (*(f"/clusters/acme/{place}" for place in pages), "/accounts/", "/"):
        page.goto(address)
        expect(page.locator(ZONE)).to_have_text("Asia/Tokyo")
        for time in page.locator("time[datetime]").all():
            assert (time.get_attribute("title") or "").endswith("Asia/Tokyo"), address


def test_without_scripts_times_and_their_name_are_the_servers(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/history/", timezone_id="America/New_York", java_script_enabled=False)
    expect(page.locator(ZONE)).to_have_text("UTC")
    assert line(page) == "31 Jul 2024 22:30"
