"""The log of a what-if run in words: lines are kept as codes and facts, and told when somebody reads them."""

from collections.abc import Iterable, Mapping
from typing import Any

from topology.accounts import pseudonyms, sentences
from topology.reasons import REASONS, Reason

Line = Mapping[str, Any]


def lines_in_words(lines: Iterable[Line], short: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """The lines with their sentences, instead of the facts of these; `short` has other names for nodes."""
    return [_told(line, short or {}) for line in lines]


def without_repeats(lines: Iterable[Line]) -> list[Line]:
    """The lines without what a flapping node repeats, which a line of its own has said."""
    return [line for line in lines if not line.get("repeated")]


def _told(line: Line, short: Mapping[str, str]) -> dict[str, Any]:
    rest = {key: value for key, value in line.items() if key != "facts"}
    if "facts" not in line:  # kept by a version that kept sentences
        return rest | {
            "message": pseudonyms.text(line["message"]) if line["event"].startswith("MAINTENANCE") else line["message"]
        }
    facts = {key: short.get(fact, fact) if isinstance(fact, str) else fact for key, fact in line["facts"].items()}
    reason = REASONS.get(line["event"]) or Reason(line["event"], line["event"])
    return rest | {"message": sentences.say(reason, facts)}


def told_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a run as commands and the API give it."""
    return {**result, "log": lines_in_words(result["log"])}
