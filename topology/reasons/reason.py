"""What a reason is: a code, a sentence with facts, a fix; and the list in which every code stands once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REFUSED, WARNING, NEWS, ALARM = "refused", "warning", "news", "alarm"
COUNTS = {"users", "moves", "done", "skipped", "total", "chosen", "wanted", "room", "pinned", "notified", "left"}


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
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class _Count(int):
    """A number of users, shown as 30,000; numbers that name something, as that of an operation, stay plain."""

    def __format__(self, form: str) -> str:
        return super().__format__(form or ",")


def _readable(facts: dict[str, Any]) -> _Facts:
    return _Facts({key: _Count(fact) if key in COUNTS and type(fact) is int else fact for key, fact in facts.items()})


@dataclass(frozen=True)
class Said:
    """A reason with its facts as a fact of another sentence: where one tells what another has said."""

    reason: Reason
    facts: Mapping[str, Any]

    def __str__(self) -> str:
        return self.reason.say(**self.facts)


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


def add(code: str, sentence: str, fix: str = "", level: str = REFUSED, status: int = 409) -> Reason:
    if code in REASONS:
        raise ValueError(f"{code} is in the list twice")
    REASONS[code] = Reason(code, sentence, fix, level, status)
    return REASONS[code]
