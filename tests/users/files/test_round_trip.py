"""Whatever a user may be called comes back from an export exactly, plain and for a spreadsheet, saved again or not."""

import csv
import io
import unicodedata
from itertools import cycle, islice

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from assignments.models import Assignment, Operation, Pin
from assignments.moves.pins import named, pin
from assignments.users import undo
from assignments.users.export import assignments_csv, removed_csv
from assignments.users.importing.imports import import_users
from assignments.users.removal import remove_users
from assignments.users.rules.cells import SPACES, unseen
from tests.support import torture
from tests.support.lists import csv_of
from tests.users.pairs import make
from topology.models import ENDPOINT_KINDS, Cluster, EndUser

USERS = 30_000 if torture.WHOLE else 60
ODD = [
    *("=1+1", "+49", "-x", "@a", "'", "''", "'=x", "''=x", "'#", "#", "''#", '"', '""', ",", ";", "|", "a|b", "\\"),
    *("%s", "%", "{}", "NULL", "\\N", "\\.", "-", "--", "---", "user_id", "name", "sep=;", "#TYPE x", "t", "0"),
    *('="0"', '=""', """'="0\"""", '="a"b"'),
    *("O'Neil", "LAB\\ann", "<b>", "&amp;", "😀", "👨\u200d👩", "\xe4", "山田", "1e5", "00123", "TRUE"),
    *("İ", "ß", "ς", "\u05e0"),
]
ODD_IDS = [text for text in ODD if unseen(text, strict=True) is None]
LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Cf", "Cn", "Co", "Zl", "Zp"])
TEXTS = (st.sampled_from(ODD) | st.text(LETTERS, max_size=8)).map(
    lambda text: unicodedata.normalize("NFC", text).strip(SPACES)
)
SEEN = TEXTS.filter(lambda text: unseen(text, strict=False) is None)
IDS = TEXTS.filter(lambda text: text and unseen(text, strict=True) is None)


@pytest.fixture
def acme(db: None) -> Cluster:
    return make(profile=25000)


def stored() -> list[tuple[object, ...]]:
    columns = ("user_id", "name", "mail", "endpoints", "contacts", "assignment__home_node", "assignment__pinned")
    return list(EndUser.objects.order_by("folded").values_list(*columns, "pin__reason"))


def fill(cluster: Cluster, ids: list[str], texts: list[str]) -> None:
    """So many users whose IDs, names and mails are made of these."""
    nodes = list(cluster.nodes.exclude(subcluster=None).values_list("pk", flat=True))
    kinds = list(ENDPOINT_KINDS)
    made = enumerate(islice(zip(cycle(ids), cycle(texts), cycle(texts[::-1]), strict=False), USERS))
    EndUser.objects.bulk_create(
        (
            EndUser(user_id=f"{who}{n or ''}", name=name, mail=mail, contacts=n % 201, endpoints=kinds[: n % 8])
            for n, (who, name, mail) in made
        ),
        ignore_conflicts=True,
    )
    people = list(EndUser.objects.order_by("pk"))
    homes = [None if n % 5 == 0 else nodes[n % len(nodes)] for n in range(len(people))]
    Assignment.objects.bulk_create(
        Assignment(user=user, cluster=cluster, home_node_id=home, serving_node_id=home, endpoints=len(user.endpoints),
                   pinned=bool(home) and user.pk % 3 == 0)
        for user, home in zip(people, homes, strict=True)
    )  # fmt: skip
    pinned = Assignment.objects.filter(pinned=True)
    Pin.objects.bulk_create(Pin(user_id=row.pk, reason=(texts[0] or "why"), owner_name="ann") for row in pinned)


def saved_again(file: bytes, encoding: str, separator: str, end: str) -> bytes:
    rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=end).writerows(rows)
    return out.getvalue().encode(encoding)


