"""Records asked of a real name server: each kind of defect is planted and named, and what a schedule finds is kept."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import dns.resolver
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from assignments import tasks
from assignments.board.checks import check_report
from config.local.embedded import HOST, free_port
from tests.dns.name_server import DnsServer, start
from tests.support.worlds import make_acme, node
from topology.dns import checking
from topology.dns.rules.records import SrvRecord
from topology.dns.selectors import records_of
from topology.models import Cluster, DnsSettings, Event
from topology.reasons import Refused
from topology.rules.topology_file import DnsSpec
from topology.structure.dns_settings import update_dns
from topology.structure.nodes import rename_node
from topology.structure.subclusters import rename_subcluster

pytestmark = pytest.mark.django_db
LOGIN = "_cuplogin._tcp.acme.org"
Serve = Callable[..., DnsServer]


@pytest.fixture
def acme() -> Cluster:
    cluster = make_acme()
    update_dns(cluster, DnsSpec(call_managers=("cucm1.acme.org", "cucm2.acme.org")))
    return cluster


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a name server with records, and stop it after the test."""
    started: list[DnsServer] = []

    def begin(records: Any, *options: str) -> DnsServer:
        started.append(start(records, *options))
        return started[-1]

    yield begin
    for server in started:
        server.stop()


def all_of(cluster: Cluster) -> list[SrvRecord]:
    return list(records_of(cluster).records)


def found(cluster: Cluster, server: DnsServer) -> list[tuple[str, str]]:
    report = checking.look(cluster, server.address)
    assert all(problem.fix and "{" not in problem.message + problem.fix for problem in report.problems)
    return [(problem.why.code, problem.name) for problem in report.problems]


def planted(cluster: Cluster, name: str, host: str, **change: Any) -> list[SrvRecord]:
    """The right records with one of them changed."""
    return [replace(each, **change) if (each.name, each.target) == (name, host) else each for each in all_of(cluster)]


def test_the_right_records_are_right(acme: Cluster, serve: Serve) -> None:
    assert found(acme, serve(all_of(acme))) == []


def test_names_are_compared_without_regard_to_case(acme: Cluster, serve: Serve) -> None:
    loud = [replace(each, target=each.target.upper()) for each in all_of(acme)]
    assert found(acme, serve(loud)) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"port": 5222}, "SRV_WRONG_PORT"),
        ({"priority": 20}, "SRV_WRONG_PRIORITY"),
        ({"weight": 50}, "SRV_WRONG_WEIGHT"),
        ({"target": "imp1a"}, "SRV_NOT_QUALIFIED"),
        ({"target": "imp1a.acme.org.acme.org"}, "SRV_NOT_QUALIFIED"),
    ],
)
def test_a_wrong_record_is_one_problem(acme: Cluster, serve: Serve, change: dict[str, Any], code: str) -> None:
    server = serve(planted(acme, LOGIN, "imp1a.acme.org", **change))
    assert found(acme, server) == [(code, LOGIN)]


@pytest.mark.parametrize("options", [(), ("--local=/acme.org/",)], ids=["refused", "denied"])
def test_a_missing_name_is_said_once(acme: Cluster, serve: Serve, options: tuple[str, ...]) -> None:
    server = serve([each for each in all_of(acme) if each.name != LOGIN], *options)
    assert found(acme, server) == [("SRV_NAME_MISSING", LOGIN)]
    said = checking.look(acme, server.address).problems[0].message
    why = "" if options else ": the name server refuses to answer for it"
    assert said == f"{LOGIN} has no SRV record{why}."


def test_a_missing_record_of_a_name_is_named(acme: Cluster, serve: Serve) -> None:
    server = serve([each for each in all_of(acme) if (each.name, each.target) != (LOGIN, "imp2a.acme.org")])
    assert found(acme, server) == [("SRV_RECORD_MISSING", LOGIN)]
    assert "imp2a.acme.org" in checking.look(acme, server.address).problems[0].message


