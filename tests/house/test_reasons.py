"""The closed list of reasons: what stops, waits or goes wrong says what to do about it, also where no fact is known."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from assignments.board import alerts
from topology.reasons import NEWS, REASONS
from topology.reasons.general import GENERAL, OF_A_USER, reason_of_users, said_of_a_user

CODE = [path for room in ("assignments", "topology") for path in (Path(settings.BASE_DIR) / room).rglob("*.py")]

WRITTEN = "assignments_move"


def raised() -> set[str]:
    """The codes that the code raises by name: Refused(reasons.CODE, …) or Refused(CODE, …)."""
    found = set()
    for path in CODE:
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and call.args and ast.unparse(call.func).split(".")[-1] == "Refused":
                found.add(ast.unparse(call.args[0]).split(".")[-1])
    return found & set(REASONS)


@pytest.mark.parametrize("code", [code for code, reason in REASONS.items() if reason.level != NEWS])
def test_every_reason_but_news_has_a_fix(code: str) -> None:
    assert REASONS[code].fix.strip()


def test_whatever_is_raised_has_a_fix() -> None:
    assert len(raised()) > 150
    assert [code for code in raised() if not REASONS[code].fix] == []


def test_every_alarm_of_an_alert_that_names_facts_has_words_without_them() -> None:
    with_facts = {why.code for why in alerts.ALARMS if "{" in why.sentence + why.fix}
    assert set(GENERAL) == with_facts
    texts = [text for pair in GENERAL.values() for text in pair]
    assert [text for text in texts if not text.endswith(".") or "{" in text] == []


def test_whatever_is_kept_of_a_user_as_a_code_has_words_without_facts() -> None:
    """The codes of moves and of those who wait: of every file that writes such rows, and all refusals of a plan."""
    writing = [text for path in CODE if "migrations" not in path.parts and WRITTEN in (text := path.read_text())]
    kept = {code for text in writing for code in re.findall(r"\breasons\.([A-Z_]+)\.code", text)}
    kept |= {"USERS_IMPORTED", "DIRECTORY_SYNCED", "DIRECTORY_PLACED", "DIRECTORY_WAITS", "MOVE_NEW_DURING_FAILOVER"}
    goals = (Path(settings.BASE_DIR) / "assignments/planning/rules/goals.py").read_text()
    kept |= set(re.findall(r"Refused\(([A-Z_]+),", goals)) | {"PLAN_NO_ROOM_ENDPOINTS", "PLAN_NO_REDUNDANCY_ENDPOINTS"}
    assert len(kept) > 25
    assert [code for code in kept if not said_of_a_user(code).endswith(".")] == []
    assert [code for code in kept if "{" in reason_of_users(code).fix] == []
    assert [code for code, text in OF_A_USER.items() if code not in REASONS or "{" in text] == []


def test_no_alert_shows_a_placeholder() -> None:
    rules = yaml.safe_load(alerts.rules())["groups"][0]["rules"]
    shown = " ".join(text for rule in rules for text in rule["annotations"].values()).replace(alerts.LABEL, "")
    assert [sign for sign in "{}<>" if sign in shown] == []
