"""What is wrong with a page for people who do not see it, point with difficulty, or look at a small window.

axe finds what breaks WCAG 2.0, 2.1 and 2.2, levels A and AA, and its own best practice. What it does not look at is
looked at here: 2.4.11 (what has the focus is seen), 2.5.8 (a target is 24 pixels wide and high, or has the space of
one), and that nothing makes the window scroll sideways. PICTURES=directory keeps a picture of every state.

A look costs a second of a core, so each state is looked at once. Where a window only got another size and shows nothing
that was not there before, what depends on the size is judged: targets, focus, scrolling. Where a dialog or a menu
opened and nothing else changed, that alone is judged.
"""

import os
import re
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, expect

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent / "vendor" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
# Sizes of targets are a rule of WCAG 2.2 that axe leaves out unless it is named.
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}, "rules": {"target-size": {"enabled": True}}}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
SIZES = {"runOnly": {"type": "rule", "values": ["scrollable-region-focusable"]}}
# Where something is shown that was not yet looked at in this document, an element, an attribute, or words of one:
# the selector of the dialog or menu that holds all of it, or of the whole document; nothing if there is none.
FRESH = """() => {
    const looked = (window.lookedAt ??= new WeakMap());
    const top = ["dialog[open]", ":popover-open"].find(each => document.querySelector(each));
    let fresh = "";
    for (const element of document.querySelectorAll("*")) {
        if (!element.checkVisibility({ visibilityProperty: true })) continue;
        const words = [...element.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data);
        const signature = [element.cloneNode().outerHTML, ...words].join();
        if (looked.get(element) !== signature && fresh !== "html") fresh = (top && element.closest(top)) ? top : "html";
        looked.set(element, signature);
    }
    return fresh;
}"""
RUN = """([where, options]) =>
    axe.run(where === "html" ? document : where, {...options, resultTypes: ["violations"]}).then(({violations}) =>
    violations.flatMap(({id, nodes}) => nodes.map(node =>
        `${id}: ${node.target.join(" ")}: ${node.failureSummary}`)))"""
OWN = (HERE / "looks.js").read_text()


def violations(page: Page, options: dict[str, Any], where: str = "html") -> list[str]:
    """One line for each element that breaks a rule; `where`: the selector of what is judged."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SOURCE.read_text())
    found: list[str] = page.evaluate(RUN, [where, options])
    return found


def own_violations(page: Page, *, focus: bool = True) -> list[str]:
    """Small targets, what makes the window scroll sideways, and (unless a drag holds it) focus that is hidden."""
    found: list[str] = page.evaluate(OWN, {"focus": focus})
    return found


def check(page: Page, state: str, *, focus: bool = True) -> None:
    """Every rule in light colours, and the rules about colours again in dark ones."""
    found = complaints(page, state, focus=focus)
    assert not found, "\n".join(found)


def complaints(page: Page, state: str, *, focus: bool = True, again: bool = False) -> list[str]:
    """What `check` would fail for, to go on with further states first; `again`: seen before, but for its size."""
    fresh = page.evaluate(FRESH)
    if not fresh or again:
        paint(page, "light")
        _keep_picture(page, state)
        return [f"{state}: {each}" for each in violations(page, SIZES) + own_violations(page, focus=focus)]
    found = []
    for scheme, options in (("light", EVERYTHING), ("dark", CONTRAST)):
        paint(page, scheme)
        _keep_picture(page, f"{state}-{scheme}")
        wrong = violations(page, options, fresh) + (own_violations(page, focus=focus) if scheme == "light" else [])
        found += [f"{state}, {scheme}: {each}" for each in wrong]
    return found


def paint(page: Page, scheme: Literal["light", "dark"] | str) -> None:
    """Let the system of the browser prefer light or dark colours, which the page follows."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)


def _keep_picture(page: Page, name: str) -> None:
    if directory := os.environ.get("PICTURES"):
        page.screenshot(path=Path(directory) / f"{re.sub(r'[^A-Za-z0-9]+', '-', name)}.png")
