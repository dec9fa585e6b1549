"""A row that is filled in is the row that the template would draw, whatever the user is called."""

from itertools import product
from typing import Any

import pytest
from django.template.loader import render_to_string

from assignments.users.views.user_row import UserRow

ODD = ("anna", 'O\'Neil & "Söhne" <b>', "{{ row.pk }} {% now 'Y' %} %s {0}", "\ue000pk\ue001", "")
SHAPES = [dict(zip(("pinned", "away", "out"), each, strict=True)) for each in product((True, False), repeat=3)]


@pytest.mark.in_turns
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("serving", ["imp1b", ""])
@pytest.mark.parametrize("name", ODD)
def test_a_row_is_what_its_template_draws(name: str, serving: str, shape: dict[str, Any]) -> None:
    row = UserRow(
        pk=7,
        cursor="~7",
        user_id=name or "nobody",
        name=name,
        signed_in=True,
        endpoints=1234,
        endpoint_names="Jabber, <phone>",
        contacts=5,
        home="imp1a",
        serving=serving,
        **shape,
    )
    assert row.html == render_to_string("users/_user_row.html", {"row": row}).strip()
