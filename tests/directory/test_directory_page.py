"""The page of a directory: who may do what, the form that keeps what was typed, and a stopped run that is accepted."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assignments.board.checks import check_report
from assignments.directory import schedule, secret, sync
from assignments.models import DirectoryAgreement, DirectoryRun, RunState
from assignments.users.importing.imports import import_users
from assignments.users.removal import remove_users
from tests.board.pages import as_
from tests.directory import slapd as real
from tests.directory.conftest import Directory
from tests.directory.persons import ids, many
from tests.support.lists import csv_of
from topology.accounts import roles
from topology.models import Cluster, EndUser, Event

pytestmark = pytest.mark.django_db


def filled(directory: Directory, **more: Any) -> dict[str, Any]:
    return {
        "servers": directory.slapd.url,
        "bind_dn": real.ADMIN,
        "password": real.PASSWORD,
        "base": directory.base,
        "filter": "(objectClass=inetOrgPerson)",
        "schedule": "15m",
        "guard_percent": "2",
        "guard_people": "10",
        "keep_days": "30",
        "map_user_id": "uid",
        "map_name": "displayName",
        **more,
    }


def test_an_agreement_is_tried_stored_read_and_removed_on_the_page(crowd: Cluster, directory: Directory) -> None:
    client = as_(roles.ADMINISTRATOR)
    page, store = reverse("directory", args=["crowd"]), reverse("directory-store", args=["crowd"])
    assert "come from files and by hand" in client.get(page).content.decode()
    directory.add(*many(0, 12), "zoe")
    tried = client.post(store, filled(directory, test="1"))
    shown = tried.content.decode()
    assert "13 people read, nothing changed" in shown
    assert "N. u00" in shown
    assert real.PASSWORD not in shown
    assert not DirectoryAgreement.objects.exists()
    assert client.post(store, filled(directory)).status_code == 302
    shown = client.get(page).content.decode()
    assert directory.base in shown
    assert real.PASSWORD not in shown
    schedule.run(DirectoryAgreement.objects.get().pk, timezone.now())
    assert ids() == {*many(0, 12), "zoe"}
    run = DirectoryRun.objects.get()
    listed = client.get(reverse("directory-changes", args=["crowd", run.pk])).content.decode()
    assert "zoe" in listed
    refused = client.post(reverse("directory-end", args=["crowd"]), {"name": "other"})
    assert refused.status_code == 422
    assert 'value="other"' in refused.content.decode()
    assert 'data-code="DIRECTORY_END_NOT_CONFIRMED"' in refused.content.decode()
    assert client.post(reverse("directory-end", args=["crowd"]), {"name": "crowd"}).status_code == 302
    assert not DirectoryAgreement.objects.exists()
    assert len(ids()) == 13


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"servers": "http://nowhere"}, "is not the address of a directory"),
        ({"servers": "ldap://127.0.0.1:1", "test": "1"}, "No server of the directory answers"),
        ({"password": "wrong", "test": "1"}, "refuses the sign-in"),
        ({"schedule": "sometimes"}, "Write 15m"),
        ({"map_user_id": ""}, "required"),
        ({"filter": "(uid="}, "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    change: dict[str, str], word: str, crowd: Cluster, directory: Directory
) -> None:
    answer = as_(roles.ADMINISTRATOR).post(
        reverse("directory-store", args=["crowd"]), filled(directory, map_name="kept", **change)
    )
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert word in shown
    assert 'value="kept"' in shown
    assert 'wrong"' not in shown or change.get("password") != "wrong" or 'value="wrong"' not in shown
    assert not DirectoryAgreement.objects.exists()


def test_a_stopped_run_is_listed_and_accepted_by_its_hash(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 15))
    cluster = directory.agree()
    sync.sync(cluster)
    directory.agree(filter="(uid=u07)")
    sync.sync(cluster)
    run, page = DirectoryRun.objects.get(state=RunState.STOPPED), reverse("directory", args=["crowd"])
    decide = reverse("directory-decide", args=["crowd", run.pk])
    viewer = as_(roles.VIEWER)
    shown = viewer.get(page).content.decode()
    assert shown.count("14 users (93.33%) would be set aside, be renamed or lose a value") == 1
    assert shown.count("accept exactly these changes") == 1
    assert "u03" in shown
    assert run.set_hash not in shown
    assert viewer.post(decide, {"accept": run.set_hash}).status_code == 403
    client = as_(roles.ADMINISTRATOR)
    assert run.set_hash in client.get(page).content.decode()
    assert client.post(decide, {"accept": "0" * 32}).status_code == 409
    assert client.post(decide, {"accept": run.set_hash}).status_code == 302
    schedule.run(DirectoryAgreement.objects.get().pk, timezone.now())
    assert ids() == {"u07"}
    assert Event.objects.get(code="DIRECTORY_ACCEPTED").facts["people"] == 14


def test_what_is_wrong_with_a_directory_is_not_told_as_trouble_of_the_console(
    crowd: Cluster, directory: Directory
) -> None:
    cluster = directory.agree(filter="(uid=no-one)")
    sync.sync(cluster)
    page = as_(roles.ADMINISTRATOR).get(reverse("directory", args=["crowd"])).content.decode()
    banner = page.partition('id="trouble"')[2].partition("</div>")[0]
    assert page.count('data-code="DIRECTORY_EMPTY"') == page.count("The directory gave no one.") == 1
    assert "DIRECTORY_" not in banner


@pytest.mark.in_turns
def test_everybody_whom_a_stopped_run_would_touch_and_every_entry_skipped_is_listed(
    crowd: Cluster, directory: Directory
) -> None:
    directory.add(*[f"p{n:03}" for n in range(230)])
    cluster = directory.agree()
    sync.sync(cluster)
    directory.agree(filter="(&(objectClass=inetOrgPerson)(|(uid=p007)(!(uid=*))))")
    directory.add(*[f"none{n:03}" for n in range(220)], uid=None)
    for _ in range(2):  # the second comes to the same set: it is said, and kept, once
        report = sync.sync(cluster)
        assert report.stopped
        assert (report.stopped["people"], report.skipped_total) == (229, 220)
    client, page = as_(roles.VIEWER), reverse("directory", args=["crowd"])
    shown = client.get(page).content.decode()
    assert "All 229 users" in shown
    assert "All 220 entries" in shown
    run = DirectoryRun.objects.get(state=RunState.STOPPED)
    listed = walked(client, reverse("directory-changes", args=["crowd", run.pk]))
    assert all(f"<td>p{n:03}</td>" in listed for n in range(230) if n != 7)
    assert "p007" not in listed
    assert "The guard stopped this run" in listed
    skipped = walked(client, reverse("directory-skipped", args=["crowd"]))
    assert all(f"cn=none{n:03}," in skipped for n in range(220))
    assert "Give it one in the directory." in skipped, "with what to do"


def walked(client: Any, address: str) -> str:
    """All pages of a list, one after the other."""
    text = client.get(address).content.decode()
    more = re.search(r'href="(\?after=\d+)"', text)
    return text + (walked(client, address.partition("?")[0] + more.group(1)) if more else "")


def test_the_history_leads_from_a_run_to_each_person(crowd: Cluster, directory: Directory) -> None:
    directory.add("a")
    sync.sync(directory.agree())
    shown = as_(roles.VIEWER).get(reverse("history", args=["crowd"])).content.decode()
    assert reverse("directory-changes", args=["crowd", DirectoryRun.objects.get().pk]) in shown


def test_the_summary_bar_says_how_the_directory_is(crowd: Cluster, directory: Directory, settings: Any) -> None:
    def bar() -> str:
        text = as_(roles.VIEWER).get(reverse("summary-bar", args=["crowd"])).content.decode()
        said = re.search(r'data-directory="(\w+)".*?<a [^>]*>(.*?)</a>', text, re.S)
        return " ".join(re.sub(r"<[^>]+>", "", f"{said.group(1)}: {said.group(2)}").split()) if said else ""

    assert bar() == ""
    directory.add(*many(0, 15))
    cluster = directory.agree()
    assert bar() == "new: Not read yet"
    sync.sync(cluster)
    assert bar() == "finished: In step, just now"
    DirectoryRun.objects.update(finished_at=timezone.now() - timedelta(minutes=4, seconds=5))
    assert bar() == "finished: In step, 4 minutes ago"
    directory.agree(filter="(uid=u07)")
    sync.sync(cluster)
    assert bar() == "stopped: Waits for a person, just now"
    (settings.DATA_DIR / secret.FILE).unlink()
    DirectoryAgreement.objects.update(keep_days=31)
    assert bar() == "password: Enter the password again"


def test_what_a_changed_agreement_would_do_is_shown_before_it_is_saved(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 20))
    directory.add("none", uid=None)
    cluster = directory.agree()
    sync.sync(cluster)
    directory.add("newcomer")
    directory.set("u03", mail="another@example.org")
    asked = filled(directory, filter="(!(uid=u0*))", map_mail="mail", test="1")
    shown = as_(roles.ADMINISTRATOR).post(reverse("directory-store", args=["crowd"]), asked).content.decode()
    assert "1 new, 0 changed, 10 gone" in " ".join(shown.split())
    assert "The guard would stop it" in shown
    assert "Gone, renamed or emptied: 10" in shown
    assert "<li>u03</li>" in shown
    assert "cn=none," in shown
    assert re.search(r"crowd[12]\.example\.org</span><b>\+1</b>", shown)
    assert DirectoryAgreement.objects.get().filter == "(objectClass=inetOrgPerson)"
    assert not EndUser.objects.filter(user_id="newcomer").exists()


def test_the_troubleshooter_says_what_is_wrong_with_the_directory(crowd: Cluster, directory: Directory) -> None:
    def outcome() -> tuple[str, str]:
        check = next(each for each in check_report(cluster)["checks"] if each["code"] == "directory_in_step")
        return check["outcome"], check["problem"]

    directory.add("a", "b")
    cluster = directory.agree()
    sync.sync(cluster)
    DirectoryAgreement.objects.update(next_at=timezone.now() + timedelta(minutes=15))
    assert outcome() == ("passed", "")
    directory.add("none", uid=None)
    sync.sync(cluster)
    assert outcome() == ("warning", "1 entry cannot be taken.")
    DirectoryAgreement.objects.update(next_at=timezone.now() - timedelta(hours=2))
    assert "was due 120 min ago" in outcome()[1] or "was due 2 h ago" in outcome()[1]
    directory.agree(filter="(uid=nobody-at-all)")
    sync.sync(cluster)
    assert "The directory gave no one" in outcome()[1]


def test_a_dropped_run_changes_nothing(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 15))
    cluster = directory.agree()
    sync.sync(cluster)
    directory.remove(*many(0, 14))
    sync.sync(cluster)
    run = DirectoryRun.objects.get(state=RunState.STOPPED)
    client = as_(roles.ADMINISTRATOR)
    assert client.post(reverse("directory-decide", args=["crowd", run.pk]), {"drop": "1"}).status_code == 302
    assert ids() == set(many(0, 15))
    assert "Accept these" not in client.get(reverse("directory", args=["crowd"])).content.decode()


def test_who_removes_users_of_a_directory_is_told_that_its_next_run_brings_them_back(
    crowd: Cluster, directory: Directory, admin_client: Client, capsys: Any
) -> None:
    directory.add("kept", "left")
    cluster = directory.agree()
    sync.sync(cluster)
    import_users(cluster, csv_of("user_id", "filed"))
    told = "1 user belongs to the directory: its next run brings them back as new"
    everybody = ",".join(str(pk) for pk in EndUser.objects.exclude(user_id="kept").values_list("pk", flat=True))
    asked = {"ask": "1", "users": everybody}
    assert told in admin_client.post("/clusters/crowd/people/remove", asked).content.decode()
    call_command("remove_users", "crowd", "left", "filed", "--dry-run")
    assert told in capsys.readouterr().out
    assert remove_users(cluster, ["left", "filed"], dry_run=True).of_directory == 1
    directory.remove("left")
    sync.sync(cluster)
    import_users(cluster, csv_of("user_id", "left"))  # a list made them a user again; the directory has them no more
    assert remove_users(cluster, ["left", "filed"], dry_run=True).comes_back == ""
