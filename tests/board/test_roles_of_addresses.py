"""The role that each address needs; which need a POST; and that no page offers what it would refuse."""

from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from tests.board.pages import as_
from tests.support.worlds import make_acme
from topology.accounts import roles
from topology.models import Cluster

pytestmark = pytest.mark.django_db

OPEN_TO_ALL = {"sign-in", "sign-in-link", "healthz", "readyz", "livez", "trouble"}
ELSEWHERE = {"stream", "metrics"}  # asked by test_stream.py, for it closes the test's connection; by test_metrics.py
VIEWING = [
    "trouble",
    "checks",
    "cluster",
    "delete-view",
    "details",
    "directory",
    "directory-changes",
    "directory-skipped",
    "duplicates",
    "dns",
    "dns-nsupdate",
    "dns-zone",
    "all-peers",
    "balance-clusters",
    "peers",
    "find-users",
    "find-users-delete-view",
    "find-users-views",
    "drags",
    "hide-names",
    "history",
    "home",
    "map",
    "move-targets",
    "cluster-targets",
    "node",
    "operation",
    "operation-bar",
    "operations",
    "overview",
    "overview-panel",
    "placing",
    "progress",
    "plan",
    "saved-views",
    "simulation",
    "simulation-delete",
    "simulation-export",
    "simulation-instant",
    "summary-bar",
    "subcluster",
    "tour",
    "tour-done",
    "tree",
    "user-range",
    "users",
    "users-by-id",
    "keys",
    "load",
    "palette",
    "switcher",
    "what-if",
]
OPERATING = [
    "export",
    "export-dialog",
    "find-users-export",
    "removed-users",
    "act",
    "approve-plan",
    "ask",
    "ask-cancel",
    "ask-fault",
    "commands",
    "dns-check",
    "tell-drag",
    "fault",
    "maintenance",
    "maintenance-step",
    "move",
    "move-dialog",
    "move-to-cluster",
    "node-menu",
    "sign-in-rate",
    "pin",
    "plans",
    "recommended",
    "run-plan",
    "steer",
    "undo",
    "unassign-here",
    "undo-move",
    "unpin",
]
ADMINISTERING = [
    "accounts",
    "delete-account",
    "end-sessions",
    "invite",
    "new-token",
    "revoke-token",
    "set-active",
    "set-role",
    "change-node",
    "clear-uris",
    "peer-act",
    "release",
    "set-uri",
    "directory-decide",
    "directory-end",
    "directory-read",
    "directory-store",
    "import",
    "new-cluster",
    "new-node",
    "new-subcluster",
    "node-step",
    "node-targets",
    "place-node",
    "remove-cluster",
    "remove-users",
    "rules",
    "settings",
    "structure",
    "structure-node",
    "structure-subcluster",
    "subcluster-step",
]
# The role each address needs; one that is missing here fails the test.
LEAST = {"sign-out": ""}
LEAST |= dict.fromkeys(VIEWING, roles.VIEWER)
LEAST |= dict.fromkeys(OPERATING, roles.OPERATOR)
LEAST |= dict.fromkeys(ADMINISTERING, roles.ADMINISTRATOR)
POSTED = {
    "directory-decide", "directory-end", "directory-read", "directory-store", "dns-check",
    "users-by-id",
    "delete-account", "end-sessions", "invite", "new-token", "revoke-token", "set-active", "set-role",
    "export", "delete-view", "find-users-delete-view", "hide-names",
    "maintenance-step",
    "fault", "act", "plans", "approve-plan", "run-plan", "steer", "undo", "move", "move-targets", "undo-move",
    "simulation-delete", "sign-out", "tour-done", "subcluster-step", "node-step",
    "tell-drag", "node-targets", "place-node", "clear-uris", "set-uri", "cluster-targets", "peer-act", "release",
    "unassign-here",
}  # fmt: skip


def patterns() -> list[URLPattern]:
    found: list[URLPattern] = []
    for group in get_resolver().url_patterns:
        if str(group.pattern) == "api/v1/":
            continue  # asked with tokens: tests/api/test_door.py
        found += [p for p in getattr(group, "url_patterns", [group]) if isinstance(p, URLPattern)]
    return found


def arguments(pattern: URLPattern, cluster: Cluster) -> dict[str, Any]:
    """Values that fit an address, whether or not there is anything at it."""
    first = cluster.nodes.order_by("number").first()
    fitting = {"cluster_name": cluster.name, "pk": first and first.pk, "kind": "nodes", "command": "failover"}
    fitting |= {"what": "pause", "plan_hash": "0" * 64, "token": "token"}
    return {name: fitting.get(name, "any") for name in pattern.pattern.converters}


def addresses(cluster: Cluster) -> list[tuple[str, str]]:
    return [(str(p.name), reverse(str(p.name), kwargs=arguments(p, cluster))) for p in patterns() if p.name]


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=30, imp1b=10, imp2a=5, waiting=4)


def test_nobody_sees_anything_without_signing_in(acme: Cluster) -> None:
    for name, address in addresses(acme):
        if name in OPEN_TO_ALL | ELSEWHERE:
            continue
        for call in (Client().get, Client().post):
            answer = call(address)
            assert answer.status_code in (302, 403), f"{name} answers {answer.status_code}"
            if answer.status_code == 302:
                assert answer["Location"].startswith("/sign-in/"), name


def test_every_address_refuses_the_roles_below_its_own(acme: Cluster) -> None:
    below = {roles.VIEWER: [""], roles.OPERATOR: ["", roles.VIEWER], roles.ADMINISTRATOR: ["", *roles.ROLES[:2]]}
    for name, address in addresses(acme):
        if name in OPEN_TO_ALL | ELSEWHERE:
            continue
        assert name in LEAST, f"say in LEAST which role {name} needs"
        for role in below.get(LEAST[name], []):
            client = as_(role)
            answer = client.post(address) if name in POSTED else client.get(address)
            assert answer.status_code in (403, 401 if name == "stream" else 403), (
                f"{name} answers {answer.status_code} to {role or 'nobody'}"
            )


def test_nothing_is_done_by_a_get(acme: Cluster) -> None:
    client = as_(roles.ADMINISTRATOR)
    for name, address in addresses(acme):
        if name in POSTED - {"sign-out"}:
            assert client.get(address).status_code == 405, name


def test_a_viewer_is_offered_nothing_that_is_refused(acme: Cluster) -> None:
    page = as_(roles.VIEWER).get(reverse("cluster", args=["acme"])).content.decode()
    for word in (
        "Rebalance",
        "Import users",
        "Settings…",
        "Move to",
        "data-drag-node",
        "data-moves",
        "Faults and more",
    ):
        assert word not in page, word
