"""axe finds nothing at any address that can be looked at: each is visited, and a new one fails until it is listed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from assignments.intercluster import peers, reports
from assignments.intercluster.reports import PeerReport
from assignments.models import (
    Assignment,
    DirectoryAgreement,
    DirectoryChange,
    DirectoryPerson,
    DirectoryRun,
    DirectorySkipped,
    Kind,
    Operation,
    RunPolicy,
    RunState,
    SavedView,
    Simulation,
)
from assignments.moves import pins
from assignments.moves.selection import Selection
from assignments.planning import plans
from assignments.recovery import service
from assignments.runs import operations
from tests.board.test_roles_of_addresses import POSTED, patterns
from tests.browser.accessible.axe import complaints, own_violations
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.accounts import sign_in
from topology.models import Cluster, EndUser

Open = Callable[..., Page]
CLUSTER, OVERVIEW = "/clusters/acme/", "/overview/"


@dataclass(frozen=True)
class Seen:
    """How an address comes before one's eyes: as a page, or as the fragment that a page puts into an element."""

    into: str = ""  # the selector of the element; none: the address is a page
    of: str = CLUSTER  # the page
    around: bool = True  # the fragment takes the place of the element, not of what is in it
    query: str = ""
    role: str = "administrator"


PAGE = Seen()
DIALOG = Seen("#dialog", around=False)
ONE, SOME = "?list=node:{imp1a}&users={one}", "?list=node:{imp1a}&users={some}"
ADDRESSES = {
    "accounts": PAGE,
    "checks": PAGE,
    "load": PAGE,
    "commands": PAGE,
    "cluster": PAGE,
    "directory": PAGE,
    "directory-changes": PAGE,
    "directory-skipped": PAGE,
    "duplicates": Seen(query="?cluster=acme"),
    "dns": PAGE,
    "all-peers": PAGE,
    "balance-clusters": PAGE,
    "peers": PAGE,
    "find-users": PAGE,
    "history": PAGE,
    "home": PAGE,
    "operation": PAGE,
    "operations": PAGE,
    "overview": PAGE,
    "plan": PAGE,
    "sign-in": Seen(role=""),
    "sign-in-link": Seen(role=""),
    "simulation": PAGE,
    "what-if": PAGE,
    # Dialogs
    "ask": DIALOG,
    "ask-cancel": DIALOG,
    "ask-fault": DIALOG,
    "details": Seen("#dialog", around=False, query=ONE),
    "export-dialog": Seen("#dialog", around=False, query=SOME),
    "import": DIALOG,
    "maintenance": DIALOG,
    "move-dialog": Seen("#dialog", around=False, query=SOME),
    "move-to-cluster": Seen("#dialog", around=False, query=SOME),
    "new-cluster": Seen("#dialog", OVERVIEW, around=False),
    "new-node": DIALOG,
    "new-subcluster": DIALOG,
    "change-node": DIALOG,
    "sign-in-rate": DIALOG,
    "pin": Seen("#dialog", around=False, query=SOME),
    "recommended": DIALOG,
    "remove-cluster": DIALOG,
    "remove-users": Seen("#dialog", around=False, query=SOME),
    "rules": DIALOG,
    "settings": DIALOG,
    "structure": DIALOG,
    "structure-node": DIALOG,
    "structure-subcluster": DIALOG,
    "unpin": Seen("#dialog", around=False, query=SOME),
    # Parts of pages
    "drags": Seen("#drags-cluster-{cluster}"),
    "map": Seen(".map"),
    "node": Seen("#node-{imp1a}"),
    "node-menu": Seen("#menu-node-{imp1a}", around=False),
    "operation-bar": Seen("#operation-{operation}"),
    "overview-panel": Seen(".panel", OVERVIEW),
    "placing": Seen(".summary-bar .verbs"),
    "saved-views": Seen("#saved-views", around=False),
    "find-users-views": Seen("#saved-views", "/users/", around=False),
    "simulation-instant": Seen("#instant", "/what-if/{key}/"),
    "summary-bar": Seen(".summary-bar"),
    "subcluster": Seen("#subcluster-{sc1}"),
    "tour": Seen("#tour"),
    "keys": DIALOG,
    "switcher": Seen("#saved-views", around=False),
    "palette": Seen("#saved-views", around=False, query="?q=imp1a&cluster=acme"),
    "tree": Seen(".tree"),
    "users": Seen("#users", query="?node={imp1a}"),
}
# Nothing to look at: files, the stream, keys for the script, and whether the parts are alive.
NOT_LOOKED_AT = {
    "dns-nsupdate",
    "dns-zone",
    "find-users-export",
    "progress",
    "removed-users",
    "simulation-export",
    "stream",
    "user-range",
    "healthz",
    "metrics",
    "readyz",
    "livez",
    "trouble",
}


