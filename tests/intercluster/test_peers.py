"""Peers: relations on both sides, syncs, faults, what each cluster knows, the map, checks, file, command, API."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assignments.board.checks import check_report as checked
from assignments.intercluster import mesh, moves, peers
from assignments.intercluster.rules.mesh import STALE, Side, rehearse_fault
from assignments.models import Assignment, Operation, Peer
from assignments.runs import batches
from tests.support.worlds import add_users, make_acme, node
from topology.accounts import roles, tokens
from topology.models import Cluster, Event, Node
from topology.reasons import Refused

pytestmark = pytest.mark.django_db
Three = tuple[Cluster, Cluster, Cluster]


@pytest.fixture
def three() -> Three:
    return make_acme(imp1a=5), make_acme("branch", imp1a=3), make_acme("lab", imp1a=1)


def states(at: datetime | None = None) -> dict[tuple[str, str], str]:
    clusters = list(Cluster.objects.all())
    return {link.of: link.state for link in mesh.mesh(clusters, at or timezone.now())}


def later(seconds: int) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def check_of(cluster: Cluster, code: str) -> dict[str, str]:
    found: dict[str, str] = next(each for each in checked(cluster)["checks"] if each["code"] == code)
    return found


def test_a_relation_is_made_on_both_sides_and_synced_at_once(three: Three) -> None:
    acme, branch, _ = three
    peers.make(acme, branch, actor="ann")
    here, there = Peer.objects.get(cluster=acme), Peer.objects.get(cluster=branch)
    assert (here.address, here.users, here.certificate) == ("imp1a.branch.org", 3, "secure")
    assert (there.address, there.users) == ("imp1a.acme.org", 5)
    assert states() == {("acme", "branch"): "well", ("acme", "lab"): "missing", ("branch", "lab"): "missing"}
    with pytest.raises(Refused) as refused:
        peers.make(acme, branch, actor="ann")
    assert refused.value.code == "PEER_EXISTS"
    with pytest.raises(Refused) as refused:
        peers.make(acme, acme, actor="ann")
    assert refused.value.code == "PEER_ITSELF"
    with pytest.raises(IntegrityError), transaction.atomic():
        Peer.objects.create(cluster=acme, remote=branch, address="x", author_name="")


def test_one_side_alone_is_shown_syncs_nothing_and_is_completed(three: Three) -> None:
    acme, branch, _ = three
    peers.make(acme, branch, actor="ann", both=False)
    assert states()["acme", "branch"] == "one_sided"
    assert Peer.objects.get(cluster=acme).synced_at is None
    assert "does not know" in check_of(acme, "peers_in_sync")["problem"]
    peers.make(acme, branch, actor="ann")
    assert states()["acme", "branch"] == "well"
    assert peers.remove(acme, branch, actor="ann", both=False) == 1
    assert states()["acme", "branch"] == "one_sided"
    assert peers.remove(branch, acme, actor="ann") == 1
    with pytest.raises(Refused):
        peers.remove(branch, acme, actor="ann")


@pytest.mark.parametrize(("fault", "code"), [("unreachable", "PEER_UNREACHABLE"), ("certificate", "PEER_CERTIFICATE")])
def test_a_fault_is_found_by_the_next_sync_alarmed_once_and_repaired(three: Three, fault: str, code: str) -> None:
    acme, branch, _ = three
    peers.make(acme, branch, actor="ann")
    peers.set_fault(acme, branch, fault, actor="ann")
    for seconds in (61, 122):
        peers.sync_due(later(seconds))
    assert Peer.objects.get(cluster=acme).code == code
    assert states()["acme", "branch"] == "failed"
    assert check_of(acme, "peers_in_sync")["outcome"] == "failed"
    assert Event.objects.filter(code="PEER_SYNC_FAILED").count() == 1
    peers.set_fault(acme, branch, "", actor="ann")
    peers.sync_due(later(183))
    assert Event.objects.filter(code="PEER_SYNC_BACK").count() == 1
    assert Peer.objects.get(cluster=acme).certificate == "secure"


def test_publishers_that_are_down_or_renamed_are_found_without_any_fault(three: Three) -> None:
    acme, branch, lab = three
    peers.apply([(acme, branch), (acme, lab), (branch, lab)], actor="ann")
    Node.objects.filter(pk=node(branch, "imp1a").pk).update(network_up=False)
    Node.objects.filter(pk=node(lab, "imp1a").pk).update(name="new.lab.org")
    peers.sync_due(later(61))
    codes = {(p.cluster.name, p.remote.name): p.code for p in Peer.objects.select_related("cluster", "remote")}
    assert codes == {
        ("acme", "branch"): "PEER_UNREACHABLE", ("acme", "lab"): "PEER_ADDRESS_WRONG", ("branch", "acme"):
        "PEER_OWN_PUBLISHER", ("branch", "lab"): "PEER_OWN_PUBLISHER", ("lab", "acme"): "", ("lab", "branch"):
        "PEER_UNREACHABLE",
    }  # fmt: skip
    peers.make(acme, lab, actor="ann", address="new.lab.org")
    assert Peer.objects.get(cluster=acme, remote=lab).code == ""


def test_a_silent_stop_becomes_stale_and_sync_now_ends_it(three: Three) -> None:
    acme, branch, _ = three
    peers.make(acme, branch, actor="ann")
    peers.set_fault(acme, branch, "stalled", actor="ann")
    add_users(branch, "imp1b", 4)
    peers.sync_due(later(61))
    assert (Peer.objects.get(cluster=acme).users, Peer.objects.get(cluster=acme).code) == (3, "")
    side = next(side for side in mesh.sides([acme.pk]) if side.cluster == "acme")
    assert side.behind == 4
    at = timezone.now() + STALE + timedelta(seconds=90)
    peers.sync_due(at)
    assert Peer.objects.get(cluster=acme).code == "PEER_STALE"
    assert states(at)["acme", "branch"] == "stale"
    peers.set_fault(acme, branch, "", actor="ann")
    peers.sync_now(acme, branch)
    assert Peer.objects.get(cluster=acme).users == 7
    assert states()["acme", "branch"] == "well"


def test_without_a_worker_everything_becomes_stale(three: Three) -> None:
    peers.make(three[0], three[1], actor="ann")
    assert states(timezone.now() + STALE + timedelta(seconds=1))["acme", "branch"] == "stale"


def test_each_cluster_knows_who_is_at_home_in_the_others_as_of_its_last_sync(three: Three) -> None:
    acme, branch, lab = three
    peers.apply([(acme, branch), (acme, lab), (branch, lab)], actor="ann")
    assert mesh.believed_home(lab, "IMP1A-0001") == "acme"
    listed = moves.move_listed(acme, ["imp1a-0001"], branch, actor="ann", unthrottled=True)
    assert listed.operation
    batches.run(listed.operation.pk, 0, timezone.now)
    assert Assignment.objects.get(user__user_id="imp1a-0001").cluster == branch
    assert mesh.believed_home(lab, "imp1a-0001") == "acme"
    assert [mesh.believed_home(one, "imp1a-0001") for one in (acme, branch)] == ["branch", "branch"]  # who did it
    peers.sync_now(lab)
    assert mesh.believed_home(lab, "imp1a-0001") == "branch"
    assert mesh.believed_home(lab, "nobody") is None
    peers.remove(lab, branch, actor="ann")
    assert mesh.believed_home(lab, "imp1a-0001") is None


def test_syncs_and_reads_cost_the_same_for_any_number_of_clusters(three: Three) -> None:
    acme, branch, lab = three
    counts = []
    peers.make(acme, branch, actor="ann")
    for pairs in ([], [(acme, lab), (branch, lab)]):
        peers.apply(pairs, actor="ann")
        with CaptureQueriesContext(connection) as queries:
            peers.sync_due(later(100 + len(pairs)), at_once=True)
            mesh.mesh([acme, branch, lab], timezone.now())
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_cluster_without_peers_among_peers_is_a_gap_and_unlike_releases_are_told(three: Three) -> None:
    acme, branch, lab = three
    assert check_of(lab, "peers_in_sync")["outcome"] == "passed"
    peers.make(acme, branch, actor="ann")
    gap = check_of(lab, "peers_in_sync")
    assert (gap["outcome"], gap["problem"]) == ("warning", "No relation with 2 clusters: acme, branch.")
    peers.set_release(acme, "14.0.1", actor="ann")
    peers.set_release(branch, "12.5.1", actor="ann")
    acme.refresh_from_db()
    assert "branch 12.5.1" in check_of(acme, "clusters_alike")["problem"]
    Node.objects.filter(cluster=branch).update(profile=15000)
    assert "15,000" in check_of(acme, "clusters_alike")["problem"]


def test_a_file_makes_the_mesh_again_and_again_and_names_what_is_wrong(
    three: Three, tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / "peers.yaml"
    path.write_text("peers: [[acme, branch], [acme, lab]]\nreleases: {acme: '14'}\n")

    def apply(*options: str) -> dict[str, Any]:
        call_command("apply_peers", str(path), "--json", *options)
        shape: dict[str, Any] = json.loads(capsys.readouterr().out)
        return shape

    dry = apply("--dry-run")
    assert not Peer.objects.exists()
    assert apply() == dry | {"dry_run": False}
    assert dry["made"] == [["acme", "branch"], ["acme", "lab"]]
    again = apply()
    assert (again["made"], again["kept"], again["releases"]) == ([], [["acme", "branch"], ["acme", "lab"]], {})
    path.write_text("peers: [[acme, lab]]\n")
    assert apply("--prune")["removed"] == [["acme", "branch"]]
    path.write_text("peers:\n  - [acme, nowhere]\n  - [acme, acme]\n")
    with pytest.raises(SystemExit):
        apply()
    told = json.loads(capsys.readouterr().out)
    assert told["code"] == "PEERS_FILE_INVALID"
    assert len(told["problems"]) == 2


def test_the_command_shows_makes_breaks_and_mends(three: Three, capsys: Any) -> None:
    def ask(*options: str) -> dict[str, Any]:
        call_command("peers", *options, "--json")
        shape: dict[str, Any] = json.loads(capsys.readouterr().out)
        return shape

    assert ask()["missing"] == [["acme", "branch"], ["acme", "lab"], ["branch", "lab"]]
    [made] = ask("acme", "--make", "branch")["peers"]
    assert (made["state"], made["sides"][0]["users"], made["sides"][0]["address"]) == ("well", 3, "imp1a.branch.org")
    assert ask("acme", "--fault", "unreachable", "branch")["peers"][0]["state"] == "failed"
    assert ask("acme", "--repair", "branch")["peers"][0]["state"] == "well"
    assert ask("acme", "--find", "branch-imp1a-0001") == {"user_id": "branch-imp1a-0001", "cluster": "branch"}
    assert ask("acme", "--remove", "branch", "--one-side")["peers"][0]["state"] == "one_sided"
    call_command("peers")
    assert "acme and branch" in capsys.readouterr().out


def test_the_pages_show_every_relation_with_its_verbs(three: Three, admin_client: Client) -> None:
    _acme, _branch, _ = three
    assert "No relations between clusters yet" in admin_client.get("/overview/").content.decode()
    assert admin_client.post("/clusters/acme/peers/branch/make", {"both": "1"}).status_code == 302
    assert states()["acme", "branch"] == "well"
    overview = admin_client.get("/overview/").content.decode()
    assert "Map of the relations between clusters" in overview
    admin_client.post("/clusters/acme/peers/branch/fault", {"fault": "certificate"})
    page = admin_client.get("/clusters/acme/peers/").content.decode()
    assert "does not trust the certificate" in page
    assert "Accept the certificate" in page
    listed = admin_client.get("/peers/", {"state": "failed"}).content.decode()
    assert "acme, branch" in listed
    assert "acme, lab" not in listed
    told = {"fault": "unreachable", "peer": "branch", "hours": "2", "moves": "50"}
    assert "100 users who moved" in admin_client.get("/clusters/acme/peers/", told).content.decode()
    admin_client.post("/clusters/acme/peers/branch/remove", {"both": "1"})
    assert not Peer.objects.exists()
    admin_client.post("/clusters/acme/peers/release", {"release": "14.0.1"})
    assert "14.0.1" in admin_client.get("/peers/").content.decode()


@pytest.mark.in_turns
def test_the_page_of_a_large_mesh_shows_problems_first_and_the_rest_by_cluster(admin_client: Client) -> None:
    many = [make_acme(f"region-{number:02}") for number in range(12)]
    peers.apply([(many[0], other) for other in many[1:]], actor="ann")
    peers.set_fault(many[0], many[7], "certificate", actor="ann")
    peers.sync_now(many[0])

    def page(**asked: str) -> str:
        return admin_client.get("/peers/", asked).content.decode()

    def listed(text: str) -> list[str]:
        return re.findall(r">\s*(region-\d+, region-\d+)\s*</a>", text)

    first = page()
    assert listed(first)[:2] == ["region-00, region-07", "region-01, region-02"]  # failed, then missing
    assert len(listed(first)) == 40
    assert "1 to 40 of 56" in first
    assert len(listed(page(page="2"))) == len(listed(page(page="99"))) == 16
    assert "10 of 11" in first
    assert "?cluster=region-07&amp;state=failed" in first
    assert listed(page(cluster="region-07", state="failed")) == ["region-00, region-07"]
    assert len(listed(page(cluster="region-07"))) == 11
    assert len(listed(page(state="well"))) == 10
    assert listed(page(cluster="region-07", q="region-00")) == ["region-00, region-07"]
    assert "?cluster=region-07&amp;page=2" not in page(cluster="region-07")
    peers.apply(combinations(many, 2), actor="ann")
    peers.set_fault(many[0], many[7], "", actor="ann")
    peers.sync_now(many[0])
    assert "Every pair of clusters is in sync" in page()
    assert listed(page()) == []


def test_relations_are_counted_in_words_that_follow_a_number(admin_client: Client) -> None:
    here, there = make_acme("here"), make_acme("there")

    def title() -> str:
        section = admin_client.get("/overview/").content.decode().partition('id="mesh-title"')[2].partition("</h2>")[0]
        return " ".join(re.sub(r"<.*?>|^[^>]*>", "", section).split())

    assert title() == "Peers 1 pair without a relation"
    peers.apply([(here, there)], actor="ann")
    assert title() == "Peers 1 pair in sync"
    Peer.objects.update(tried_at=None, synced_at=None)
    assert title() == "Peers 1 pair waiting for the first sync"
    make_acme("third")
    assert title() == "Peers 2 pairs without a relation · 1 waiting for the first sync"
    listed = admin_client.get("/peers/").content.decode()
    assert "2</b> without a relation" in listed
    assert re.search(r">2 without a relation</a>", listed)


def test_the_api_has_the_same_verbs(three: Three, client: Client) -> None:
    token = tokens.create("test", roles.ADMINISTRATOR, actor="test")[1]

    def ask(call: Callable[..., Any], address: str, body: Any = None) -> Any:
        head = {"Authorization": f"Bearer {token}"}
        return call(f"/api/v1{address}", body, content_type="application/json", headers=head)

    made = ask(client.post, "/clusters/acme/peers", {"remote": "branch"}).json()
    assert made["peers"][0]["state"] == "well"
    failed = ask(client.put, "/clusters/acme/peers/branch/fault", {"fault": "unreachable"}).json()
    assert failed["peers"][0]["state"] == "failed"
    assert ask(client.post, "/clusters/acme/peers/branch/sync").status_code == 200
    assert ask(client.delete, "/clusters/acme/peers/branch").json()["peers"] == []
    assert ask(client.delete, "/clusters/acme/peers/branch").status_code == 409
    assert ask(client.get, "/peers").json()["peers"] == []


def test_a_rehearsal_says_when_it_is_noticed_and_what_it_costs() -> None:
    now = timezone.now()
    side = Side("acme", "branch", "b", "", "secure", 3000, now, now)
    steps = rehearse_fault(side, "unreachable", 60, 2)
    assert [step.at for step in steps] == [0, 60, 300, 7200, 7260]
    assert "120 users" in steps[3].text
    assert [step.at for step in rehearse_fault(side, "stalled", 0, 1)] == [0, 300, 3660]


@pytest.mark.in_turns
def test_the_overview_stays_small_with_34_clusters_and_costs_the_same_queries(admin_client: Client) -> None:
    sizes, queries_of = [], []
    for count in (3, 34):
        for n in range(Cluster.objects.count(), count):
            make_acme(f"c{n:02}")
        clusters = list(Cluster.objects.order_by("name"))
        pairs = [(a, b) for i, a in enumerate(clusters) for b in clusters[i + 1 :]]
        peers.apply(pairs[:-1], actor="ann")
        peers.set_fault(clusters[0], clusters[1], "unreachable", actor="ann")
        peers.sync_now(clusters[0], clusters[1])
        admin_client.get("/overview/")
        with CaptureQueriesContext(connection) as queries:
            page = admin_client.get("/overview/").content
        sizes.append(len(page))
        queries_of.append(len(queries))
    assert queries_of[0] == queries_of[1]
    assert sizes[1] < 100_000
    assert page.count(b"All 6 nodes") == 34
    assert page.count(b'aria-label="c00 and c01: Failed"') == 1
    assert Operation.objects.count() == 0
