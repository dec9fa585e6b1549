"""What a trigram index is asked for: the part of a text that few people have, and never other people for it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from assignments.users.listing.filter import UserFilter
from assignments.users.listing.pages import count_users, user_page
from assignments.users.rules.rare_parts import ColumnSample, rare_part
from tests.support.crowd import make_crowd
from topology.models import Cluster

MAILS = ColumnSample.of([(f"{name}@sales.example.org", 0.1) for name in ("ann", "bob", "carol", "dan", "eve")])
TEXTS = st.text(st.sampled_from("ab1 -@."), max_size=12)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("zoe@sales.example.org", "zoe@"),
        ("sales.example.org@zoe", "g@zoe"),
        ("x-4711@example.org", "x-4711@"),
        ("sales.example.org", "sales.example.org"),  # nothing else in it
        ("zoe", "zoe"),
        ("jürgen@sales.example.org", "jürgen@sales.example.org"),
        ("@e", "@e"),
        ("", ""),
    ],
)
def test_the_part_that_few_have(text: str, part: str) -> None:
    assert rare_part(text, MAILS) == part


def test_a_column_that_nothing_is_known_of_is_asked_for_the_whole() -> None:
    assert rare_part("zoe@sales.example.org", ColumnSample()) == "zoe@sales.example.org"


@given(TEXTS, st.lists(TEXTS, max_size=4))
def test_a_part_stands_in_the_text_so_that_who_has_the_text_has_it(text: str, values: list[str]) -> None:
    part = rare_part(text, ColumnSample.of((value, 0.3) for value in values))
    assert part in text
    assert part or not text


@pytest.fixture
def crowd(db: None) -> Cluster:
    """People of whom the database knows what all of them have."""
    return make_crowd(600, 600, named=True)


def found(cluster: Cluster, text: str) -> list[str]:
    return [row.user.user_id for row in user_page(UserFilter(cluster.pk, q=text)).rows]


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("Person 577", ["crowd1.example.org-577", "crowd2.example.org-577"]),
        ("persOn 577", ["crowd1.example.org-577", "crowd2.example.org-577"]),
        ("1.example.org-577@example.org", ["crowd1.example.org-577"]),
        ("example.org-577@example.com", []),
        ("Parson 577", []),  # the rare part alone is in two people
        ("crowd2.example.org-577", ["crowd2.example.org-577"]),
        ("%577@example.org", []),
        ("_577@example.org", []),
    ],
)
def test_a_text_finds_who_has_the_whole_of_it(crowd: Cluster, text: str, people: list[str]) -> None:
    assert found(crowd, text) == people
    assert count_users(UserFilter(crowd.pk, q=text)) == (len(people), False)


@pytest.mark.parametrize(("text", "part"), [("person 577", "UPPER('%n 577%')"), ("org.577@example.org", "577@%')")])
def test_the_index_is_not_asked_for_what_everybody_has(crowd: Cluster, text: str, part: str) -> None:
    """It reads every one of them for each three such letters: that grows with the users."""
    with CaptureQueriesContext(connection) as queries:
        found(crowd, text)
    asked = next(query["sql"] for query in queries if "WITH near" in query["sql"])
    assert part in asked


def test_before_the_database_knows_anything_the_same_people_are_found(db: None) -> None:
    cluster = make_crowd(3, named=True)
    with connection.cursor() as cursor:  # what it knew of the tables before is of another test
        cursor.execute("DELETE FROM pg_statistic WHERE starelid = 'topology_enduser'::regclass")
    assert UserFilter(cluster.pk, q="person 2").samples == {}
    assert found(cluster, "person 2") == ["crowd1.example.org-2"]
