"""What several files of the live page use: a page that is live, and what another process changes."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from assignments.models import Assignment
from assignments.moves import drop
from assignments.moves.selection import Selection
from tests.browser.hands import card, middle
from tests.support.worlds import node
from topology.models import Cluster

Open = Callable[..., Page]


def is_live(page: Page) -> None:
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(page.locator("body")).not_to_have_class(re.compile(r"\bstale\b"))


def move(cluster: Cluster, user_id: str, short: str) -> None:
    """What another process does: the worker, a command, another web server."""
    ids = tuple(Assignment.objects.filter(user__user_id=user_id).values_list("user_id", flat=True))
    target = f"node:{node(cluster, short).pk}"
    drop.move(Selection(cluster, ids), target, superuser())


def superuser() -> object:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get_or_create(username="root", is_superuser=True)[0]


def press_on_card(page: Page, short: str) -> Locator:
    place = card(page, short)
    page.mouse.move(*middle(place.locator("h3")))
    page.mouse.down()
    return place