@settings(max_examples=3 if torture.WHOLE else 6, phases=[Phase.explicit, Phase.generate],
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    ids=st.lists(IDS, min_size=5, max_size=40, unique=True),
    texts=st.lists(SEEN, min_size=3, max_size=40),
    saved=st.sampled_from([None, ("utf-16", "\t", "\r\n"), ("utf-8-sig", ";", "\r"), ("utf-8", "|", "\n")]),
    spreadsheet=st.booleans(),
)
@example(ids=ODD_IDS, texts=ODD, saved=None, spreadsheet=False)
@example(ids=ODD_IDS, texts=ODD[::-1], saved=("utf-8-sig", ";", "\r"), spreadsheet=True)
def test_odd_users_come_back_exactly(
    acme: Cluster, ids: list[str], texts: list[str], saved: tuple[str, str, str] | None, spreadsheet: bool
) -> None:
    EndUser.objects.all().delete()
    fill(acme, ids, texts)
    before = stored()
    file = b"".join(assignments_csv(acme, spreadsheet=spreadsheet))
    if spreadsheet:
        cells = [cell for row in csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")) for cell in row]
        assert not [cell for cell in cells if cell[:1] in {*"=+-@\t\r"}]
    back = saved_again(file, *saved) if saved else file
    again = import_users(acme, io.BytesIO(back))
    assert (again.as_dict()["problems"], again.changed, again.unchanged) == ([], {}, len(before))
    EndUser.objects.all().delete()
    report = import_users(acme, io.BytesIO(back))
    assert (report.problems.listed, report.created) == ([], len(before))
    assert stored() == before
    assert b"".join(assignments_csv(acme, spreadsheet=spreadsheet)) == file


BULK_HEADER = (
    "FIRST NAME", "MIDDLE NAME", "LAST NAME", "USER ID", "PASSWORD", "MAIL ID", "HOME CLUSTER",
    "ENABLE USER FOR UNIFIED CM IM AND PRESENCE", "ASSIGNED PRESENCE SERVER", "CONTROLLED DEVICE 1",
)  # fmt: skip


def as_bulk(file: bytes) -> bytes:
    """The users of an export as the bulk administration of the product writes them."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(BULK_HEADER)
    for row in csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline="")):
        writer.writerow(
            ["", "", row["name"], row["user_id"], "", row["mail"], "t", "t", row["node"], "SEP001", "CSF1"][
                : len(BULK_HEADER) + int(row["contacts"]) % 2
            ]
        )
    return out.getvalue().encode()


@settings(max_examples=3 if torture.WHOLE else 6, phases=[Phase.explicit, Phase.generate],
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    ids=st.lists(IDS, min_size=5, max_size=40, unique=True),
    texts=st.lists(SEEN, min_size=3, max_size=40),
    spreadsheet=st.booleans(),
)
@example(ids=ODD_IDS, texts=ODD, spreadsheet=False)
def test_odd_users_come_through_the_bulk_format(
    acme: Cluster, ids: list[str], texts: list[str], spreadsheet: bool
) -> None:
    EndUser.objects.all().delete()
    fill(acme, ids, texts)
    columns = ("user_id", "name", "mail", "assignment__home_node")
    before = list(EndUser.objects.order_by("folded").values_list(*columns))
    file = as_bulk(b"".join(assignments_csv(acme, spreadsheet=spreadsheet)))
    again = import_users(acme, io.BytesIO(file))
    assert (again.format, again.as_dict()["problems"], again.changed) == ("bulk_administration", [], {})
    assert again.unchanged == len(before)
    EndUser.objects.all().delete()
    assert import_users(acme, io.BytesIO(file)).created == len(before)
    assert list(EndUser.objects.order_by("folded").values_list(*columns)) == before


def test_pins_come_back_with_why_and_none_is_taken_off(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,node", "ann,acme-1a", "bob,acme-1a", "eve,-"))
    pin(named(acme, ["ann"]), "beside the hall", actor="zoe")
    file = b"".join(assignments_csv(acme))
    assert b"t,beside the hall," in file
    EndUser.objects.all().delete()
    import_users(acme, io.BytesIO(file), actor=None)
    assert list(Pin.objects.values_list("user__user_id", "reason")) == [("ann", "beside the hall")]
    report = import_users(acme, csv_of("user_id,pinned", "ann,f", "bob,t", "eve,t", "new,yes"))
    said = [(problem.line, problem.reason.code) for problem in report.warnings.listed]
    assert said == [(2, "IMPORT_PIN_STAYS"), (4, "IMPORT_PIN_UNASSIGNED")]
    assert report.changed == {"pinned": 1}
    assert set(Pin.objects.values_list("user__user_id", flat=True)) == {"ann", "bob", "new"}
    assert set(Assignment.objects.filter(pinned=True).values_list("user__user_id", flat=True)) == {"ann", "bob", "new"}
    assert not import_users(acme, csv_of("user_id,pinned", "ann,perhaps")).ok


def test_a_reason_that_is_not_stored_is_told(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,node", "ann,acme-1a", "bob,acme-1a", "eve,acme-1a"))
    pin(named(acme, ["ann", "eve"]), "gateway", actor="zoe")
    lines = ("ann,t,another", "bob,f,why not", "eve,t,gateway", "new,t,the list", "new-2,,for nothing")
    report = import_users(acme, csv_of("user_id,pinned,pin_reason", *lines), dry_run=True)
    told = [(problem.line, problem.as_dict()["message"]) for problem in report.warnings.listed]
    assert told == [
        (2, "The reason “another” is not stored: ann is pinned by zoe (gateway)."),
        (3, "The reason “why not” is not stored: bob is not pinned."),
        (6, "The reason “for nothing” is not stored: new-2 is not pinned."),
    ]
    assert import_users(acme, csv_of("user_id,pin_reason", "bob,alone")).warnings.total == 1


@pytest.mark.parametrize("reason", ["beside the hall", "=1+1", "'#", "#", '="0"'])
def test_the_list_of_a_removal_restores_whom_it_took_out(acme: Cluster, reason: str) -> None:
    import_users(acme, csv_of("user_id,name,node", "ann,Ann,acme-1a", "bob,,acme-1b"))
    pin(named(acme, ["ann"]), reason, actor="zoe")
    before = stored()
    gone = Operation.objects.get(pk=remove_users(acme, ["ann", "bob"]).operation)
    assert import_users(acme, io.BytesIO(b"".join(removed_csv(gone)))).created == 2
    assert stored() == before


@pytest.mark.parametrize(("asked", "begins"), [([], b"user_id"), (["--spreadsheet"], b"\xef\xbb\xbfuser_id")])
def test_the_command_is_plain_unless_asked(
    acme: Cluster, asked: list[str], begins: bytes, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    import_users(acme, csv_of("user_id,name", "ann,'=1+1"))
    call_command("export_assignments", "acme", *asked)
    out = capsysbinary.readouterr().out
    assert out.startswith(begins)
    assert (b",'=1+1," in out) == bool(asked)


@pytest.mark.parametrize(("ticked", "begins"), [({}, b"user_id"), ({"spreadsheet": "1"}, b"\xef\xbb\xbfuser_id")])
def test_the_page_offers_a_spreadsheet_and_gives_a_plain_list(
    acme: Cluster, admin_client: Client, ticked: dict[str, str], begins: bytes
) -> None:
    import_users(acme, csv_of("user_id,name", "ann,'=1+1"))
    dialog = admin_client.get(reverse("export-dialog", args=["acme"]), {"list": "cluster", "query": ""})
    assert 'name="spreadsheet" value="1" checked' in dialog.content.decode()
    asked = {"list": "cluster", "query": "", "confirmed": "1", **ticked}
    answer = admin_client.post(reverse("export", args=["acme"]), asked)
    assert b"".join(answer.streaming_content).startswith(begins)  # type: ignore[attr-defined]


def test_the_undo_of_an_import_takes_its_own_pins_along_and_keeps_later_ones(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,node", "old,-"))
    import_users(acme, csv_of("user_id,node,pinned", "old,acme-1a,t", "new,acme-1a,t", "later,acme-1a,f"))
    pin(named(acme, ["later"]), "since", actor="zoe")
    undo.undo_import(Operation.objects.filter(kind="import").latest("id"))
    assert list(EndUser.objects.order_by("user_id").values_list("user_id", flat=True)) == ["later", "old"]
    assert list(Pin.objects.values_list("user__user_id", flat=True)) == ["later"]
    assert not Assignment.objects.get(user__user_id="old").pinned