def test_what_was_published_before_two_names_became_one_is_found(acme: Cluster, serve: Serve) -> None:
    own = "_cuplogin._tcp.sc-1.acme.org"
    before = [each for each in all_of(acme) if each.scope != "sc-2"]
    rename_subcluster(acme.subclusters.get(name="sc-2"), "sc_1")
    server = serve(before)
    assert found(acme, server) == [("SRV_AMBIGUOUS", own)] * 2
    assert "imp1a.acme.org" in checking.look(acme, server.address).problems[0].message
    assert found(acme, serve(all_of(acme))) == []


def test_what_should_not_be_there_is_named(acme: Cluster, serve: Serve) -> None:
    extra = replace(all_of(acme)[0], target="old.acme.org")
    twice = replace(all_of(acme)[0], port=5222)
    assert found(acme, serve([*all_of(acme), extra])) == [("SRV_EXTRA", LOGIN)]
    assert found(acme, serve([*all_of(acme), twice])) == [("SRV_RECORD_TWICE", LOGIN)]


def test_an_alias_is_no_target(acme: Cluster, serve: Serve) -> None:
    """A CNAME in place of the host, and a host whose own name became a CNAME."""
    records = planted(acme, LOGIN, "imp1a.acme.org", target="login.acme.org")
    host = "--host-record=imp1a.acme.org,192.0.2.1"
    server = serve(records, host, "--cname=login.acme.org,imp1a.acme.org")
    assert found(acme, server) == [("SRV_TARGET_ALIAS", LOGIN)]
    host = "--host-record=real.acme.org,192.0.2.1"
    server = serve(all_of(acme), host, "--cname=cucm1.acme.org,real.acme.org")
    assert found(acme, server) == [("SRV_TARGET_ALIAS", "_cisco-uds._tcp.acme.org")]


def test_a_record_of_a_former_name_is_stale(acme: Cluster, serve: Serve) -> None:
    before = all_of(acme)
    rename_node(node(acme, "imp2a"), "presence2.acme.org")
    problems = checking.look(acme, serve(before).address).problems
    assert {problem.why.code for problem in problems} == {"SRV_STALE"}
    assert {problem.name for problem in problems} == {
        LOGIN,
        "_xmpp-server._tcp.acme.org",
        "_cuplogin._tcp.sc-2.acme.org",
    }
    assert problems[0].fix == "Replace imp2a.acme.org by presence2.acme.org."


def test_silence_is_said_of_each_name_and_takes_no_longer_than_one(acme: Cluster, monkeypatch: Any) -> None:
    monkeypatch.setattr(checking.asking, "WAIT", 0.4)
    monkeypatch.setattr(checking.asking.NameServer.__init__, "__defaults__", (0.4,))
    report = checking.look(acme, f"{HOST}:{free_port()}")
    assert {problem.why.code for problem in report.problems} == {"SRV_NO_ANSWER"}
    assert [problem.name for problem in report.problems] == list(records_of(acme).names)


def test_a_server_without_an_address_is_refused(acme: Cluster) -> None:
    for text in ("nowhere.invalid:53", "a..b", f"{'a' * 64}.example.org", ".", f"{'a.' * 149}"):
        with pytest.raises(Refused, match="not found"):
            checking.look(acme, text)


def test_a_kept_address_that_no_look_up_can_carry_is_a_problem(acme: Cluster) -> None:
    """Settings of before may have one; the check on a schedule must not fail at it for ever."""
    DnsSettings.objects.update_or_create(cluster=acme, defaults={"name_server": "a..b"})
    tasks.check_dns(acme.pk)
    assert [each["code"] for each in DnsSettings.objects.get(cluster=acme).problems] == ["SRV_SERVER_NOT_FOUND"]


