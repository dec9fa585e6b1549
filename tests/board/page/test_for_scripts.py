"""A dialog says how a script does what it would do: the command and the call that it shows do just that."""

import html
import json
import re
import shlex
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from assignments.models import Assignment, Operation
from assignments.planning import plans
from config.api import api
from tests.board.pages import as_
from tests.board.test_roles_of_addresses import POSTED
from tests.support.worlds import make_acme, node
from topology.accounts import roles, tokens
from topology.models import Cluster
from topology.templatetags.scripts import CALLS

pytestmark = pytest.mark.django_db
NUMBERS = count(1)  # of tokens, whose names differ


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=30, imp1b=10, waiting=4)


def shown(dialog: str, what: str, **typed: str) -> str:
    """The command or the call of a dialog, with what a person would type in its places."""
    text = re.search(rf'id="as-{what}-text"[^>]*><code>(.*?)</code>', dialog, re.S).group(1)  # type: ignore[union-attr]
    text = re.sub(r'<span data-field="(\w+)"[^>]*>…</span>', lambda place: typed[place.group(1)], text)
    assert "<" not in text
    return html.unescape(text)


def call(line: str) -> Any:
    """Do what a line of curl says, with a token."""
    token = tokens.create(f"script {next(NUMBERS)}", roles.ADMINISTRATOR, actor="test")[1]
    words = shlex.split(line.replace("$TOKEN", token).replace("$(uuidgen)", "key-1"))
    assert words.pop(0) == "curl"
    method, body, headers = "GET", "", {}
    while len(words) > 1:
        option, value = words.pop(0), words.pop(0)
        if option == "-X":
            method = value
        elif option == "-H":
            name, _, text = value.partition(": ")
            headers[name] = text
        elif option == "-d":
            body = value
    path = words[0].removeprefix("http://testserver")
    kind = headers.pop("Content-Type", "application/json")
    return Client().generic(method, path, body, kind, headers=headers)


def command(line: str) -> None:
    words = shlex.split(line)
    assert words.pop(0) == "manage.py"
    call_command(*words)


def test_each_call_is_one_of_the_api() -> None:
    known = {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path.removeprefix("/api/v1")))
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }
    for name, each in CALLS.items():
        assert (
            each.method,
            re.sub(r"\{\d\}|USER_ID|(?<=/)(pause|resume|cancel)$", "{}", each.path.partition("?")[0]),
        ) in known, name


def test_each_call_stands_in_a_dialog() -> None:
    from tests.house.test_scripts import ROOT

    sources = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "assignments").rglob("views/**/*.py")]
    text = "\n".join(path.read_text() for path in sources)
    asked = {"failover", "fallback"}  # as_call command
    together = {name for acts in re.findall(r'(?:as_calls |with calls=)"([^"]*)"', text) for name in acts.split()}
    missing = set(CALLS) - asked - together
    assert [name for name in missing if f'as_call "{name}"' not in text and f'("{name}"' not in text] == []


