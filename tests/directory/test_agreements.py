"""Agreements with directories: what is refused before anybody asks the directory, and where it stands in the file."""

from __future__ import annotations

from typing import Any

import pytest

from assignments.directory import agreements
from assignments.directory.rules import agreement as rules
from assignments.directory.rules.agreement import Agreement
from assignments.directory.rules.guard import judge
from topology.reasons import Refused
from topology.rules.file_problems import FileRefused
from topology.structure.documents.reading import read_yaml

GOOD = """
cluster: acme
servers: [ldaps://ldap.example.org]
base: ou=people,dc=example,dc=org
map: {user_id: uid}
"""


@pytest.mark.parametrize(
    ("text", "place", "line"),
    [
        (GOOD + "servrs: []\n", "servrs", 6),
        (GOOD + "schedule: soon\n", "schedule", 6),
        (GOOD + "schedule: 5s\n", "schedule", 6),
        (GOOD + "keep_days: 0\n", "keep_days", 6),
        (GOOD + "start_tls: no\n", "start_tls", 6),
        (GOOD + "guard_percent: many\n", "guard_percent", 6),
        (GOOD.replace("user_id: uid", "user: uid"), "map.user", 5),
        (GOOD.replace("[ldaps://ldap.example.org]", "ldaps://ldap.example.org"), "servers", 3),
        (GOOD.replace("base: ou=people,dc=example,dc=org\n", ""), "base", None),
    ],
)
def test_a_file_that_is_wrong_names_the_place(text: str, place: str, line: int | None) -> None:
    with pytest.raises(FileRefused) as refused:
        agreements.read_agreement(read_yaml(text))
    problem = refused.value.problems[0]
    assert problem.place == place
    assert line is None or problem.line == line
    assert problem.fix


def test_times_are_read_as_people_write_them() -> None:
    cluster, agreement = agreements.read_agreement(read_yaml(GOOD + "schedule: 1h30m\n"))
    assert (cluster, agreement.schedule, agreement.mapped) == ("acme", 5400, {"user_id": "uid"})


def of(**more: Any) -> Agreement:
    return Agreement(**({"servers": ("ldaps://a.example.org",), "base": "dc=example"} | more))


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"servers": ()}, "servers", "DIRECTORY_SERVERS"),
        ({"servers": ("ldaps://a",) * 4}, "servers", "DIRECTORY_SERVERS"),
        ({"servers": ("http://a",)}, "servers", "DIRECTORY_ADDRESS"),
        ({"servers": ("ldap://a:port",)}, "servers", "DIRECTORY_ADDRESS"),
        ({"servers": ("ldap://me:pw@a",)}, "servers", "DIRECTORY_ADDRESS"),
        ({"start_tls": True}, "start_tls", "DIRECTORY_TLS_TWICE"),
        ({"servers": ("ldap://a",), "bind_dn": "cn=x"}, "servers", "DIRECTORY_PASSWORD_OPEN"),
        ({"servers": ("ldap://localhost.example.org",), "bind_dn": "cn=x"}, "servers", "DIRECTORY_PASSWORD_OPEN"),
        ({"base": " "}, "base", "DIRECTORY_NO_BASE"),
        ({"filter": "uid=*"}, "filter", "DIRECTORY_FILTER"),
        ({"filter": "(a=b)(c=d)"}, "filter", "DIRECTORY_FILTER"),
        ({"password_env": "MY-PASSWORD"}, "password_env", "DIRECTORY_VARIABLE"),
        ({"attributes": (("name", "cn"),)}, "map", "DIRECTORY_NO_USER_ID"),
        ({"attributes": (("user_id", "uid)"),)}, "map", "DIRECTORY_ATTRIBUTE"),
        ({"keep_days": 0}, "keep_days", "DIRECTORY_RANGE"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(change: dict[str, Any], field: str, code: str) -> None:
    assert [(where, why.code) for where, why, _ in rules.problems(of(**change))] == [(field, code)]


@pytest.mark.parametrize("server", ["ldap://127.0.0.1:389", "ldap://[::1]", "ldap://localhost", "ldap://127.9.9.9"])
def test_a_password_may_go_open_to_this_machine_only_with_a_word(server: str) -> None:
    assert rules.problems(of(servers=(server,), bind_dn="cn=x")) == []
    assert [why.code for _, why, _ in rules.warnings(of(servers=(server,)))] == ["DIRECTORY_UNENCRYPTED"]
    assert rules.problems(of(servers=("ldap://a",), bind_dn="cn=x", insecure=True)) == []
    assert rules.warnings(of(servers=("ldap://a",), bind_dn="cn=x", insecure=True))


@pytest.mark.parametrize(
    ("read", "known", "touched", "stops"),
    [
        (30_000, 30_000, 600, False),
        (30_000, 30_000, 601, True),
        (100, 100, 9, False),
        (100, 100, 10, True),
        (1, 30_000, 29_999, True),
        (0, 0, 0, True),
        (0, 30_000, 30_000, True),
        (5, 0, 0, False),
    ],
)
def test_the_guard_stops_what_is_more_than_both_limits(read: int, known: int, touched: int, stops: bool) -> None:
    stop = judge(read=read, known=known, touched=touched, set_hash="x", percent=2, people=10)
    assert (stop is not None) is stops
    assert stop is None or stop.is_empty is (read == 0)


def test_a_certificate_that_is_none_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        agreements.check(of(ca="-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----"))
    assert refused.value.code == "DIRECTORY_CA"
