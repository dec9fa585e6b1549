"""The files in here work on one world of 30,000 users each; what a test changes is put back after it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.thousands import kept, make_thousands, put_back
from tests.worlds import node
from topology.models import Cluster


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[Cluster]:
    """The cluster acme with 30,000 users, for all tests of a file."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        cluster = make_thousands()
        with kept():
            yield cluster


@pytest.fixture
def transactional_db(world: Cluster) -> Iterator[None]:
    """Committed data as always, but of the world, which stays."""
    yield
    put_back()


@pytest.fixture
def acme(world: Cluster) -> Cluster:
    """The cluster as it stands in the database now."""
    return Cluster.objects.get(pk=world.pk)


@pytest.fixture
def open_list(acme: Cluster, signed_in_page: Callable[..., Page]) -> Callable[..., Page]:
    """Open the page of the cluster with the users of a node, and wait until it is live."""

    def opened(role: str = "operator", short: str = "imp1a", **options: object) -> Page:
        place = 0 if short == "waiting" else node(acme, short).pk
        page = signed_in_page(role, f"/clusters/acme/?node={place}", **options)
        expect(page.locator(".users [data-user]").first).to_be_visible()
        expect(page.locator("#live")).to_have_attribute("data-state", "live")
        return page

    return opened
