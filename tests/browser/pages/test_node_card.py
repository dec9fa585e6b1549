"""A card of a node at any width: no state and no reason comes to lie under the buttons beside them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from assignments.models import Assignment
from tests.browser.hands import card
from tests.support.worlds import make_acme, node
from topology.models import Cluster, Node
from topology.rules.states import LOOKS, REASON_LABELS

Open = Callable[..., Page]
# Each state with each reason at each width; what overlaps the buttons, or leaves the card, is answered.
MEASURE = """([id, states, reasons, widths]) => {
  const card = document.getElementById(id), row = card.querySelector(".node-state");
  const badge = row.querySelector(".state-badge span"), reason = row.querySelector(".node-reason");
  const wrong = [];
  for (const width of widths) {
    card.style.width = `${width}px`;
    for (const state of states) for (const why of reasons) {
      [badge.textContent, reason.textContent] = [state, `${why} · 01:23:38`];
      const all = [...row.querySelectorAll(".node-verbs button, .node-verbs a, .node-verbs summary")];
      const verbs = all.filter((one) => one.checkVisibility() && !one.closest("[popover]"));
      if (!verbs.length) return ["no buttons"];
      const edge = card.getBoundingClientRect().right;
      for (const text of [badge.parentElement, reason]) for (const box of text.getClientRects()) {
        const under = verbs.map((verb) => verb.getBoundingClientRect()).some((verb) =>
          box.left < verb.right && verb.left < box.right && box.top < verb.bottom && verb.top < box.bottom);
        if (under || box.right > edge) wrong.push(`${width}: ${state}, ${text.textContent}`);
      }
    }
  }
  return wrong;
}"""


@pytest.fixture
def acme(transactional_db: None) -> Cluster:
    return make_acme(imp1a=3, imp1b=2)


@pytest.mark.slow
def test_no_state_and_no_reason_lies_under_the_buttons(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("operator", "/clusters/acme/")
    expect(page.locator("#live")).to_have_text("Live")
    pk = Node.objects.get(cluster=acme, name__startswith="imp1a").pk
    expect(card(page, "imp1a")).to_be_visible()
    states = [look.label for look in LOOKS.values()]
    reasons = [*REASON_LABELS.values(), "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerk"]
    assert len(states) > 8
    assert page.evaluate(MEASURE, [f"node-{pk}", states, reasons, [170, 200, 240, 280, 320, 400]]) == []


# The button in the head of a spare node; where it leaves the card or lies on the name, the width is answered.
SPARE = """([id, widths]) => {
  const card = document.getElementById(id), verb = card.querySelector(".node-head > .btn");
  return widths.filter((width) => {
    card.style.width = `${width}px`;
    const box = verb.getBoundingClientRect(), around = card.getBoundingClientRect();
    const name = card.querySelector("h3").getBoundingClientRect();
    const on = name.left < box.right && box.left < name.right && name.top < box.bottom && box.top < name.bottom;
    return on || name.width < 20 || box.right > around.right || box.left < around.left || box.bottom > around.bottom;
  });
}"""


def test_the_button_of_a_spare_node_stays_in_its_card(acme: Cluster, signed_in_page: Open) -> None:
    page = signed_in_page("administrator", "/clusters/acme/")
    expect(card(page, "spare").get_by_role("button", name="Place or remove…")).to_be_visible()
    pk = Node.objects.get(cluster=acme, name__startswith="spare").pk
    assert page.evaluate(SPARE, [f"node-{pk}", [110, 130, 150, 170, 200, 240, 280, 320]]) == []


# Every text and button of a card at each width: two that lie on each other, or leave the card, are answered.
OVERLAPS = """([id, widths]) => {
  const card = document.getElementById(id), wrong = [];
  const texts = () => {
    const found = [], walk = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const text = walk.currentNode, around = text.parentElement;
      if (!text.data.trim() || around.closest("[popover], .visually-hidden") || !around.checkVisibility()) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      for (const box of range.getClientRects()) found.push([text.data.trim(), box, around.closest("button, a")]);
    }
    for (const verb of card.querySelectorAll("button")) {
      if (verb.checkVisibility() && !verb.closest("[popover]"))
        found.push([verb.ariaLabel || verb.textContent.trim(), verb.getBoundingClientRect(), verb]);
    }
    return found;
  };
  for (const width of widths) {
    card.style.width = `${width}px`;
    const all = texts(), edge = card.getBoundingClientRect().right;
    all.forEach(([one, box, verb], n) => {
      if (box.right > edge) wrong.push(`${width}: ${one} leaves the card`);
      for (const [other, its, of] of all.slice(n + 1)) {
        if (verb && verb === of) continue;
        const across = Math.min(box.right, its.right) - Math.max(box.left, its.left);
        const down = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
        if (across > 1 && down > 3) wrong.push(`${width}: ${one} and ${other}`);
      }
    });
  }
  return wrong;
}"""


@pytest.mark.parametrize("role", ["operator", "administrator"])
def test_nothing_lies_on_anything_in_the_cards_of_a_failover(
    transactional_db: None, signed_in_page: Open, role: str
) -> None:
    acme = make_acme(imp1a=1200, imp1b=900)
    home, backup = node(acme, "imp1a"), node(acme, "imp1b")
    of_home = Assignment.objects.filter(home_node=home)
    of_home.update(signed_in=False)
    of_home.filter(pk__in=of_home.values("pk")[:900]).update(serving_node=backup)
    since = timezone.now() - timedelta(hours=1)
    Node.objects.filter(pk=home.pk).update(state="unknown", reason="unknown", power_on=False, state_since=since)
    in_backup = {"state": "running_in_backup_mode", "reason": "peer_reboot", "state_since": since}
    Node.objects.filter(pk=backup.pk).update(capacity_users=25_000, capacity_endpoints=50_000, **in_backup)
    page = signed_in_page(role, "/clusters/acme/")
    expect(page.locator("#live")).to_have_text("Live")
    expect(card(page, "imp1b")).to_contain_text("Peer Reboot")
    widths = [150, 170, 200, 240, 280, 320, 350, 370, 380, 390, 400, 420, 460, 520]
    for pk in (home.pk, backup.pk, node(acme, "imp3a").pk):
        assert page.evaluate(OVERLAPS, [f"node-{pk}", widths]) == []