# What each address that is posted to does, as dialogs and pages show it for scripts, by the names of CALLS.
SHOWN = {
    "act": "failover fallback recover enable-ha disable_ha",
    "balance-clusters": "balance-clusters",
    "change-node": "change-node",
    "clear-uris": "clear-uris",
    "delete-account": "delete-account",
    "directory-decide": "accept-directory drop-directory",
    "directory-end": "end-directory",
    "directory-read": "read-directory",
    "directory-store": "agree",
    "dns-check": "check-dns",
    "end-sessions": "end-sessions",
    "export": "export",
    "fault": "fault",
    "import": "import",
    "invite": "invite",
    "maintenance": "maintenance",
    "maintenance-step": "end-maintenance enable-ha ha-off failover fallback",
    "move": "move unassign",
    "move-to-cluster": "to-cluster",
    "new-cluster": "topology",
    "new-node": "topology",
    "new-subcluster": "topology",
    "new-token": "new-token",
    "node-step": "evacuate ha-off structure",
    "peer-act": "make-peer sync-peer break-peer repair-peer remove-peer end-reports report-peer",
    "pin": "pin",
    "place-node": "structure",
    "plans": "run",
    "release": "release",
    "remove-cluster": "remove-cluster",
    "remove-users": "remove",
    "revoke-token": "revoke-token",
    "rules": "rules",
    "run-plan": "run",
    "set-active": "deactivate",
    "set-role": "set-role",
    "set-uri": "set-uri",
    "settings": "topology",
    "sign-in-rate": "sign-in-rate",
    "simulation-delete": "delete-run",
    "steer": "pause resume cancel cancel-run rate",
    "structure-subcluster": "change-subcluster",
    "subcluster-step": "evacuate ha-off structure",
    "unassign-here": "unassign-here",
    "undo": "undo undo-run",
    "undo-move": "undo-run",
    "unpin": "unpin",
    "what-if": "scenario",
}
# What a script has no use for, or has otherwise.
NOT_SHOWN = {
    "approve-plan": "a second person, never a program",
    "cluster-targets": "a question of a drag",
    "commands": "leads to the dialogs",
    "delete-view": "a filter of one person's page",
    "find-users-delete-view": "a filter of one person's page",
    "hide-names": "of a session",
    "move-dialog": "a question with who is chosen",
    "move-targets": "a question of a drag",
    "node-targets": "a question of a drag",
    "sign-out": "of a session",
    "tell-drag": "whose pointer drags what",
    "tour-done": "steps of the page",
    "users-by-id": "a selection on the page",
}


