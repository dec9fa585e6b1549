"""The closed list of codes: every refusal, skip, wait and automatic act has one, with a sentence and a fix.

The page, the commands, the HTTP API, the history and the documents share it. A sentence is a format string
filled with the facts of the case; a fix tells what to do about it and may be empty for plain news.
"""

from dataclasses import dataclass
from typing import Any

REFUSED, WARNING, NEWS, ALARM = "refused", "warning", "news", "alarm"


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
        return self.sentence.format_map(_Facts(facts))

    def say_fix(self, **facts: Any) -> str:
        """The fix with the facts filled in."""
        return self.fix.format_map(_Facts(facts))


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


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


def _add(code: str, sentence: str, fix: str = "", level: str = REFUSED, status: int = 409) -> Reason:
    if code in REASONS:
        raise ValueError(f"{code} is in the list twice")
    REASONS[code] = Reason(code, sentence, fix, level, status)
    return REASONS[code]


# --- Access ---------------------------------------------------------------------------------------
ROLE_NEEDED = _add(
    "ROLE_NEEDED", "This needs the role {role}.", "Ask an administrator for the role {role}.", status=403
)
LINK_NOT_VALID = _add(
    "LINK_NOT_VALID",
    "This sign-in link was used before or is older than {minutes} minutes.",
    "Make a new one with: manage.py sign_in_link",
    status=403,
)
SIGNED_IN = _add("SIGNED_IN", "{actor} signed in.", level=NEWS)

# --- Names and lookups ----------------------------------------------------------------------------
NO_SUCH_CLUSTER = _add("NO_SUCH_CLUSTER", "There is no cluster {name}.", "Known: {known}.", status=422)
NO_SUCH_SUBCLUSTER = _add(
    "NO_SUCH_SUBCLUSTER", "There is no subcluster {name} in {cluster}.", "Known: {known}.", status=422
)
NO_SUCH_NODE = _add("NO_SUCH_NODE", "There is no node {name}.", "Known: {known}.", status=422)

# --- Moves of users (assignments/services/moves.py) -----------------------------------------------

# --- Plans and runs (assignments/planner.py, services/plans.py, services/operations.py) -----------

# --- Recovery and faults (assignments/recovery.py, services/recovery.py) --------------------------

# --- Topology files and changes (topology/services.py) --------------------------------------------

# --- Import of users (assignments/services/imports.py) --------------------------------------------
