"""One folding of user IDs, in the database: pairs, everywhere the same, and pairs from before it."""

import io
from importlib import import_module
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from assignments.board.checks import check_report
from assignments.models import Assignment
from assignments.moves.pins import named
from assignments.users.importing.imports import import_users
from assignments.users.listing.filter import UserFilter, find_user, keys_of
from assignments.users.listing.pages import user_page, user_page_before
from tests.support.worlds import make_acme
from topology.models import Cluster, EndUser

pytestmark = pytest.mark.django_db
ONE = [
    ("A", "a"),
    ("I", "i"),
    ("Σ", "\u03c3"),
    ("ς", "\u03c3"),
    ("ΟΔΟΣ", "οδος"),
    ("Ä", "ä"),
    ("A\u0308", "ä"),
    ("Ж", "ж"),
    ("ẞ", "ß"),
    ("\u212a", "k"),  # the Kelvin sign
    ("\u017f", "s"),  # a long s
    ("H\u0331", "\u1e96"),
    ("\uff21", "\uff41"),  # wide letters
    ("𐐀", "𐐨"),
    ("I\u0307", "İ"),
]
TWO = [
    ("İ", "i"),
    ("İ", "I"),
    ("İ", "i\u0307"),
    ("\u0131", "i"),
    ("\u0131", "I"),
    ("ß", "ss"),
    ("ä", "a"),
    ("ﬁ", "fi"),
    ("é", "è"),
]


def fold(*texts: str) -> list[str]:
    sql = "SELECT fold_user_id(t) FROM unnest(%s::text[]) WITH ORDINALITY AS u (t, n) ORDER BY n"
    with connection.cursor() as cursor:
        cursor.execute(sql, [[*texts]])
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize(("one", "other"), ONE)
def test_they_are_one(one: str, other: str) -> None:
    assert len(set(fold(one, other))) == 1


@pytest.mark.parametrize(("one", "other"), TWO)
def test_they_are_two(one: str, other: str) -> None:
    assert len(set(fold(one, other))) == 2


def test_all_letters_fold_as_their_capitals_and_once_for_ever() -> None:
    letters = [chr(code) for code in range(0xA0, 0x1E944) if chr(code).isalpha() and chr(code).lower() != chr(code)]
    letters += {letter.lower() for letter in letters}
    of = dict(zip(letters, fold(*letters), strict=True))
    assert fold(*of.values()) == [*of.values()]
    cased = [letter for letter in letters if letter.upper() in of and letter.upper().lower() == letter]
    assert len(cased) > 1300
    assert [letter for letter in cased if of[letter] != of[letter.upper()]] == []
    assert {letter for letter, folded in of.items() if folded.isascii()} == {"\u212a", "k"}


@pytest.fixture
def acme() -> Cluster:
    return make_acme()


def csv_of(*lines: str) -> io.BytesIO:
    return io.BytesIO("\n".join(lines).encode())


@pytest.mark.parametrize(("one", "other"), ONE)
def test_every_way_to_a_user_folds_alike(acme: Cluster, one: str, other: str) -> None:
    assert import_users(acme, csv_of("user_id", f"x{one}yz"), actor=None).created == 1
    spelled = f"X{other}yz"
    again = import_users(acme, csv_of("user_id,name", f"{spelled},New"), actor=None)
    assert (again.created, again.updated) == (0, 1)
    person = EndUser.objects.get()
    assert find_user(acme, spelled) == person
    assert keys_of(acme, [spelled]) == named(acme, [spelled]).users == (person.pk,)
    for asked in (spelled, spelled[:2], spelled[1:]):
        assert [row.pk for row in user_page(UserFilter(acme.pk, q=asked)).rows] == [person.pk], asked
    with pytest.raises(IntegrityError, match="user_id_once"), transaction.atomic():
        EndUser.objects.create(user_id=spelled)
    twice = import_users(acme, csv_of("user_id", f"x{one}yz", spelled), actor=None)
    assert [problem.reason.code for problem in twice.problems.listed] == ["IMPORT_ID_TWICE"]
    elsewhere = import_users(make_acme("east"), csv_of("user_id", spelled), actor=None)
    assert [problem.reason.code for problem in elsewhere.problems.listed] == ["IMPORT_OTHER_CLUSTER"]