@pytest.fixture
def facts(live_web: LiveStack, signed_in_page: Open) -> dict[str, Any]:
    """A cluster with something to show at every address: a run, a failover, a plan, pins, a what-if."""
    cluster = make_acme(imp1a=160, imp1b=4, imp2a=40, imp3a=7, waiting=5)
    root = get_user_model().objects.get_or_create(username="administrator-1", is_superuser=True)[0]
    some = list(Assignment.objects.filter(home_node=node(cluster, "imp1a")).values_list("user_id", flat=True)[:3])
    pins.pin(Selection(cluster, tuple(some[1:])), "Their phones need the gateway", actor=root)
    plan = plans.make_plan(cluster, "balance", author=root)
    RunPolicy.objects.update_or_create(cluster=cluster, defaults={"plan": plan})
    SavedView.objects.create(owner=root, cluster=cluster, name="Out of service", query="show=out")
    run = operations.start_run(plan.hash, actor=root)
    operations.pause(run.pk, actor=root)
    _twice(cluster, some)
    _fail_over(cluster)
    page = signed_in_page(path="/clusters/acme/what-if/")
    page.locator("form button.btn-primary[value=run]").click()
    expect(page.locator("#instant")).to_be_visible()
    sc1 = node(cluster, "imp1a").subcluster_id
    return {
        "page": page,
        "cluster": cluster.pk,
        "imp1a": node(cluster, "imp1a").pk,
        "sc1": sc1,
        "operation": run.pk,
        "failover": Operation.objects.get(kind=Kind.FAILOVER).pk,
        "key": Simulation.objects.get().key,
        "plan": plan.hash,
        "directory_run": _directory(cluster, some).pk,
        "one": some[0],
        "some": ",".join(map(str, some)),
    }


def _directory(cluster: Cluster, users: list[int]) -> DirectoryRun:
    """A directory with a run that changed users, and one that its guard stopped."""
    agreement = DirectoryAgreement.objects.create(
        cluster=cluster, servers=["ldaps://ldap.example.org"], base="dc=example", filter="(uid=*)",
        attributes={"user_id": "uid"},
    )  # fmt: skip
    now = timezone.now()
    run = DirectoryRun.objects.create(
        agreement=agreement, state=RunState.FINISHED, finished_at=now, read=3, changed=2, skipped=1
    )  # fmt: skip
    DirectorySkipped.objects.create(
        agreement=agreement, entry="cn=x", code="DIRECTORY_ID_MISSING", facts={"attribute": "uid"}
    )
    for user in users[:2]:
        DirectoryPerson.objects.create(agreement=agreement, user_id=user, key=str(user))
        DirectoryChange.objects.create(run=run, user_id=user, kind="changed", fields={"mail": "old@example.org"})
    stopped = DirectoryRun.objects.create(
        agreement=agreement, state=RunState.STOPPED, finished_at=now, read=1, gone=40, set_hash="a" * 32,
        code="DIRECTORY_GUARD", facts={"people": 40, "percent": 97.5},
    )  # fmt: skip
    DirectoryChange.objects.create(run=stopped, user_id=users[0], kind="gone")
    return run


def _twice(cluster: Cluster, users: list[int]) -> None:
    """Users who are reported at home in another cluster too, and two who share a directory URI."""
    branch, now = make_acme("branch", imp1a=2), timezone.now()
    peers.make(cluster, branch, actor="ann")
    reports.report(cluster, branch, PeerReport("monitor1", "in_sync"), actor="ann", now=now)
    ids = EndUser.objects.filter(pk__in=users).values_list("user_id", flat=True)
    reports.list_users(cluster, branch, ids, now=now)
    EndUser.objects.filter(pk__in=users[:2]).update(directory_uri="sip:shared@example.org")


