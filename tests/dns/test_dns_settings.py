"""The DNS settings: in the topology file and back, in the dialog of the cluster, and what each of them refuses."""

from typing import Any

import pytest
from django.test import Client

from assignments.board.topology_file import apply_topology
from tests.support.worlds import make_acme
from topology.models import Cluster, Event
from topology.reasons import Refused
from topology.rules import topology_file
from topology.rules.topology_file import DnsSpec
from topology.structure.dns_settings import update_dns
from topology.structure.files import present_topology
from topology.structure.limits import RULES
from topology.structure.selectors import current_dns

pytestmark = pytest.mark.django_db
DNS = {
    "domain": "example.org",
    "call_managers": ["cucm1.example.org"],
    "name_server": "192.0.2.53:53",
    "check_every": 60,
}


@pytest.fixture
def acme() -> Cluster:
    return make_acme()


def document(cluster: Cluster, **more: Any) -> dict[str, Any]:
    return topology_file.render(present_topology(cluster), RULES) | more


def test_a_file_sets_them_says_what_differs_and_comes_back(acme: Cluster) -> None:
    seen = apply_topology(document(acme, dns=DNS), dry_run=True)
    assert [change.field for change in seen.changes] == [f"dns.{name}" for name in DNS]
    assert str(seen.changes[0]) == "change cluster acme: dns.domain none -> example.org"
    assert current_dns(acme) == DnsSpec()
    apply_topology(document(acme, dns=DNS))
    assert document(acme)["dns"] == DNS
    assert not apply_topology(document(acme)).changes
    assert Event.objects.filter(code="DNS_SETTINGS_CHANGED").count() == 1


def test_a_file_without_them_has_the_defaults(acme: Cluster) -> None:
    update_dns(acme, DnsSpec(domain="example.org"))
    plain = document(acme)
    del plain["dns"]
    apply_topology(plain)
    assert current_dns(acme) == DnsSpec()


def test_a_file_creates_a_cluster_with_them() -> None:
    apply_topology({"cluster": "new", "dns": {"domain": "example.org"}})
    assert current_dns(Cluster.objects.get(name="new")).domain == "example.org"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("domain", "exa mple.org"),
        ("call_managers", ["cucm1"]),
        ("name_server", "a b"),
        ("name_server", "a..b"),
        ("check_every", 59),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(acme: Cluster, key: str, value: Any) -> None:
    with pytest.raises(Refused) as refused:
        apply_topology(document(acme, dns={key: value}))
    assert f"dns.{key}" in str(refused.value)
    given = tuple(value) if isinstance(value, list) else value
    with pytest.raises(Refused) as refused:
        update_dns(acme, DnsSpec(**{key: given}))
    assert refused.value.facts["field"] == key


def test_the_dialog_stores_them_and_keeps_what_was_typed(acme: Cluster, admin_client: Client) -> None:
    form = admin_client.get("/clusters/acme/settings")
    fields = dict.fromkeys(("domain", "call_managers", "name_server"), "")
    typed = stored_form(form.content.decode()) | fields
    typed |= {"domain": "example.org", "call_managers": "cucm1.example.org, cucm2.example.org", "check_every": "600"}
    assert admin_client.post("/clusters/acme/settings", typed).status_code == 200
    assert current_dns(acme) == DnsSpec("example.org", ("cucm1.example.org", "cucm2.example.org"), "", 600)
    answer = admin_client.post("/clusters/acme/settings", typed | {"call_managers": "cucm1"})
    assert answer.status_code == 422
    assert 'value="cucm1"' in answer.content.decode()
    assert "has no domain" in answer.content.decode()


def stored_form(page: str) -> dict[str, str]:
    """The fields of a form with what they show."""
    from html.parser import HTMLParser

    class Fields(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: dict[str, str] = {}
            self.select = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = dict(attrs)
            if tag == "select":
                self.select = given.get("name") or ""
            elif tag == "option" and "selected" in given:
                self.found[self.select] = given.get("value") or ""
            elif tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
                self.found[given.get("name") or ""] = given.get("value", "on") or ""

    fields = Fields()
    fields.feed(page)
    return fields.found
