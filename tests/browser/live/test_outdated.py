"""A page that was made for another role, or for a cluster that is gone, says so and is asked for once more."""

from django.contrib.auth import get_user_model
from playwright.sync_api import Page, expect

from assignments.board import removal
from tests.browser.live.changes import Open, is_live
from tests.support.worlds import make_acme
from topology.accounts import roles
from topology.accounts.sign_in import give_role
from topology.models import Cluster, ClusterRole


def open_page(signed_in_page: Open, role: str = "viewer") -> Page:
    page = signed_in_page(role, path="/clusters/acme/")
    is_live(page)
    return page


def test_a_page_of_a_cluster_that_was_removed_does_not_stay_live(acme: Cluster, signed_in_page: Open) -> None:
    page = open_page(signed_in_page)
    removal.remove_cluster(acme, "acme")
    expect(page.locator("main")).to_contain_text("There is no cluster acme: engine removed it at")


def test_a_page_of_a_cluster_that_its_person_may_not_see_any_more_does_not_stay_live(
    acme: Cluster, signed_in_page: Open
) -> None:
    page = open_page(signed_in_page)
    someone = get_user_model().objects.get(username="viewer-1")
    ClusterRole.objects.create(user=someone, cluster=make_acme("branch"), role=roles.VIEWER)
    someone.groups.clear()
    expect(page.locator("main")).to_contain_text("This needs the role viewer in acme.")


def test_what_is_open_stays_open_and_says_that_the_page_is_not_live(acme: Cluster, signed_in_page: Open) -> None:
    page = open_page(signed_in_page, "administrator")
    page.get_by_role("button", name="Settings…").click()
    page.get_by_label("Clock speed").fill("60")
    removal.remove_cluster(acme, "acme")
    said = page.locator("#dialog #lost")
    expect(said).to_contain_text("ago: this cluster was removed, or your role in it was taken away.")
    expect(page.locator("#live")).to_have_attribute("data-state", "lost")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("main")).to_contain_text("There is no cluster acme")


def test_another_role_is_shown_by_all_of_the_page(acme: Cluster, signed_in_page: Open) -> None:
    page = open_page(signed_in_page, "operator")
    mine = page.locator(".header-account-role")
    expect(mine).to_have_text("operator")
    give_role(get_user_model().objects.get(username="operator-1"), roles.VIEWER)
    expect(mine).to_have_text("viewer")
    is_live(page)
    expect(page.locator(".lock")).to_have_count(0)


def test_a_page_that_another_version_of_the_console_made_is_asked_for_again(
    acme: Cluster, signed_in_page: Open
) -> None:
    page = signed_in_page("administrator", path="/clusters/acme/")
    page.clock.install()
    page.reload()
    is_live(page)
    page.evaluate("document.body.dataset.build = 'before'")
    page.clock.run_for(61_000)
    expect(page.locator("body")).not_to_have_attribute("data-build", "before")
    is_live(page)
