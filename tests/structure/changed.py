"""Structure that a test changes, and how a change is refused."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from assignments.users.importing.imports import import_users
from tests.support.lists import csv_of
from topology.models import Cluster, Event, Subcluster
from topology.reasons import REASONS, Refused


@contextmanager
def refused(code: str) -> Iterator[None]:
    """The block is refused with this code, a sentence without gaps and a fix."""
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.code == code
    assert code in REASONS
    assert caught.value.fix
    assert "{" not in caught.value.message + caught.value.fix


def sub(name: str) -> Subcluster:
    return Subcluster.objects.get(name=name)


def enable_ha(name: str) -> None:
    Subcluster.objects.filter(name=name).update(ha_enabled=True)


def give_users(cluster: Cluster, name: str, count: int = 3) -> None:
    assert import_users(cluster, csv_of("user_id,node", *(f"{name}{n},{name}" for n in range(count)))).ok


def last() -> str:
    return Event.objects.latest("id").sentence
