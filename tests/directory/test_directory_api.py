"""The directory over HTTP: the same verbs as page and command, in the same shapes, and the password nowhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from assignments.directory import schedule, sync
from assignments.models import Assignment, DirectoryAgreement
from tests.api.conftest import Caller
from tests.directory import slapd as real
from tests.directory.conftest import Directory
from tests.directory.persons import ids, many
from topology.accounts import roles, tokens
from topology.models import Cluster, Event

pytestmark = pytest.mark.django_db
BASE = "/clusters/crowd/directory"


@pytest.fixture
def admin(crowd: Cluster) -> Caller:
    return Caller(tokens.create("sync", roles.ADMINISTRATOR, actor="test")[1])


def run_now() -> None:
    schedule.run(DirectoryAgreement.objects.get().pk, timezone.now())


def test_the_road_of_an_agreement_over_http(admin: Caller, directory: Directory, capsys: Any) -> None:
    directory.add(*many(0, 20))
    directory.add("none", uid=None)
    assert admin.get(BASE).data["state"] == "none"
    body = directory.agreement(password_env="", password=real.PASSWORD)
    tried = admin.post(BASE + "/test", body)
    assert (tried.status_code, tried.data["new"], tried.data["skipped_total"]) == (200, 20, 1)
    assert sum(tried.data["nodes"].values()) == 20
    assert not DirectoryAgreement.objects.exists()
    assert "servers" in admin("PUT", BASE + "?dry_run=true", body).data["changed"]
    assert not DirectoryAgreement.objects.exists()
    assert "password" in admin("PUT", BASE, body).data["changed"]
    assert admin("PUT", BASE, body).data["changed"] == []
    assert real.PASSWORD not in str(admin.get(BASE).data)

    seen = admin.post(BASE + "/sync", {"dry_run": True})
    asked = admin.post(BASE + "/sync", {})
    assert (seen.status_code, asked.status_code, ids()) == (200, 202, set())
    assert seen.data.keys() == asked.data.keys()
    run_now()
    assert ids() == set(many(0, 20))
    [run] = admin.get(BASE + "/runs").data["runs"]
    assert (run["state"], run["new"], run["skipped_total"]) == ("finished", 20, 1)
    whole = admin.get(run["url"].removeprefix("/api/v1")).data
    assert {each["user_id"] for each in whole["users"]} == ids()
    skipped = [(each["code"], each["fix"]) for each in admin.get(BASE + "/skipped").data["skipped"]]
    assert skipped == [("DIRECTORY_ID_MISSING", "Give it one in the directory.")]
    call_command("sync_directory", "crowd", "--dry-run", "--json")
    printed = json.loads(capsys.readouterr().out)
    again = admin.post(BASE + "/sync", {"dry_run": True}).data
    assert {name: again[name] for name in printed} == printed

    assert admin("DELETE", BASE + "?confirm=other").status_code == 422
    assert admin("DELETE", BASE + "?confirm=crowd").data == {"removed": "crowd"}
    assert ids() == set(many(0, 20))


def test_a_stopped_run_is_accepted_by_its_hash_or_dropped(admin: Caller, crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 30))
    cluster = directory.agree()
    sync.sync(cluster)
    directory.agree(filter="(uid=u07)")
    sync.sync(cluster)
    stopped = admin.get(BASE + "/runs").data["runs"][0]
    assert (stopped["state"], stopped["code"]) == ("stopped", "DIRECTORY_GUARD")
    assert "29 users (96.67%)" in stopped["sentence"]
    listed = admin.get(stopped["url"].removeprefix("/api/v1")).data["users"]
    assert {each["user_id"] for each in listed} == set(many(0, 30)) - {"u07"}
    other = admin.post(BASE + "/sync", {"accept": "0" * 32})
    assert (other.status_code, other.data["code"]) == (409, "DIRECTORY_ACCEPTED_OTHER")
    assert admin.post(f"{BASE}/runs/{stopped['id']}/drop").data["state"] == "dropped"
    assert admin.post(f"{BASE}/runs/{stopped['id']}/drop").status_code == 409
    sync.sync(cluster)
    again = admin.get(BASE + "/runs").data["runs"][0]
    assert again["hash"] == stopped["hash"]
    assert admin.post(BASE + "/sync", {"accept": again["hash"]}).status_code == 202
    run_now()
    assert ids() == {"u07"}
    assert Event.objects.get(code="DIRECTORY_ACCEPTED").actor_name == "token sync"
    assert Assignment.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"ca": "/etc/passwd"}, 422, "DIRECTORY_CA"),
        ({"cluster": "other"}, 422, "API_INPUT_NOT_VALID"),
        ({"password": 7}, 422, "API_INPUT_NOT_VALID"),
        ({"servrs": []}, 422, "DIRECTORY_FILE"),
        ({"servers": ["http://nowhere"]}, 422, "DIRECTORY_ADDRESS"),
        ({"servers": ["ldap://127.0.0.1:1"]}, 409, "DIRECTORY_UNREACHABLE"),
        ({"password": "wrong-one"}, 409, "DIRECTORY_BIND_REFUSED"),
    ],
)
def test_what_is_wrong_is_a_problem_with_code_and_fix(
    change: dict[str, Any], status: int, code: str, admin: Caller, directory: Directory
) -> None:
    answer = admin.post(BASE + "/test", directory.agreement(password_env="", password=real.PASSWORD) | change)
    assert (answer.status_code, answer.data["code"]) == (status, code)
    assert answer.data["fix"]
    assert real.PASSWORD not in answer.content.decode()
    assert "wrong-one" not in answer.content.decode()
    assert "root:" not in answer.content.decode()


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_no_one_over_http_has_a_variable_of_the_server_sent_to_a_directory(
    method: str, admin: Caller, directory: Directory
) -> None:
    address = BASE + ("" if method == "PUT" else "/test")
    answer = admin(method, address, directory.agreement())  # the variable is set, in this process
    assert (answer.status_code, answer.data["code"]) == (422, "DIRECTORY_PASSWORD_MISSING")
    assert "apply_directory" in answer.data["fix"]
    assert not DirectoryAgreement.objects.exists()


def test_a_page_does_not_send_the_variable_of_an_agreement_to_another_server(
    crowd: Cluster, directory: Directory, admin_client: Client
) -> None:
    directory.agree()
    form = {
        "servers": "ldap://127.0.0.2:389", "bind_dn": real.ADMIN, "base": directory.base, "map_user_id": "uid",
        "filter": "(objectClass=*)", "schedule": "15m", "guard_percent": 2, "guard_people": 10, "keep_days": 30,
    }  # fmt: skip
    for press in ("test", "save"):
        page = admin_client.post("/clusters/crowd/directory/agreement", form | {press: "1"})
        assert page.status_code == 422
        assert "No password is given" in page.content.decode()
    assert DirectoryAgreement.objects.get().servers == [directory.slapd.url]
