"""Headers in other languages: what their columns may mean is offered, and nothing is guessed."""

import pytest

from tests.users.files.file_reading import read


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
