"""Reports on real clusters: states of peers as a monitor sees them, their age, and who is at home elsewhere too."""

import codecs
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assignments.board.checks import check_report as checked
from assignments.intercluster import duplicates, mesh, peers, reports, selectors
from assignments.intercluster.reports import PeerReport
from assignments.intercluster.rules.mesh import REPORT_OLD
from assignments.models import Assignment, Operation, Peer, ReportedUser
from assignments.runs import operations
from assignments.users.export import assignments_csv
from tests.board.pages import as_
from tests.support.worlds import make_acme
from topology.accounts import roles, tokens
from topology.models import Cluster, Event
from topology.reasons import Refused

pytestmark = pytest.mark.django_db
Two = tuple[Cluster, Cluster]


@pytest.fixture
def two() -> Two:
    made = make_acme(imp1a=5), make_acme("branch", imp1a=3)
    peers.make(*made, actor="ann")
    return made


def tell(two: Two, state: str = "in_sync", at: datetime | None = None, **more: Any) -> Peer:
    told = PeerReport("monitor1", state, at, **more)
    return reports.report(*two, told, actor="ann", now=timezone.now())


def state(at: datetime | None = None) -> str:
    """The state of the one relation, by both ways in which it is read."""
    clusters, now = list(Cluster.objects.all()), at or timezone.now()
    [link] = mesh.mesh(clusters, now)
    assert [one.state for one in mesh.unwell_links(clusters, now)] == ([] if link.state == "well" else [link.state])
    return link.state


def check(cluster: Cluster, code: str) -> dict[str, str]:
    found: dict[str, str] = next(each for each in checked(cluster)["checks"] if each["code"] == code)
    return found


def test_a_report_fills_the_states_that_a_sync_fills(two: Two) -> None:
    acme, branch = two
    synced = timezone.now() - timedelta(minutes=9)
    peer = tell(two, last_sync=synced, users=12_000, certificate="secure", release="15.0")
    assert (peer.users, peer.certificate, peer.synced_at, peer.source) == (12_000, "secure", synced, "monitor1")
    assert state() == "well"  # what the monitor says, though the last sync is nine minutes old
    acme.refresh_from_db()
    peers.set_release(acme, "14.0", actor="ann")
    acme.refresh_from_db()
    assert "branch 15.0" in check(acme, "clusters_alike")["problem"]
    tell(two, "certificate", certificate="wrong")
    assert state() == "failed"
    assert "does not trust the certificate" in check(acme, "peers_in_sync")["problem"]
    assert Event.objects.filter(code="PEER_SYNC_FAILED").count() == 1
    tell(two, "stale")
    assert state() == "stale"
    tell(two)
    assert Event.objects.filter(code="PEER_SYNC_BACK").count() == 1
    assert Event.objects.filter(code="PEER_REPORTS_BEGAN").count() == 1
    [side] = [each for each in mesh.report([acme, branch], acme, timezone.now())["peers"][0]["sides"] if each["source"]]
    assert (side["cluster"], side["release"], side["behind"]) == ("acme", "", 0)
    assert side["reported"]


def test_a_report_that_is_old_is_said_to_be_old_whatever_it_said(two: Two) -> None:
    tell(two)
    later = timezone.now() + REPORT_OLD + timedelta(minutes=10)
    Peer.objects.filter(source="").update(synced_at=later)  # the other side is simulated, and well
    assert state(later) == "stale"
    [link] = mesh.unwell_links(list(two), later)
    assert "monitor1 has reported nothing on acme and branch for 25 minutes" in link.message
    tell(two, "unreachable")
    assert state(later) == "stale"
    page = as_(roles.VIEWER).get("/clusters/acme/peers/").content.decode()
    assert "Reported by monitor1" in " ".join(page.split())


def test_the_console_neither_syncs_nor_breaks_what_is_reported(two: Two) -> None:
    acme, branch = two
    tell(two, "unreachable")
    peers.sync_due(timezone.now() + timedelta(seconds=90))
    assert state() == "failed"
    assert Peer.objects.get(cluster=branch).code == ""  # its own side is still simulated
    for refused in (lambda: peers.sync_now(acme, branch), lambda: peers.set_fault(acme, branch, "stalled", actor="a")):
        with pytest.raises(Refused) as found:
            refused()
        assert found.value.code == "PEER_IS_REPORTED"
    assert reports.end(acme, branch, actor="ann") == "monitor1"
    assert Peer.objects.get(cluster=acme).source == ""
    peers.sync_now(acme)
    assert state() == "well"
    with pytest.raises(Refused):
        reports.end(acme, branch, actor="ann")


