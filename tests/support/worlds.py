"""A small named world for tests of moves: acme with a pair, a second pair, a node without a peer, and a spare node.

sc-1: imp1a (publisher), imp1b   HA on       5,000 users each
sc-2: imp2a, imp2b               HA on       imp2b is rated for 20 users
sc-3: imp3a                      no peer
no subcluster: spare
"""

from django.db import connection, transaction
from django.utils import timezone

from assignments.users import table_statistics
from topology.models import Cluster, Node, Policy, Subcluster
from topology.rules.states import State, StateReason

PLACES = {
    "imp1a": ("sc-1", 1, 5000),
    "imp1b": ("sc-1", 2, 5000),
    "imp2a": ("sc-2", 1, 5000),
    "imp2b": ("sc-2", 2, 20),
    "imp3a": ("sc-3", 1, 5000),
    "spare": (None, None, 5000),
}
PROTECTED = ("sc-1", "sc-2")


def make_acme(name: str = "acme", *, speed: int = 1, **users: int) -> Cluster:
    """The cluster, with so many users at home per node; `waiting` are unassigned. Who has a home is signed in."""
    cluster = Cluster.objects.create(name=name, clock_speed=speed)
    Policy.objects.create(cluster=cluster)
    made = Subcluster.objects.bulk_create(
        Subcluster(cluster=cluster, name=sub, position=number, ha_enabled=sub != "sc-3")
        for number, sub in enumerate(("sc-1", "sc-2", "sc-3"), 1)
    )
    subs = {sub.name: sub for sub in made}
    nodes = Node.objects.bulk_create(
        Node(
            cluster=cluster,
            subcluster=subs.get(sub or ""),
            slot=slot,
            number=number,
            name=f"{short}.{name}.org",
            publisher=number == 1,
            capacity_users=capacity,
            capacity_endpoints=2 * capacity,
            state=State.NORMAL if sub in PROTECTED else State.UNKNOWN,
            reason=StateReason.NORMAL if sub in PROTECTED else StateReason.HIGH_AVAILABILITY_NOT_ENABLED,
        )
        for number, (short, (sub, slot, capacity)) in enumerate(PLACES.items(), 1)
    )
    homes = dict(zip(PLACES, nodes, strict=True))
    assign(cluster, [(place, homes.get(place), count) for place, count in users.items()])
    return cluster


def node(cluster: Cluster, short: str) -> Node:
    """The node of a short name."""
    return Node.objects.get(cluster=cluster, name__startswith=f"{short}.")


def add_users(cluster: Cluster, place: str, count: int) -> list[int]:
    """Users at home on a node, or `waiting` without one: imp1a-0001, imp1a-0002, …; answers their keys."""
    return assign(cluster, [(place, None if place == "waiting" else node(cluster, place), count)])


def assign(cluster: Cluster, groups: list[tuple[str, Node | None, int]]) -> list[int]:
    """So many users of each place at home on its node, stored with one statement; answers their keys."""
    asked = {
        "prefix": "" if cluster.name == "acme" else f"{cluster.name}-",
        "places": [place for place, _, _ in groups],
        "homes": [home and home.pk for _, home, _ in groups],
        "counts": [count for _, _, count in groups],
        "now": timezone.now(),
        "cluster": cluster.pk,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PEOPLE, asked)
        users = [user for (user,) in cursor.fetchall()]
        if len(users) >= table_statistics.MANY:
            table_statistics.refresh(len(users))
        return users


# What bulk_create of both models would store, without its objects: many tests begin with this.
PEOPLE = """
    WITH asked AS (
        SELECT place, home, ord, n,
            %(prefix)s || place || '-' || lpad(n::text, greatest(4, length(n::text)), '0') AS user_id
        FROM unnest(%(places)s::text[], %(homes)s::bigint[], %(counts)s::int[])
            WITH ORDINALITY AS groups (place, home, count, ord), generate_series(1, count) AS n
    ), people AS (
        INSERT INTO topology_enduser (user_id, name, mail, directory_uri, endpoints, contacts, created_at)
        SELECT user_id, 'Person ' || n || ' of ' || place, '', '', '{desk_phone}', 0, %(now)s FROM asked ORDER BY ord, n
        RETURNING id, user_id, folded
    ), assigned AS (
        INSERT INTO assignments_assignment
            (user_id, cluster_id, home_node_id, serving_node_id, signed_in, pinned, endpoints, folded)
        SELECT id, %(cluster)s, home, home, home IS NOT NULL, false, 1, folded
        FROM people JOIN asked USING (user_id) ORDER BY ord, n
    )
    SELECT id FROM people JOIN asked USING (user_id) ORDER BY ord, n
"""
