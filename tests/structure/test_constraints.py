"""Rules that the database holds by itself, asked directly: no service stands in between."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Q, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assignments.models import Assignment, Kind, Listing, Operation, Population, SubclusterLock
from tests.support import torture
from topology.models import Cluster, EndUser, Node, Subcluster


def assert_counts_true() -> None:
    """Populations are exactly what a GROUP BY over the assignments says."""
    grouped = Assignment.objects.values("cluster", "home_node", "serving_node").annotate(
        users=Count("pk"), signed=Count("pk", filter=Q(signed_in=True)), ends=Sum("endpoints")
    )
    counted = {
        (row["cluster"], row["home_node"], row["serving_node"]): (row["users"], row["signed"], row["ends"])
        for row in grouped.order_by()
    }
    kept = {
        (row.cluster_id, row.home_node_id, row.serving_node_id): (row.users, row.signed_in, row.endpoints)
        for row in Population.objects.all()
        if row.users or row.signed_in or row.endpoints
    }
    assert kept == counted


def cluster(name: str = "acme") -> Cluster:
    return Cluster.objects.create(name=name)


def group(of: Cluster, name: str = "sc-1") -> Subcluster:
    return Subcluster.objects.create(cluster=of, name=name)


def node(of: Cluster, number: int, **columns: Any) -> Node:
    columns = {"name": f"{of.name}-{number}", "capacity_users": 5000, "capacity_endpoints": 10_000, **columns}
    return Node.objects.create(cluster=of, number=number, **columns)


def user(of: Cluster, user_id: str = "ann", home: Node | None = None) -> Assignment:
    person = EndUser.objects.create(user_id=user_id)
    return Assignment.objects.create(user=person, cluster=of, home_node=home, serving_node=home)


def assert_lists_true() -> None:
    """The order of every cluster's list is exactly what assignments and people say."""
    told = Assignment.objects.values_list("user_id", "cluster_id", "user__folded")
    assert set(Listing.objects.values_list("user_id", "cluster_id", "key")) == set(told)


def refused(constraint: str) -> Any:
    return pytest.raises(IntegrityError, match=constraint)


pytestmark = pytest.mark.django_db


def test_a_subcluster_has_two_nodes_at_most() -> None:
    acme = cluster()
    pair = group(acme)
    node(acme, 1, subcluster=pair, slot=1)
    node(acme, 2, subcluster=pair, slot=2)
    with refused("at_most_two_slots"), transaction.atomic():
        node(acme, 3, subcluster=pair, slot=3)
    with refused("subcluster_slot_once"), transaction.atomic():
        node(acme, 3, subcluster=pair, slot=2)
    with refused("at_most_two_slots"), transaction.atomic():
        node(acme, 3, subcluster=pair, slot=None)


def test_a_cluster_has_one_publisher_and_six_nodes_at_most() -> None:
    acme = cluster()
    node(acme, 1, publisher=True)
    with refused("one_publisher_per_cluster"), transaction.atomic():
        node(acme, 2, publisher=True)
    node(cluster("other"), 1, publisher=True)
    for number in range(2, 7):
        node(acme, number)
    with refused("at_most_six_nodes"), transaction.atomic():
        node(acme, 7)
    with refused("node_number_once"), transaction.atomic():
        node(acme, 6, name="seventh")


def test_a_node_name_is_there_once_whatever_the_case() -> None:
    node(cluster(), 1, name="imp1a.example.org")
    with refused("node_name_once"), transaction.atomic():
        node(cluster("other"), 1, name="IMP1A.example.org")


def test_a_user_id_is_there_once_whatever_the_case() -> None:
    EndUser.objects.create(user_id="ann")
    with refused("user_id_once"), transaction.atomic():
        EndUser.objects.create(user_id="ANN")
    with refused("user_id_given"), transaction.atomic():
        EndUser.objects.create(user_id="")
    with refused("at_most_200_contacts"), transaction.atomic():
        EndUser.objects.create(user_id="bob", contacts=201)
    with refused("endpoints_known"), transaction.atomic():
        EndUser.objects.create(user_id="bob", endpoints=["telex"])