def test_every_address_that_is_posted_to_is_shown_for_scripts() -> None:
    """From the templates and the list of what takes a POST: a dialog that is forgotten fails here."""
    pages = "\n".join(path.read_text() for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html"))
    posted = set(re.findall(r"""(?:hx-post|method="post" action)="{% url '([a-z-]+)'""", pages)) | POSTED
    assert len(posted) > 45
    assert posted - set(SHOWN) - set(NOT_SHOWN) == set(), "add it to CALLS and to its dialog, or say why not"
    assert set(SHOWN) & set(NOT_SHOWN) == set()
    assert {act for acts in SHOWN.values() for act in acts.split()} <= set(CALLS)


PAGES = {
    "accounts": ("/accounts/", "accounts role NAME --role operator", "DELETE"),
    "dns": ("/clusters/acme/dns/", "srv acme --check", "/srv/check"),
    "directory": ("/clusters/acme/directory/", "sync_directory acme --accept HASH", "confirm=acme"),
    "peers": ("/clusters/acme/peers", "peers acme --make PEER", "/peers/PEER/sync"),
    "new cluster": ("/new-cluster", "apply_topology topology.yaml", "/clusters/NAME/topology"),
}


@pytest.mark.parametrize("page", PAGES)
def test_pages_with_several_acts_say_each_as_command_and_as_call(acme: Cluster, page: str) -> None:
    address, line, part = PAGES[page]
    answer = as_(roles.ADMINISTRATOR).get(address, follow=True)
    text = html.unescape(answer.content.decode())
    assert "For scripts" in text
    assert f"manage.py {line}" in text
    assert part in text
    ids = re.findall(r' id="(as-[\w-]+)"', text)
    assert len(ids) == len(set(ids))


def test_the_export_by_script(acme: Cluster) -> None:
    dialog = as_(roles.OPERATOR).get(f"{reverse('export-dialog', args=['acme'])}?query=").content.decode()
    assert shown(dialog, "command") == "manage.py export_assignments acme"
    answer = call(shown(dialog, "call"))
    assert b"imp1a-0001" in b"".join(answer.streaming_content)


@pytest.mark.parametrize("what", ["command", "call"])
def test_a_failover_by_script(acme: Cluster, what: str) -> None:
    away = node(acme, "imp1a")
    dialog = as_(roles.OPERATOR).get(reverse("ask", args=["acme", "nodes", away.pk, "failover"])).content.decode()
    {"command": command, "call": call}[what](shown(dialog, what))
    assert Operation.objects.get(kind="failover").cluster == acme


@pytest.mark.parametrize("what", ["command", "call"])
def test_a_fault_by_script(acme: Cluster, what: str) -> None:
    address = reverse("ask-fault", args=["acme", node(acme, "imp1a").pk])
    dialog = as_(roles.OPERATOR).get(f"{address}?kind=power").content.decode()
    {"command": command, "call": call}[what](shown(dialog, what))
    assert not node(acme, "imp1a").power_on


@pytest.mark.parametrize("what", ["command", "call"])
def test_users_are_pinned_by_script(acme: Cluster, what: str) -> None:
    keys = list(Assignment.objects.filter(home_node=node(acme, "imp1a")).values_list("user_id", flat=True)[:2])
    address = f"{reverse('pin', args=['acme'])}?users={keys[0]},{keys[1]}"
    dialog = as_(roles.OPERATOR).get(address).content.decode()
    reason = {"command": "'It'\\''s the gateway'", "call": json.dumps("It's the gateway").replace("'", "'\\''")}
    {"command": command, "call": call}[what](shown(dialog, what, reason=reason[what]))
    assert set(Assignment.objects.filter(pinned=True).values_list("user_id", flat=True)) == set(keys)


@pytest.mark.parametrize("what", ["command", "call"])
def test_chosen_users_and_all_who_match_are_moved_by_script(acme: Cluster, what: str) -> None:
    client = as_(roles.OPERATOR)
    key = Assignment.objects.filter(home_node=node(acme, "imp1a")).values_list("user_id", flat=True)[0]
    some = client.get(f"{reverse('move-dialog', args=['acme'])}?users={key}").content.decode()
    {"command": command, "call": call}[what](shown(some, what).replace("NODE", "imp1b.acme.org"))
    assert Assignment.objects.get(user=key).home_node == node(acme, "imp1b")
    everybody = client.get(f"{reverse('move-dialog', args=['acme'])}?query=show%3Dunassigned").content.decode()
    assert "as-command-text" not in everybody, "no command moves all who match"
    answer = call(shown(everybody, "call").replace("NODE", "imp1b.acme.org"))
    assert answer.status_code == 200, answer.content
    assert not Assignment.objects.filter(home_node=None).exists()


def test_a_plan_is_run_by_script(acme: Cluster) -> None:
    plan = plans.make_plan(acme, "balance", author="test")
    address = reverse("plan", args=[plan.hash])
    dialog = as_(roles.OPERATOR).get(address, headers={"HX-Request": "true"}).content.decode()
    assert shown(dialog, "command", rate="50").startswith("manage.py rebalance acme --goal balance --rate 50")
    answer = call(shown(dialog, "call", rate="50", rate_total="null"))
    assert answer.status_code == 202
    assert Operation.objects.get(pk=answer.json()["id"]).plan == plan


def test_rules_are_set_by_script(acme: Cluster) -> None:
    dialog = as_(roles.ADMINISTRATOR).get(reverse("rules", args=["acme"])).content.decode()
    typed = {"automation": '"recommend"', "threshold": "5", "rounds": "2", "minimum_gain": "1"}
    answer = call(shown(dialog, "call", **typed, cooldown_minutes="10", approval_required="true"))
    assert answer.status_code == 200, answer.content
    assert answer.json()["settings"]["automation"] == "recommend"


def test_a_node_is_changed_and_a_cluster_removed_by_script(acme: Cluster) -> None:
    client, own = as_(roles.ADMINISTRATOR), node(acme, "imp1a")
    dialog = client.get(reverse("change-node", args=["acme", own.pk])).content.decode()
    typed = {"name": '"new.acme.org"', "profile": '"5000"', "users": "null", "endpoints": "null"}
    assert call(shown(dialog, "call", **typed)).json()["name"] == "new.acme.org"
    dialog = client.get(reverse("remove-cluster", args=["acme"])).content.decode()
    assert call(shown(dialog, "call")).status_code == 200
    assert not Cluster.objects.exists()


def test_nobody_is_named_while_names_are_hidden(acme: Cluster) -> None:
    client = as_(roles.OPERATOR)
    client.post(reverse("hide-names"), {"hide": "1"})
    key = Assignment.objects.filter(home_node=node(acme, "imp1a")).values_list("user_id", flat=True)[0]
    dialog = client.get(f"{reverse('move-dialog', args=['acme'])}?users={key}").content.decode()
    assert "as-call" not in dialog