def test_a_report_that_is_older_or_not_valid_is_refused(two: Two) -> None:
    now = timezone.now()
    tell(two, at=now - timedelta(minutes=1))
    wrong: list[dict[str, Any]] = [
        {"state": "fine"}, {"users": -1}, {"certificate": "green"}, {"release": "x" * 99},
        {"at": now + timedelta(hours=1)}, {"last_sync": now.replace(year=1)}, {"last_sync": now.replace(tzinfo=None)},
    ]  # fmt: skip
    for more in wrong:
        with pytest.raises(Refused) as refused:
            tell(two, **more)
        assert refused.value.code == "PEER_REPORT_NOT_VALID"
    with pytest.raises(Refused) as refused:
        tell(two, at=now - timedelta(minutes=2))
    assert refused.value.code == "PEER_REPORT_OLDER"
    with pytest.raises(Refused):
        reports.report(two[1], two[0], PeerReport("", "in_sync"), actor="ann", now=now)
    lab = make_acme("lab")
    with pytest.raises(Refused) as refused:
        reports.report(lab, two[0], PeerReport("m", "in_sync"), actor="ann", now=now)
    assert refused.value.code == "NO_SUCH_PEER"


def test_who_is_at_home_here_and_there_is_listed_and_unassigned_here(two: Two) -> None:
    acme, branch = two
    tell(two)
    listed = ["IMP1A-0001", "imp1a-0003\n", "", "branch-imp1a-0001", "nobody", "imp1a-0001"]
    assert reports.list_users(acme, branch, listed, now=timezone.now()) == 4
    assert [(one.user_id, one.cluster, one.remote) for one in selectors.claims()] == [
        ("imp1a-0001", "acme", "branch"), ("imp1a-0003", "acme", "branch")]  # fmt: skip
    assert check(acme, "homes_once")["problem"].startswith("2 users are reported at home in another cluster too")
    assert check(branch, "homes_once")["outcome"] == "passed"
    key = Assignment.objects.get(user__user_id="imp1a-0003").user_id
    done = duplicates.unassign_here(acme, [key], actor="ann", role=roles.OPERATE)
    assert Assignment.objects.get(user=key).home_node is None
    assert [one.user_id for one in selectors.claims([acme.pk])] == ["imp1a-0001"]
    with pytest.raises(Refused) as refused:
        duplicates.unassign_here(acme, [key], actor="ann", role=roles.OPERATE)
    assert refused.value.code == "NOT_REPORTED_ELSEWHERE"
    plan = operations.plan_undo(done.pk, actor="ann")
    assert plan.moves == 1
    assert Event.objects.filter(operation_id=done.pk).exists()
    # The next list takes the place of the one before; a bad line refuses it whole.
    with pytest.raises(Refused, match="line 2"):
        reports.list_users(acme, branch, ["imp1a-0002", "x" * 500], now=timezone.now())
    assert reports.list_users(acme, branch, [], now=timezone.now()) == 0
    assert selectors.claims() == []
    reports.end(acme, branch, actor="ann")
    assert not ReportedUser.objects.exists()


def test_claims_cost_one_query_and_are_found_among_thousands() -> None:
    two = make_acme(imp1a=3000), make_acme("branch", imp1a=3000)
    peers.make(*two, actor="ann")
    tell(two)
    ids = [f"imp1a-{n:04}" for n in range(1, 501)] + [f"other-{n}" for n in range(20_000)]
    with CaptureQueriesContext(connection) as queries:
        reports.list_users(*two, ids, now=timezone.now())
        found = selectors.claims()
    assert len(found) == 500
    assert len(queries) <= 12


def test_the_page_asks_and_unassigns_and_the_roles_hold(two: Two) -> None:
    acme, branch = two
    tell(two)
    reports.list_users(acme, branch, ["imp1a-0001", "imp1a-0002"], now=timezone.now())
    page = as_(roles.VIEWER).get("/duplicates/").content.decode()
    assert "At home here and, as reported, elsewhere" in page
    assert "Unassign here…" not in page
    operator = as_(roles.OPERATOR)
    assert "Unassign here…" in operator.get("/duplicates/").content.decode()
    assert "Unassign all 2 here…" in operator.get("/duplicates/", {"cluster": "acme"}).content.decode()
    key = Assignment.objects.get(user__user_id="imp1a-0001").user_id
    assert as_(roles.VIEWER).post("/clusters/acme/duplicates/unassign", {"user": key}).status_code == 403
    answer = operator.post("/clusters/acme/duplicates/unassign", {"user": key}, follow=True).content.decode()
    assert "1 user is unassigned in acme." in answer
    operator.post("/clusters/acme/duplicates/unassign", {"confirmed": "2"})
    assert len(selectors.claims()) == 1  # another number than was asked about
    operator.post("/clusters/acme/duplicates/unassign", {"confirmed": "1"})
    assert selectors.claims() == []


