"""The table of files that people really have (tests/users/files/cases), each through the command and through the page.

What stands here is what the table calls right. Other files of each kind are in test_user_file_rules.py.
"""

import csv
import html
import io
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.urls import reverse

from assignments.users.importing.imports import LIMITS, import_users
from assignments.users.rules.user_file import UserList
from topology.models import Cluster, EndUser, Event, Node

pytestmark = pytest.mark.django_db
CASES = Path(__file__).parent / "cases"
Way = Callable[..., str]


@pytest.fixture
def lab() -> Cluster:
    call_command("apply_topology", str(CASES / "lab.yaml"), stdout=io.StringIO())
    return Cluster.objects.get()


def by_command(name: str, *, dry_run: bool = False) -> str:
    out = io.StringIO()
    with suppress(SystemExit):
        call_command("import_users", "lab", str(CASES / name), *["--dry-run"] * dry_run, stdout=out)
    return out.getvalue()


@pytest.fixture(params=["command", "page"])
def bring(request: pytest.FixtureRequest, lab: Cluster, admin_client: Client) -> Way:
    """Import a case into the lab; answers what a person reads."""

    def by_page(name: str, *, dry_run: bool = False) -> str:
        file = io.BytesIO((CASES / name).read_bytes())
        file.name = name
        asked = {"file": file} | ({"dry_run": "1"} if dry_run else {})
        page = admin_client.post(reverse("import", args=["lab"]), asked).content.decode()
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))

    return by_command if request.param == "command" else by_page


def people() -> dict[str, tuple[str, str]]:
    return {user.user_id: (user.name, user.mail) for user in EndUser.objects.order_by("folded")}


def homes() -> dict[str, str]:
    rows = EndUser.objects.values_list("user_id", "assignment__home_node__name")
    return {user_id: (name or "").partition(".")[0] for user_id, name in rows}


def stored() -> list[tuple[object, ...]]:
    return list(EndUser.objects.order_by("folded").values_list("user_id", "name", "mail", "endpoints", "contacts"))


UMLAUTS = {
    "bgruen": ("Björn Grün", "bgruen@lab.example.org"),
    "kmoser": ("Käthe Möser", "kmoser@lab.example.org"),
}


@pytest.mark.parametrize("name", ["a01-utf16le-bom.csv", "a04-tab-utf8.tsv", "a05-sep-line.csv", "a07-cr-only.csv"])
def test_what_spreadsheets_and_shells_write_is_read(bring: Way, name: str) -> None:
    bring(name)
    assert people() == UMLAUTS


def test_the_end_of_an_old_text_is_its_end(bring: Way) -> None:
    bring("a10-ctrl-z.csv")
    assert people() == {"zed1": ("Zoe Ed", "")}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a11-concat-bom.csv", ["The header is repeated here"]),
        ("a17.zip", ["This is a ZIP file that holds users.csv, not a CSV."]),
        ("c02-short-rows.csv", ["2 cells, the first line has 6", "1 cell, the first line has 6"]),
        ("d01-quote-swallows.csv", ["The quote that opens here, in the column name, closes only in line 4."]),
    ],
)
def test_what_is_damaged_is_refused_where_the_damage_is(bring: Way, name: str, said: list[str]) -> None:
    bring("c01-full.csv")
    before = stored()
    told = bring(name)
    for sentence in said:
        assert sentence in told
    assert " of 0" not in told
    assert stored() == before


def test_a_line_of_damage_is_named(bring: Way) -> None:
    told = bring("d01-quote-swallows.csv")
    assert re.search(r"(line 2: IMPORT_LINE_BREAK|\b2 The quote that opens here)", told)


def test_the_header_is_a_record(bring: Way) -> None:
    told = bring("d09-header-newline2.csv")
    assert people() == {"qb1": ("Qb One", "")}
    assert "Not used: Mail address" in re.sub(r"\s+", " ", told)


def test_the_presence_server_is_the_node_and_who_is_not_enabled_is_left_out_and_listed(bring: Way) -> None:
    told = bring("b01-bat-assigned.csv")
    assert homes() == {"zquill": "imp1b", "zreed": "imp1b", "zusher": "imp1b"}
    for user_id in ("zstone", "ztell"):
        assert f"{user_id} is left out: not enabled for presence." in told
    assert "2 users were left out" in Event.objects.latest("id").sentence


