"""Accounts: roles everywhere and in one cluster, sessions, tokens; the last administrator stays."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.utils import timezone

from assignments.board import removal
from assignments.models import SavedView
from tests.board.pages import as_
from tests.support.worlds import make_acme, node
from topology.accounts import people, roles, sign_in, tokens
from topology.models import ApiToken, Cluster, ClusterRole, Event
from topology.reasons import Refused

pytestmark = pytest.mark.django_db
PEOPLE = "/accounts/"


def somebody(name: str, role: str = "") -> Any:
    person = get_user_model().objects.create(username=name)
    if role:
        sign_in.give_role(person, role)
    return person


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=3, imp1b=2, waiting=1)


@pytest.fixture
def branch() -> Cluster:
    return make_acme("branch", imp1a=2)


@pytest.fixture
def olga(branch: Cluster, acme: Cluster) -> Client:
    """An operator of branch, who has no role elsewhere."""
    person = somebody("olga")
    people.set_cluster_role(person, branch, roles.OPERATOR, actor="test")
    client = Client()
    client.force_login(person)
    return client


def refused(answer: Any, cluster: str) -> None:
    """That somebody was refused, told where a role is missing and what would give it."""
    assert answer.status_code == 403
    text = unescape(answer.content.decode())
    assert re.search(rf"This needs the role \w+ in {cluster}\.", text)
    assert re.search(rf"page Accounts, or manage.py accounts role NAME --role \w+ --cluster {cluster}\.", text)


# --- Roles in one cluster -------------------------------------------------------------------------
def test_an_operator_of_branch_is_refused_in_acme(olga: Client, acme: Cluster, branch: Cluster) -> None:
    assert olga.get("/clusters/branch/").status_code == 200
    assert olga.post("/clusters/branch/plans").status_code == 200
    for method, path in (("get", ""), ("get", "users"), ("post", "plans"), ("get", "history/"), ("post", "moves/")):
        refused(getattr(olga, method)(f"/clusters/acme/{path}"), "acme")
    refused(olga.get("/clusters/branch/structure/"), "branch")
    refused(olga.get("/clusters/nowhere/"), "nowhere")


def test_a_role_in_acme_says_otherwise_and_the_higher_one_counts(olga: Client, acme: Cluster, branch: Cluster) -> None:
    person = get_user_model().objects.get(username="olga")
    people.set_cluster_role(person, acme, roles.VIEWER, actor="test")
    assert olga.get("/clusters/acme/").status_code == 200
    assert olga.post("/clusters/acme/plans").status_code == 403
    people.set_role(person, roles.OPERATOR, actor="test")
    assert olga.post("/clusters/acme/plans").status_code == 200, "operator everywhere, viewer in acme"


def test_plans_and_operations_of_another_cluster_are_refused_by_their_own_address(
    olga: Client, acme: Cluster, branch: Cluster
) -> None:
    from assignments.planning import plans
    from assignments.runs import operations

    plan = plans.make_plan(acme, "fill")
    run = operations.start_run(plan.hash, actor="test")
    for address in (f"/plans/{plan.hash}/", f"/operations/{run.pk}/"):
        refused(olga.get(address), "acme")
    for what in (f"plans/{plan.hash}/run", *(f"operations/{run.pk}/{act}" for act in ("pause", "cancel", "undo"))):
        refused(olga.post(f"/{what}"), "acme")


def test_what_is_about_all_clusters_shows_only_those_that_may_be_seen(olga: Client) -> None:
    assert olga.get("/").headers["Location"] == "/clusters/branch/"
    for path in ("/overview/", "/users/", "/clusters/branch/"):
        text = olga.get(path).content.decode()
        assert "branch" in text, path
        assert "acme" not in text, path
    assert "branch-imp1a-0001" in olga.get("/users/").content.decode()
    export = b"".join(olga.get("/users/users.csv")).decode()  # type: ignore[arg-type]
    assert "branch-imp1a-0001" in export
    assert "\nimp1a-0001" not in export
    refused(olga.get("/users/?cluster=acme"), "acme")
    assert olga.get(f"/users/users.csv?node={node(Cluster.objects.get(name='acme'), 'imp1a').pk}").status_code == 422


def test_the_database_refuses_a_second_role_in_a_cluster_and_one_that_there_is_not(branch: Cluster) -> None:
    person = somebody("p")
    ClusterRole.objects.create(user=person, cluster=branch, role=roles.VIEWER)
    for role in (roles.OPERATOR, "king"):
        with pytest.raises(IntegrityError), transaction.atomic():
            ClusterRole.objects.create(user=person, cluster=branch, role=role)


def test_a_role_that_is_taken_from_who_was_made_by_createsuperuser_is_gone() -> None:
    root = get_user_model().objects.create_superuser("root")
    with pytest.raises(Refused, match="root"):
        people.set_role(root, roles.VIEWER, actor="test")
    as_(roles.ADMINISTRATOR)
    people.set_role(root, roles.VIEWER, actor="test")
    assert [shown.role for shown in people.accounts(only="root")] == [roles.VIEWER]
    assert roles.reach_of(get_user_model().objects.get(username="root")).everywhere == roles.VIEWER


# --- The last administrator -----------------------------------------------------------------------
def test_the_last_administrator_cannot_remove_themselves() -> None:
    client = as_(roles.ADMINISTRATOR)
    me = get_user_model().objects.get()
    attempts = [("role", {"role": "viewer"}), ("role", {"role": ""}), ("active", {}), ("delete", {"confirmed": "on"})]
    for path, form in attempts:
        answer = client.post(f"{PEOPLE}{me.pk}/{path}", form)
        assert answer.status_code == 409
        assert "LAST_ADMINISTRATOR" in answer.content.decode()
    with pytest.raises(Refused, match="last administrator"):
        sign_in.issue_sign_in_link(username=me.username, role=roles.VIEWER)
    second = somebody("second", roles.ADMINISTRATOR)
    assert client.post(f"{PEOPLE}{me.pk}/role", {"role": "viewer"}).status_code == 302
    assert roles.role_of(get_user_model().objects.get(pk=me.pk)) == roles.VIEWER
    assert client.get(PEOPLE).status_code == 403
    assert roles.role_of(second) == roles.ADMINISTRATOR


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_remove_each_other_at_once_leave_one() -> None:
    first, second = somebody("first", roles.ADMINISTRATOR), somebody("second", roles.ADMINISTRATOR)
    start = threading.Barrier(2)

    def demote(who: Any) -> bool:
        try:
            start.wait(10)
            people.set_role(who, roles.VIEWER, actor="test")
            return True
        except Refused:
            return False
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, (first, second))) == [False, True]


# --- Sessions -------------------------------------------------------------------------------------
def test_sessions_are_seen_and_ended(acme: Cluster) -> None:
    admin = as_(roles.ADMINISTRATOR)
    path = sign_in.issue_sign_in_link(username="vera")
    vera = Client(headers={"user-agent": "Browser of Vera"})
    vera.post(path)
    person = get_user_model().objects.get(username="vera")
    text = admin.get(PEOPLE).content.decode()
    assert "Browser of Vera" in text
    assert "127.0.0.1" in text
    assert vera.get("/clusters/acme/").status_code == 200
    assert admin.post(f"{PEOPLE}{person.pk}/sessions").status_code == 302
    assert vera.get("/clusters/acme/").status_code == 302, "signed out"
    assert Event.objects.get(code="SESSIONS_ENDED").facts["sessions"] == 1
    assert "vera signed in" in admin.get(PEOPLE).content.decode()


def test_a_deactivated_person_is_signed_out_and_may_come_back(acme: Cluster) -> None:
    admin, vera = as_(roles.ADMINISTRATOR), Client()
    vera.post(sign_in.issue_sign_in_link(username="vera"))
    pk = get_user_model().objects.get(username="vera").pk
    admin.post(f"{PEOPLE}{pk}/active")
    assert vera.get("/").status_code == 302
    assert people.sessions(pk) == []
    admin.post(f"{PEOPLE}{pk}/active", {"active": "1"})
    assert vera.post(sign_in.issue_sign_in_link(username="vera")).status_code == 302


def test_a_deleted_account_is_gone_with_its_sessions_and_tokens_and_stays_in_the_history(acme: Cluster) -> None:
    admin, eve = as_(roles.ADMINISTRATOR), Client()
    person = somebody("eve", roles.ADMINISTRATOR)
    eve.force_login(person)
    SavedView.objects.create(owner=person, name="mine", query="q=a")
    eve.post("/accounts/tokens", {"name": "hers", "role": "viewer"})
    assert "revokes 1 token" in " ".join(admin.get(PEOPLE).content.decode().split())
    assert admin.post(f"{PEOPLE}{person.pk}/delete").status_code == 422, "the box says that it is meant"
    assert admin.post(f"{PEOPLE}{person.pk}/delete", {"confirmed": "on"}).status_code == 302
    assert not get_user_model().objects.filter(username="eve").exists()
    assert eve.get(PEOPLE).status_code == 302
    assert not ApiToken.objects.filter(revoked_at=None).exists()
    assert not SavedView.objects.exists()
    assert list(Event.objects.filter(code="TOKEN_CREATED").values_list("actor", "actor_name")) == [(None, "eve")]
    assert Event.objects.get(code="ACCOUNT_DELETED").facts["tokens"] == 1


def test_a_link_from_before_an_account_was_deactivated_opens_nothing_after(acme: Cluster) -> None:
    eve = somebody("eve", roles.VIEWER)
    old = sign_in.invite("eve", "", actor="root").rstrip("/").rpartition("/")[2]
    people.set_active(eve, False, actor="root")
    people.set_active(eve, True, actor="root")
    with pytest.raises(Refused) as refused:
        sign_in.redeem(old)
    assert refused.value.code == "LINK_NOT_VALID"
    assert sign_in.redeem(sign_in.invite("eve", "", actor="root").rstrip("/").rpartition("/")[2]) == eve


def test_tokens_made_by_the_tokens_of_an_account_end_with_it() -> None:
    somebody("admin", roles.ADMINISTRATOR)
    eve = somebody("eve", roles.ADMINISTRATOR)
    first, text = tokens.create("hers", roles.ADMINISTRATOR, actor=eve)
    tokens.create("by-hers", roles.ADMINISTRATOR, actor=tokens.use(text, timezone.now()))
    tokens.create("other", roles.VIEWER, actor="token of somebody else")
    tokens.revoke(first.pk, actor="test")
    assert [account.tokens for account in people.accounts(only="eve")] == [1]
    assert people.delete(eve, actor="test").tokens == 1
    assert ApiToken.objects.get(revoked_at=None).name == "other"


def test_what_tokens_a_deactivated_account_made_is_said_everywhere(acme: Cluster) -> None:
    admin, person = as_(roles.ADMINISTRATOR), somebody("eve", roles.VIEWER)
    for name in ("one", "two"):
        tokens.create(name, roles.VIEWER, actor=person)
    said = unescape(admin.post(f"{PEOPLE}{person.pk}/active", {}, follow=True).content.decode())
    assert "eve may not sign in any more. eve made 2 tokens that can still be used. Revoke what eve" in said
    [told] = Event.objects.filter(code="TOKENS_LEFT")
    assert told.sentence == "eve made 2 tokens that can still be used."
    out, err = StringIO(), StringIO()
    call_command("accounts", "deactivate", "eve", stdout=out, stderr=err)
    assert "deactivated, made 2 tokens" in out.getvalue()
    assert "eve made 2 tokens that can still be used." in err.getvalue()
    assert Event.objects.filter(code="TOKENS_LEFT").count() == 1, "nothing was changed a second time"
    assert b"can still be used" not in admin.post(f"{PEOPLE}{person.pk}/active", {"active": "1"}, follow=True).content


def test_tokens_that_may_more_than_their_maker_may_now_are_said(acme: Cluster, branch: Cluster) -> None:
    admin, eve = as_(roles.ADMINISTRATOR), somebody("eve", roles.ADMINISTRATOR)
    tokens.create("everything", roles.ADMINISTRATOR, actor=eve)
    tokens.create("here", roles.OPERATOR, [acme], actor=eve)
    tokens.create("over", roles.ADMINISTRATOR, days=1, actor=eve)
    ApiToken.objects.filter(name="over").update(expires_at=timezone.now())

    def said(role: str, where: str = "") -> str:
        typed = {"role": role, "in": where}
        return unescape(admin.post(f"{PEOPLE}{eve.pk}/role", typed, follow=True).content.decode())

    assert "eve: operator everywhere. eve made 1 token that can still be used." in said(roles.OPERATOR)
    assert "eve made 2 tokens that can still be used." in said("")
    assert "eve: operator in acme. eve made 1 token that can still be used." in said(roles.OPERATOR, "acme")
    assert "can still be used" not in said(roles.ADMINISTRATOR)
    err = StringIO()
    call_command("accounts", "role", "eve", "--role", "viewer", stdout=StringIO(), stderr=err)
    assert "Revoke what eve should not use" in err.getvalue()


def test_who_deletes_their_own_account_is_asked_to_sign_in(acme: Cluster) -> None:
    client = as_(roles.ADMINISTRATOR)
    me = get_user_model().objects.get()
    somebody("second", roles.ADMINISTRATOR)
    answer = client.post(f"{PEOPLE}{me.pk}/delete", {"confirmed": "on"}, follow=True)
    assert answer.status_code == 200
    assert "/sign-in" in answer.redirect_chain[-1][0]


def test_an_invited_person_gets_a_link_and_a_role() -> None:
    admin = as_(roles.ADMINISTRATOR)
    text = admin.post(f"{PEOPLE}new", {"username": "nora", "role": "operator"}).content.decode()
    path = text[text.index("/sign-in/link/") :].split("<")[0]
    nora = Client()
    assert nora.post(path).status_code == 302
    assert roles.role_of(get_user_model().objects.get(username="nora")) == roles.OPERATOR
    for name, role in (("", ""), ("a b", ""), ("x" * 151, ""), ("ok", "king")):
        assert admin.post(f"{PEOPLE}new", {"username": name, "role": role}).status_code == 422


# --- Tokens ---------------------------------------------------------------------------------------
def command(*args: str) -> str:
    out = StringIO()
    call_command("token", *args, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_token_alone_lists_and_revokes(acme: Cluster, branch: Cluster) -> None:
    text = command("create", "ci", "--role", "operator", "--cluster", "branch", "--days", "30").strip()
    assert "\n" not in text
    assert len(text) > 40
    found = ApiToken.objects.get()
    assert text not in (found.token_hash, found.name)
    assert found.expires_at is not None
    assert abs(found.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=5)
    [shown] = json.loads(command("list", "--json"))
    assert shown == {
        "id": found.pk, "name": "ci", "role": "operator", "everywhere": False, "clusters": ["branch"],
        "expires": found.expires_at.isoformat(), "last_used": None,
    }  # fmt: skip
    program = tokens.use(text, timezone.now())
    assert program is not None
    assert program.reach.role_in(branch.pk) == "operator"
    assert program.reach.role_in(acme.pk) is None
    assert json.loads(command("list", "--json"))[0]["last_used"]
    with pytest.raises(CommandError, match="TOKEN_NAME_TAKEN"):
        command("create", "ci")
    command("revoke", str(found.pk))
    assert tokens.use(text, timezone.now()) is None
    assert json.loads(command("list", "--json")) == []
    with pytest.raises(CommandError, match="NO_SUCH_TOKEN"):
        command("revoke", str(found.pk))
    assert set(Event.objects.values_list("code", flat=True)) == {"TOKEN_CREATED", "TOKEN_REVOKED"}


def test_who_ends_a_token_that_another_ended_is_told_who_did(branch: Cluster) -> None:
    found, _ = tokens.create("backup", roles.VIEWER, [branch], actor="anna")
    tokens.revoke(found.pk, actor="ben")
    again, _ = tokens.create("backup", roles.VIEWER, [branch], actor="anna")
    with pytest.raises(Refused, match=r"^There is no token backup: ben removed it at 20.* UTC\.$"):
        tokens.revoke(found.pk, actor="anna")
    with pytest.raises(Refused, match=r"^There is no token with the key 987654\.$"):
        tokens.revoke(987654, actor="anna")
    tokens.revoke(again.pk, actor="anna")


def test_a_token_ends_when_its_days_are_over_and_reaches_nothing_when_its_clusters_are_gone(branch: Cluster) -> None:
    _, short = tokens.create("short", roles.VIEWER, days=1, actor="test")
    _, bound = tokens.create("bound", roles.VIEWER, [branch], actor="test")
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert tokens.use(short, timezone.now()) is None
    removal.remove_cluster(branch, branch.name)
    program = tokens.use(bound, timezone.now())
    assert program is not None
    assert not program.reach.somewhere
    assert "no cluster any more; last used" in next(line for line in command("list").splitlines() if "bound" in line)
    assert {each["name"]: each["everywhere"] for each in json.loads(command("list", "--json"))} == {
        "short": True, "bound": False,
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_token_is_made_with_its_line_of_history_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = make_acme()

    def fail(*_: Any, **__: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(tokens.events, "record", fail)
    with pytest.raises(ConnectionError):
        tokens.create("grafana", roles.VIEWER, [cluster], actor="anna")
    assert not ApiToken.objects.exists()


def test_the_page_makes_a_token_that_is_shown_once_and_revokes_it(branch: Cluster) -> None:
    admin = as_(roles.ADMINISTRATOR)
    text = admin.post(f"{PEOPLE}tokens", {"name": "ci", "role": "viewer", "days": "", "cluster": "branch"})
    secret = text.content.decode().split(tokens.PREFIX)[1].split("<")[0]
    assert tokens.use(tokens.PREFIX + secret, timezone.now())
    assert secret not in admin.get(PEOPLE).content.decode()
    found = ApiToken.objects.get()
    assert admin.post(f"{PEOPLE}tokens/{found.pk}/revoke").status_code == 302
    assert tokens.use(tokens.PREFIX + secret, timezone.now()) is None
    for form in (
        {"name": ""},
        {"name": "x", "role": "king"},
        {"name": "x", "days": "0"},
        {"name": "x", "days": "9999"},
    ):
        assert admin.post(f"{PEOPLE}tokens", {"role": "viewer"} | form).status_code == 422


@pytest.mark.parametrize("role", [roles.VIEWER, roles.OPERATOR])
def test_nobody_below_an_administrator_sees_or_changes_accounts(role: str) -> None:
    client = as_(role)
    assert client.get(PEOPLE).status_code == 403
    for path in ("new", "tokens", "tokens/1/revoke", "1/role", "1/active", "1/sessions"):
        assert client.post(PEOPLE + path).status_code == 403, path


def test_an_account_that_was_deleted_meanwhile_is_named_with_who_did_it() -> None:
    """Another administrator has the page still open; a key says nothing to them."""
    admin, bob = as_(roles.ADMINISTRATOR), somebody("bob", roles.VIEWER)
    key = bob.pk
    people.delete(bob, actor="ada")
    for verb in ("role", "active", "delete", "sessions"):
        said = admin.post(f"{PEOPLE}{key}/{verb}").content.decode()
        assert "There is no account bob: ada removed it at" in said
    with pytest.raises(Refused, match=r"^There is no account with the key 987654\.$"):
        people.person(987654)


CONTROL = re.compile(r"<(button|summary|select)\b([^>]*)>(.*?)</\1>", re.DOTALL)


def names_of_controls(page: str) -> list[str]:
    """What a screen reader calls the controls of the table of people."""
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    labels = [(re.search(r'aria-label="([^"]*)"', given), text) for _, given, text in CONTROL.findall(table)]
    return [unescape(label[1]) if label else " ".join(text.split()) for label, text in labels]


def test_no_two_controls_of_the_accounts_have_one_name(acme: Cluster) -> None:
    """Out of its row a button is its name alone, and eight sessions were each “this session”."""
    admin = as_(roles.ADMINISTRATOR)
    for name in ("bob", "bobby"):
        person = somebody(name, roles.OPERATOR)
        people.set_cluster_role(person, acme, roles.VIEWER, actor="test")
        for _ in range(3):
            Client().force_login(person)
    page = admin.get(PEOPLE).content.decode()
    found = names_of_controls(page)
    assert "End session 3 of bobby" in found
    assert len(found) == len(set(found)) > 25
    for name in set(re.findall(r'aria-describedby="(session-[^"]*)"', page)):
        assert f'id="{name}"' in page
