"""What axe finds on a page: every rule of WCAG 2.0, 2.1 and 2.2, levels A and AA."""

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, expect

SOURCE = Path(__file__).resolve().parent.parent / "vendor" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
# Sizes of targets are a rule of WCAG 2.2 that axe leaves out unless it is named.
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}, "rules": {"target-size": {"enabled": True}}}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
RUN = """options => axe.run(document, {...options, resultTypes: ["violations"]}).then(({violations}) =>
    violations.flatMap(({id, nodes}) => nodes.map(node =>
        `${id}: ${node.target.join(" ")}: ${node.failureSummary}`)))"""


def violations(page: Page, options: dict[str, Any]) -> list[str]:
    """One line for each element that breaks a rule."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SOURCE.read_text())
    found: list[str] = page.evaluate(RUN, options)
    return found


def check(page: Page, state: str) -> None:
    """Every rule in light colours, and the rules about colours again in dark ones."""
    for scheme, options in (("light", EVERYTHING), ("dark", CONTRAST)):
        paint(page, scheme)
        found = violations(page, options)
        assert not found, f"{state}, {scheme}:\n" + "\n".join(found)


def paint(page: Page, scheme: Literal["light", "dark"] | str) -> None:
    """Let the system of the browser prefer light or dark colours, which the page follows."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