@pytest.mark.parametrize(("one", "other"), TWO)
def test_two_stay_two(acme: Cluster, one: str, other: str) -> None:
    assert import_users(acme, csv_of("user_id", f"x{one}", f"x{other}"), actor=None).created == 2
    assert find_user(acme, f"x{one}") != find_user(acme, f"x{other}")


def test_the_list_is_in_the_order_of_the_folding(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id", "Zed", "ann", "Ärger", "BOB", "ärgern"), actor=None)
    assert [row.user.user_id for row in user_page(UserFilter(acme.pk)).rows] == ["ann", "BOB", "Zed", "Ärger", "ärgern"]


# --- Pairs from before the folding ----------------------------------------------------------------


@pytest.fixture
def twins(acme: Cluster, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Two people as an upgrade finds them, numbered by its migration; what it prints is checked."""
    ids = "ΟΔΟΣ", "οδος"
    for number, user_id in enumerate(ids):
        person = EndUser.objects.create(user_id=user_id, name="12"[number], twin=number and 9)
        Assignment.objects.create(user=person, cluster=acme, home_node=None, serving_node=None)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    import_module("topology.migrations.0014_folding").number_twins(None, connection.schema_editor())
    assert "ΟΔΟΣ, οδος" in capsys.readouterr().out
    return ids


def test_a_pair_is_named_and_stays(acme: Cluster, twins: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert list(EndUser.objects.order_by("twin").values_list("user_id", "twin")) == [(twins[0], 0), (twins[1], 1)]
    check: Any = next(check for check in check_report(acme)["checks"] if check["code"] == "user_ids_differ")
    assert (check["outcome"], check["problem"].split(":")[0]) == ("warning", "ΟΔΟΣ, οδος")
    call_command("check_topology", "acme")
    assert "ΟΔΟΣ, οδος" in capsys.readouterr().out
    for user_id in twins:
        found = find_user(acme, user_id)
        assert found
        assert found.user_id == user_id
        assert keys_of(acme, [user_id]) == (found.pk,)
    assert import_users(acme, csv_of("user_id,name", f"{twins[0]},a", f"{twins[1]},b"), actor=None).updated == 2
    assert list(EndUser.objects.order_by("twin").values_list("name", flat=True)) == ["a", "b"]
    assert len(user_page(UserFilter(acme.pk, q="ΟΔΟΣ")).rows) == 2
    with pytest.raises(IntegrityError, match="user_id_once"), transaction.atomic():
        EndUser.objects.create(user_id="οδοσ")


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("q", ["", "o", "Person"])
def test_no_page_ends_between_a_pair(acme: Cluster, twins: tuple[str, str], size: int, q: str) -> None:
    lines = [f"{user_id},Person" for user_id in ("o1", "o2", *twins, "ω")]
    import_users(acme, csv_of("user_id,name", *lines), actor=None)
    where = UserFilter(acme.pk, q=q)
    everybody = [row.user.user_id for row in user_page(where, limit=100).rows]
    forward, cursor, more = list[str](), "", True
    while more:
        page = user_page(where, cursor, size)
        forward += [row.user.user_id for row in page.rows]
        cursor, more = page.next_cursor, bool(page.next_cursor)
    backward, before, more = list[str](), "", True
    while more:
        page = user_page_before(where, before, size)
        ids = [row.user.user_id for row in page.rows]
        backward, before, more = [*ids, *backward], ids[0], page.earlier
    assert sorted(forward) == sorted(backward) == sorted(everybody)


@pytest.mark.parametrize("gone", [0, 1])
def test_when_one_of_a_pair_goes_the_other_is_the_only_one(acme: Cluster, twins: tuple[str, str], gone: int) -> None:
    EndUser.objects.get(user_id=twins[gone]).delete()
    left = EndUser.objects.get()
    assert (left.user_id, left.twin) == (twins[1 - gone], 0)
    assert (
        next(check for check in check_report(acme)["checks"] if check["code"] == "user_ids_differ")["outcome"]
        == "passed"
    )
    with pytest.raises(IntegrityError, match="user_id_once"), transaction.atomic():
        EndUser.objects.create(user_id=twins[gone])
