"""Two change the same at once: the one whom the database refuses is told so, as a conflict and not as a failure."""

from typing import Any

import pytest
from django.db import OperationalError, connection
from psycopg import errors

from assignments.runs import balancer
from tests.api.answers import Calls, problem
from tests.support.gone import remove_while_rules_change
from topology.models import Cluster

PATH = "/clusters/acme/balancer"


@pytest.mark.django_db(transaction=True)
def test_a_cluster_goes_while_its_rules_are_changed(
    acme: Cluster, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_while_rules_change(acme.name, monkeypatch)
    problem(calls("administrator")("PATCH", PATH, {"rounds": 3}), 409, "CHANGED_MEANWHILE")


@pytest.mark.django_db
def test_of_two_that_wait_for_each_other_one_is_told_to_try_again(
    acme: Cluster, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_way(*_: Any, **__: Any) -> None:
        raise OperationalError("deadlock detected") from errors.DeadlockDetected()

    monkeypatch.setattr(balancer, "configure", give_way)
    problem(calls("administrator")("PATCH", PATH, {"rounds": 3}), 409, "CHANGED_MEANWHILE")


@pytest.mark.django_db(transaction=True)
def test_a_conflict_is_told_as_one_also_to_who_sent_a_key_and_leaves_the_key_free(
    acme: Cluster, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_way(*_: Any, **__: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE 'deadlock detected' USING ERRCODE = '40P01'; END $$")

    program, look = calls("administrator"), f"{PATH}/look"
    monkeypatch.setattr(balancer, "look_at_cluster", give_way)
    for headers in ({}, {"Idempotency_Key": "one"}):
        problem(program.post(look, **headers), 409, "CHANGED_MEANWHILE")
    monkeypatch.undo()
    assert program.post(look, Idempotency_Key="one").status_code == 200
