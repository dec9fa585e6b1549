"""Imports of files as people really have them: what is kept, what must be confirmed, what is left out and said."""

import csv
import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from assignments.models import Assignment
from assignments.users.importing.imports import import_users
from assignments.users.importing.report import Report
from assignments.users.rules.user_line import Reading
from tests.support.lists import csv_of
from topology import reasons
from topology.accounts import pseudonyms
from topology.models import Cluster, EndUser, Event
from topology.structure.clusters import create_cluster
from topology.structure.nodes import add_node
from topology.structure.subclusters import create_subcluster

CASES = Path(__file__).parent / "cases"


@pytest.fixture
def lab(db: None) -> Cluster:
    cluster = create_cluster("lab", mode="balanced", model="balanced_redundant")
    pair = create_subcluster(cluster, "sc-1")
    for letter in "ab":
        add_node(cluster, f"imp1{letter}.lab.example.org", subcluster=pair, profile=5000)
    return cluster


def brought(cluster: Cluster, name: str) -> Report:
    return import_users(cluster, io.BytesIO((CASES / name).read_bytes()))


def people() -> dict[str, tuple[str, str]]:
    return {user.user_id: (user.name, user.mail) for user in EndUser.objects.all()}


def test_an_update_with_the_mark_changes_only_what_is_written(lab: Cluster) -> None:
    assert brought(lab, "b03-bat-base.csv").created == 2
    report = brought(lab, "b04-bat-update-hash.csv")
    assert (report.updated, report.unchanged, report.changed) == (1, 1, {"mail": 1})
    assert people() == {
        "zquill": ("Ada Quill", "ada.quill@lab.example.org"),
        "zreed": ("Ben Reed", "zreed@lab.example.org"),
    }


def test_the_mark_of_a_new_user_is_an_empty_cell_with_a_warning(lab: Cluster) -> None:
    report = import_users(lab, csv_of("user_id,name", "new,#"))
    assert people() == {"new": ("", "")}
    assert [problem.reason.code for problem in report.warnings.listed] == ["IMPORT_KEPT_OF_NEW"]


def test_cells_that_are_not_there_empty_nothing(lab: Cluster) -> None:
    brought(lab, "c01-full.csv")
    before = people()
    assert not brought(lab, "c02-short-rows.csv").ok
    assert people() == before


def test_emptying_must_be_confirmed(lab: Cluster) -> None:
    brought(lab, "c01-full.csv")
    file = b"user_id,name,mail\nshort1,Sam Hort,\nshort2,Sue Hort,\n"
    report = import_users(lab, io.BytesIO(file))
    assert [(p.line, p.reason.code) for p in report.problems.listed] == [(2, "IMPORT_EMPTYING")]
    assert "2 mails would be emptied" in report.as_dict()["problems"][0]["message"]
    assert people()["short1"][1] == "sam@lab.example.org"
    report = import_users(lab, io.BytesIO(file), allow_emptying=True)
    assert (report.ok, report.updated, report.emptied) == (True, 2, {"mail": 2})


def test_a_bulk_export_says_node_and_who_is_left_out(lab: Cluster) -> None:
    report = brought(lab, "b01-bat-assigned.csv")
    assert (report.created, report.left_out.total, report.nodes) == (3, 2, {"imp1b.lab.example.org": 3})
    assert "2 users were left out" in Event.objects.latest("id").sentence


def test_a_renamed_node_is_one_warning_for_users_who_have_a_home(lab: Cluster) -> None:
    file = [f"u{n},imp1a.lab.example.org" for n in range(28)]
    import_users(lab, csv_of("user_id,node", *file))
    lab.nodes.filter(name="imp1a.lab.example.org").update(name="presence1.lab.example.org")
    report = import_users(lab, csv_of("user_id,node", *file))
    gone = [problem for problem in report.warnings.listed if problem.reason.code == "IMPORT_NODE_GONE"]
    assert (report.ok, len(gone)) == (True, 1)
    assert gone[0].facts["count"] == 28
    assert "Was it renamed?" in gone[0].as_dict()["message"]


def test_problems_are_grouped_with_their_number_and_first_lines(lab: Cluster) -> None:
    report = import_users(lab, csv_of("user_id,contacts", *(f"u{n},many" for n in range(20)), ",1"))
    groups = report.as_dict()["problem_groups"]
    assert [(group["code"], group["total"], group["lines"]) for group in groups] == [
        ("IMPORT_CONTACTS_NOT_A_NUMBER", 20, [2, 3, 4, 5, 6]),
        ("IMPORT_ID_MISSING", 1, [22]),
    ]


