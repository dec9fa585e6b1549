"""Who acts is named in one way, whoever it is."""

import pytest
from django.contrib.auth import get_user_model

from topology.live.actors import account_of, author, name_of


@pytest.mark.parametrize(("actor", "name"), [(None, "engine"), ("", "engine"), ("directory", "directory")])
def test_whoever_has_no_account_has_a_name(actor: str | None, name: str) -> None:
    assert author(actor) == {"author": None, "author_name": name}


def test_an_account_that_is_not_stored_is_a_name() -> None:
    person = get_user_model()(username="ann")
    assert account_of(person) is None
    assert name_of(person) == "ann"


@pytest.mark.django_db
def test_an_account_stands_beside_its_name() -> None:
    person = get_user_model().objects.create(username="ann")
    assert author(person) == {"author": person, "author_name": "ann"}
