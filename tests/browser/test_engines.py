"""The console in other engines than Chromium: one journey in Debian's WebKit; firefox.py lists what runs in Firefox."""

from importlib import import_module
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from assignments.models import Assignment
from assignments.recovery import service as recovery
from tests.browser.firefox import IN_FIREFOX
from tests.browser.webkit import ESCAPE, open_webkit
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node

LIVE = "return document.querySelector('#live')?.dataset.state === 'live'"
READY = "return document.querySelector('#ghost')?.dataset.level === 'allowed'"
SAYS = "return document.querySelector(arguments[0])?.textContent.includes(arguments[1])"
OUT = ".summary-bar [data-count=out-of-service] dd"
FOCUSED = "return !document.querySelector('#dialog').open && document.activeElement.matches(arguments[0])"
PASSWORD = "a-Long-passw0rd-of-anna"


@pytest.mark.slow
def test_sign_in_drag_fault_failover_dialog_and_reload(live_stack: LiveStack, tmp_path: Path) -> None:
    acme = make_acme(speed=60, imp1a=40, imp1b=20)
    person = get_user_model().objects.create_user("anna", password=PASSWORD)
    person.groups.set([Group.objects.get(name="administrator")])
    home = node(acme, "imp1a")
    page = f"{live_stack.address}/clusters/acme/?node={home.pk}"
    with open_webkit(tmp_path) as browser:
        browser.go(page, "[name=username]")
        browser.js("document.cookie = 'homenode_tour=done; path=/'")
        for field, text in (("username", "anna"), ("password", PASSWORD)):
            browser.click(f"[name={field}]")
            browser.press(text)
        browser.click("main button.btn-primary")
        browser.until(LIVE)
        assert browser.js("return location.href") == page

        user = browser.until("return document.querySelector('.users [data-user-id]')?.dataset.userId")
        browser.drag(f".users [data-user-id='{user}']", "article.node[data-name^='imp1b.']", READY)
        browser.until(SAYS, "#messages", "Moved 1 user to imp1b")
        moved = Assignment.objects.select_related("home_node").get(user__user_id=user)
        assert moved.home_node == node(acme, "imp1b")

        recovery.inject(home, "power", "", None)
        browser.until(SAYS, OUT, "39")
        browser.until(SAYS, f"#node-{node(acme, 'imp1b').pk}", "Running in Backup Mode", seconds=60)
        browser.until(f"return document.querySelector('{OUT}').textContent === '0'", seconds=60)

        settings = ".verbs [hx-get$='/settings']"
        browser.click(settings)
        browser.until("return document.querySelector('#dialog').open && document.querySelector('#set-mode')")
        browser.press(ESCAPE)
        browser.until(FOCUSED, settings)

        browser.js("window.before = true; setTimeout(() => location.reload())")
        browser.until(f"return !window.before && (() => {{ {LIVE} }})()")
        browser.until(SAYS, f"#node-{node(acme, 'imp1b').pk}", "Running in Backup Mode")


def test_every_test_of_the_list_for_firefox_exists() -> None:
    rooms = {path.stem: path.parent.name for path in Path(__file__).parent.glob("*/test_*.py")}
    for module, name in IN_FIREFOX:
        assert callable(getattr(import_module(f"tests.browser.{rooms[module]}.{module}"), name, None)), (module, name)
