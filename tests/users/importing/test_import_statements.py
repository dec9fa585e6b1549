"""What an import asks of the database, and what comes between its statements: another import, a removal."""

import io
import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assignments.models import Assignment, Population
from assignments.users.importing.imports import import_users
from assignments.users.importing.report import Report
from tests.structure.test_constraints import assert_counts_true
from tests.support.lists import csv_of, numbered
from tests.users.pairs import homes, make
from topology.models import Cluster, EndUser, Node
from topology.reasons import Refused


@pytest.fixture
def acme(db: None) -> Cluster:
    return make()


def test_queries_do_not_grow_with_the_users(acme: Cluster) -> None:
    counts = []
    for start, users in ((0, 3), (1000, 3000)):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            import_users(acme, numbered(users, start=start))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] < 50


@pytest.mark.django_db
def test_thirty_thousand_users_cost_the_statements_of_three_hundred() -> None:
    """How long they take is the benchmark's question, beside a bare COPY of the same run."""
    cluster = make(profile=15000, pairs=3)
    with CaptureQueriesContext(connection) as few:
        import_users(cluster, numbered(300, columns="desk_phone|personal_communicator,100"), dry_run=True)
    with CaptureQueriesContext(connection) as many:
        report = import_users(cluster, crowd())
    assert set(report.nodes.values()) == {5000}
    assert len(many) <= len(few) + 3
    assert Population.objects.get(home_node__name="acme-1a").endpoints == 10_000


def crowd() -> io.BytesIO:
    return numbered(30_000, columns="desk_phone|personal_communicator,100")


@pytest.mark.in_turns
@pytest.mark.django_db
def test_an_import_does_not_depend_on_what_the_database_thinks_of_its_tables() -> None:
    """As after a trial run that autovacuum looked at: many pages, and nobody in them."""
    cluster = make(profile=15000, pairs=3)
    with connection.cursor() as cursor:
        stale = "UPDATE pg_class SET relpages = 5000, reltuples = 0 WHERE relname = ANY(%s)"
        cursor.execute(stale, [["topology_enduser", "assignments_assignment", "assignments_listing"]])
        cursor.execute("SET LOCAL statement_timeout = '30s'")
    assert import_users(cluster, crowd()).created == 30_000


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_are_one_after_the_other() -> None:
    cluster, other = make(pairs=3), make("other")
    reports: list[Report] = []
    start = threading.Barrier(3)

    def run(target: Cluster, first: int) -> None:
        try:
            start.wait()
            reports.append(import_users(target, numbered(2000, start=first)))
        finally:
            connection.close()

    plan = ((cluster, 0), (cluster, 1000), (other, 100_000))
    threads = [threading.Thread(target=run, args=args) for args in plan]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.created for report in reports) == [1000, 2000, 2000]
    assert sorted(homes(cluster).values()) == [500] * 6
    assert EndUser.objects.count() == 5000
    assert_counts_true()


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_person_into_two_clusters_leave_one_home() -> None:
    clusters = [make(), make("other")]
    reports: list[Report] = []
    start = threading.Barrier(2)

    def run(cluster: Cluster) -> None:
        try:
            start.wait()
            reports.append(import_users(cluster, csv_of("user_id", "ann")))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[cluster]) for cluster in clusters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.ok for report in reports) == [False, True]
    assert Assignment.objects.count() == 1


def test_a_cluster_removed_meanwhile_is_named_and_not_imported_into(acme: Cluster) -> None:
    stale = Cluster.objects.get(pk=acme.pk)
    Node.objects.filter(cluster=acme).delete()
    acme.delete()
    with pytest.raises(Refused) as refused:
        import_users(stale, csv_of("user_id", "late"), actor=None)
    assert refused.value.code == "NO_SUCH_CLUSTER"
    assert not EndUser.objects.exists()
