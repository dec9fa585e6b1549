"""A small cluster to drag in: an operator before the users of imp1a, and an administrator who builds."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.hands import row
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.models import Cluster, Node

Open = Callable[..., Page]


@pytest.fixture
def acme(live_web: LiveStack) -> Cluster:
    return make_acme(imp1a=30, imp1b=4, imp2b=19, waiting=5)


@pytest.fixture
def page(acme: Cluster, signed_in_page: Open) -> Page:
    """An operator before the users of imp1a."""
    opened = signed_in_page(role="operator", path=f"/clusters/acme/?node={node(acme, 'imp1a').pk}")
    expect(row(opened, "imp1a-0001")).to_be_visible()
    expect(opened.locator("#live")).to_have_attribute("data-state", "live")
    return opened


@pytest.fixture
def builder(acme: Cluster, signed_in_page: Open) -> Page:
    """An administrator before a cluster of which one pair has HA off."""
    Node.objects.filter(subcluster__cluster=acme, subcluster__name="sc-3").update(publisher=False)
    page = signed_in_page(path="/clusters/acme/")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    return page
