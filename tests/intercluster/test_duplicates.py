"""Directory URIs of several people: found without regard to case, listed whole, mended, and undone."""

import json
import re
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assignments.board.checks import check_report
from assignments.intercluster import duplicates, selectors
from assignments.models import Assignment, Operation
from assignments.users.export import assignments_csv
from assignments.users.importing.imports import import_users
from assignments.users.removal import remove_users
from assignments.users.undo import undo_import
from tests.support.worlds import make_acme
from topology.accounts import roles, tokens
from topology.models import Cluster, EndUser, Event
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def clusters() -> tuple[Cluster, Cluster]:
    return make_acme(imp1a=4, waiting=1), make_acme("branch", imp1a=3)


def give(user_id: str, uri: str) -> None:
    EndUser.objects.filter(user_id=user_id).update(directory_uri=uri)


def plant() -> None:
    give("imp1a-0001", "sip:Ann@Example.org")
    give("branch-imp1a-0001", "SIP:ann@example.ORG")
    give("imp1a-0002", "sip:bob@example.org")
    give("imp1a-0003", "sip:bob@example.org")
    give("imp1a-0004", "sip:alone@example.org")


def test_doubled_uris_are_found_without_regard_to_case_and_listed_whole(clusters: Any, capsys: Any) -> None:
    plant()
    EndUser.objects.create(user_id="aside", directory_uri="sip:alone@example.org")  # has no place
    call_command("duplicates", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["users"] == []
    assert found["uris"] == [
        {"uri": "sip:ann@example.org", "users": [
            {"user_id": "imp1a-0001", "cluster": "acme"}, {"user_id": "branch-imp1a-0001", "cluster": "branch"}]},
        {"uri": "sip:bob@example.org", "users": [
            {"user_id": "imp1a-0002", "cluster": "acme"}, {"user_id": "imp1a-0003", "cluster": "acme"}]},
    ]  # fmt: skip
    check = {
        cluster.name: next(one for one in check_report(cluster)["checks"] if one["code"] == "directory_uris_differ")
        for cluster in clusters
    }
    assert check["acme"]["problem"].startswith("2 directory URIs belong")
    assert check["branch"]["problem"].startswith("1 directory URI belongs")


# The first 500 of each cluster share a URI, in capitals on one side; all others have one of their own.
PLANTED = """
    UPDATE topology_enduser SET directory_uri = CASE
        WHEN right(user_id, 4) > '0500' THEN 'sip:own-' || user_id || '@example.org'
        WHEN user_id LIKE 'branch%' THEN upper('sip:u' || right(user_id, 4) || '@example.org')
        ELSE 'sip:u' || right(user_id, 4) || '@example.org' END
"""


def test_five_hundred_planted_uris_are_all_found_and_mended(admin_client: Client, capsys: Any) -> None:
    acme, branch = make_acme(imp1a=700), make_acme("branch", imp1a=700)
    with connection.cursor() as cursor:
        cursor.execute(PLANTED)
    call_command("duplicates", "--json")
    found = json.loads(capsys.readouterr().out)["uris"]
    assert [each["uri"] for each in found] == [f"sip:u{n:04}@example.org" for n in range(1, 501)]
    assert all([user["cluster"] for user in each["users"]] == ["acme", "branch"] for each in found)
    seen, address = 0, "/duplicates/"
    while address:
        page = admin_client.get(address).content.decode()
        seen += page.count('scope="rowgroup"')
        more = re.search(r'href="(\?after=[^"]+)"', page)
        address = "/duplicates/" + more[1] if more else ""
    assert seen == 500
    done = duplicates.clear(branch, actor="ann", confirmed=500)
    assert (done["cleared"], selectors.report()["uris"]) == (500, [])
    assert EndUser.objects.filter(assignment__cluster=acme, directory_uri__startswith="sip:u").count() == 500


def test_one_id_in_two_spellings_is_listed_with_its_clusters(clusters: Any) -> None:
    twin = EndUser.objects.create(user_id="IMP1A-0001", twin=1)
    Assignment.objects.create(user=twin, cluster=clusters[1])
    assert selectors.report()["users"] == [{"user_id": "imp1a-0001", "clusters": ["acme", "branch"]}]


def test_clearing_keeps_one_holder_and_can_be_undone(clusters: Any) -> None:
    plant()
    acme, branch = clusters
    dry = duplicates.clear(acme, actor="ann", dry_run=True)
    assert dry == {"cluster": "acme", "cleared": 2, "dry_run": True, "operation": None}
    with pytest.raises(Refused) as refused:
        duplicates.clear(acme, actor="ann", confirmed=3)
    assert refused.value.code == "SELECTION_CHANGED"
    done = duplicates.clear(acme, actor="ann", confirmed=2)
    assert selectors.report()["uris"] == []
    kept = EndUser.objects.exclude(directory_uri="").order_by("user_id").values_list("user_id", flat=True)
    assert list(kept) == ["branch-imp1a-0001", "imp1a-0002", "imp1a-0004"]
    assert Event.objects.get(code="URIS_CHANGED").facts["users"] == 2
    with pytest.raises(Refused) as refused:
        duplicates.clear(branch, actor="ann")
    assert refused.value.code == "NO_DOUBLED_URI"
    undo_import(Operation.objects.get(pk=done["operation"]), actor="ann")
    assert len(selectors.report()["uris"]) == 2


def test_one_user_gets_a_uri_that_nobody_has(clusters: Any) -> None:
    plant()
    user = EndUser.objects.get(user_id="imp1a-0003")
    for uri, code in (("SIP:ALONE@example.org", "URI_TAKEN"), ("a b", "URI_NOT_VALID"), ("x" * 256, "URI_NOT_VALID")):
        with pytest.raises(Refused) as refused:
            duplicates.set_uri(clusters[0], user.pk, uri, actor="ann")
        assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        duplicates.set_uri(clusters[1], user.pk, "", actor="ann")
    assert refused.value.code == "NO_SUCH_USER"
    duplicates.set_uri(clusters[0], user.pk, " sip:rob@example.org ", actor="ann")
    user.refresh_from_db()
    assert user.directory_uri == "sip:rob@example.org"
    assert duplicates.set_uri(clusters[0], user.pk, "sip:rob@example.org ", actor="ann") is None
    assert Operation.objects.filter(author_name="ann").count() == 1, "none for what changed nothing"
    duplicates.set_uri(clusters[0], user.pk, "SIP:rob@example.org", actor="ann")
    duplicates.set_uri(clusters[0], user.pk, "", actor="ann")
    assert duplicates.set_uri(clusters[0], user.pk, "", actor="ann") is None
    assert Operation.objects.filter(author_name="ann").count() == 3


def test_the_queries_do_not_grow_with_the_users(clusters: Any) -> None:
    plant()
    with CaptureQueriesContext(connection) as queries:
        selectors.report()
    assert len(queries) == 3


def test_a_list_brings_uris_and_departments_in_and_out_and_a_removal_takes_them_back(clusters: Any) -> None:
    acme = clusters[0]
    text = "user_id,Directory URI,DEPARTMENT\nnew-1,sip:new@example.org,Sales\nimp1a-0001,sip:ann@example.org,\n"
    report = import_users(acme, ContentFile(text.encode()))
    assert (report.created, report.updated, report.changed) == (1, 1, {"directory_uri": 1})
    exported = b"".join(assignments_csv(acme)).decode()
    assert exported.splitlines()[0].endswith(",directory_uri,department")
    assert "sip:new@example.org,Sales" in exported
    again = import_users(acme, ContentFile(exported.encode()))
    assert (again.ok, again.created, again.updated) == (True, 0, 0)
    gone = remove_users(acme, ["new-1"])
    undo_import(Operation.objects.get(pk=gone.operation))
    back = EndUser.objects.get(user_id="new-1")
    assert (back.directory_uri, back.department) == ("sip:new@example.org", "Sales")
    first = Operation.objects.filter(kind="import").order_by("pk").first()
    undone = undo_import(first)
    assert EndUser.objects.get(user_id="imp1a-0001").directory_uri == ""
    assert undone.restored == 1


def test_a_line_of_another_cluster_is_refused_naming_it_and_offers_the_move(clusters: Any) -> None:
    report = import_users(clusters[1], ContentFile(b"user_id\nIMP1A-0001\n"))
    [problem] = [problem.as_dict() for problem in report.problems.listed]
    assert (problem["code"], "acme" in problem["message"]) == ("IMPORT_OTHER_CLUSTER", True)
    assert "manage.py move_users acme IMP1A-0001 --to-cluster branch" in problem["fix"]


def test_uris_and_departments_are_found_by_search(clusters: Any, admin_client: Client) -> None:
    plant()
    EndUser.objects.filter(user_id="imp1a-0004").update(department="Quantum Optics")
    for words, user_id in (("ANN@EXAMPLE", "branch-imp1a-0001"), ("quantum", "imp1a-0004")):
        assert user_id in admin_client.get("/users/", {"q": words}).content.decode()


def test_the_page_mends_on_each_side(clusters: Any, admin_client: Client) -> None:
    plant()
    page = admin_client.get("/duplicates/").content.decode()
    assert "sip:Ann@Example.org" in page
    assert "branch-imp1a-0001" in page
    user = EndUser.objects.get(user_id="branch-imp1a-0001")
    assert admin_client.post(f"/clusters/branch/users/{user.pk}/uri", {"uri": ""}).status_code == 302
    page = admin_client.get("/duplicates/", {"cluster": "acme"}).content.decode()
    assert "Remove the URI from 1 user of acme" in " ".join(page.split())
    admin_client.post("/clusters/acme/duplicates/clear", {"confirmed": "1"})
    assert "Every directory URI belongs to one user" in admin_client.get("/duplicates/").content.decode()


def test_the_api_answers_what_the_command_prints(clusters: Any, client: Client) -> None:
    plant()
    token = tokens.create("test", roles.ADMINISTRATOR, actor="test")[1]
    asked: Any = {"headers": {"Authorization": f"Bearer {token}"}, "content_type": "application/json"}
    assert client.get("/api/v1/duplicates", **asked).json() == selectors.report()
    answer = client.put("/api/v1/clusters/acme/users/imp1a-0001/directory-uri", {"uri": "sip:bob@example.org"}, **asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "URI_TAKEN")
    path, wanted = "/api/v1/clusters/acme/users/imp1a-0004/directory-uri", {"uri": "sip:new@example.org"}
    first, again = (client.put(path, wanted, **asked).json()["operation"] for _ in range(2))
    assert (first > 0, again) == (True, None)
    answer = client.post("/api/v1/clusters/acme/duplicates/clear", {"confirmed": 2}, **asked)
    assert (answer.status_code, answer.json()["cleared"]) == (200, 2)
