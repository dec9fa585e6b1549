"""A directory that gives a part of its people: at a limit of size, behind a referral, or without their keys."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator

import pytest

from assignments.directory import connector, reading, sync
from assignments.directory.rules.people import DirectoryEntry
from config.local.embedded import HOST
from config.local.processes import stop_child
from tests.directory import slapd as real
from tests.directory.conftest import Directory
from tests.directory.persons import ids, many
from tests.directory.relay import answering, refusing, relay
from topology.models import Cluster
from topology.reasons import Refused

pytestmark = pytest.mark.django_db
READER = f"cn=reader,{real.BASE}"


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port, and what is sent there."""
    server, heard = socket.create_server((HOST, 0)), list[bytes]()

    def listen() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            heard.append(client.recv(4096))
            client.close()

    threading.Thread(target=listen, daemon=True).start()
    yield server.getsockname()[1], heard
    server.close()


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Slapd]:
    """A slapd that gives an account 25 people in all, in pages of 10 at most."""
    reader = f"dn: {READER}\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword: {real.PASSWORD}\n"
    entries = [reader, *(real.person(uid) for uid in many(0, 30))]
    limits = "sizelimit size.soft=10 size.hard=10 size.pr=10 size.prtotal=25"
    started = real.start(tmp_path_factory.mktemp("limited"), entries, tls=limits)
    yield started
    stop_child(started.process, signal.SIGTERM, 5)


def test_a_limit_of_size_ends_the_run_and_takes_no_one_away(
    crowd: Cluster, directory: Directory, limited: real.Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "PAGE", 10)
    place = {"servers": [limited.url], "base": f"ou=people,{real.BASE}"}
    cluster = directory.agree(**place)  # an account without limits
    assert sync.sync(cluster).new == 30
    directory.agree(**place, bind_dn=READER, guard_percent=100)
    for dry_run in (False, True):
        with pytest.raises(Refused) as refused:
            sync.sync(cluster, dry_run=dry_run)
        assert refused.value.code == "DIRECTORY_SEARCH_FAILED"
        assert "after 25 people: sizeLimitExceeded" in refused.value.message
    assert ids() == set(many(0, 30))


def test_a_part_on_another_server_is_said_and_no_person(crowd: Cluster, directory: Directory) -> None:
    directory.add("a", "b")
    cluster = directory.agree()
    assert sync.sync(cluster).new == 2
    where = f"ldap://far.example.org/ou=far,{directory.base}"
    far = {"ou": "far", "ref": where}
    assert directory.admin.add(f"ou=far,{directory.base}", ["referral", "extensibleObject"], far)
    report = sync.sync(cluster)
    assert (report.read, report.gone, report.changes, report.skipped_total) == (2, 0, 0, 1)
    assert report.as_dict()["skipped"] == [
        {
            "entry": f"{where}??sub",
            "reason": "This part of the directory lies on another server and was not read.",
            "fix": "Name a server that holds all of it, or a base without that part.",
            "code": "DIRECTORY_ELSEWHERE",
        }
    ]
    directory.remove("a", "b")
    stopped = sync.sync(cluster).stopped
    assert stopped, "a directory of referrals alone gives no one"
    assert stopped["hash"] == ""
    assert ids() == {"a", "b"}


