"""History keeps codes and facts: what another reason said, and what was changed from what to what; both in words."""

from datetime import time
from typing import Any

import pytest
from django.test import Client

from assignments.runs import balancer
from topology import reasons
from topology.live import events
from topology.models import Cluster, Event
from topology.reasons import Said
from topology.rules.topology_file import DnsSpec
from topology.structure.dns_settings import update_dns
from topology.structure.policy import update_policy

pytestmark = pytest.mark.django_db
STOPPED = "A run of the directory of acme stopped before changing anything: "


@pytest.fixture
def shown(acme: Cluster, admin_client: Client, calls: Any) -> Any:
    """Whether the page and the API show the last line of history in these words."""

    program = calls("viewer")

    def shows(words: str) -> bool:
        page = " ".join(admin_client.get("/clusters/acme/history/").content.decode().split())
        told = program.get("/events?cluster=acme").data["events"][0]
        assert told["facts"] == facts(), "programs get what is kept"
        return words in page and told["sentence"] == words == Event.objects.latest("id").sentence

    return shows


def facts() -> dict[str, Any]:
    return dict(Event.objects.latest("id").facts)


def test_what_another_reason_said_is_kept_as_its_code_and_facts(acme: Cluster, shown: Any) -> None:
    why = Said(reasons.DIRECTORY_BIND_REFUSED, {"server": "ldaps://<b>one</b>", "why": "invalidCredentials"})
    events.record(reasons.DIRECTORY_STOPPED, cluster=acme, name=acme.name, because=why)
    assert facts()["because"] == {"code": "DIRECTORY_BIND_REFUSED", "facts": dict(why.facts)}
    assert Event.objects.latest("id").sentence == f"{STOPPED}{why}"
    events.record(reasons.DIRECTORY_STOPPED, cluster=acme, name=acme.name, because=Said(reasons.DIRECTORY_EMPTY, {}))
    assert shown(f"{STOPPED}{reasons.DIRECTORY_EMPTY.sentence}")


def test_a_reason_within_a_line_is_escaped_on_the_page(acme: Cluster, admin_client: Client) -> None:
    why = Said(reasons.DIRECTORY_BIND_REFUSED, {"server": "<b>one</b>", "why": "<b>two</b>"})
    events.record(reasons.DIRECTORY_STOPPED, cluster=acme, name=acme.name, because=why)
    page = admin_client.get("/clusters/acme/history/").content.decode()
    assert "&lt;b&gt;one&lt;/b&gt;" in page
    assert "<b>one" not in page


def test_a_line_of_an_older_version_shows_the_words_that_it_stored(acme: Cluster, shown: Any) -> None:
    events.record(reasons.DIRECTORY_STOPPED, cluster=acme, name=acme.name, because="29 of {people} would go.")
    assert shown(STOPPED + "29 of {people} would go.")
    events.record(reasons.POLICY_CHANGED, cluster=acme, actor="ann", name="acme", changes="failover_limit none, x {y}")
    assert shown("ann changed the recovery policy of acme: failover_limit none, x {y}.")
    events.record(reasons.RUN_POLICY_CHANGED, cluster=acme, actor="ann", changes="threshold 20")
    assert shown("ann changed the run rules: threshold 20.")
    events.record(
        reasons.DIRECTORY_STOPPED, cluster=acme, name="acme", because={"code": "NO_LONGER_KNOWN", "facts": {"a": 1}}
    )
    assert shown(STOPPED + "NO_LONGER_KNOWN")


def test_changes_of_the_recovery_policy_are_kept_from_what_to_what(acme: Cluster, shown: Any) -> None:
    values = {"keep_alive_timeout": 90, "enable_automatic_fallback": True, "sign_ins_per_second": 0.5}
    update_policy(acme, values | {"keep_alive_interval": acme.policy.keep_alive_interval}, actor="ann")
    assert facts()["changes"] == [
        {"key": "keep_alive_timeout", "before": 60, "after": 90},
        {"key": "enable_automatic_fallback", "before": False, "after": True},
        {"key": "sign_ins_per_second", "before": None, "after": 0.5},
    ]
    assert shown(
        "ann changed the recovery policy of acme: keep_alive_timeout from 60 to 90,"
        " enable_automatic_fallback from false to true, sign_ins_per_second from none to 0.5."
    )


def test_changes_of_the_run_rules_and_of_dns_are_kept_likewise(acme: Cluster, shown: Any) -> None:
    balancer.configure(acme, {"window_start": time(22), "approval_required": True}, actor="ann")
    assert facts()["changes"] == [
        {"key": "window_start", "before": "00:00:00", "after": "22:00:00"},
        {"key": "approval_required", "before": False, "after": True},
    ]
    assert shown(
        "ann changed the run rules: window_start from 00:00:00 to 22:00:00, approval_required from false to true."
    )
    update_dns(acme, DnsSpec(domain="acme.org", call_managers=("one.acme.org", "two.acme.org")), "ann")
    assert facts()["changes"] == [
        {"key": "domain", "before": "", "after": "acme.org"},
        {"key": "call_managers", "before": [], "after": ["one.acme.org", "two.acme.org"]},
    ]
    assert shown(
        "ann changed the DNS settings of acme: domain from none to acme.org,"
        " call_managers from none to one.acme.org two.acme.org."
    )
