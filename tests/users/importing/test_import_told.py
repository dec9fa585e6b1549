"""What an import tells of how it read a list: its columns, the cells that stay, and what is worth knowing."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from assignments.users.importing.imports import import_users
from assignments.users.rules.columns import mapping_of
from assignments.users.rules.user_line import Reading
from tests.support.lists import csv_of
from topology.models import Cluster, EndUser, Event
from topology.structure.clusters import create_cluster
from topology.structure.nodes import add_node
from topology.structure.subclusters import create_subcluster


@pytest.fixture
def lab(db: None) -> Cluster:
    cluster = create_cluster("lab", mode="balanced", model="balanced_redundant")
    add_node(cluster, "imp1a.lab.example.org", subcluster=create_subcluster(cluster, "sc-1"), profile=5000)
    return cluster


def checked(client: Client, *lines: str) -> str:
    file: Any = io.BytesIO("\n".join([*lines, ""]).encode())
    file.name = "list.csv"
    page = client.post(reverse("import", args=["lab"]), {"file": file, "dry_run": "1"}).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_how_a_column_is_read_by_what_was_said_before_is_told_each_time(
    lab: Cluster, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("user_id,e-mail,town\nann,a@example.org,Ulm\n")
    call_command("import_users", "lab", str(file), "--column", "e-mail=mail", "--column", "town=")
    file.write_text("user_id,e-mail,town\nbob,b@example.org,Ulm\n")
    capsys.readouterr()
    call_command("import_users", "lab", str(file))
    shown = capsys.readouterr().out
    assert "  column “e-mail”: read as mail\n" in shown
    assert "  column “town”: left out\n" in shown
    left = Event.objects.filter(code="USERS_IMPORT_LEFT").values_list("facts", flat=True)
    assert [facts["columns"] for facts in left] == ["town", "town"]


def test_a_column_that_was_named_and_is_not_there_is_told(lab: Cluster) -> None:
    said = Reading(mapping=mapping_of(["e-mal=mail", "town=", "login=user_id", "memo=name"]))
    report = import_users(lab, csv_of("user_id,e-mail,name", "ann,a@example.org,Ann"), reading=said)
    found = [each.as_dict()["message"] for each in report.warnings.listed]
    assert "No column is called “e-mal”, so nothing is read as mail." in found
    assert len(found) == 2, "what is read from another column, or left out, is not missed"


def test_where_problems_cannot_be_written_is_told_as_that(lab: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("user_id\nann\n")
    with pytest.raises(CommandError, match=r"FILE_NOT_WRITABLE: .* cannot be written: Is a directory"):
        call_command("import_users", "lab", str(file), "--problems", str(tmp_path))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("users", [1, 2000])
def test_problems_that_find_no_room_take_the_import_back(lab: Cluster, tmp_path: Path, users: int) -> None:
    """The list was called unreadable, and all of its users were there."""
    file = tmp_path / "list.csv"
    file.write_text("user_id,name\n" + "".join(f"ann{n},NULL\n" for n in range(users)))
    with pytest.raises(CommandError, match=r"FILE_NOT_WRITABLE: /dev/full cannot be written: No space left on device"):
        call_command("import_users", "lab", str(file), "--problems", "/dev/full")
    assert not EndUser.objects.exists()
    call_command("import_users", "lab", str(file), "--problems", str(tmp_path / "problems.csv"), stdout=io.StringIO())
    assert EndUser.objects.count() == users
    assert len((tmp_path / "problems.csv").read_text().splitlines()) == users + 1


def test_what_was_said_for_a_list_before_is_no_mistake_in_this_one(lab: Cluster) -> None:
    import_users(lab, csv_of("user_id,e-mail", "ann,a@example.org"), reading=Reading(mapping={"e-mail": "mail"}))
    assert not import_users(Cluster.objects.get(), csv_of("user_id,name", "ann,Ann")).warnings.total


def test_the_preview_tells_a_cell_that_stays_from_an_empty_one(lab: Cluster, admin_client: Client) -> None:
    import_users(lab, csv_of("user_id,name,mail", "ann,Ann,a@example.org", "bob,Bob,b@example.org"))
    page = checked(admin_client, "user_id,name,mail", "ann,#,", "bob,Bob,#", "cleo,#,")
    rows = page.partition("The first lines as read")[2].partition("4 cleo")[0]
    assert "2 ann as stored 3 bob Bob as stored" in rows
    assert page.count("as stored") == 2, "of a new user nothing is stored"


def test_the_verdict_says_that_more_is_worth_knowing(lab: Cluster, admin_client: Client) -> None:
    page = checked(admin_client, "user_id,name,town", "ann,NULL,Ulm")
    assert "All good: 1 line. Nothing was changed: this was a check. Worth knowing: 2, below." in page
    assert "Worth knowing:" not in checked(admin_client, "user_id,name", "ann,Ann")


def test_a_number_that_lost_its_zeros_is_named_beside_the_user_it_was(lab: Cluster) -> None:
    import_users(lab, csv_of("user_id,name", "00123,Ann", "0123,Bob", "7,Cleo", "0x9,Dan", "000,Eve"))
    report = import_users(lab, csv_of("user_id", "123", "7", "9", "8x", "1e3", "0", "00123"), dry_run=True)
    assert [(each.line, each.as_dict()["message"]) for each in report.warnings.listed] == [
        (2, "123 is a new user, beside 00123: spreadsheets take zeros off the beginning of numbers."),
    ]
    assert report.ok, "two people may be called so"
    other = create_cluster("other", mode="manual", model="balanced_redundant")
    assert not import_users(other, csv_of("user_id", "123"), dry_run=True).warnings.total, "nor told of another cluster"
