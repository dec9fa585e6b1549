"""Alert rules and the dashboard: made from the closed list of reasons, tested by promtool, and true of /metrics."""

from __future__ import annotations

import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from assignments.board import alerts
from assignments.directory import sync
from assignments.intercluster import peers
from tests import tools
from tests.board.pages import as_
from tests.support.worlds import make_acme
from topology import reasons
from topology.accounts import roles
from topology.live import events, health
from topology.models import DnsSettings, Event
from topology.reasons import REASONS

FOLDER = Path(settings.BASE_DIR) / "docker" / "prometheus"
DASHBOARD = Path(settings.BASE_DIR) / "docker" / "grafana" / "dashboards" / "homenode.json"


def promtool(*command: str | Path, where: Path = FOLDER) -> str:
    found = subprocess.run(
        [tools.need("promtool"), *map(str, command)], cwd=where, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


@pytest.mark.parametrize(("file", "options"), [("alerts.yml", []), ("alerts_test.yml", ["--tests"])])
def test_the_files_are_those_of_the_present_list(file: str, options: list[str]) -> None:
    made = io.StringIO()
    call_command("alert_rules", *options, stdout=made)
    assert (FOLDER / file).read_text() == made.getvalue(), f"manage.py alert_rules {' '.join(options)} > {file}"


def test_every_alarm_but_those_of_a_single_user_has_one_alert_with_its_fix() -> None:
    rules = yaml.safe_load(alerts.rules())["groups"][0]["rules"]
    named = {rule["alert"]: rule for rule in rules}
    assert len(named) == len(rules)
    alarms = {code for code, reason in REASONS.items() if reason.level == reasons.NO_WORKER.level}
    alarms -= {code for code in alarms if code.startswith("WHY_")}
    assert set(named) == {alerts.AWAY, *map(alerts.name_of, alarms)}
    for code in alarms:
        assert bool(named[alerts.name_of(code)]["annotations"].get("description")) == bool(REASONS[code].fix)
    assert named["HomenodeNoWorker"]["labels"]["severity"] == "critical"


@pytest.mark.in_turns
def test_promtool_checks_and_tests_the_rules(tmp_path: Path) -> None:
    promtool("check", "rules", "alerts.yml")
    promtool("test", "rules", "alerts_test.yml")
    for file in ("prometheus.yml", "alerts.yml"):
        (tmp_path / file).write_text((FOLDER / file).read_text())
    (tmp_path / "token").write_text("hn_example")
    promtool("check", "config", "prometheus.yml", where=tmp_path)


@pytest.mark.in_turns
def test_a_rule_that_is_wrong_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "alerts_test.yml").write_text((FOLDER / "alerts_test.yml").read_text())
    broken = (FOLDER / "alerts.yml").read_text().replace('homenode_trouble{code="NO_WORKER"} == 1', "vector(0) == 1")
    (tmp_path / "alerts.yml").write_text(broken)
    with pytest.raises(AssertionError, match="NO_WORKER"):
        promtool("test", "rules", "alerts_test.yml", where=tmp_path)


