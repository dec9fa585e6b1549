"""How much room a node has is reckoned in one place, and what runs out is named."""

from hypothesis import given
from hypothesis import strategies as st

from assignments.planning.rules.loads import NodeLoad, Room

COUNTS = st.integers(0, 50)


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_what_is_lacking_is_what_would_exceed_the_rating(
    rated: int, rated_endpoints: int, users: int, endpoints: int, coming: int, coming_endpoints: int
) -> None:
    node = NodeLoad(1, "a", 1, 1, rated, rated_endpoints, users=users, endpoints=endpoints)
    lack = node.room.lacks(coming, coming_endpoints)
    too_many = coming > 0 and users + coming > rated
    too_heavy = coming_endpoints > 0 and endpoints + coming_endpoints > rated_endpoints
    assert (lack is not None) == (too_many or too_heavy)
    if lack:
        assert lack[0] == ("users" if too_many else "endpoints")
        assert lack[2] == (coming if too_many else coming_endpoints)


def test_who_brings_nothing_fits_even_where_all_is_taken() -> None:
    assert Room(5, -1).lacks(5, 0) is None
    assert Room(5, -1).lacks(5, 1) == ("endpoints", -1, 1)


def test_rooms_add_up() -> None:
    assert sum((Room(1, 2), Room(3, 4)), Room()) == Room(4, 6)
