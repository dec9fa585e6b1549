"""The records of a cluster: names, targets, priorities by mode, what is not known, and how they are written."""

import io
import json
from typing import Any

import dns.zone
import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from tests.support.worlds import make_acme, node
from topology.dns.rules.records import CLUSTER, DnsNames, NamedGroup, label, nsupdate, wanted_records, zone
from topology.dns.selectors import records_of
from topology.models import Cluster, DeploymentModel, Mode
from topology.rules.topology_file import DnsSpec
from topology.structure.dns_settings import update_dns

PAIRS = (NamedGroup("sc-1", ("a1.example.org", "b1.example.org")), NamedGroup("sc-2", ("a2.example.org",)))


def names(**more: Any) -> DnsNames:
    return DnsNames(**{"cluster": "acme", "domain": "example.org", "standby": False, "groups": PAIRS, **more})


def test_a_cluster_has_its_names_and_each_subcluster_its_own() -> None:
    records = wanted_records(names())
    assert records.names == (
        "_cuplogin._tcp.example.org",
        "_xmpp-server._tcp.example.org",
        "_cuplogin._tcp.sc-1.example.org",
        "_cuplogin._tcp.sc-2.example.org",
    )
    pair = records.of("_cuplogin._tcp.sc-1.example.org")
    assert [record.target for record in pair] == ["a1.example.org", "b1.example.org"]
    assert {record.scope for record in pair} == {"sc-1"}
    assert {record.port for record in records.of("_xmpp-server._tcp.example.org")} == {5269}
    assert {record.port for record in records.of("_cuplogin._tcp.example.org")} == {8443}


def test_priorities_are_equal_for_balanced_and_the_first_comes_first_for_standby() -> None:
    assert {record.priority for record in wanted_records(names()).records} == {10}
    standby = wanted_records(names(standby=True)).of("_cuplogin._tcp.sc-1.example.org")
    assert [record.priority for record in standby] == [10, 20]


def test_call_managers_are_not_known_until_they_are_given() -> None:
    unknown = wanted_records(names()).not_known
    assert [each.name for each in unknown] == ["_cisco-uds._tcp.example.org"]
    given = wanted_records(names(call_managers=("cucm1.example.org", "cucm2.example.org")))
    assert not given.not_known
    uds = given.of("_cisco-uds._tcp.example.org")
    assert [(record.target, record.port, record.scope) for record in uds] == [
        ("cucm1.example.org", 8443, CLUSTER),
        ("cucm2.example.org", 8443, CLUSTER),
    ]


def test_subclusters_whose_names_are_one_in_dns_have_none_of_their_own() -> None:
    groups = (*PAIRS, NamedGroup("sc_2", ("a3.example.org",)), NamedGroup("SC-2", ()))
    records = wanted_records(names(groups=groups))
    one = "_cuplogin._tcp.sc-2.example.org"
    assert one not in records.names
    assert "_cuplogin._tcp.sc-1.example.org" in records.names
    assert {r.target for r in records.of("_cuplogin._tcp.example.org")} == {
        "a1.example.org", "b1.example.org", "a2.example.org", "a3.example.org",
    }  # fmt: skip
    [same] = [each for each in records.not_known if each.name == one]
    assert (same.why.code, same.message) == (
        "SRV_SAME_NAME",
        "sc-2, sc_2 and SC-2 have one name in DNS: a client of one would be sent to the nodes of another.",
    )
    assert not [line for line in zone(records).splitlines() if one in line and not line.startswith(";")]
    left = [line for line in nsupdate(records).splitlines() if one in line and not line.startswith(";")]
    assert left == [f"update delete {one}. SRV"], "what was published of one before"


def test_without_a_domain_nothing_is_known() -> None:
    records = wanted_records(names(domain=""))
    assert not records.records
    assert [each.why.code for each in records.not_known] == ["SRV_NO_DOMAIN"] * 3


def test_a_zone_file_is_one_and_says_the_same() -> None:
    records = wanted_records(names(standby=True, call_managers=("cucm1.other.org",)))
    read = dns.zone.from_text(zone(records), check_origin=False, relativize=False)
    found = {
        (name.to_text(True), row.priority, row.weight, row.port, row.target.to_text(True))
        for name, _, row in read.iterate_rdatas("SRV")
    }
    assert found == {(r.name, r.priority, r.weight, r.port, r.target) for r in records.records}


def test_nsupdate_replaces_each_name_whole() -> None:
    text = nsupdate(wanted_records(names()), ("192.0.2.53", 53))
    assert text.startswith("; SRV records of acme\n")
    assert "server 192.0.2.53 53\nzone example.org.\n" in text
    assert text.count("update delete ") == 4
    assert "update add _cuplogin._tcp.sc-1.example.org. 3600 SRV 10 10 8443 a1.example.org.\n" in text
    assert text.endswith("send\n")


@given(st.from_regex(r"[A-Za-z0-9_-]{1,128}", fullmatch=True))
def test_a_subcluster_is_a_label_of_a_domain_name(name: str) -> None:
    assert 0 < len(label(name)) <= 63
    assert "_" not in label(name)
    assert label(name)[0] != "-"
    assert label(name)[-1] != "-"


@pytest.mark.django_db
class TestOfACluster:
    @pytest.fixture
    def acme(self) -> Cluster:
        return make_acme()

    def test_the_domain_is_that_of_the_publisher_until_one_is_given(self, acme: Cluster) -> None:
        assert records_of(acme).domain == "acme.org"
        update_dns(acme, DnsSpec(domain="Presence.Example.org."))
        assert records_of(acme).names[0] == "_cuplogin._tcp.presence.example.org"

    def test_a_node_without_a_subcluster_has_no_record(self, acme: Cluster) -> None:
        targets = {record.target for record in records_of(acme).records}
        assert node(acme, "spare").name not in targets
        assert node(acme, "imp3a").name in targets

    def test_priorities_follow_the_mode(self, acme: Cluster) -> None:
        acme.mode = Mode.ACTIVE_STANDBY
        assert {record.priority for record in records_of(acme).records} == {10, 20}
        acme.mode, acme.model = Mode.MANUAL, DeploymentModel.ACTIVE_STANDBY
        assert {record.priority for record in records_of(acme).records} == {10, 20}
        acme.model = DeploymentModel.BALANCED_REDUNDANT
        assert {record.priority for record in records_of(acme).records} == {10}

    def test_the_command_prints_them(self, acme: Cluster) -> None:
        printed = json.loads(run("--json"))
        assert printed["records"][0] == {
            "name": "_cuplogin._tcp.acme.org",
            "priority": 10,
            "weight": 10,
            "port": 8443,
            "target": "imp1a.acme.org",
            "scope": "cluster",
        }
        assert printed["not_known"][0]["code"] == "SRV_NO_CALL_MANAGERS"
        assert run("--zone").startswith("; SRV records of acme\n")
        assert "not known" in run()
        assert run("--nsupdate").endswith("send\n")


def run(*options: str) -> str:
    out = io.StringIO()
    call_command("srv", "acme", *options, stdout=out)
    return out.getvalue()
