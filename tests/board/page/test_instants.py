"""Times as the server sends them: instants, in the zone of the server where no script shows them in another."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import timezone

from assignments.models import RunPolicy
from tests.support.worlds import make_acme
from topology import reasons
from topology.accounts import pseudonyms, times
from topology.live import events
from topology.reasons import Refused

ROOT = Path(__file__).resolve().parents[3]
THEN = datetime(2024, 2, 29, 23, 30, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def server_in_utc(settings: Any) -> None:
    """Whatever `TIME_ZONE` says where the tests run."""
    settings.TIME_ZONE = "UTC"


def shown(form: str, **names: object) -> str:
    return Template(form).render(Context(names))


def test_an_instant_has_its_offset_its_zone_and_a_year_where_it_is_another() -> None:
    with timezone.override("Asia/Kolkata"):
        text = times.element(THEN)
        today = times.element(timezone.now())
    assert 'datetime="2024-03-01T05:00:05+05:30"' in text
    assert 'title="Fri 1 Mar 2024 05:00:05 Asia/Kolkata"' in text
    assert ">1 Mar 2024 05:00<" in text
    assert re.search(r">\d\d:\d\d:\d\d<", today)


def test_a_line_of_history_has_its_day_today_too() -> None:
    now = timezone.now()
    assert f">{timezone.localtime(now):%-d %b %H:%M:%S}<" in times.dated(now)
    assert ">29 Feb 2024 23:30<" in times.dated(THEN)


def test_an_instant_in_a_sentence_is_one_too_and_what_people_wrote_is_escaped() -> None:
    facts = {"author": "<b>anna", "user": "u1", "node": "imp1b", "at": THEN.isoformat(), "users": 1, "chosen": 2}
    refusal = Refused(reasons.MOVE_GROUND_CHANGED, **facts)
    assert "2024-02-29 23:30 UTC" in refusal.message
    html = shown("{{ refusal|sentence }}", refusal=refusal)
    assert '<time datetime="2024-02-29T23:30:05+00:00"' in html
    assert "&lt;b&gt;anna moved u1 to imp1b at" in html
    text = shown('<p title="{{ refusal|sentence_text }}">', refusal=refusal)
    assert "&lt;b&gt;anna" in text
    assert "2024-02-29 23:30 UTC" in text
    with pseudonyms.enabled("a key"):
        assert "anna" not in shown("{{ refusal|sentence }}", refusal=refusal)


@pytest.mark.parametrize("fact", ["2024-02-29 23:30 Europe/Berlin", "2024-02-29T23:30:05", "tomorrow", 5])
def test_what_is_no_instant_stays_as_it_was_written(fact: object) -> None:
    assert shown("{{ told|sentence }}", told=Refused(reasons.BALANCER_COOLDOWN, until=fact)).startswith(
        f"Waiting until {fact}:"
    )


def test_a_sentence_in_html_says_what_it_says_in_text() -> None:
    for reason in reasons.REASONS.values():
        names = re.findall(r"{(\w+)", reason.sentence + reason.fix)
        facts = {name: number for number, name in enumerate(names, 1)}
        told = Refused(reason, **facts)
        html = shown("{{ told|sentence }} {{ told|fix }}", told=told)
        text = shown("{{ told.message }} {{ told.fix }}", told=told)
        assert html == text


def test_no_template_prints_a_time_in_a_way_of_its_own() -> None:
    ways = re.compile(
        r"\|(date|time|naturaltime|timesince|timeuntil)\b|\b(at|since|until|created_at)\.(isoformat|strftime)"
    )
    found = {
        str(path): match for path in (ROOT / "templates").rglob("*.html") if (match := ways.search(path.read_text()))
    }
    assert found == {}


def test_a_page_names_the_zones_of_the_server_and_of_its_cluster(admin_client: Client) -> None:
    acme = make_acme(imp1a=1)
    events.record(reasons.CLUSTER_CREATED, cluster=acme, name="acme")
    page = admin_client.get("/clusters/acme/history/").content.decode()
    assert 'data-server-zone="UTC"' in page
    assert "data-cluster-zone" not in page
    assert re.search(r"<span data-zone>\s*UTC\s*</span>", page)
    RunPolicy.objects.create(cluster=acme, zone="Europe/Berlin")
    assert 'data-cluster-zone="Europe/Berlin"' in admin_client.get("/clusters/acme/history/").content.decode()


def test_the_balancer_waits_until_an_instant(admin_client: Client) -> None:
    acme = make_acme(imp1a=1)
    soon = timezone.now() + timedelta(hours=2)
    facts = {"until": soon.isoformat()}
    RunPolicy.objects.create(cluster=acme, automation="on", code="BALANCER_COOLDOWN", facts=facts)
    page = admin_client.get("/clusters/acme/").content.decode()
    assert re.search(r"Waiting until <time datetime=", page)
