"""The curves of load: an axis of round times in the zone that the page names, readable at any width."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from assignments.models import Kind, Operation, Progress, RunPolicy
from assignments.population import load
from tests.support.worlds import make_acme
from topology.models import Cluster

Open = Callable[..., Page]
ROUND = {"hour": r"\d\d:\d0", "day": r"(03|06|09|12|15|18|21):00", "week": "-"}
DAY = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2}"
WORDS = """axis => [...axis.querySelectorAll("text")].filter((text) => text.checkVisibility()).map((text) => {
    const { left, right } = text.getBoundingClientRect();
    return [text.textContent.trim(), left, right];
})"""


@pytest.fixture
def acme(transactional_db: None) -> Cluster:
    cluster = make_acme(imp1a=3)
    RunPolicy.objects.create(cluster=cluster, zone="Asia/Kolkata")
    now = datetime.now(UTC)
    load.sample(now)
    for minutes in (59, 30, 29, 28, 2):
        at = now - timedelta(minutes=minutes)
        Operation.objects.create(
            cluster=cluster, kind=Kind.REBALANCE, state=Progress.FINISHED, total=1, started_at=at, finished_at=at
        )
    return cluster


def words(page: Page) -> list[str]:
    """What stands on the axis, once each word of it has its place."""
    found = page.locator("#load-axis").evaluate(WORDS)
    width = page.evaluate("innerWidth")
    for (word, left, right), (_, next_left, _) in zip(found, [*found[1:], ("", width, width)], strict=True):
        assert 0 <= left < right <= next_left, f"{word} does not fit: {found}"
    return [word for word, _, _ in found]


def minutes(page: Page) -> set[str]:
    return {word.partition(":")[2] for word in words(page) if ":" in word}


@pytest.mark.parametrize("width", [390, 800, 1440, 2560])
def test_the_axis_of_time_is_round_for_who_reads_it(acme: Cluster, signed_in_page: Open, width: int) -> None:
    size = {"width": width, "height": 900}
    for zone in ("Asia/Kabul", "America/New_York"):
        page = signed_in_page(path="/clusters/acme/load/", timezone_id=zone, viewport=size)
        for span, form in ROUND.items():
            page.get_by_role("link", name=f"Last {span}").click()
            expect(page).to_have_url(re.compile(f"span={span}$"))
            expect(page.locator("[data-zone]").first).to_have_text(zone)
            found = words(page)
            assert len(found) >= 3
            for word in found:
                assert re.fullmatch(f"{form}|{DAY}", word), (zone, span, found)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            numbers_do_not_touch(page, width)


def numbers_do_not_touch(page: Page, width: int) -> None:
    """The labels of the operations that are shown, in the order of time; each leads to a line of the list."""
    labels = [label for label in page.locator(".load-marks a").all() if label.is_visible()]
    assert labels
    boxes = [label.locator("rect").bounding_box() or {} for label in labels]
    for box, right in zip(boxes, [*boxes[1:], {"x": float(width)}], strict=True):
        assert 0 <= box["x"] < box["x"] + box["width"] <= right["x"], boxes
    said = " ".join(label.locator("title").text_content() or "" for label in labels)
    assert re.findall(r"\d+(?=: Rebalance)", said) == ["1", "2", "3", "4", "5"]
    for label in labels:
        expect(page.locator(label.get_attribute("href") or "")).to_be_visible()


def test_the_axis_follows_the_choice_of_the_zone(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/load/?span=day", timezone_id="America/New_York")
    first = page.locator(".load-plot").first.locator("[data-grid] line")
    before = [line.get_attribute("x1") for line in first.all()]
    page.locator("button.header-account").click()
    page.get_by_role("radio", name=re.compile("the cluster")).check()
    expect(page.locator("[data-zone]").first).to_have_text("Asia/Kolkata")
    assert [line.get_attribute("x1") for line in first.all()] != before  # half an hour aside
    assert minutes(page) == {"00"}


def test_without_scripts_the_axis_is_round_for_the_server(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page(path="/clusters/acme/load/?span=day", java_script_enabled=False)
    found = [word.strip() for word in page.locator("#load-axis text").all_text_contents()]
    assert all(re.fullmatch(f"{ROUND['day']}|{DAY}", word) for word in found)
