"""Thirty thousand users on six nodes for whole files of browser tests: made once, put back after each test.

sc-1: imp1a (publisher) 8,000 users, imp1b 4,000   HA on, rated for 15,000 each
sc-2: imp2a 6,000, imp2b 5,500                     HA on, imp2b is rated for 5,520 users
sc-3: imp3a 6,000                                  no peer
no subcluster: spare                               500 users are unassigned

Who has a home is signed in. 5,000 users of imp1a work in sales: their mail says so.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection, models, transaction

from assignments.models import Assignment
from assignments.users import table_statistics
from tests.support.worlds import make_acme, node
from topology.models import Cluster, Node, Policy, Subcluster

HOMES = {"imp1a": 8000, "imp1b": 4000, "imp2a": 6000, "imp2b": 5500, "imp3a": 6000, "waiting": 500}
CAPACITY = {"imp2b": 5520}
SALES = 5000  # of the users of imp1a
RARE = 100  # every so manieth user has Sametime
# What tests change of what was there before them. Everything else was made by them and goes.
KEPT: list[type[models.Model]] = [Cluster, Policy, Subcluster, Node, Assignment]
MADE = [
    "assignments_move",
    "assignments_targetprogress",
    "assignments_subclusterlock",
    "assignments_approval",
    "assignments_pin",
    "assignments_plannedmove",
    "assignments_runpolicy",
    "assignments_operation",
    "assignments_plan",
    "assignments_savedview",
    "assignments_simulation",
    "topology_event",
]
PEOPLE = f"""
WITH people AS (
    INSERT INTO topology_enduser (user_id, name, mail, endpoints, contacts, created_at)
    SELECT %(prefix)s || lpad(n::text, 5, '0'), 'Person ' || n || ' of ' || %(place)s,
        %(prefix)s || n || CASE WHEN n <= %(sales)s THEN '@sales.example.org' ELSE '@works.example.org' END,
        CASE WHEN n %% {RARE} = 0 THEN '{{desk_phone,sametime}}'::varchar[] ELSE '{{desk_phone}}' END, n %% 201, now()
    FROM generate_series(1, %(count)s) AS n RETURNING id, cardinality(endpoints) AS endpoints, folded
)
INSERT INTO assignments_assignment
    (user_id, cluster_id, home_node_id, serving_node_id, signed_in, pinned, endpoints, folded)
SELECT id, %(cluster)s, %(home)s, %(home)s, %(home)s::bigint IS NOT NULL, false, endpoints, folded
FROM people
"""


def make_thousands(name: str = "acme", speed: int = 60) -> Cluster:
    """The cluster with its 30,000 users, whose IDs are imp1a-00001 and so on."""
    cluster = make_acme(name, speed=speed)
    for found in Node.objects.filter(cluster=cluster):
        users = CAPACITY.get(found.short_name, 15_000)
        Node.objects.filter(pk=found.pk).update(profile=15_000, capacity_users=users, capacity_endpoints=30_000)
    for place, count in HOMES.items():
        add_people(cluster, place, count)
    return cluster


def add_people(cluster: Cluster, place: str, count: int) -> None:
    """So many users at home on a node, or `waiting` without a home."""
    home = None if place == "waiting" else node(cluster, place).pk
    prefix = f"{place}-" if cluster.name == "acme" else f"{cluster.name}-{place}-"
    facts = {"prefix": prefix, "place": place, "count": count, "sales": SALES if place == "imp1a" else 0}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PEOPLE, facts | {"cluster": cluster.pk, "home": home})
        table_statistics.refresh(count)


@contextmanager
def kept() -> Iterator[None]:
    """Remember what is there now, for `put_back`; everything is emptied at the end."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA kept")
        for model in KEPT:
            table = model._meta.db_table
            cursor.execute(f"CREATE TABLE kept.{table} AS TABLE {table}")
            cursor.execute(f"ALTER TABLE kept.{table} ADD PRIMARY KEY ({model._meta.pk.column})")
        cursor.execute("ANALYZE")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA kept CASCADE")
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False, inhibit_post_migrate=True)


def put_back() -> None:
    """Make everything as it was: what tests changed is changed back, what they added is gone."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(MADE)}")
        for model in KEPT:
            table, key = model._meta.db_table, model._meta.pk.column
            columns = [field.column for field in model._meta.concrete_fields if field.column != key]
            ours, theirs = (", ".join(f"{one}.{column}" for column in columns) for one in ("t", "k"))
            cursor.execute(
                f"UPDATE {table} AS t SET ({', '.join(columns)}) = ROW({theirs}) FROM kept.{table} AS k"
                f" WHERE t.{key} = k.{key} AND ROW({ours}) IS DISTINCT FROM ROW({theirs})"
            )
