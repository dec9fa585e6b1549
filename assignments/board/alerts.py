"""Alert rules for Prometheus and their tests, made from the closed list of reasons: every alarm that can show has one.

an alarm about the console itself --stands in--> homenode_trouble{code}
an alarm about a cluster --counted in the history of 15 minutes by--> homenode_alarms{code, cluster}
what is wrong with its directory, peers or DNS records --stands in--> homenode_alarms{code, cluster}
an alarm about a single user: a word of that user's page, for no metric names a user
"""

from __future__ import annotations

from typing import Any

import yaml

from topology.reasons import REASONS, Reason
from topology.reasons import health as of_the_console
from topology.reasons import people as of_users
from topology.reasons.general import GENERAL
from topology.reasons.reason import ALARM

ALARMS = tuple(
    reason for _, reason in sorted(REASONS.items()) if reason.level == ALARM and reason not in vars(of_users).values()
)
STANDING = tuple(reason for reason in ALARMS if reason in vars(of_the_console).values())
HAPPENING = tuple(reason.code for reason in ALARMS if reason not in STANDING)
AWAY = "HomenodeAway"
LABEL = "{{ $labels.cluster }}"
CLUSTER = f"{LABEL}: "
NAMES = f"The history of {LABEL} has the names."
HEAD = "# Made by `manage.py alert_rules{}` from the closed list of reasons; tests say when it is to be made again.\n"


def rules() -> str:
    """The rules, as a file of Prometheus."""
    alerts = [_away(), *(_standing(reason) for reason in STANDING), *(_happened(code) for code in HAPPENING)]
    return HEAD.format("") + _yaml({"groups": [{"name": "homenode", "rules": alerts}]})


def tests() -> str:
    """Their tests, as a file of `promtool test rules`: each fires for its own reason, and no other one does."""
    quiet = [_series("up", 'job="homenode"', "1x20"), *(_trouble(reason.code, "0x20") for reason in STANDING)]
    cases = [_case("nothing is wrong", quiet, {})]
    away = {"alertname": AWAY}
    cases.append(_case("the console does not answer", [_series("up", 'job="homenode"', "0x20")], away))
    for reason in STANDING:
        others = [each for each in quiet if f'"{reason.code}"' not in each["series"]]
        cases.append(_case(reason.code, [*others, _trouble(reason.code, "1x20")], {"code": reason.code}))
    for code in HAPPENING:
        line = _series("homenode_alarms", f'cluster="acme",code="{code}"', "1x20")
        cases.append(_case(code, [*quiet, line], {"code": code, "cluster": "acme"}))
    return HEAD.format(" --tests") + _yaml({"rule_files": ["alerts.yml"], "evaluation_interval": "15s", "tests": cases})


def name_of(code: str) -> str:
    """The name of the alert of a reason: NO_WORKER is HomenodeNoWorker."""
    return "Homenode" + "".join(word.capitalize() for word in code.split("_"))


def _away() -> dict[str, Any]:
    said = {"summary": "The console does not answer.", "description": "Start it: its web server, or manage.py up."}
    labels = {"severity": "critical"}
    return {"alert": AWAY, "expr": 'up{job="homenode"} == 0', "for": "1m", "labels": labels, "annotations": said}


def _standing(reason: Reason) -> dict[str, Any]:
    return _alert(reason, f'homenode_trouble{{code="{reason.code}"}} == 1', "30s")


def _happened(code: str) -> dict[str, Any]:
    return _alert(REASONS[code], f'homenode_alarms{{code="{code}"}} > 0', "")


def _alert(reason: Reason, expr: str, lasts: str) -> dict[str, Any]:
    sentence, fix = GENERAL.get(reason.code, (reason.sentence, reason.fix))
    told = {"summary": sentence, "description": fix}
    if not lasts:
        told = {"summary": CLUSTER + sentence, "description": f"{fix} {NAMES}"}
    own = {"for": lasts} if lasts else {}
    return (
        {"alert": name_of(reason.code), "expr": expr}
        | own
        | {
            "labels": {"severity": "critical" if lasts else "warning"},
            "annotations": told,
        }
    )


def _filled(told: dict[str, str]) -> dict[str, str]:
    return {name: text.replace(LABEL, "acme") for name, text in told.items()}


def _series(name: str, labels: str, values: str) -> dict[str, str]:
    return {"series": f"{name}{{{labels}}}", "values": values}


def _trouble(code: str, values: str) -> dict[str, str]:
    return _series("homenode_trouble", f'code="{code}"', values)


def _case(name: str, series: list[dict[str, str]], fires: dict[str, str]) -> dict[str, Any]:
    expected = []
    if code := fires.get("code"):
        alert = _standing(REASONS[code]) if REASONS[code] in STANDING else _happened(code)
        expected = [(alert, fires)]
    elif fires:
        expected = [(_away(), {"job": "homenode"})]
    tests = []
    for alert in (_away(), *map(_standing, STANDING), *map(_happened, HAPPENING)):
        exp_alerts = [
            {"exp_labels": alert["labels"] | labels, "exp_annotations": _filled(alert["annotations"])}
            for each, labels in expected
            if each["alert"] == alert["alert"]
        ]
        if exp_alerts or not fires:
            tests.append({"eval_time": "3m", "alertname": alert["alert"], "exp_alerts": exp_alerts})
    return {"interval": "15s", "name": name, "input_series": series, "alert_rule_test": tests}


def _yaml(value: Any) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=118))
