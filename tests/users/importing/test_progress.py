"""How far a long import or export is, on the page of whoever began it and on a terminal."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from assignments.users.importing.imports import LIMITS
from assignments.users.progress import Meter, RowsSoFar
from assignments.users.rules.user_file import UserList
from tests.support.lists import csv_of
from tests.users.pairs import make
from topology.models import Cluster


@pytest.fixture
def acme(db: None) -> Cluster:
    return make()


def test_the_meter_says_rows_and_seconds_left() -> None:
    steps: list[RowsSoFar] = []
    file = csv_of("user_id", *(f"u{n}" for n in range(5000)))
    meter = Meter(len(file.getvalue()), steps.append)
    source = meter.reading(file)
    assert sum(map(len, meter.counting(UserList(source, LIMITS).batches()))) == 5000
    meter.tell(meter.read, now=True)
    assert (steps[-1].rows, steps[-1].done, steps[-1].left) == (5000, meter.total, 0)
    assert RowsSoFar(10, 25, 100, 3.0).left == 9
    assert RowsSoFar(10, 0, None, 3.0).left is None


def test_an_import_and_an_export_are_followed_by_who_began_them(acme: Cluster, admin_client: Client) -> None:
    file = csv_of("user_id,node", *(f"u{n},acme-1a" for n in range(30)))
    file.name = "users.csv"
    admin_client.post(reverse("import", args=["acme"]), {"file": file, "progress": "k1"})
    size = len(file.getvalue())
    note = admin_client.get(reverse("progress", args=["k1"])).json()
    assert note == {"rows": 30, "done": size, "total": size, "left": 0}
    assert admin_client.get(reverse("progress", args=["other"])).json() == {}
    User.objects.create_user("eve", password="x").groups.add(Group.objects.get(name="administrator"))
    other = Client()
    other.force_login(User.objects.get(username="eve"))
    assert other.get(reverse("progress", args=["k1"])).json() == {}


def test_a_bar_is_only_on_a_terminal(acme: Cluster, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "users.csv"
    file.write_bytes(csv_of("user_id", *(f"u{n}" for n in range(2000))).getvalue())
    call_command("import_users", "acme", str(file))
    call_command("export_assignments", "acme")
    assert capfd.readouterr().err == ""
