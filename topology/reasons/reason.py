"""What a reason is: a code, a sentence with facts, a fix; and the list in which every code stands once.

{node}                       the fact as it is
{users}                      a count, 30,000 (the facts of COUNTS)
{users:user}                 a count with its noun: 1 user, 0 users
{users:user is|users are}    the same with what else must agree
{changes}                    what was changed: keep_alive_timeout from 60 to 90 (changes_between)
{until}                      an instant, 2026-11-26 14:02 UTC (the facts of INSTANTS, kept as ISO 8601 with an offset)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topology.reasons.words import counted, plural

REFUSED, WARNING, NEWS, ALARM = "refused", "warning", "news", "alarm"
COUNTS = {
    "chosen", "done", "left", "lines", "missing", "moves", "notified", "pinned", "problems", "room", "skipped", "stale",
    "total", "unpin", "users", "valid", "wanted",
}  # fmt: skip
# What stands for facts that are not given: older lines of history lack some, and who removed it is seldom known.
NOT_NOTED = {"source": "their home nodes", "people": "", "removed": "", "again": ""}
INSTANTS = {"at", "opens", "until"}


@dataclass(frozen=True)
class Reason:
    """One entry of the list; `status` is the HTTP status of a refusal (409 state, 422 input, 403 right)."""

    code: str
    sentence: str
    fix: str = ""
    level: str = REFUSED
    status: int = 409

    def say(self, **facts: Any) -> str:
        """The sentence with the facts filled in; a missing fact shows as its name."""
        return self.sentence.format_map(_readable(facts))

    def say_fix(self, **facts: Any) -> str:
        """The fix with the facts filled in."""
        return self.fix.format_map(_readable(facts))


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> "_Text":
        return _Text(NOT_NOTED.get(key, "{" + key + "}"))


class _Text(str):
    """A fact that is no number, or that was not given: it takes any form, for a number may have been meant."""

    def __format__(self, form: str) -> str:
        if not _is_noun(form):
            return str(self)
        return counted(1, form) if self == "1" else f"{self!s} {plural(form)}"


class _Number(int):
    """A whole number that may stand beside a noun: {users:user} is "1 user"."""

    def __format__(self, form: str) -> str:
        return counted(self, form) if _is_noun(form) else super().__format__(form)


class _Count(_Number):
    """A number of users, shown as 30,000; numbers that name something, as that of an operation, stay plain."""

    def __format__(self, form: str) -> str:
        return super().__format__(form or ",")


def _is_noun(form: str) -> bool:
    return len(form) > 2 and form[:2].isalpha()


def _readable(facts: dict[str, Any]) -> _Facts:
    return _Facts({key: _in_sentence(key, fact) for key, fact in facts.items()})


def instant_of(key: str, fact: Any) -> datetime | None:
    """The instant that a fact is, or None: a text without an offset is none."""
    if key not in INSTANTS or not isinstance(fact, str):
        return None
    try:
        instant = datetime.fromisoformat(fact)
    except ValueError:
        return None
    return instant if instant.tzinfo else None


def _in_sentence(key: str, fact: Any) -> Any:
    if instant := instant_of(key, fact):
        return _Text(f"{instant:%Y-%m-%d %H:%M} {instant.tzname()}")
    if isinstance(fact, str):
        return _Text(fact)
    if (words := words_of(key, fact)) is not None:
        return _Text(words)
    if type(fact) is not int:
        return fact
    return _Count(fact) if key in COUNTS else _Number(fact)


def words_of(key: str, fact: Any) -> str | None:
    """The words of a fact that is kept as a structure; None for one that is shown as it is."""
    if key == "people" and isinstance(fact, dict):
        return _named(fact)
    if key == "changes" and isinstance(fact, list):  # older lines of history hold words
        return ", ".join(f"{c['key']} from {_value(c['before'])} to {_value(c['after'])}" for c in fact)
    return None


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fact `changes`: key, before and after of each value that is another one after."""
    return [{"key": key, "before": before[key], "after": after[key]} for key in after if after[key] != before[key]]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return (" ".join(value) if isinstance(value, list | tuple) else str("" if value is None else value)) or "none"


def _named(people: Mapping[str, Any]) -> str:
    """The first of them by user ID, and how many more there are."""
    first, more = people["first"], people["more"]
    return f" ({', '.join(first)}{f' and {more:,} more' if more else ''})" if first else ""


@dataclass(frozen=True)
class Said:
    """A reason with its facts as a fact of another sentence: where one tells what another has said."""

    reason: Reason
    facts: Mapping[str, Any]

    def __str__(self) -> str:
        return self.reason.say(**self.facts)

    def kept(self) -> dict[str, Any]:
        """What is kept of it."""
        return {"code": self.reason.code, "facts": dict(self.facts)}

    @classmethod
    def of_kept(cls, kept: Mapping[str, Any]) -> "Said":
        """What was kept; a code that is not on the list any more says itself."""
        return cls(REASONS.get(kept["code"]) or Reason(kept["code"], kept["code"]), kept["facts"])


class Refused(Exception):
    """Something that was asked for and is not done, with its code, the facts and the fix."""

    def __init__(self, reason: Reason, **facts: Any) -> None:
        self.reason, self.facts = reason, facts
        super().__init__(self.message)

    @property
    def code(self) -> str:
        return self.reason.code

    @property
    def message(self) -> str:
        return self.reason.say(**self.facts)

    @property
    def fix(self) -> str:
        return self.reason.say_fix(**self.facts)

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page, the commands and the API give."""
        return {"code": self.code, "message": self.message, "fix": self.fix}


REASONS: dict[str, Reason] = {}


def add_reason(code: str, sentence: str, fix: str = "", level: str = REFUSED, status: int = 409) -> Reason:
    """Put a reason on the closed list; `status` is the HTTP status of its refusal. Raises ValueError for one twice."""
    if code in REASONS:
        raise ValueError(f"{code} is in the list twice")
    REASONS[code] = Reason(code, sentence, fix, level, status)
    return REASONS[code]
