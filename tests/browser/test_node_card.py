"""A card of a node at any width: no state and no reason comes to lie under the buttons beside them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.hands import card
from tests.worlds import make_acme
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
