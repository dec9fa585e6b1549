"""Makes the pictures of README.md from a running console: docs/img/topology-light.png and topology-dark.png.

    make run                                        # in one terminal
    .venv/bin/python docs/make_screenshots.py       # in another; --address, --cluster, --username name others

It signs in with a one-time link, opens the topology page with the users of its first node, and waits until the page is
live and still.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser.chromium import FLAGS, find_or_install  # noqa: E402

SIZE = ViewportSize(width=1440, height=900)
LARGEST = 300_000  # bytes of one picture
THEMES = ("light", "dark")


def main() -> int:
    """Make both pictures; 1 when one of them came out too large."""
    asked = _arguments()
    (ROOT / "docs/img").mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_or_install(), args=FLAGS)
        made = [_picture(browser, theme, asked) for theme in THEMES]
        browser.close()
    for path in made:
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")  # noqa: T201
    return int(any(path.stat().st_size > LARGEST for path in made))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--cluster", default="acme")
    parser.add_argument("--username", default="admin")
    return parser.parse_args()


def _picture(browser: Browser, theme: str, asked: argparse.Namespace) -> Path:
    page = browser.new_page(viewport=SIZE, reduced_motion="reduce")
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.context.add_cookies([{"name": "homenode_tour", "value": "done", "url": asked.address}])
    page.goto(_sign_in_link(asked))
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{asked.address}/clusters/{asked.cluster}/")
    _show_users_of_first_node(page)
    path = ROOT / f"docs/img/topology-{theme}.png"
    page.screenshot(path=path)
    page.context.close()
    return path


def _show_users_of_first_node(page: Page) -> None:
    first = page.locator("article.node h3 a").first
    name = first.inner_text()
    first.click()
    expect(page.locator("#users-title")).to_have_text(name)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    page.mouse.move(0, 0)
    page.wait_for_load_state("load")


def _sign_in_link(asked: argparse.Namespace) -> str:
    command = [sys.executable, str(ROOT / "manage.py"), "sign_in_link", asked.username, "--base", asked.address]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()[-1]


if __name__ == "__main__":
    sys.exit(main())
