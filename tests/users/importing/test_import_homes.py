"""Where the users of an import go, and what stands in the way of a home."""

import pytest

from assignments.models import Assignment
from assignments.users.importing.imports import import_users
from tests.support.lists import csv_of, numbered
from tests.users.pairs import codes, homes, make
from topology.models import Cluster, EndUser, Node, Subcluster
from topology.reasons import Refused
from topology.rules.states import State
from topology.structure.clusters import create_cluster


@pytest.fixture
def acme(db: None) -> Cluster:
    return make()


def test_an_import_never_moves_who_has_a_home(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,node", "ann,acme-1a", "bob,-"))
    report = import_users(acme, csv_of("user_id,node", "ann,acme-2b", "bob,acme-2b"))
    assert (report.ok, report.assigned, report.warnings.total) == (True, 1, 1)
    assert report.warnings.listed[0].reason.code == "IMPORT_STAYS"
    assert homes(acme) == {"acme-1a": 1, "acme-1b": 0, "acme-2a": 0, "acme-2b": 1}


def test_the_unassigned_stay_unassigned_until_a_node_is_named(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,node", "ann,-"))
    assert import_users(acme, csv_of("user_id", "ann")).unchanged == 1
    assert Assignment.objects.get().home_node is None


def test_balanced_spreads_evenly_around_those_who_are_there(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,node", *(f"x{n},acme-1a" for n in range(40))))
    report = import_users(acme, numbered(160))
    assert homes(acme) == {"acme-1a": 50, "acme-1b": 50, "acme-2a": 50, "acme-2b": 50}
    assert report.nodes == {"acme-1a": 10, "acme-1b": 50, "acme-2a": 50, "acme-2b": 50}


@pytest.mark.django_db
def test_active_standby_uses_the_first_nodes() -> None:
    cluster = make(mode="active_standby")
    import_users(cluster, numbered(100))
    assert homes(cluster) == {"acme-1a": 50, "acme-1b": 0, "acme-2a": 50, "acme-2b": 0}


@pytest.mark.django_db
def test_manual_assigns_nobody_who_names_no_node() -> None:
    cluster = make(mode="manual")
    report = import_users(cluster, csv_of("user_id,node", "ann,", "bob,acme-2a"))
    assert (report.assigned, report.left_unassigned) == (1, 1)
    assert homes(cluster)["acme-2a"] == 1


@pytest.mark.django_db
def test_lines_beyond_the_capacity_of_a_node_are_named() -> None:
    cluster = make(profile=500)
    lines = [f"u{n},acme-1a,desk_phone" for n in range(501)] + ["v,acme-1b,desk_phone"]
    report = import_users(cluster, csv_of("user_id,node,endpoints", *lines))
    assert codes(report) == [(502, "IMPORT_NODE_FULL")]
    assert "501 users" in report.as_dict()["problems"][0]["message"]


@pytest.mark.django_db
def test_endpoints_count_against_the_capacity_too() -> None:
    cluster = make(profile=500)
    kinds = "desk_phone|sametime|third_party"
    report = import_users(cluster, csv_of("user_id,node,endpoints", *(f"u{n},acme-1a,{kinds}" for n in range(334))))
    assert codes(report) == [(335, "IMPORT_NODE_FULL")]
    assert "1,002 endpoints" in report.as_dict()["problems"][0]["message"]
    import_users(cluster, csv_of("user_id,node,endpoints", *(f"u{n},acme-1a,{kinds}" for n in range(333))))
    more = import_users(cluster, csv_of("user_id,endpoints", "u0,desk_phone|sametime|third_party|office_communicator"))
    assert more.ok
    more = import_users(cluster, csv_of("user_id,endpoints", "u1,desk_phone|sametime|third_party|office_communicator"))
    assert codes(more) == [(2, "IMPORT_NODE_FULL")]


@pytest.mark.django_db
def test_lines_beyond_the_capacity_of_the_cluster_are_named() -> None:
    cluster = make(profile=500)
    assert import_users(cluster, numbered(1990)).ok
    report = import_users(cluster, numbered(13, start=5000))
    assert [line for line, _ in codes(report)] == [12, 13, 14]
    assert codes(report)[0][1] == "IMPORT_CLUSTER_FULL"
    assert "room for 10 more" in report.as_dict()["problems"][0]["message"]
    assert import_users(cluster, numbered(10, start=5000)).assigned == 10


@pytest.mark.django_db
def test_the_room_that_is_named_is_true_whoever_comes_first() -> None:
    """Those with most endpoints come first here: a mean over all would promise room for twice as many."""
    cluster = make(profile=500)
    many = "desk_phone|sametime|third_party|office_communicator"
    lines = [f"u{n},{many}" for n in range(1100)] + [f"v{n}," for n in range(400)]
    report = import_users(cluster, csv_of("user_id,endpoints", *lines))
    assert "room for 1,000 more" in report.as_dict()["problems"][0]["message"]
    assert import_users(cluster, csv_of("user_id,endpoints", *lines[:1000])).assigned == 1000


@pytest.mark.django_db
def test_a_cluster_without_nodes_in_subclusters_has_no_room() -> None:
    cluster = create_cluster("empty")
    assert codes(import_users(cluster, csv_of("user_id", "ann"))) == [(2, "IMPORT_CLUSTER_FULL")]
    assert import_users(cluster, csv_of("user_id,node", "ann,-")).left_unassigned == 1


def test_nobody_new_while_a_node_is_in_a_failover_state(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,name", "ann,Ann"))
    Subcluster.objects.update(ha_enabled=True)
    Node.objects.filter(name="acme-1a").update(state=State.FAILED_OVER)
    with pytest.raises(Refused) as refused:
        import_users(acme, csv_of("user_id", "bob"))
    assert refused.value.code == "CLUSTER_IN_FAILOVER"
    assert "acme-1a is failed over" in refused.value.message
    assert not EndUser.objects.filter(user_id="bob").exists()
    assert import_users(acme, csv_of("user_id,name", "ann,Anna")).updated == 1
