"""Whatever happens in a directory and here, in any order: a run makes both agree, and the next one finds nothing."""

from __future__ import annotations

import io
import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from assignments.directory import schedule, sync
from assignments.models import Assignment, DirectoryAgreement, DirectoryPerson, Kind, Operation
from assignments.moves import drop, pins
from assignments.moves.selection import Selection
from assignments.users import undo
from assignments.users.importing.imports import import_users
from assignments.users.removal import remove_users
from tests.directory.conftest import Directory
from tests.structure.test_constraints import assert_counts_true, assert_lists_true
from tests.support import torture
from tests.support.crowd import nodes_of
from topology.models import Cluster, EndUser
from topology.reasons import Refused

pytestmark = pytest.mark.django_db
IDS = ["ann", "ANN", "bob", "Bob", "cy", "dan", "eve", "Öd", "öd", "fay"]
STEPS, ACTS = 6, 4


class Life:
    """What people do to a directory and to the users of a cluster; what is refused does not happen."""

    def __init__(self, seed: int, cluster: Cluster, directory: Directory) -> None:
        self.dice, self.cluster, self.directory = random.Random(seed), cluster, directory
        self.entries: dict[str, str] = {}  # names of entries, with the user ID that each has

    def goes_on(self) -> None:
        acts = [self.comes, self.comes, self.leaves, self.is_renamed, self.is_imported, self.is_removed]
        acts += [self.is_undone, self.is_moved, self.is_pinned]
        with suppress(Refused, IndexError):  # IndexError: there is no one to do it to
            self.dice.choice(acts)()

    def comes(self) -> None:
        name, user_id = f"entry{len(self.entries)}-{self.dice.random()}", self.dice.choice(IDS)
        self.directory.add(name, uid=user_id, mail="a@example.org")
        self.entries[name] = user_id

    def leaves(self) -> None:
        name = self.dice.choice(list(self.entries))
        self.directory.remove(name)
        del self.entries[name]

    def is_renamed(self) -> None:
        name = self.dice.choice(list(self.entries))
        self.entries[name] = self.dice.choice(IDS)
        self.directory.set(name, uid=self.entries[name])

    def is_imported(self) -> None:
        text = f"user_id,name\n{self.dice.choice(IDS)},Somebody\n"
        import_users(self.cluster, io.BytesIO(text.encode()), allow_emptying=True)

    def is_removed(self) -> None:
        remove_users(self.cluster, [self.dice.choice(IDS)], actor="test")

    def is_undone(self) -> None:
        kinds = Operation.objects.filter(kind__in=[Kind.IMPORT, Kind.REMOVAL], undo_of=None)
        undo.undo_import(self.dice.choice(list(kinds)), actor="test")

    def is_moved(self) -> None:
        to = self.dice.choice(["unassigned", *(f"node:{node.pk}" for node in nodes_of(self.cluster))])
        drop.move(self._somebody(), to, "test", role="administrator")

    def is_pinned(self) -> None:
        pins.pin(self._somebody(), "why not", actor="test")

    def _somebody(self) -> Selection:
        users = list(Assignment.objects.order_by("user").values_list("user_id", flat=True))
        return Selection(self.cluster, (self.dice.choice(users),))


@pytest.mark.parametrize("seed", range(torture.many(5, 40)))
def test_a_run_makes_both_agree(crowd: Cluster, directory: Directory, seed: int) -> None:
    cluster = directory.agree()
    life = Life(seed, cluster, directory)
    for _ in range(STEPS):
        for _ in range(ACTS):
            life.goes_on()
        report = sync.sync(cluster)
        if report.stopped:  # by the guard, or because the directory is empty
            continue
        users: dict[str, Any] = dict(EndUser.objects.values_list("user_id", "assignment__user"))
        skipped = " ".join(str(each["entry"]) for each in report.as_dict()["skipped"])
        missing = {uid for name, uid in life.entries.items() if name not in skipped and users.get(uid) is None}
        assert not missing, report.as_dict()
        assert sync.sync(cluster).changes == 0
        assert not DirectoryPerson.objects.filter(gone_at=None, user__assignment=None).exists()
        assert_counts_true()
        assert_lists_true()
    served = set(Assignment.objects.values_list("user_id", flat=True))
    schedule.remove_old(DirectoryAgreement.objects.get(), timezone.now() + timedelta(days=60))
    assert set(Assignment.objects.values_list("user_id", flat=True)) == served
    assert not DirectoryPerson.objects.set_aside().exists()
