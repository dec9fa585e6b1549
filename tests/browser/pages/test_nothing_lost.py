"""Nothing is lost in silence: what was typed, what was chosen, and faults are asked about."""

import re
from collections.abc import Callable

from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from assignments.runs import hand_moves
from tests.browser.hands import card, row, select
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.models import EndUser, Event

Open = Callable[..., Page]


def test_settings_that_are_not_saved_say_so_and_ask_before_they_are_thrown_away(
    live_web: LiveStack, signed_in_page: Open
) -> None:
    make_acme(imp1a=3)
    page = signed_in_page("administrator", "/clusters/acme/")
    page.get_by_role("button", name="Settings…").click()
    dialog = page.locator("#dialog")
    speed = dialog.get_by_label("Clock speed")
    expect(dialog.locator(".unsaved-mark")).to_be_hidden()
    expect(dialog.get_by_role("button", name="Remove cluster…")).to_have_count(0)
    speed.fill("60")
    expect(dialog.locator(".unsaved-mark")).to_be_visible()
    for leave in (
        lambda: page.keyboard.press("Escape"),
        lambda: page.mouse.click(3, 400),
        lambda: dialog.get_by_role("button", name="Balancer and runs").click(),
    ):
        leave()
        expect(dialog.get_by_role("alertdialog")).to_be_visible()
        dialog.get_by_role("button", name="Keep editing").click()
        expect(speed).to_have_value("60")
    dialog.get_by_role("button", name="Balancer and runs").click()
    dialog.get_by_role("button", name="Discard changes").click()
    expect(dialog.get_by_label("Balancer", exact=True)).to_be_visible()
    page.keyboard.press("Escape")  # nothing is typed in this one
    expect(dialog).to_be_hidden()


def test_settings_that_are_not_saved_are_asked_about_before_a_reload(live_web: LiveStack, signed_in_page: Open) -> None:
    make_acme(imp1a=3)
    page = signed_in_page("administrator", "/clusters/acme/")
    asked: list[str] = []
    page.on("dialog", lambda question: (asked.append(question.type), question.accept()))
    page.get_by_role("button", name="Settings…").click()
    speed = page.locator("#dialog").get_by_label("Clock speed")
    speed.fill("60")
    page.reload()
    assert asked == ["beforeunload"]
    expect(speed).to_have_value("1")  # the dialog is open again
    page.reload()
    assert asked == ["beforeunload"]
    speed.fill("60")
    page.context.clear_cookies(name=re.compile("session"))
    page.locator("#dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#dialog")).to_be_hidden()  # it would have this page once more in it
    assert asked == ["beforeunload"]
    person = get_user_model().objects.get()
    person.set_password("correct horse battery")
    person.save()
    page.get_by_label("Name").fill(person.get_username())
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(speed).to_have_value("60")  # where it was, the dialog and what was typed too
    expect(page.locator("#dialog .unsaved-mark")).to_be_visible()
    expect(page.locator("#messages")).to_contain_text("“Save” did not happen: your session had ended.")


def test_after_a_session_ended_the_selection_is_kept_and_the_last_action_is_told(
    live_web: LiveStack, signed_in_page: Open
) -> None:
    acme = make_acme(imp1a=5)
    address = f"/clusters/acme/?node={node(acme, 'imp1a').pk}"
    page = signed_in_page("operator", address)
    select(page, ["imp1a-0002", "imp1a-0004"])
    kept = page.context.cookies()
    page.context.clear_cookies(name=re.compile("session"))
    page.evaluate("htmx.ajax('POST', '/clusters/acme/plans', {target: '#dialog', source: '.verbs .btn-primary'})")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text("Signing in leads back to where you were")).to_be_visible()
    page.context.add_cookies(kept)  # the same person signs in again
    page.goto(address)
    expect(page.locator("#messages")).to_contain_text("“Rebalance…” did not happen: your session had ended.")
    expect(page.locator("output[data-selected]")).to_have_text("2 selected")
    expect(row(page, "imp1a-0004")).to_have_attribute("aria-selected", "true")
    assert Session.objects.exists()


def test_faults_stand_last_in_the_menu_and_are_asked_about(live_web: LiveStack, signed_in_page: Open) -> None:
    acme = make_acme(imp1a=7, imp2a=2)
    page = signed_in_page("operator", "/clusters/acme/")
    card(page, "imp1a").get_by_role("button", name=re.compile("^Faults and more")).click()
    menu = page.locator(f"#menu-node-{node(acme, 'imp1a').pk}")
    expect(menu.get_by_role("button").first).to_contain_text("Maintenance…")
    menu.get_by_role("button", name="Power off").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("7 users served by imp1a will lose service")
    expect(dialog).to_contain_text(re.compile(r"imp1b takes\s+all of them"))
    dialog.get_by_role("button", name="Cancel").click()
    assert node(acme, "imp1a").power_on


def test_the_tour_ends_with_a_failover_to_play(live_web: LiveStack, signed_in_page: Open) -> None:
    acme = make_acme(imp1a=7)
    page = signed_in_page("operator", "/clusters/acme/")
    page.locator("[popovertarget=account]").click()
    page.get_by_role("button", name="Show the tour").click()
    for step in (2, 3, 4):
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_role("region", name=f"Tour, step {step} of 4")).to_be_visible()
    page.get_by_role("button", name="Play a failover").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Power off").click()
    expect(page.locator(".incident")).to_contain_text("imp1a: Power off")
    assert not node(acme, "imp1a").power_on


def test_a_move_by_hand_names_whom_it_moved_in_history_and_on_the_operation(
    live_web: LiveStack, signed_in_page: Open
) -> None:
    acme = make_acme(imp1a=5)
    keys = list(EndUser.objects.order_by("user_id").values_list("pk", flat=True))
    run = hand_moves.move_users(acme, keys, node(acme, "imp1b"), actor="ada")
    said = Event.objects.get(code="HAND_MOVED").sentence
    assert "moved 5 users to imp1b.acme.org from imp1a.acme.org" in said
    assert "(imp1a-0001, imp1a-0002, imp1a-0003 and 2 more)," in said
    page = signed_in_page("viewer", "/clusters/acme/history/")
    expect(page.locator("#history-rows")).to_contain_text("imp1a-0001, imp1a-0002, imp1a-0003 and 2 more")
    page.get_by_role("link", name=f"Operation {run.pk}").click()
    people = page.get_by_label("Who was moved")
    expect(people.locator("li")).to_have_count(5)
    expect(people).to_contain_text("imp1a → imp1b")