def test_the_command_keeps_maps_and_writes_the_problems(
    lab: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "problems.csv"
    call_command("import_users", "lab", str(CASES / "b07-misspelt.csv"), "--json", "--problems", str(out))
    shown = json.loads(capsys.readouterr().out)
    assert shown["unused_columns"][0] == {"column": "e-mail", "did_you_mean": "mail"}
    assert shown["first_rows"][0]["user_id"] == "ms1"
    assert "warning,1,IMPORT_COLUMNS_NOT_USED" in out.read_text()
    call_command("import_users", "lab", str(CASES / "b07-misspelt.csv"), "--column", "e-mail=mail", "--json")
    assert json.loads(capsys.readouterr().out)["changed_fields"] == {"mail": 3}


def test_a_rare_kind_is_told_beside_thousands_of_another(lab: Cluster) -> None:
    report = import_users(lab, csv_of("user_id,contacts", *(f"u{n},many" for n in range(1100)), ",1", ",2"))
    keys = ("code", "total", "lines", "message")
    assert [tuple(group[key] for key in keys) for group in report.problems.groups()] == [
        ("IMPORT_CONTACTS_NOT_A_NUMBER", 1100, [2, 3, 4, 5, 6], "Contacts “many” is not a number."),
        ("IMPORT_ID_MISSING", 2, [1102, 1103], "The user ID is missing."),
    ]


def test_every_problem_is_written_however_many(lab: Cluster, tmp_path: Path) -> None:
    import_users(lab, csv_of("user_id,name", *(f"old{n},Old" for n in range(1100))))
    file = tmp_path / "list.csv"
    both = [*(f"old{n},,300,imp1b.lab.example.org" for n in range(1100)), *(f"old{n},x,1,nowhere" for n in range(1200))]
    file.write_bytes(csv_of("user_id,name,contacts,node", *both).getvalue())
    out = tmp_path / "problems.csv"
    with pytest.raises(SystemExit):
        call_command("import_users", "lab", str(file), "--problems", str(out), stdout=io.StringIO())
    rows = list(csv.DictReader(out.open(newline="")))
    assert Counter((row["kind"], row["code"]) for row in rows) == {
        ("problem", "IMPORT_TOO_MANY_CONTACTS"): 1100,
        ("problem", "IMPORT_ID_TWICE"): 1100,
        ("problem", "IMPORT_UNKNOWN_NODE"): 100,
        ("problem", "IMPORT_EMPTYING"): 1,
        ("warning", "IMPORT_STAYS"): 550,
        ("warning", "IMPORT_NODE_GONE"): 1,
    }
    twice = next(row for row in reversed(rows) if row["code"] == "IMPORT_ID_TWICE")
    assert (twice["line"], "old1099 is already in line 1101" in twice["message"]) == ("2201", True)


def test_counts_are_known_while_emptying_waits(
    lab: Cluster, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    brought(lab, "c01-full.csv")
    file = tmp_path / "list.csv"
    file.write_bytes(csv_of("user_id,mail", "short1,", "short2,sue@lab.example.org", "new,n@x.org").getvalue())
    report = import_users(lab, io.BytesIO(file.read_bytes()))
    assert not report.ok
    assert (report.created, report.updated, report.unchanged, report.assigned) == (1, 1, 1, 1)
    with pytest.raises(SystemExit):
        call_command("import_users", "lab", str(file))
    out = capsys.readouterr().out
    assert "1 problem in 3 lines: nothing was imported." in out
    assert "3 users: 1 would be created, 1 would be updated, 1 unchanged, 1 would be assigned" in out
    assert EndUser.objects.count() == 2


def test_a_text_allows_to_empty_what_it_says_and_no_more(lab: Cluster) -> None:
    brought(lab, "c01-full.csv")
    one, both = csv_of("user_id,mail", "short1,"), csv_of("user_id,mail", "short1,", "short2,")
    assert not import_users(lab, both, allow_emptying="1 mail").ok
    assert import_users(lab, one, allow_emptying="1 mail").ok


def test_a_file_that_ends_without_a_line_end_may_be_cut_off(lab: Cluster) -> None:
    report = import_users(lab, io.BytesIO(b"user_id,mail\nann,ann@x.o"))
    assert (report.ok, [problem.reason.code for problem in report.warnings.listed]) == (True, ["IMPORT_OPEN_END"])
    between_two_quotes_that_stand_for_one = b'"user_id","name"\n"ann","Ann "'
    report = import_users(lab, io.BytesIO(between_two_quotes_that_stand_for_one))
    assert (report.ok, [problem.reason.code for problem in report.warnings.listed]) == (True, ["IMPORT_OPEN_END"])
    assert not import_users(lab, io.BytesIO(b'"user_id","mail"\n"ann","ann@x.org"\n')).warnings.total


@pytest.mark.parametrize("text", [b"user_id,mail\n", b"user_id,mail", b"\xef\xbb\xbfuser_id;mail\r\n;\r\n\r\n"])
def test_a_list_without_users_says_so(
    lab: Cluster, admin_client: Client, capsys: Any, tmp_path: Path, text: bytes
) -> None:
    file = io.BytesIO(text)
    report = import_users(lab, file)
    assert (report.ok, [problem.reason.code for problem in report.warnings.listed]) == (True, ["IMPORT_NO_USERS"])
    file.seek(0)
    file.name = "list.csv"
    page = admin_client.post(reverse("import", args=["lab"]), {"file": file, "dry_run": "1"}).content.decode()
    assert "There are no users in the file. Nothing was changed." in page
    assert "good" not in page
    (tmp_path / "list.csv").write_bytes(text)
    call_command("import_users", "lab", str(tmp_path / "list.csv"))
    assert "There are no users in the file" in capsys.readouterr().out


def test_a_mapping_names_the_user_id(lab: Cluster) -> None:
    reading = Reading(mapping={"Login": "user_id"})
    assert import_users(lab, csv_of("Login,name", "ann,Ann"), reading=reading).created == 1
    assert Assignment.objects.count() == 1


def test_what_columns_mean_is_kept_by_an_import_and_can_be_taken_back(lab: Cluster) -> None:
    file = ("Login,e-mail,town", "ann,ann@x.org,Ulm")
    reading = Reading(mapping={"Login": "user_id", "e-mail": "mail", "town": ""})
    assert import_users(lab, csv_of(*file), reading=reading, dry_run=True).mapped == reading.mapping
    assert not import_users(Cluster.objects.get(), csv_of(*file)).ok
    import_users(lab, csv_of(*file), reading=reading)
    kept = Cluster.objects.get()
    again = import_users(kept, csv_of(*file))
    assert (again.ok, again.unchanged, again.unused) == (True, 1, [])
    assert again.as_dict()["mapped_columns"] == reading.mapping
    other = import_users(kept, csv_of("Login,e-mail", "ann,other"), reading=Reading(mapping={"e-mail": ""}))
    assert (other.unchanged, Cluster.objects.get().list_columns["e-mail"]) == (1, "")


@pytest.mark.parametrize("choice", ["mail", "e-mail=mial", "=mail", ""])
def test_a_choice_that_says_nothing_is_refused(lab: Cluster, choice: str) -> None:
    with pytest.raises(CommandError, match="IMPORT_COLUMN_CHOICE"):
        call_command("import_users", "lab", str(CASES / "b07-misspelt.csv"), "--column", choice)
    assert not EndUser.objects.exists()


def test_a_hint_is_hidden_with_the_names(lab: Cluster) -> None:
    report = import_users(lab, io.BytesIO("user_id,name\na,Käthe Möser\n".encode("cp1252")))
    assert "Käthe" in report.as_dict()["problems"][0]["message"]
    facts = report.problems.listed[0].facts
    with pseudonyms.enabled("key"):
        assert "Käthe" not in reasons.IMPORT_BAD_ENCODING.say(**pseudonyms.facts(facts, "IMPORT_BAD_ENCODING"))


def test_the_dialog_offers_what_an_unknown_column_may_be(lab: Cluster, admin_client: Client) -> None:
    def send(**more: Any) -> str:
        file = io.BytesIO((CASES / "b07-misspelt.csv").read_bytes())
        file.name = "list.csv"
        return admin_client.post(reverse("import", args=["lab"]), {"file": file, **more}).content.decode()

    offered = send(dry_run="1")
    assert re.search(r'value="e-mail=mail"\s+selected', offered)
    chosen = re.findall(r'value="([^"]+=\w*)"\s+selected', offered)
    assert chosen == ["e-mail=mail", "home node=node", "contact=contacts"]
    assert "Imported 3 lines" in send(column=chosen)
    assert Cluster.objects.get().list_columns == {"e-mail": "mail", "home node": "node", "contact": "contacts"}
    assert set(EndUser.objects.values_list("contacts", flat=True)) != {0}


def test_a_mail_that_is_none_is_named_and_imported_all_the_same(lab: Cluster) -> None:
    report = import_users(lab, csv_of("user_id,mail", "ann,not-a-mail", "bob,bob@lab.example.org", "cleo,@", "dan,"))
    said = [(each.line, each.as_dict()["message"]) for each in report.warnings.listed if "mail" in each.facts["value"]]
    assert (report.ok, len(report.warnings.listed)) == (True, 2)
    assert said == [
        (2, "ann: “not-a-mail” in the column mail is not a mail address; it is imported unchanged."),
    ]
    assert people()["ann"] == ("", "not-a-mail")
