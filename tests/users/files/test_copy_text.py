"""Columns as text for COPY: PostgreSQL reads what was written."""

from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assignments.users.importing.copy_text import copy_text

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
TEXT |= st.text(st.sampled_from("\\\b\t\n\v\f\rNbtnx01."), max_size=4)
KINDS = st.lists(st.sampled_from(["desk_phone", "sametime"]), unique=True).map(tuple)
ROW = st.tuples(TEXT, TEXT | st.none(), st.integers(0, 9), st.integers(0, 9) | st.none(), st.booleans() | st.none())


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(ROW, KINDS | st.none()), min_size=1, max_size=6))
@example(rows=[(("\\N", "\\.", 0, 1, True), ("desk_phone", "sametime")), (("", None, 1, None, None), None)])
@pytest.mark.django_db
def test_what_is_written_is_read(rows: list[tuple[tuple[Any, ...], tuple[str, ...] | None]]) -> None:
    written = [(*row, kinds) for row, kinds in rows]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.written")
        cursor.execute(
            "CREATE TEMPORARY TABLE written (a text, b text, c integer, d integer, e boolean, f text[]) ON COMMIT DROP"
        )
        with cursor.copy("COPY written FROM STDIN") as stream:
            stream.write(copy_text(list(zip(*written, strict=True))))
        cursor.execute("SELECT * FROM written ORDER BY ctid")
        read = [(*row, None if kinds is None else tuple(kinds)) for *row, kinds in cursor.fetchall()]
    assert read == written
