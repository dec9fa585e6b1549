"""Whatever a list says, its import changes nothing or is taken back whole: values, homes, pins and new users."""

import csv
import io

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assignments.models import Kind, Operation
from assignments.moves import pins
from assignments.users import undo
from assignments.users.importing.imports import import_users
from tests.structure.test_constraints import assert_counts_true, assert_lists_true
from tests.support import torture
from tests.support.worlds import make_acme
from tests.users.test_remove_users import people
from topology.models import Cluster

pytestmark = pytest.mark.django_db
KNOWN = ["imp1a-0001", "imp1a-0002", "imp1a-0003", "IMP1B-0001", "imp1b-0002", "waiting-0001", "waiting-0002"]
CELLS = {
    "name": ["Ann", "Böb", 'The "x"', "#", ""],
    "mail": ["a@x.org", "b@y.org", "#", ""],
    "endpoints": ["desk_phone", "sametime|desk_phone", "#", ""],
    "contacts": ["0", "7", "200", "#", ""],
    "node": ["imp1a.acme.org", "imp1b.acme.org", "-", ""],
    "pinned": ["t", "f", ""],
    "pin_reason": ["gateway", ""],
    "directory_uri": ["sip:a@x.org", "sip:b@x.org", "#", ""],
    "department": ["Lab", "#", ""],
}


@st.composite
def lists(draw: st.DrawFn) -> bytes:
    """A list of some users who are there and some who are not, with some columns."""
    columns = draw(st.lists(st.sampled_from(list(CELLS)), min_size=1, unique=True))
    users = draw(st.lists(st.sampled_from([*KNOWN, "new-1", "new-2"]), min_size=1, unique=True))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["user_id", *columns])
    writer.writerows([user, *(draw(st.sampled_from(CELLS[column])) for column in columns)] for user in users)
    return text.getvalue().encode()


@pytest.fixture
def acme() -> Cluster:
    cluster = make_acme(imp1a=3, imp1b=2, waiting=2)
    pins.pin(pins.named(cluster, ["imp1a-0002"]), "gateway", actor="ann")
    return cluster


@pytest.mark.in_turns
def test_any_import_is_taken_back_whole(acme: Cluster) -> None:
    before = people()

    @settings(max_examples=torture.many(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(lists())
    def taken_back(text: bytes) -> None:
        here = transaction.savepoint()
        try:
            report = import_users(acme, io.BytesIO(text), allow_emptying=True, actor="ann")
            if report.ok and people() != before:
                done = Operation.objects.get(cluster=acme, kind=Kind.IMPORT)
                assert undo.undo_import(done, confirmed=undo.undo_import(done, dry_run=True).users).left == 0
            assert people() == before, text.decode()
            assert_counts_true()
            assert_lists_true()
        finally:
            transaction.savepoint_rollback(here)

    taken_back()
