"""LDAPS and StartTLS against a real slapd: the right authority, another one, none, and another host's certificate."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assignments.directory import sync
from config.local.processes import stop_child
from tests.directory import slapd as real
from tests.directory.certificates import Authority
from tests.support.crowd import make_crowd
from topology.models import Cluster
from topology.reasons import Refused

pytestmark = pytest.mark.django_db
OURS, OTHER = Authority("Directory authority"), Authority("Another authority")


def served(where: Path, scheme: str, *hosts: str, days: int = 30) -> Iterator[real.Slapd]:
    where.mkdir(exist_ok=True)
    certificate, key = OURS.sign(where, *hosts, days=days)
    tls = f"TLSCertificateFile {certificate}\nTLSCertificateKeyFile {key}"
    started = real.start(where, [real.person("ada"), real.person("ben")], tls=tls, scheme=scheme)
    yield started
    stop_child(started.process, signal.SIGTERM, 5)


@pytest.fixture(scope="module")
def ldaps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Slapd]:
    yield from served(tmp_path_factory.mktemp("ldaps"), "ldaps", "127.0.0.1")


@pytest.fixture(scope="module")
def start_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Slapd]:
    yield from served(tmp_path_factory.mktemp("starttls"), "ldap", "127.0.0.1")


@pytest.fixture(scope="module")
def other_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Slapd]:
    yield from served(tmp_path_factory.mktemp("other"), "ldaps", "ldap.example.org")


@pytest.fixture(scope="module")
def expired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Slapd]:
    yield from served(tmp_path_factory.mktemp("expired"), "ldaps", "127.0.0.1", days=-1)


@pytest.fixture
def crowd(db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setenv("TEST_DIRECTORY_PASSWORD", real.PASSWORD)
    settings.DATA_DIR = tmp_path
    return make_crowd(0, 0, capacity=1000)


def read(slapd: real.Slapd, **more: Any) -> sync.SyncReport:
    from assignments.directory import agreements

    document = {
        "cluster": "crowd", "servers": [slapd.url], "bind_dn": real.ADMIN, "password_env": "TEST_DIRECTORY_PASSWORD",
        "base": f"ou=people,{real.BASE}", "map": {"user_id": "uid", "name": "cn"},
    }  # fmt: skip
    cluster, spec = agreements.read_document(document | more)
    agreements.store(cluster, spec, password=agreements.password_here(spec), actor="test")
    return sync.sync(cluster)


def test_both_ways_of_tls_with_the_authority_given(
    crowd: Cluster, ldaps: real.Slapd, start_tls: real.Slapd, tmp_path: Path
) -> None:
    report = read(ldaps, ca=OURS.pem)
    assert (report.read, report.warnings) == (2, [])
    file = tmp_path / "ca.pem"
    file.write_text(OURS.pem)
    report = read(start_tls, ca=str(file), start_tls=True)
    assert (report.read, report.warnings) == (2, [])


@pytest.mark.parametrize("ca", [OTHER.pem, ""])
@pytest.mark.parametrize("way", ["ldaps", "start_tls"])
def test_an_authority_that_is_not_known_is_named_and_no_password_is_sent(
    crowd: Cluster, way: str, ca: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(Refused) as refused:
        read(request.getfixturevalue(way), ca=ca, start_tls=way == "start_tls")
    assert refused.value.code == "DIRECTORY_CA_UNKNOWN"
    assert "certificate" in refused.value.message
    assert real.PASSWORD not in str(refused.value.as_dict())


def test_the_certificate_of_another_host_is_refused(crowd: Cluster, other_host: real.Slapd) -> None:
    with pytest.raises(Refused) as refused:
        read(other_host, ca=OURS.pem)
    assert refused.value.code == "DIRECTORY_CA_UNKNOWN"
    assert refused.value.message == (
        f"The certificate of {other_host.url} is not trusted: IP address mismatch, certificate is not valid for "
        "'127.0.0.1'."
    )


def test_a_certificate_that_has_expired_is_to_be_renewed(crowd: Cluster, expired: real.Slapd) -> None:
    with pytest.raises(Refused) as refused:
        read(expired, ca=OURS.pem)
    assert refused.value.message.endswith("is not trusted: certificate has expired.")
    assert "renew" in refused.value.fix


def test_a_server_without_tls_is_no_directory_for_ldaps_or_start_tls(
    crowd: Cluster, slapd: real.Slapd, ldaps: real.Slapd
) -> None:
    for change in ({"servers": [slapd.url.replace("ldap:", "ldaps:")]}, {"servers": [slapd.url], "start_tls": True}):
        with pytest.raises(Refused) as refused:
            read(slapd, ca=OURS.pem, **change)
        assert refused.value.code == "DIRECTORY_UNREACHABLE"
        assert "TLS" in refused.value.fix
        assert "_ssl" not in refused.value.message


def test_the_next_server_is_not_tried_when_one_cannot_be_trusted(crowd: Cluster, ldaps: real.Slapd) -> None:
    """A certificate that is wrong is news, whichever server has it."""
    with pytest.raises(Refused) as refused:
        read(ldaps, servers=[ldaps.url, ldaps.url.replace("127.0.0.1", "localhost")], ca=OTHER.pem)
    assert refused.value.code == "DIRECTORY_CA_UNKNOWN"
