"""Finding users in all clusters: the filter in the address, pages by user ID, links and the export."""

import re
from html import unescape
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assignments.models import Assignment
from assignments.recovery import service
from assignments.users.importing.imports import import_users
from assignments.users.listing import pages
from assignments.users.listing.filter import UserFilter
from tests.board.pages import HTMX, as_
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.models import Cluster, EndUser

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return as_(roles.OPERATOR)


@pytest.fixture
def two() -> tuple[Cluster, Cluster]:
    return make_acme("west", imp1a=3, imp3a=2, waiting=1), make_acme("east", imp1a=2)


def text(client: Client, **asked: object) -> str:
    answer = client.get(reverse("find-users"), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def found(client: Client, **asked: object) -> list[str]:
    return re.findall(r'title="Show in \w+: [^"]*">(.*?)</a>', text(client, **asked))


def csv(client: Client, **asked: object) -> list[str]:
    answer = client.get(reverse("find-users-export"), asked)
    return b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[arg-type]


def test_each_part_of_the_filter_narrows_the_list(two: tuple[Cluster, Cluster], client: Client) -> None:
    west, _ = two
    one, third = node(west, "imp1a"), node(west, "imp3a")
    everybody = found(client)
    assert len(everybody) == 8
    assert everybody == sorted(everybody)
    assert len(found(client, cluster="west")) == 6
    assert len(found(client, node=one.pk)) == 3
    assert len(found(client, subcluster=one.subcluster_id)) == 3
    assert len(found(client, q="east-imp1a")) == 2
    assert len(found(client, q="person 1 of imp1a")) == 2
    assert found(client, show="unassigned") == ["west-waiting-0001"]
    assert len(found(client, show="assigned")) == 7
    assert found(client, show="pinned") == []
    Assignment.objects.filter(home_node=third).update(pinned=True)
    assert len(found(client, show="pinned")) == 2
    service.inject(third, "power")
    assert found(client, show="out") == ["west-imp3a-0001", "west-imp3a-0002"]
    EndUser.objects.filter(user_id="west-imp1a-0002").update(contacts=150, endpoints=["sametime"])
    assert found(client, contacts=150) == found(client, endpoint="sametime") == ["west-imp1a-0002"]
    assert found(client, contacts=151) == []
    assert found(client, cluster="east", show="out") == []


def test_the_file_says_whose_users_they_are_and_each_cluster_takes_its_own(
    two: tuple[Cluster, Cluster], client: Client
) -> None:
    west, _ = two
    lines = csv(client, q="imp1a")
    assert lines[0].endswith(",department,home_cluster")
    assert [line.rpartition(",")[2] for line in lines[1:]] == ["east"] * 2 + ["west"] * 3
    report = import_users(west, BytesIO("\n".join([*lines, ""]).encode()), dry_run=True)
    assert (report.problems.total, report.warnings.total, report.format) == (0, 0, "plain")
    assert (report.unchanged, report.created, report.updated, report.left_out.total) == (3, 0, 0, 2)


def test_a_node_of_another_cluster_is_dropped_from_the_filter(two: tuple[Cluster, Cluster], client: Client) -> None:
    west, _ = two
    asked = {"cluster": "east", "node": node(west, "imp1a").pk}
    assert len(found(client, **asked)) == 2
    answer = client.get(reverse("find-users"), asked, headers=HTMX)
    assert answer["HX-Replace-Url"] == "/users/?cluster=east"

    for name in ("find-users-export", "find-users-views"):  # what acts on them must not mean more than was asked for
        method = client.get if name == "find-users-export" else client.post
        answer = method(reverse(name), asked | {"name": "mine"}, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (422, "NO_SUCH_NODE")


@pytest.mark.parametrize("name", ["find-users", "find-users-export"])
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("node=abc", "FILTER_NOT_READABLE"),
        ("node=99999999999999999999", "FILTER_NOT_READABLE"),
        ("node=999999999", "NO_SUCH_NODE"),
        ("subcluster=999999999", "NO_SUCH_SUBCLUSTER"),
        ("contacts=-1", "FILTER_NOT_READABLE"),
        ("show=x", "FILTER_NOT_READABLE"),
        ("endpoint=fax", "FILTER_NOT_READABLE"),
        (f"q={'x' * 133}", "FILTER_NOT_READABLE"),
        ("q=%00", "INPUT_NOT_READABLE"),
        ("after=%00", "INPUT_NOT_READABLE"),
        ("cluster=no", "NO_SUCH_CLUSTER"),
    ],
)
def test_a_filter_that_cannot_be_read_is_refused_and_never_means_everybody(
    name: str, query: str, code: str, two: tuple[Cluster, Cluster], client: Client
) -> None:
    answer = client.get(f"{reverse(name)}?{query}", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_more_contacts_than_anybody_may_have_find_nobody(two: tuple[Cluster, Cluster], client: Client) -> None:
    assert found(client, contacts=999999) == []


def test_each_row_leads_to_the_user_on_the_page_of_the_cluster(two: tuple[Cluster, Cluster], client: Client) -> None:
    one = node(two[0], "imp1a")
    address = f"/clusters/west/?node={one.pk}&amp;q=west-imp1a-0001"
    assert f'href="{address}"' in text(client)
    assert 'data-user-id="west-imp1a-0001"' in client.get(address.replace("&amp;", "&")).content.decode()
    assert 'href="/clusters/west/?node=0&amp;q=west-waiting-0001"' in text(client)


def test_pages_go_on_and_show_everybody_once(client: Client) -> None:
    make_acme(imp1a=80, imp1b=45)
    address, seen = reverse("find-users") + "?show=assigned", []
    for _ in range(5):
        page = client.get(address, headers=HTMX).content.decode()
        seen += re.findall(r'title="Show in acme: [^"]*">(.*?)</a>', page)
        following = re.search(r'<tr id="more-\w+" class="more" hx-get="(.*?)"', page)
        if not following:
            break
        address = following[1].replace("&amp;", "&")
        assert "show=assigned" in address
    assert len(seen) == len(set(seen)) == 125
    assert seen == sorted(seen)


def test_the_count_is_capped(client: Client) -> None:
    make_acme(imp1a=12)
    assert pages.count_users(UserFilter(None, q="im"), cap=5) == (5, True)
    assert "12 users in all clusters" in text(client)
    assert "1 user matches" in text(client, q="imp1a-0003")
    assert "No users match" in text(client, q="nobody")


def test_it_costs_the_same_for_many_users_and_clusters(client: Client) -> None:
    counts = []
    for name, users in (("few", 2), ("many", 200), ("more", 200)):
        make_acme(name, imp1a=users)
        text(client)
        with CaptureQueriesContext(connection) as queries:
            text(client)
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts


def test_what_matches_is_exported(two: tuple[Cluster, Cluster], client: Client) -> None:
    head, *rows = csv(client)
    assert head.startswith("\ufeffuser_id,name,mail,endpoints,contacts,node"), "for a spreadsheet: with a BOM"
    assert len(rows) == 8
    assert [row.split(",")[0] for row in csv(client, cluster="east")[1:]] == ["east-imp1a-0001", "east-imp1a-0002"]
    assert csv(client, q="nobody")[1:] == []
    page = text(client, cluster="east")
    assert 'href="/users/users.csv?cluster=east"' in page


def test_all_who_match_in_one_cluster_are_moved_pinned_or_shown_there(two: tuple[Cluster, Cluster]) -> None:
    operator, one = as_(roles.OPERATOR), node(two[0], "imp1a")
    EndUser.objects.filter(user_id__lte="west-imp1a-0002", user_id__startswith="west-imp1a").update(contacts=150)
    page = text(operator, contacts=150, show="assigned")
    assert "choose one cluster" in page
    assert 'hx-post="/clusters' not in page
    chosen = f"node={one.pk}&show=assigned&contacts=150"
    for asked in ({"cluster": "west", "node": one.pk}, {"node": one.pk}):
        page = unescape(text(operator, contacts=150, show="assigned", **asked))
        assert "All 2 in west" in page
        assert f'href="/clusters/west/?{chosen}"' in page
        assert f"""hx-post="/clusters/west/moves/dialog" hx-vals='{{"ask": "1", "query": "{chosen}"}}'""" in page
    dialog = operator.post(reverse("move-dialog", args=["west"]), {"ask": "1", "query": chosen}).content.decode()
    assert "Move 2 users of imp1a to…" in dialog
    asked = {"query": chosen, "to": f"node:{node(two[0], 'imp1b').pk}"}
    there = HTMX | {"HX-Current-URL": f"http://testserver{reverse('find-users')}?node={one.pk}"}
    answer = operator.post(reverse("move", args=["west"]), asked, headers=there)
    assert "Moved 2 users to imp1b" in answer.content.decode()
    assert 'id="node-' not in answer.content.decode(), "the page has no map whose nodes could be replaced"
    assert found(operator, node=node(two[0], "imp1b").pk) == ["west-imp1a-0001", "west-imp1a-0002"]


def test_a_viewer_is_shown_the_list_of_the_cluster_and_no_verbs(two: tuple[Cluster, Cluster]) -> None:
    client = as_(roles.VIEWER)
    page = text(client, cluster="west", show="unassigned")
    assert 'href="/clusters/west/?show=unassigned"' in page
    assert "Pin…" not in page
    assert "choose one cluster" not in text(client)


def test_the_list_of_a_cluster_filters_by_contacts_and_assigned_too(
    two: tuple[Cluster, Cluster], client: Client
) -> None:
    EndUser.objects.filter(user_id__in=("west-imp1a-0002", "west-waiting-0001")).update(contacts=150)
    address = reverse("cluster", args=["west"])
    shown = client.get(address, {"contacts": 150}).content.decode()
    assert re.findall(r'data-user-id="(.*?)"', shown) == ["west-imp1a-0002", "west-waiting-0001"]
    shown = client.get(address, {"contacts": 150, "show": "assigned"}).content.decode()
    assert re.findall(r'data-user-id="(.*?)"', shown) == ["west-imp1a-0002"]
    assert 'data-query="show=assigned&amp;contacts=150"' in shown
    dialog = client.get(reverse("export-dialog", args=["west"]), {"query": "show=assigned&contacts=150"})
    assert "Export 1 user<" in dialog.content.decode()
