"""Makes the pictures of README.md and of the user guide from a running console, into docs/img.

    make run                                        # in one terminal
    .venv/bin/python docs/make_screenshots.py       # in another; --address, --cluster, --username name others

It signs in with a one-time link and walks through the console: nothing that it opens is stored, dropped or run, except
one what-if, which plays in memory. `--only drag plan` makes some of the pictures.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import tools  # noqa: E402
from tests.browser.chromium import FLAGS  # noqa: E402

SIZE = ViewportSize(width=1440, height=900)
LARGEST = 300_000  # bytes of one picture
Picture = tuple[str, str, Callable[[Page, str], None]]


def main() -> int:
    """Make the pictures; 1 when one of them came out too large."""
    asked = _arguments()
    (ROOT / "docs/img").mkdir(exist_ok=True)
    chromium = tools.need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        made = [_picture(browser, each, asked) for each in PICTURES if not asked.only or each[0] in asked.only]
        browser.close()
    for path in made:
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")  # noqa: T201
    return int(any(path.stat().st_size > LARGEST for path in made))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--cluster", default="acme")
    parser.add_argument("--username", default="admin")
    parser.add_argument("--only", nargs="*", default=[], help="names of pictures; all of them without it")
    return parser.parse_args()


def _picture(browser: Browser, picture: Picture, asked: argparse.Namespace) -> Path:
    name, theme, show = picture
    page = browser.new_page(viewport=SIZE, reduced_motion="reduce", base_url=asked.address)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.context.add_cookies([{"name": "homenode_tour", "value": "done", "url": asked.address}])
    page.goto(_sign_in_link(asked))
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"/clusters/{asked.cluster}/")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    show(page, f"/clusters/{asked.cluster}/")
    page.wait_for_load_state("load")
    path = ROOT / f"docs/img/{name}.png"
    dialog = page.locator("dialog[open]")
    (dialog if dialog.count() else page).screenshot(path=path)
    page.context.close()
    return path


def users_of_first_node(page: Page, _: str) -> None:
    """The topology with the list of the users of its first node."""
    first = page.locator("article.node h3 a").first
    name = first.inner_text()
    first.click()
    expect(page.locator("#users-title")).to_have_text(name)
    page.mouse.move(0, 0)


def drag(page: Page, here: str) -> None:
    """Three users held over the second node, with the verdict of every target."""
    users_of_first_node(page, here)
    rows = page.locator(".users [data-user]")
    rows.nth(1).click()
    rows.nth(3).click(modifiers=["Shift"])
    box, target = rows.nth(2).bounding_box(), page.locator("article.node").nth(1).bounding_box()
    assert box
    assert target
    page.mouse.move(box["x"] + 40, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 16, steps=3)
    page.mouse.move(target["x"] + 90, target["y"] + 50, steps=6)
    expect(page.locator("#ghost")).to_have_attribute("data-level", re.compile("allowed|warning|refused"))


def plan(page: Page, _: str) -> None:
    """What a rebalance would do, before anything moves."""
    page.get_by_role("button", name="Rebalance…").click()
    expect(page.get_by_role("dialog")).to_contain_text(re.compile("Minimum|Nothing to move"))


def structure(page: Page, _: str) -> None:
    """Subclusters and nodes in the dialog that changes them."""
    page.get_by_role("button", name="Structure…").click()
    expect(page.get_by_role("dialog").locator("table")).to_be_visible()


def what_if(page: Page, here: str) -> None:
    """A failure that was played through, with its charts and its log."""
    page.goto(f"{here}what-if/")
    page.locator(".whatif-foot button.btn-primary").click()
    expect(page.locator("#instant")).to_be_visible()


def overview(page: Page, _: str) -> None:
    """All clusters."""
    page.goto("/overview/")
    expect(page.locator(".panel").first).to_be_visible()


def find_users(page: Page, _: str) -> None:
    """Users of all clusters."""
    page.goto("/users/")
    expect(page.locator(".directory tbody tr").first).to_be_visible()


def checks(page: Page, here: str) -> None:
    """What is wrong with a cluster, and what to do."""
    page.goto(f"{here}checks/")
    expect(page.locator(".checks tbody tr").first).to_be_visible()


PICTURES: list[Picture] = [
    ("topology-light", "light", users_of_first_node),
    ("topology-dark", "dark", users_of_first_node),
    ("drag", "light", drag),
    ("plan", "light", plan),
    ("structure", "light", structure),
    ("what-if", "dark", what_if),
    ("overview", "light", overview),
    ("users", "light", find_users),
    ("checks", "light", checks),
]


def _sign_in_link(asked: argparse.Namespace) -> str:
    command = [sys.executable, str(ROOT / "manage.py"), "sign_in_link", asked.username, "--base", asked.address]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()[-1]


if __name__ == "__main__":
    sys.exit(main())
