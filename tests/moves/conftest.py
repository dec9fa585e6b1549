"""Who drops users, and the pages that answer."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client


@pytest.fixture
def bob() -> Any:
    """An operator."""
    person = get_user_model().objects.create_user("bob")
    person.groups.set([Group.objects.get(name="operator")])
    return person


@pytest.fixture
def page(bob: Any) -> Client:
    """The browser of the operator, as htmx asks."""
    client = Client(headers={"HX-Request": "true"})
    client.force_login(bob)
    return client
