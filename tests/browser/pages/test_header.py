"""The header of a cluster at any width: every word on one line, nothing over anything, the cluster's name readable."""

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from tests.support.worlds import make_acme
from topology.models import Cluster

Open = Callable[..., Page]
WIDTHS = (1600, 1440, 1399, 1380, 1379, 1320, 1260, 1200, 1180, 1179, 1100, 1024, 1000, 900, 899, 800)
FAULTS = """() => {
  const bar = document.querySelector(".header-bar"), wrong = [], boxes = [];
  if (bar.scrollWidth > bar.clientWidth) wrong.push("it leaves the window");
  for (const link of bar.querySelectorAll(".places a")) {
    const range = document.createRange();
    range.selectNodeContents(link);
    if (range.getBoundingClientRect().height > 24) wrong.push(`${link.textContent.trim()} takes two lines`);
  }
  for (const one of bar.querySelectorAll(".brand, .switch, .places > *, .header-end > *"))
    if (one.checkVisibility() && one.getBoundingClientRect().width > 2) boxes.push([one, one.getBoundingClientRect()]);
  boxes.forEach(([one, box], n) => {
    for (const [other, its] of boxes.slice(n + 1))
      if (Math.min(box.right, its.right) - Math.max(box.left, its.left) > 1)
        wrong.push(`${one.textContent.trim()} and ${other.textContent.trim()}`);
  });
  const name = bar.querySelector(".switch span");
  if (name.clientWidth < Math.min(name.scrollWidth, 60)) wrong.push("the name of the cluster is cut away");
  return wrong;
}"""


@pytest.fixture
def acme(transactional_db: None) -> Cluster:
    return make_acme(imp1a=3)


@pytest.mark.parametrize("role", ["administrator", "viewer"])
def test_nothing_of_the_header_is_cut_off(acme: Cluster, signed_in_page: Open, role: str) -> None:
    Cluster.objects.filter(pk=acme.pk).update(name="headquarters-2")
    page = signed_in_page(role, "/clusters/headquarters-2/")
    light = page.locator("#live")
    expect(light).to_have_text("Live")
    assert faults(page) == {}
    page.context.set_offline(True)
    expect(light).to_contain_text("Not live since")
    assert faults(page) == {}
    page.context.set_offline(False)
    Session.objects.all().delete()
    expect(light).to_contain_text("You are signed out")
    assert faults(page) == {}


def faults(page: Page) -> dict[int, list[str]]:
    """What is wrong with the header, by width of the window."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if wrong := page.evaluate(FAULTS):
            found[width] = wrong
    return found
