"""Who is at home where as a CSV: complete, in order, and read back by an import."""

import csv
import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assignments.models import Assignment
from assignments.users.export import assignments_csv
from assignments.users.importing.imports import import_users
from assignments.users.rules.user_line import Reading
from tests.support.lists import csv_of, numbered
from tests.users.pairs import homes, make
from topology.models import Cluster, EndUser, Node


@pytest.fixture
def acme(db: None) -> Cluster:
    return make()


def exported(cluster: Cluster) -> bytes:
    return b"".join(assignments_csv(cluster))


def test_an_export_names_every_user_with_the_home_and_the_serving_node(acme: Cluster) -> None:
    lines = ('Zoë,"Doe, ""Zoë""",z@x.org,desk_phone;sametime,7,acme-1a', "ann,,,,0,-")
    import_users(acme, csv_of("user_id,name,mail,endpoints,contacts,node", *lines))
    Assignment.objects.filter(home_node__isnull=False).update(serving_node=Node.objects.get(name="acme-1b"))
    rows = list(csv.DictReader(io.StringIO(exported(acme).decode())))
    assert [row["user_id"] for row in rows] == ["ann", "Zoë"]
    assert rows[0]["node"] == "-"
    assert rows[1] == {
        "user_id": "Zoë",
        "name": 'Doe, "Zoë"',
        "mail": "z@x.org",
        "endpoints": "desk_phone|sametime",
        "contacts": "7",
        "node": "acme-1a",
        "serving_node": "acme-1b",
        "pinned": "f",
        "pin_reason": "",
        "directory_uri": "",
        "department": "",
    }


def test_an_export_is_read_back_without_a_change(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,node", *(f"x{n},acme-1a" for n in range(30)), "waiting,-"))
    import_users(acme, numbered(100))
    report = import_users(acme, io.BytesIO(exported(acme)))
    assert (report.ok, report.unchanged, report.warnings.total) == (True, 131, 0)


@pytest.mark.parametrize("keep", ["#", "~", "", "x", "'"])
@pytest.mark.parametrize("spreadsheet", [False, True])
def test_an_export_is_read_back_whatever_mark_keeps(acme: Cluster, keep: str, spreadsheet: bool) -> None:
    import_users(
        acme, csv_of("user_id,name,mail,department", "#,'#,a@x.org,''#", "b,#b,'#,", "'#,##,'x,'='#", "c,'~,''~,'")
    )
    file = b"".join(assignments_csv(acme, spreadsheet=spreadsheet))
    report = import_users(acme, io.BytesIO(file), reading=Reading(keep=keep))
    assert (report.ok, report.unchanged) == (True, 4)


def test_an_export_restores_an_empty_cluster(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,node", *(f"x{n},acme-1a" for n in range(30)), "none,-"))
    import_users(acme, numbered(50))
    before, file = homes(acme), exported(acme)
    EndUser.objects.all().delete()
    assert import_users(acme, io.BytesIO(file)).created == 81
    assert homes(acme) == before
    assert exported(acme) == file


def test_other_clusters_are_not_in_it_and_none_is_only_a_header(acme: Cluster) -> None:
    import_users(make("other"), numbered(5))
    assert exported(acme).decode() == (
        "user_id,name,mail,endpoints,contacts,node,serving_node,pinned,pin_reason,directory_uri,department\n"
    )


def test_an_export_is_one_statement_however_long(acme: Cluster) -> None:
    import_users(acme, numbered(3000))
    with CaptureQueriesContext(connection) as queries:
        parts = [len(part) for part in assignments_csv(acme)]
    assert len(queries) == 1
    assert len(parts) > 1
    assert max(parts) < sum(parts) / 2


def test_the_command_writes_to_standard_output(acme: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    import_users(acme, numbered(2))
    call_command("export_assignments", "acme")
    assert len(capsys.readouterr().out.splitlines()) == 3
    with pytest.raises(CommandError, match="NO_SUCH_CLUSTER"):
        call_command("export_assignments", "nope")
