"""Very many people leave a directory at once: PostgreSQL is told how large the tables are before it plans for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from assignments.directory import sync
from assignments.models import Assignment, DirectoryAgreement, DirectoryPerson
from assignments.users.importing.imports import import_users
from tests.directory.conftest import Directory
from tests.directory.persons import ids
from tests.support.crowd import make_crowd
from tests.support.lists import numbered
from tests.support.lookups import believe, looked_up

PEOPLE = 2000
pytestmark = pytest.mark.django_db(transaction=True)


class Beliefs:
    """What PostgreSQL believed when each statement that writes something lasting was begun."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[Any, ...]] = {}

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        words = " ".join(str(sql).split())
        if words.startswith(("UPDATE assignments_directoryperson", "DELETE FROM assignments_assignment")):
            with connection.connection.cursor() as cursor:
                cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'assignments_assignment'")
                rows = cursor.fetchone()
                cursor.execute("SHOW enable_nestloop")
                self.seen.setdefault(words[:50], (*rows, *cursor.fetchone()))
        return execute(sql, params, many, context)


def test_many_who_are_gone_are_set_aside_from_tables_that_were_seen_empty(directory: Directory) -> None:
    crowd = make_crowd(0, 0, capacity=PEOPLE * 2)
    import_users(crowd, numbered(PEOPLE))
    directory.add("stays")
    directory.agree(guard_people=PEOPLE, guard_percent=100)
    agreement = DirectoryAgreement.objects.get()
    DirectoryPerson.objects.bulk_create(
        DirectoryPerson(user_id=pk, agreement=agreement, key=str(pk))
        for pk in Assignment.objects.values_list("pk", flat=True)
    )
    believe(rows=0, pages=500)
    beliefs = Beliefs()
    with looked_up(PEOPLE), connection.execute_wrapper(beliefs):
        report = sync.sync(crowd)
    assert (report.gone, report.new, report.stopped) == (PEOPLE, 1, None)
    assert ids() == {"stays"}
    assert len(beliefs.seen) == 3
    # Told before the first of them; and no loop over one for each of the other, though the directory names only one.
    assert set(beliefs.seen.values()) == {(PEOPLE, "off")}
