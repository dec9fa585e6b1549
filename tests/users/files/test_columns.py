"""Headers in other languages: what their columns may mean is offered, and nothing is guessed."""

import pytest

from assignments.users.rules.user_line import Reading
from tests.users.files.file_reading import codes, read


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("user_id;Vorname;Nachname;E-Mail;Kontakte;Heimatknoten", "first_name, last_name, mail, contacts, node"),
        ("user_id;prénom;nom de famille;adresse e-mail;département", "first_name, last_name, mail, department"),
        ("user_id;氏名;メールアドレス;連絡先", "name, mail, contacts"),
    ],
)
def test_what_columns_in_other_languages_may_mean_is_offered(header: str, meant: str) -> None:
    _, users = read(f"{header}\nann{';' * header.count(';')}\n".encode())
    assert f"(did you mean {meant}?)" in users.warnings.listed[0].as_dict()["message"]


@pytest.mark.parametrize("column", ["ユーザーID", "Benutzerkennung", "Nom d'utilisateur", "логин", "用户名"])
def test_a_user_id_in_another_language_is_asked_for(column: str) -> None:
    _, users = read(f"{column},x\nann,y\n".encode())
    assert f"Is “{column}” the user ID?" in users.problems.listed[0].as_dict()["message"]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ('"SamAccountName","DisplayName","EmailAddress"', ["SamAccountName", "DisplayName", "EmailAddress"]),
        ('"Benutzer-ID";"Voller Name";"Amt"', ["Benutzer-ID", "Voller Name", "Amt"]),
        ('"Alias"\t"Identity"', ["Alias", "Identity"]),
        ("Benutzer-ID;Name, Titel;Ort, Land", ["Benutzer-ID", "Name, Titel", "Ort, Land"]),
    ],
)
def test_a_header_of_unknown_names_is_read_and_can_be_told(header: str, columns: list[str]) -> None:
    line = ("\t" if "\t" in header else ";" if ";" in header else ",").join(("ann", "b", "c")[: len(columns)])
    _, users = read(f"{header}\n{line}\n".encode())
    assert ([unused.column for unused in users.header.unused], codes(users)) == (columns, [(1, "IMPORT_NO_HEADER")])
    rows, told = read(f"{header}\n{line}\n".encode(), Reading(mapping={columns[0]: "user_id"}))
    assert ([row.user_id for row in rows], codes(told)) == (["ann"], [])


@pytest.mark.parametrize("header", ["user_id (at most 132),name", "users.user_id,users.name", "user_id*,name*"])
def test_a_user_id_with_something_beside_its_name_is_asked_for(header: str) -> None:
    _, users = read(f"{header}\nann,A\n".encode())
    assert f"Is “{header.split(',')[0]}” the user ID?" in users.problems.listed[0].as_dict()["message"]