def _fail_over(cluster: Cluster) -> None:
    """imp2b begins to take over the users of imp2a, whose power is off."""
    dead = node(cluster, "imp2a")
    service.inject(dead, "power")
    for seconds in range(15, 200, 15):
        service.step(dead.subcluster_id or 0, timezone.now() + timedelta(seconds=seconds))
        if Operation.objects.filter(kind=Kind.FAILOVER).exists():
            return


def address(name: str, facts: dict[str, Any]) -> str:
    pattern = next(each for each in patterns() if each.name == name)
    pk = {"operation": "operation", "operation-bar": "operation", "ask-cancel": "operation"}
    pk |= {"sign-in-rate": "failover", "subcluster": "sc1"}
    pk |= {"structure-subcluster": "sc1", "directory-changes": "directory_run"}
    fitting = {"cluster_name": "acme", "pk": facts[pk.get(name, "imp1a")], "kind": "nodes", "command": "failover"}
    fitting |= {"plan_hash": facts["plan"], "key": facts["key"]}
    if name == "tour":
        fitting["pk"] = 1
    if name == "sign-in-link":
        return sign_in.issue_sign_in_link(username="somebody", role="viewer")
    kwargs = {each: fitting[each] for each in pattern.pattern.converters}
    return reverse(name, kwargs=kwargs) + ADDRESSES[name].query.format(**facts)


def test_every_address_that_can_be_looked_at_is_listed() -> None:
    names = {str(each.name) for each in patterns()}
    assert names - NOT_LOOKED_AT - POSTED == set(ADDRESSES), "say in ADDRESSES how a new address is looked at"
    assert names >= NOT_LOOKED_AT


def test_axe_finds_nothing_on_any_page(facts: dict[str, Any], context: Any) -> None:
    found: list[str] = []
    for name, seen in ADDRESSES.items():
        if not seen.into:
            page = facts["page"] if seen.role else context.new_page()
            page.goto(address(name, facts))
            page.locator("main details").evaluate_all("folds => folds.forEach(fold => { fold.open = true })")
            found += complaints(page, name)
            found += [f"{name}, narrow: {each}" for each in narrow(page)]
    assert not found, "\n".join(found)


def narrow(page: Page) -> list[str]:
    """What a tablet and a telephone would cut off."""
    usual, found = page.viewport_size, []
    for width in (800, 390):
        page.set_viewport_size({"width": width, "height": 900})
        found += own_violations(page, focus=False)
    page.set_viewport_size(usual or {"width": 1440, "height": 900})
    return found


@pytest.mark.slow
def test_axe_finds_nothing_in_any_part_of_a_page(facts: dict[str, Any]) -> None:
    """Dialogs and menus one after the other; what takes the place of a part of the page together with the others."""
    page, found = facts["page"], []
    for path in sorted({seen.of for seen in ADDRESSES.values() if seen.into}):
        page.goto(path.format(**facts))
        parts = {name: seen for name, seen in ADDRESSES.items() if seen.into and seen.of == path}
        together = [name for name, seen in parts.items() if seen.around]
        for name in together:
            put(page, address(name, facts), parts[name].into.format(**facts), around=True)
        found += complaints(page, " ".join(together)) if together else []
        for name in sorted(parts.keys() - set(together)):
            put(page, address(name, facts), parts[name].into.format(**facts), around=False)
            found += complaints(page, name)
            page.keyboard.press("Escape")
            expect(page.locator("dialog[open], :popover-open")).to_have_count(0)
    assert not found, "\n".join(found)


def put(page: Page, path: str, into: str, *, around: bool) -> None:
    """Let htmx put a fragment where the page puts it."""
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    with page.expect_response(lambda answer: path in answer.url) as answered:
        page.evaluate(
            "([path, target, swap]) => htmx.ajax('GET', path, {target, swap})",
            [path, into, "outerHTML" if around else "innerHTML"],
        )
    assert answered.value.ok, f"{path} answers {answered.value.status}"
    if into == "#dialog":
        expect(page.locator("#dialog #dialog-title")).to_be_visible()
    elif not around:
        page.locator(into).evaluate("menu => menu.showPopover()")