def test_the_command_reports_lists_unassigns_and_ends(two: Two, tmp_path: Path, capsys: Any) -> None:
    def ask(*options: str) -> dict[str, Any]:
        call_command(*options, "--json")
        shape: dict[str, Any] = json.loads(capsys.readouterr().out)
        return shape

    file = tmp_path / "users.txt"
    file.write_text("imp1a-0002\nelsewhere\n")
    both = ("report_peer", "acme", "branch")
    told = ask(*both, "--source", "m1", "--state", "in_sync", "--users", "7", "--users-file", str(file))
    assert (told["listed"], told["peers"][0]["sides"][0]["users"]) == (2, 7)
    [claim] = ask("duplicates")["reported"]
    assert [claim[name] for name in ("user_id", "cluster", "also_in", "source")] == [
        "imp1a-0002", "acme", "branch", "m1"]  # fmt: skip
    assert ask("duplicates", "--unassign", "acme", "--dry-run")["users"] == 1
    assert ask("duplicates", "--unassign", "acme", "--user", "imp1a-0002")["users"] == 1
    assert ask("duplicates")["reported"] == []
    assert ask(*both, "--end")["peers"][0]["sides"][0]["source"] == ""
    for wrong in (("--state", "in_sync"), (), ("--source", "m", "--state", "in_sync", "--at", "noon")):
        with pytest.raises(CommandError, match="PEER_REPORT_NOT_VALID"):
            call_command(*both, *wrong)


def test_the_api_has_the_same(two: Two, client: Client) -> None:
    token = tokens.create("test", roles.OPERATOR, actor="test")[1]

    def ask(call: Callable[..., Any], address: str, body: Any = None, kind: str = "application/json") -> Any:
        return call(f"/api/v1{address}", body, content_type=kind, headers={"Authorization": f"Bearer {token}"})

    at = "/clusters/acme/peers/branch/report"
    told = {"source": "m1", "state": "unreachable", "users": 9, "at": timezone.now().isoformat()}
    assert ask(client.put, at, told).json()["peers"][0]["state"] == "failed"
    assert ask(client.put, at, told | {"state": "fine"}).status_code == 422
    assert ask(client.post, f"{at}/users", "imp1a-0001\nimp1a-0002\n", "text/csv").json() == {"users": 2}
    assert ask(client.post, f"{at}/users", b"\xff\xfe\xff", "text/csv").status_code == 422
    assert len(ask(client.get, "/duplicates").json()["reported"]) == 2
    done = ask(client.post, "/clusters/acme/duplicates/unassign", {"users": ["imp1a-0001"]})
    assert done.json()["total"] == 1
    assert Operation.objects.get(pk=done.json()["id"]).cluster == two[0]
    assert ask(client.post, "/clusters/acme/duplicates/unassign", {"users": ["imp1a-0001"]}).status_code == 409
    ended = ask(client.delete, at)
    assert (ended.status_code, ask(client.delete, at).status_code) == (200, 409)


@pytest.mark.parametrize("edge", ["command", "api"])
def test_a_list_with_columns_and_one_in_another_encoding_are_read_as_a_list_of_users_is(
    two: Two, edge: str, client: Client, tmp_path: Path, capsys: Any
) -> None:
    _, branch = two
    tell(two)
    token = tokens.create("test", roles.OPERATOR, actor="test")[1]

    def told(raw: bytes) -> tuple[int | None, str]:
        """How many were listed; what was refused."""
        if edge == "api":
            address = "/api/v1/clusters/acme/peers/branch/report/users"
            header = {"Authorization": f"Bearer {token}"}
            answer = client.post(address, raw, content_type="text/csv", headers=header).json()
            return answer.get("users"), answer.get("detail", "")
        file = tmp_path / "users.csv"
        file.write_bytes(raw)
        with suppress(SystemExit):
            call_command("report_peer", "acme", "branch", "--users-file", str(file), "--json")
        answer = json.loads(capsys.readouterr().out)
        return answer.get("listed"), answer.get("message", "")

    exported = b"".join(assignments_csv(branch))
    people = Assignment.objects.filter(cluster=branch).count()
    text = "imp1a-0002\r\nNobody\r\n"
    for raw, listed in (
        (exported, people),
        (codecs.BOM_UTF8 + exported.replace(b"user_id", b"USER ID"), people),
        (text.encode("utf-16"), 2),
        (text.encode("utf-8-sig"), 2),
        (b"imp1a-0003\r\r\n", 1),
    ):
        assert told(raw) == (listed, "")
        assert ReportedUser.objects.count() == listed
    assert told(text.encode()) == (2, "")
    for raw, why in (
        (b"imp1a-0001\nJ\xfcrgen\n", "line 2: Not UTF-8: J"),
        (b"imp1a-0001,Ann\n", "line 1: Not a line of CSV: 2 cells"),
        (b"a\n\n" + b"x" * 500 + b"\n", "line 3: The user ID xxxxxxxxxxxxxxxxxxxx… has 500 characters"),
        (b"PK\x03\x04", "a ZIP file"),
    ):
        listed, said = told(raw)
        assert listed is None
        assert why in said
        assert ReportedUser.objects.count() == 2