def test_a_machine_without_name_servers_says_so(acme: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_is_set(*_: Any) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", none_is_set)
    with pytest.raises(Refused, match="name server of this machine was not found"):
        checking.look(acme)


def test_the_word_for_the_machine_is_one_however_it_is_written(acme: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", lambda *_: None)  # asks no one
    assert checking.look(acme, " System").problems
    told = io.StringIO()
    call_command("srv", "acme", "--nsupdate", "--server", "SYSTEM", stdout=told)
    assert "\nserver " not in told.getvalue()


def test_nsupdate_is_not_sent_elsewhere_than_it_was_told(acme: Cluster) -> None:
    told = io.StringIO()
    with pytest.raises(CommandError, match="SRV_SERVER_NOT_FOUND"):
        call_command("srv", "acme", "--nsupdate", "--server", "192.0.2.53:99999", stdout=told)
    assert told.getvalue() == ""


# --- Kept, on a schedule --------------------------------------------------------------------------
def test_a_check_is_due_by_its_schedule_and_done_once(acme: Cluster, serve: Serve) -> None:
    now = timezone.now()
    assert checking.due(now) == []
    server = serve(planted(acme, LOGIN, "imp1a.acme.org", port=1))
    update_dns(acme, DnsSpec(name_server=server.address, check_every=600))
    assert checking.due(timezone.now()) == [acme.pk]
    tasks.check_dns(acme.pk)
    assert checking.due(timezone.now()) == []
    assert checking.due(timezone.now() + timedelta(seconds=601)) == [acme.pk]
    row = DnsSettings.objects.get(cluster=acme)
    assert [each["code"] for each in row.problems] == ["SRV_WRONG_PORT"]
    kept = row.checked_at
    tasks.check_dns(acme.pk)  # a second delivery
    assert DnsSettings.objects.get(cluster=acme).checked_at == kept


def test_what_is_found_stands_in_checks_and_history_until_it_is_mended(acme: Cluster, serve: Serve) -> None:
    assert dns_line(acme)["outcome"] == "info"
    bad = serve(planted(acme, LOGIN, "imp1a.acme.org", port=1))
    update_dns(acme, DnsSpec(name_server=bad.address))
    checking.check_now(acme)
    checking.check_now(acme)
    line = dns_line(acme)
    assert line["outcome"] == "failed"
    assert "wrong port 1 for imp1a.acme.org" in line["problem"]
    assert line["fix"] == "Change the port to 8443."
    good = serve(all_of(acme))
    update_dns(acme, DnsSpec(name_server=good.address))
    checking.check_now(acme)
    assert dns_line(acme)["outcome"] == "passed"
    codes = list(Event.objects.filter(code__startswith="SRV_").order_by("pk").values_list("code", flat=True))
    assert codes == ["SRV_CHECKED_BAD", "SRV_CHECKED_GOOD"]
    told = Event.objects.get(code="SRV_CHECKED_BAD")
    assert told.facts["first"]["facts"]["target"] == "imp1a.acme.org"
    assert "such as" in told.sentence
    assert "wrong port 1 for imp1a.acme.org" in told.sentence


def dns_line(cluster: Cluster) -> dict[str, str]:
    return next(check for check in check_report(cluster)["checks"] if check["code"] == "dns_records")


def test_the_command_tells_problems_as_json_and_as_text(acme: Cluster, serve: Serve) -> None:
    server = serve(planted(acme, LOGIN, "imp1a.acme.org", port=1))
    out = io.StringIO()
    call_command("srv", "acme", "--check", "--server", server.address, "--json", stdout=out)
    assert [set(each) for each in json.loads(out.getvalue())["problems"]] == [{"name", "code", "message", "fix"}]
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("srv", "acme", "--check", "--server", server.address, "--fail", stdout=out)
    assert out.getvalue().startswith("SRV_WRONG_PORT: ")


# --- The page -------------------------------------------------------------------------------------
def test_the_page_shows_records_files_and_the_check(acme: Cluster, serve: Serve, admin_client: Client) -> None:
    page = admin_client.get("/clusters/acme/dns/").content.decode()
    assert "_cuplogin._tcp.sc-1.acme.org" in page
    assert "No name server is set" in page
    assert admin_client.post("/clusters/acme/dns/check").status_code == 409
    update_dns(acme, DnsSpec(name_server=serve(planted(acme, LOGIN, "imp1a.acme.org", port=1)).address))
    assert admin_client.post("/clusters/acme/dns/check").status_code == 302
    assert 'data-code="SRV_WRONG_PORT"' in admin_client.get("/clusters/acme/dns/").content.decode()
    assert admin_client.get("/clusters/acme/dns/zone")["Content-Type"].startswith("text/plain")
    assert b"update delete" in admin_client.get("/clusters/acme/dns/nsupdate").content