@pytest.mark.django_db
def test_a_worker_that_is_gone_is_an_alert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What /metrics says, given to the rules: from the broken worker to the alert."""
    make_acme(imp1a=2)
    client = as_(roles.VIEWER)
    gone = [health.Trouble(reasons.NO_WORKER)]
    monkeypatch.setattr(health, "troubles", lambda: gone)
    assert fired(client, tmp_path, "HomenodeNoWorker") == ["critical"]
    gone.clear()
    assert fired(client, tmp_path, "HomenodeNoWorker") == []


@pytest.mark.django_db
def test_an_alarm_of_the_history_is_an_alert_of_its_cluster(tmp_path: Path) -> None:
    acme = make_acme(imp1a=2)
    client = as_(roles.VIEWER)
    assert fired(client, tmp_path, "HomenodeDirectoryStopped") == []
    events.record(reasons.DIRECTORY_STOPPED, cluster=acme, name=acme.name, because="the filter")
    assert fired(client, tmp_path, "HomenodeDirectoryStopped") == ["warning acme"]


# --- No alert that nothing can set off ------------------------------------------------------------
def codes(pattern: str, *where: str) -> set[str]:
    """The codes that code names in a place."""
    files = [path for each in where for path in sorted(Path(settings.BASE_DIR).glob(each))]
    assert files
    return {code for path in files for code in re.findall(pattern, path.read_text()) if code in REASONS}


def test_every_alert_is_of_something_that_is_written_somewhere() -> None:
    """In the history by the engine (its golden logs, and what it says) or a service, or in a row that stands."""
    engine = codes(r"(?m)^[\d:]+  ([A-Z_]+)", "tests/scenarios/*.log")
    engine |= codes(r"state\.(?:say|note)\(([A-Z_]+)\b", "assignments/recovery/rules/*.py")
    services = codes(r"record\((?:\w+, )?(?:reasons\.)?([A-Z_]+)\b", "topology/**/*.py", "assignments/**/*.py")
    directory = codes(r"Refused\(reasons\.([A-Z_]+)\b", "assignments/directory/*.py")
    directory |= {sync.why_stopped({"hash": of}).code for of in ("", "of a set")}
    peers = codes(r"reasons\.([A-Z_]+)\.code", "assignments/intercluster/peers.py")
    records = codes(r"reasons\.(SRV_[A-Z_]+)\b", "topology/dns/rules/comparing.py")
    assert set(alerts.HAPPENING) - engine - services - directory - peers - records == set()
    console = codes(r"reasons\.([A-Z_]+)\b", "topology/live/health.py", "topology/live/probe.py")
    assert {reason.code for reason in alerts.STANDING} - console == set()


@pytest.mark.django_db
def test_what_is_wrong_with_peers_and_dns_records_is_an_alert_while_it_stands(tmp_path: Path) -> None:
    acme, branch = make_acme(imp1a=2), make_acme("branch", imp1a=1)
    client = as_(roles.VIEWER)
    peers.make(acme, branch, actor="test")
    peers.set_fault(acme, branch, "unreachable", actor="test")
    peers.sync_now(acme, branch)
    found = [code for code in alerts.HAPPENING if code.startswith("SRV_") and code != "SRV_CHECKED_BAD"]
    problems = [{"name": "_cuplogin._tcp.acme.org", "code": code, "facts": {}} for code in [*found, found[0]]]
    DnsSettings.objects.create(cluster=acme, name_server="192.0.2.1:53", problems=problems)
    Event.objects.all().delete()  # an hour later the history of 15 minutes is empty
    said = client.get("/metrics").content.decode()
    counts = dict(re.findall(r'^homenode_alarms\{cluster="acme",code="(\w+)"\} (\d+)', said, re.M))
    assert counts == {"PEER_UNREACHABLE": "1"} | dict.fromkeys(found, "1") | {found[0]: "2"}
    assert fired(client, tmp_path, "HomenodePeerUnreachable") == ["warning acme"]
    assert fired(client, tmp_path, "HomenodeSrvRecordMissing") == ["warning acme"]
    peers.set_fault(acme, branch, "", actor="test")
    peers.sync_now(acme, branch)
    DnsSettings.objects.update(problems=[])
    assert fired(client, tmp_path, "HomenodePeerUnreachable") == []
    assert fired(client, tmp_path, "HomenodeSrvRecordMissing") == []


def fired(client: Client, where: Path, alert: str) -> list[str]:
    """The severity and cluster of an alert with the samples that /metrics has now."""
    text = client.get("/metrics").content.decode()
    lines = [line.rpartition(" ") for line in text.splitlines() if line.startswith(("homenode_trouble", "homenode_al"))]
    series = [{"series": name, "values": f"{value}x20"} for name, _, value in lines]
    test = {"eval_time": "3m", "alertname": alert, "exp_alerts": []}
    whole = {"rule_files": ["alerts.yml"], "tests": [{"interval": "15s", "input_series": series}]}
    whole["tests"][0]["alert_rule_test"] = [test]  # type: ignore[index]
    (where / "alerts.yml").write_text((FOLDER / "alerts.yml").read_text())
    (where / "now.yml").write_text(yaml.safe_dump(whole))
    found = subprocess.run(
        [tools.need("promtool"), "test", "rules", "now.yml"], cwd=where, capture_output=True, text=True, check=False
    )
    said = found.stdout + found.stderr
    got = said.partition("got:")[2]
    clusters = re.findall(r'cluster="(\w+)"', got)
    return [" ".join((severity, *clusters)) for severity in re.findall(r'severity="(\w+)"', got)]


# --- The dashboard --------------------------------------------------------------------------------
def queries() -> list[str]:
    found: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            found.extend([part["expr"]] if "expr" in part else [])
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(json.loads(DASHBOARD.read_text()))
    return found


@pytest.mark.django_db
def test_the_dashboard_asks_for_what_there_is_and_promtool_reads_it(tmp_path: Path) -> None:
    make_acme(imp1a=2)
    there = set(re.findall(r"^# TYPE (\w+) ", as_(roles.VIEWER).get("/metrics").content.decode(), re.M))
    asked = {name for query in queries() for name in re.findall(r"homenode_\w+", query)}
    assert asked <= there
    assert {"homenode_cluster_out_of_service_users", "homenode_tick_age_seconds", "homenode_alarms"} <= asked
    rules = [{"record": f"homenode:q{n}", "expr": q.replace("$cluster", ".*")} for n, q in enumerate(queries())]
    (tmp_path / "q.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", "q.yml", where=tmp_path)


def test_the_dashboard_is_whole() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["title"] and panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
    taken = [(p["gridPos"]["x"] + x, p["gridPos"]["y"] + y) for p in panels
             for x in range(p["gridPos"]["w"]) for y in range(p["gridPos"]["h"])]  # fmt: skip
    assert len(taken) == len(set(taken)), "two panels lie on one another"
    assert {variable["name"] for variable in dashboard["templating"]["list"]} == {"source", "cluster"}