def test_a_subcluster_and_a_home_are_of_the_own_cluster() -> None:
    acme, other = cluster(), cluster("other")
    far = node(other, 1)
    with refused("node_subcluster_same_cluster"), transaction.atomic():
        node(acme, 1, subcluster=group(other), slot=1)
    with refused("home_in_cluster"), transaction.atomic():
        user(acme, home=far)
    near = node(acme, 1)
    place = user(acme, home=near)
    with refused("serving_in_cluster"), transaction.atomic():
        Assignment.objects.filter(pk=place.pk).update(serving_node=far)


def test_who_is_assigned_is_served_and_who_is_not_is_not_signed_in() -> None:
    acme = cluster()
    home = node(acme, 1)
    place = user(acme, home=home)
    for wrong in ({"serving_node": None}, {"home_node": None}):
        with refused("served_when_assigned"), transaction.atomic():
            Assignment.objects.filter(pk=place.pk).update(**wrong)
    with refused("served_when_assigned"), transaction.atomic():
        Assignment.objects.filter(pk=place.pk).update(home_node=None, serving_node=None, signed_in=True)


def test_a_node_that_is_a_home_cannot_go() -> None:
    acme = cluster()
    home = node(acme, 1)
    user(acme, home=home)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM assignments_population")
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute("DELETE FROM topology_node WHERE id = %s", [home.pk])


def test_a_subcluster_has_one_active_lock_at_most() -> None:
    acme = cluster()
    pair = group(acme)
    first, second = (
        Operation.objects.create(cluster=acme, kind=Kind.REBALANCE, total=1, author_name="x") for _ in "ab"
    )
    held = SubclusterLock.objects.create(operation=first, subcluster=pair)
    with refused("one_active_operation_per_subcluster"), transaction.atomic():
        SubclusterLock.objects.create(operation=second, subcluster=pair)
    SubclusterLock.objects.filter(pk=held.pk).update(active=False)
    SubclusterLock.objects.create(operation=second, subcluster=pair)


# A change of the assignments: which, on how many people, from which starting point on, and to which node.
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["insert", "delete", "home", "serving", "unassign", "sign", "endpoints", "both"]),
        st.integers(1, 9),
        st.integers(0, 12),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=15,
)


@settings(max_examples=torture.many(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_populations_equal_a_count_after_any_changes(changes: list[tuple[str, int, int, int]]) -> None:
    with transaction.atomic():
        acme = cluster()
        nodes = [node(acme, number) for number in (1, 2, 3)]
        made = 0
        for kind, count, start, where in changes:
            made = _change(acme, nodes[where], kind, count, start, made)
            assert_counts_true()
        transaction.set_rollback(True)


def _change(acme: Cluster, to: Node, kind: str, count: int, start: int, made: int) -> int:
    keys = list(Assignment.objects.order_by("pk").values_list("pk", flat=True)[start : start + count])
    some = Assignment.objects.filter(pk__in=keys)
    if kind == "insert":
        people = EndUser.objects.bulk_create(EndUser(user_id=f"u{made + n}") for n in range(count))
        home = to if start % 2 else None
        Assignment.objects.bulk_create(
            Assignment(user=p, cluster=acme, home_node=home, serving_node=home, endpoints=start) for p in people
        )
        return made + count
    if kind == "delete":
        some.delete()
    elif kind == "home":
        some.filter(home_node__isnull=False).update(home_node=to)
    elif kind == "both":
        some.update(home_node=to, serving_node=to, endpoints=start)
    elif kind == "serving":
        some.filter(home_node__isnull=False).update(serving_node=to)
    elif kind == "unassign":
        some.update(home_node=None, serving_node=None, signed_in=False)
    elif kind == "sign":
        some.filter(home_node__isnull=False).update(signed_in=bool(start % 2))
    elif kind == "endpoints":
        some.update(endpoints=count)
    return made


def test_the_order_of_lists_follows_who_comes_goes_changes_cluster_or_name() -> None:
    acme, branch = cluster(), cluster("branch")
    ann, bob = user(acme, "Ann"), user(acme, "bob")
    user(branch, "Eve")
    assert_lists_true()
    Assignment.objects.filter(pk=ann.pk).update(cluster=branch)
    EndUser.objects.filter(pk=bob.pk).update(user_id="\u0130da")
    assert_lists_true()
    assert list(Listing.objects.filter(cluster=branch).order_by("key").values_list("key", flat=True)) == ["ann", "eve"]
    ann.delete()
    assert_lists_true()
    EndUser.objects.all().delete()
    assert not Listing.objects.exists()
