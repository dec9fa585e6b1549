"""Accounts at the shell: who gets in and as what, who is kept out, and what the start of the console promises."""

import io
import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client

from tests.support.worlds import make_acme
from topology.accounts import people, roles, sign_in
from topology.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_called_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)


def said(*words: str) -> tuple[str, str]:
    """What a command prints: the answer, and what it says beside it."""
    out, beside = io.StringIO(), io.StringIO()
    call_command(*words, stdout=out, stderr=beside)
    return out.getvalue().strip(), beside.getvalue().strip()


def role_of(name: str) -> str | None:
    return roles.role_of(get_user_model().objects.get(username=name))


def test_a_link_says_whom_it_signs_in_and_as_what() -> None:
    link, beside = said("sign_in_link", "ada")
    assert link.startswith("http"), "the link alone, for a script"
    assert beside == "It signs in ada, administrator everywhere, once, within 30 minutes."
    assert said("sign_in_link", "eve", "--as", "ada")[1].startswith("It signs in eve, viewer everywhere, once")
    assert said("sign_in_link", "eve", "--role", "operator")[1].startswith("It signs in eve, operator everywhere")
    told = json.loads(said("sign_in_link", "eve", "--json")[0])
    assert (told["username"], told["role"], told["minutes"]) == ("eve", "operator", 30)
    assert Event.objects.filter(code="PERSON_INVITED", actor_name="ada (command line)").count() == 1


def test_the_start_of_the_console_signs_in_an_administrator_whatever_came_before() -> None:
    said("sign_in_link", "eve", "--role", "viewer")
    assert sign_in.issue_link_at_start()[0] == "admin"
    assert role_of("admin") == roles.ADMINISTRATOR
    assert role_of("eve") == roles.VIEWER


def test_the_start_of_the_console_raises_nobody_while_there_is_an_administrator() -> None:
    said("sign_in_link", "grace")
    said("sign_in_link", "admin", "--role", "viewer")
    name, path = sign_in.issue_link_at_start()
    assert name == "grace"
    assert role_of("admin") == roles.VIEWER
    assert Client().post(path).status_code == 302
    said("accounts", "deactivate", "admin")
    assert sign_in.issue_link_at_start()[0] == "grace"


def test_an_account_is_deleted_at_the_shell_when_that_is_said() -> None:
    said("sign_in_link", "ada")
    said("sign_in_link", "eve")
    assert said("accounts", "delete", "eve")[0].endswith("Again with --yes does it.")
    assert json.loads(said("accounts", "delete", "eve", "--json")[0])["dry_run"] is True
    assert role_of("eve") == roles.VIEWER
    assert said("accounts", "delete", "eve", "--yes")[0].startswith("eve is deleted, with 0 sessions, 0 tokens")
    with pytest.raises(CommandError, match="NO_SUCH_ACCOUNT"):
        said("accounts", "delete", "eve", "--yes")
    with pytest.raises(CommandError, match="LAST_ADMINISTRATOR"):
        said("accounts", "delete", "ada", "--yes")


def test_an_account_is_deactivated_and_activated_at_the_shell() -> None:
    said("sign_in_link", "ada")
    eve = Client()
    eve.post(sign_in.issue_sign_in_link(username="eve"))
    make_acme(imp1a=1)
    assert eve.get("/clusters/acme/").status_code == 200
    line, _ = said("accounts", "deactivate", "eve", "--as", "ada")
    assert line.split() == ["eve", "viewer", "everywhere;", "0", "open", "sessions,", "deactivated"]
    assert eve.get("/clusters/acme/").status_code == 302, "and the sessions have ended"
    with pytest.raises(CommandError, match=r"ACCOUNT_CLOSED: eve is deactivated.*accounts activate eve"):
        said("sign_in_link", "eve")
    said("accounts", "activate", "eve")
    assert said("sign_in_link", "eve")[0]
    codes = Event.objects.filter(code__startswith="ACCOUNT_").order_by("pk").values_list("code", "actor_name")
    assert list(codes) == [("ACCOUNT_DEACTIVATED", "ada (command line)"), ("ACCOUNT_ACTIVATED", "command line")]


def test_roles_are_given_and_taken_at_the_shell() -> None:
    make_acme()
    said("sign_in_link", "ada")
    said("sign_in_link", "eve")
    assert "operator everywhere" in said("accounts", "role", "eve", "--role", "operator")[0]
    assert (
        "operator everywhere, administrator in acme"
        in said("accounts", "role", "eve", "--role", "administrator", "--cluster", "acme")[0]
    )
    assert "eve                   administrator in acme;" in said("accounts", "role", "eve", "--role", "none")[0]
    listed: list[dict[str, Any]] = json.loads(said("accounts", "--json")[0])
    assert [(row["username"], row["role"], row["in"]) for row in listed] == [
        ("ada", "administrator", {}),
        ("eve", None, {"acme": "administrator"}),
    ]


def test_the_last_administrator_stays_at_the_shell_too() -> None:
    said("sign_in_link", "ada")
    for words in (("deactivate", "ada"), ("role", "ada", "--role", "viewer")):
        with pytest.raises(CommandError, match="LAST_ADMINISTRATOR"):
            said("accounts", *words)
    assert people.person_named("ada").is_active


def test_a_wrong_call_says_what_is_missing() -> None:
    for words, status in ((("deactivate",), 2), (("role", "ada"), 2)):
        with pytest.raises(SystemExit) as ended:
            said("accounts", *words)
        assert ended.value.code == status
    with pytest.raises(CommandError, match="NO_SUCH_ACCOUNT: There is no account nobody"):
        said("accounts", "deactivate", "nobody")
    assert "sign_in_link" in said("accounts")[0]