def test_cells_after_the_last_device_are_devices(bring: Way) -> None:
    bring("b02-bat-more-devices.csv")
    assert set(people()) == {"zquill", "zreed"}


def test_a_lone_mark_keeps_what_is_stored(bring: Way) -> None:
    bring("b03-bat-base.csv")
    bring("b04-bat-update-hash.csv")
    assert people() == {
        "zquill": ("Ada Quill", "ada.quill@lab.example.org"),
        "zreed": ("Ben Reed", "zreed@lab.example.org"),
    }


@pytest.mark.parametrize("dry_run", [True, False])
def test_columns_that_are_not_used_are_named_with_what_they_may_mean(bring: Way, dry_run: bool) -> None:
    told = bring("b07-misspelt.csv", dry_run=dry_run)
    assert "Not used: e-mail, home node, contact (did you mean mail, node, contacts?)." in told
    assert len(people()) == (0 if dry_run else 3)
    if not dry_run:
        assert "columns not used: e-mail, home node, contact" in Event.objects.latest("id").sentence


def test_characters_that_nobody_sees_are_refused_with_their_code_point(bring: Way) -> None:
    told = bring("c04-ids.csv")
    for point in ("U+200B ZERO WIDTH SPACE", "U+0007", "U+202E RIGHT-TO-LEFT OVERRIDE", "U+00AD SOFT HYPHEN"):
        assert point in told
    assert not people()


def test_one_name_in_two_spellings_is_there_twice(bring: Way) -> None:
    told = bring("c05-nfc-nfd.csv")
    assert "is already in line 2" in told
    assert not people()


def _have_those_of(name: str, cluster: Cluster) -> None:
    """The users of a list, those of an old version left out that it would not take any more."""
    with (CASES / name).open("rb") as file:
        rows = {fold(row.user_id): row for row in UserList(file, LIMITS).rows()}
    out = io.StringIO()
    csv.writer(out).writerows([("user_id", "node"), *((row.user_id, row.node) for row in rows.values())])
    assert import_users(cluster, io.BytesIO(out.getvalue().encode())).created == len(rows)


def fold(user_id: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT fold_user_id(%s)", [user_id])
        return str(cursor.fetchone()[0])


def test_a_renamed_node_is_one_warning_for_all_lines_that_name_it(bring: Way, lab: Cluster) -> None:
    _have_those_of("f01-export-before-rename.csv", lab)
    before, homes_before = stored(), homes()
    Node.objects.filter(name="imp1a.lab.example.org").update(name="presence1.lab.example.org")
    told = bring("f01-export-before-rename.csv")
    count = sum(home == "imp1a" for home in homes_before.values())
    assert "is not a node of lab" not in told
    assert told.count("imp1a.lab.example.org is not in lab") == 1
    assert f"{count} lines name it for users who keep their home. Was it renamed?" in told
    assert stored() == before


def refused(*command: str) -> str:
    with pytest.raises(CommandError) as said:
        call_command(*command)
    return str(said.value)


def test_a_topology_file_guesses_that_a_node_was_renamed(lab: Cluster) -> None:
    Node.objects.filter(name="imp1a.lab.example.org").update(name="presence1.lab.example.org")
    told = refused("apply_topology", str(CASES / "lab.yaml"))
    assert "imp1a.lab.example.org is not in the cluster" in told
    assert "renamed?" in told


@pytest.mark.parametrize("name", ["y01-norway.yaml"])
def test_words_of_a_topology_file_are_what_is_written(name: str) -> None:
    call_command("apply_topology", str(CASES / name), stdout=io.StringIO())
    cluster = Cluster.objects.get()
    assert (cluster.name, cluster.subclusters.get().name, cluster.nodes.get().name) == ("no", "off", "on")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("y05-quoted-profile.yaml", ['line 5, column 47: subclusters[0].nodes[0].profile: "5000"', "Write 5000"]),
        ("y12-complex-key.yaml", ["line 2, column 3"]),
        ("y22-long.yaml", ["line 5, column 16", "63"]),
    ],
)
def test_a_wrong_topology_file_says_what_is_written_where(name: str, said: list[str]) -> None:
    told = refused("apply_topology", str(CASES / name))
    for sentence in said:
        assert sentence in told
    assert not Cluster.objects.exists()


def test_a_scenario_with_such_a_key_is_refused_with_its_place() -> None:
    assert "line 2, column 3" in refused("simulate", str(CASES / "y12-complex-key.yaml"))
