"""A page that is not live says so wherever it is looked at, and comes back by itself with what was typed into it."""

import signal

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from config.local.processes import signal_group
from tests.browser.live.changes import Open, is_live
from tests.support.live_stack import LiveStack
from topology.models import Cluster

PASSWORD = "correct horse battery"


def sign_in(page: Page) -> None:
    page.get_by_label("Name").fill("administrator-1")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def type_speed(page: Page) -> None:
    page.get_by_role("button", name="Settings…").click()
    page.get_by_label("Clock speed").fill("60")


@pytest.fixture
def page(acme: Cluster, signed_in_page: Open) -> Page:
    opened = signed_in_page(path="/clusters/acme/")
    person = get_user_model().objects.get(username="administrator-1")
    person.set_password(PASSWORD)
    person.save()
    opened.goto("/sign-in/?next=/clusters/acme/")
    sign_in(opened)
    is_live(opened)
    return opened


def test_a_telephone_says_why_and_what_to_do_wherever_it_is_scrolled(
    acme: Cluster, signed_in_page: Open, live_web: LiveStack
) -> None:
    page = signed_in_page(path="/clusters/acme/", viewport={"width": 390, "height": 700})
    is_live(page)
    said = page.locator("#lost")
    expect(said).to_be_hidden()
    page.mouse.wheel(0, 3000)
    live_web.stop_web()
    expect(said).to_contain_text("ago: the server does not answer. If it lasts, look at the web process.")
    expect(said).to_be_in_viewport(ratio=1)
    live_web.start_web()
    is_live(page)
    expect(said).to_be_hidden()


def test_a_server_that_hangs_is_told_in_the_open_dialog_and_nothing_typed_is_lost(
    page: Page, live_web: LiveStack
) -> None:
    type_speed(page)
    signal_group(live_web.web_pid, signal.SIGSTOP)
    try:
        said = page.locator("#dialog #lost")
        expect(said).to_contain_text("nothing comes from the server")
        expect(page.locator("#live")).to_contain_text("Not live since")
    finally:
        signal_group(live_web.web_pid, signal.SIGCONT)
    is_live(page)
    expect(said).to_be_hidden()
    expect(page.get_by_label("Clock speed")).to_have_value("60")


def test_signing_in_again_in_another_tab_brings_all_tabs_back(page: Page) -> None:
    other = page.context.new_page()
    other.goto("/clusters/acme/")
    is_live(other)
    type_speed(page)
    Session.objects.all().delete()
    expect(page.locator("#live")).to_contain_text("You are signed out")
    expect(page.locator("#dialog #lost")).to_contain_text("nothing that you do here counts")
    other.goto("/clusters/acme/")
    sign_in(other)
    is_live(other)
    is_live(page)
    expect(page.locator("#lost")).to_be_hidden()
    expect(page.get_by_label("Clock speed")).to_have_value("60")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("Saved.")


def test_the_link_out_of_a_dialog_leads_to_signing_in_and_back_into_it(page: Page) -> None:
    type_speed(page)
    Session.objects.all().delete()
    page.locator("#dialog").get_by_role("link", name="Sign in again").click()
    sign_in(page)
    is_live(page)
    expect(page.get_by_label("Clock speed")).to_have_value("60")
    expect(page.locator(".unsaved-mark")).to_be_visible()


def test_a_form_of_a_whole_page_is_there_again_as_it_was_typed(page: Page) -> None:
    page.goto("/clusters/acme/directory/")
    page.get_by_label("Servers").fill("ldap://127.0.0.1:1")
    page.get_by_label("Base").fill("dc=example,dc=org")
    page.get_by_label("Read every").fill("rubbish")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_label("Read every")).to_be_focused()  # what is wrong
    page.get_by_label("Read every").fill("2h")
    page.get_by_role("textbox", name="Password").fill("of the directory")
    Session.objects.all().delete()
    page.get_by_role("button", name="Save").press("Enter")
    sign_in(page)
    page.goto("/clusters/acme/directory/")
    expect(page.locator("#messages")).to_contain_text("“Save” did not happen: your session had ended. Try it again.")
    expect(page.get_by_label("Base")).to_have_value("dc=example,dc=org")
    expect(page.get_by_label("Read every")).to_have_value("2h")
    expect(page.get_by_role("textbox", name="Password")).to_have_value("")
    page.get_by_label("Base").fill("dc=other")
    page.goto("/clusters/acme/directory/")
    expect(page.get_by_label("Base")).to_have_value("")  # what a person leaves is left


def test_signing_out_is_no_act_that_did_not_happen(page: Page) -> None:
    page.locator("[popovertarget=account]").click()
    page.get_by_role("button", name="Sign out").click()
    sign_in(page)
    expect(page.get_by_role("button", name="Settings…")).to_be_visible()
    expect(page.locator("#messages")).to_be_empty()