def test_a_part_that_is_named_with_each_page_is_listed_once(
    crowd: Cluster, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.add(*many(0, 25))
    monkeypatch.setattr(connector, "PAGE", 10)
    far = DirectoryEntry("ldap://far.example.org/dc=far", "", {}, is_elsewhere=True)
    read = connector.pages
    monkeypatch.setattr(connector, "pages", lambda *given: ([*page, far] for page in read(*given)))
    report = sync.sync(directory.agree())
    assert (report.read, report.new, report.skipped_total) == (25, 25, 1)


def test_a_base_on_another_server_is_named_and_no_password_goes_there(
    crowd: Cluster, directory: Directory, listener: tuple[int, list[bytes]]
) -> None:
    port, heard = listener
    address = f"ldap://{HOST}:{port}/dc=far,dc=example"
    assert directory.admin.add(
        f"ou=moved,{directory.base}", ["referral", "extensibleObject"], {"ou": "moved", "ref": address}
    )
    cluster = directory.agree(base=f"ou=moved,{directory.base}")
    with pytest.raises(Refused) as refused:
        sync.sync(cluster)
    assert refused.value.code == "DIRECTORY_BASE_UNREADABLE"
    assert f"it lies on another server, ldap://{HOST}:{port}/" in refused.value.message
    assert heard == []


def test_people_whose_keys_cannot_be_read_any_more_are_not_gone(
    crowd: Cluster, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.add("a", "b")
    cluster = directory.agree()
    sync.sync(cluster)
    directory.remove("b")
    directory.add("c")
    with monkeypatch.context() as account:
        account.setattr(connector, "KEYS", ())
        report = sync.sync(cluster)
    assert {each["code"] for each in report.skipped} == {"DIRECTORY_NO_KEY"}
    assert (report.read, report.new, report.gone, report.skipped_total) == (2, 0, 1, 2)
    assert ids() == {"a"}
    assert sync.sync(cluster).new == 1
    assert ids() == {"a", "c"}


def test_a_server_that_hangs_in_the_middle_is_left_and_changes_nothing(
    crowd: Cluster, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "PAGE", 10)
    monkeypatch.setattr(connector, "ANSWER_TIMEOUT", 1)
    directory.add(*many(0, 25))
    cluster = directory.agree()
    sync.sync(cluster)
    directory.remove(*many(0, 5))
    may_go_on = threading.Event()
    with relay(directory.slapd.port, lambda page: not may_go_on.wait(30)) as hanging:
        directory.agree(servers=[hanging.url])
        with pytest.raises(Refused) as refused:
            sync.sync(cluster)
        may_go_on.set()
    assert refused.value.code == "DIRECTORY_LOST"
    assert ids() == set(many(0, 25))


def test_a_run_is_heard_of_after_each_server_that_never_answers(
    crowd: Cluster, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three of them take longer than a run may be silent: the next tick took it up, and it never came to its end."""
    monkeypatch.setattr(connector, "ANSWER_TIMEOUT", 1)
    signs = []
    step = reading._step
    monkeypatch.setattr(reading, "_step", lambda run, **values: (signs.append(values), step(run, **values)))
    with relay(0, answers=False) as one, relay(0, answers=False) as two, relay(0, answers=False) as three:
        cluster = directory.agree(servers=[one.url, two.url, three.url])
        with pytest.raises(Refused) as refused:
            sync.sync(cluster)
    assert refused.value.code == "DIRECTORY_UNREACHABLE"
    assert signs == [{"read": 0}] * 4


def test_an_answer_that_never_ends_is_lost(
    crowd: Cluster, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its run is taken for dead, and begun again for ever."""
    assert reading.DEAD_AFTER.total_seconds() > connector.WHOLE_TIMEOUT
    directory.add(*many(0, 3))
    cluster = directory.agree()
    read_base = connector._read_base
    monkeypatch.setattr(
        connector,
        "_read_base",
        lambda *given: (read_base(*given), monkeypatch.setattr(connector, "WHOLE_TIMEOUT", -1.0)),
    )
    with pytest.raises(Refused) as refused:
        sync.sync(cluster)
    assert refused.value.code == "DIRECTORY_LOST"
    assert "took longer" in refused.value.message


@pytest.mark.parametrize("said", [b"0\x03\x02\x01\x09", b"0\x05\xff\x01\x02\x03\x04", bytes(200)])
def test_what_speaks_no_ldap_is_no_directory(crowd: Cluster, directory: Directory, said: bytes) -> None:
    directory.add("a")
    with answering(lambda asked: said) as other:
        cluster = directory.agree(servers=[other, directory.slapd.url])
        assert sync.sync(cluster).new == 1
        directory.agree(servers=[other])
        with pytest.raises(Refused) as refused:
            sync.sync(cluster)
    assert refused.value.code == "DIRECTORY_UNREACHABLE"
    assert "not LDAP" in refused.value.message


@pytest.mark.parametrize("code", [51, 52])
def test_a_server_that_is_busy_is_left_for_the_next(crowd: Cluster, directory: Directory, code: int) -> None:
    directory.add("a")
    with refusing(code) as busy:
        cluster = directory.agree(servers=[busy, directory.slapd.url])
        assert sync.sync(cluster).new == 1
        directory.agree(servers=[busy])
        with pytest.raises(Refused) as refused:
            sync.sync(cluster)
    assert refused.value.code == "DIRECTORY_UNREACHABLE"


def test_a_server_that_refuses_a_sign_in_without_tls_says_so(crowd: Cluster, directory: Directory) -> None:
    for code in (8, 13):
        with refusing(code) as strict:
            cluster = directory.agree(servers=[strict])
            with pytest.raises(Refused) as refused:
                sync.sync(cluster)
        assert refused.value.code == "DIRECTORY_TLS_DEMANDED"
        assert "StartTLS" in refused.value.fix
