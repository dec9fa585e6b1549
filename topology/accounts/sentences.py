"""Sentences as they are told at an edge: what was refused or has happened, in words, with names hidden where they are.

    Reason + facts (kept, passed on) --say, fix, hidden--> words on a page or in an answer

A reason's own `say` knows nothing of who reads it; so what is kept or answered to programs has the facts as they are.
"""

from collections.abc import Mapping
from typing import Any

from topology.accounts import pseudonyms
from topology.reasons.reason import Reason, Refused


def say(reason: Reason, facts: Mapping[str, Any]) -> str:
    """The sentence of a reason with its facts, for its reader now."""
    return reason.say(**pseudonyms.facts(facts, reason.code))


def fix(reason: Reason, facts: Mapping[str, Any]) -> str:
    """The fix of a reason with its facts, for its reader now."""
    return reason.say_fix(**pseudonyms.facts(facts, reason.code))


def hidden(refusal: Refused) -> Refused:
    """The same refusal with facts as they are shown now."""
    return Refused(refusal.reason, **pseudonyms.facts(refusal.facts, refusal.code))


def whole(refusal: Refused, labels: Mapping[str, str] | None = None) -> str:
    """Sentence and fix for their reader now, with the label of a form instead of the name of a field."""
    facts = dict(refusal.facts)
    if label := (labels or {}).get(str(facts.get("field"))):
        facts["field"] = f"“{label}”"
    return f"{say(refusal.reason, facts)} {fix(refusal.reason, facts)}".strip()
