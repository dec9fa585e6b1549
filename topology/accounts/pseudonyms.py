"""Demo mode: pseudonyms in place of the names of people, so that a screenshot shows a real cluster and no one in it.

    enabled(key) around a view -> user IDs, names, mail addresses and accounts become pseudonyms; no data changes

A pseudonym follows from the user ID and the installation's key alone: the same person has the same one in lists,
dialogs and history, and without the key no one can tell whose it is. Standard library only.
"""

import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from topology.reasons.reason import Said

FIRST = [
    "Ada",
    "Ben",
    "Cleo",
    "Dan",
    "Eva",
    "Finn",
    "Gia",
    "Hugo",
    "Ida",
    "Jan",
    "Kim",
    "Leo",
    "Mia",
    "Noa",
    "Ola",
    "Pia",
    "Quin",
    "Ravi",
    "Sam",
    "Tia",
    "Uma",
    "Vic",
    "Wes",
    "Xia",
]
LAST = [
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Elm",
    "Fir",
    "Gorse",
    "Hazel",
    "Iris",
    "Juniper",
    "Larch",
    "Maple",
    "Nettle",
    "Oak",
    "Pine",
    "Quince",
    "Rowan",
]
PEOPLE = ("user", "user_id")  # facts that hold a user ID
ACCOUNTS = ("actor", "author", "owner", "approver", "account", "token")  # facts that hold who did something
TEXTS = ("because", "begins", "hint")  # facts that hold what somebody typed, and so may name anybody
TEXTS_OF = {"IMPORT": "value", "MAINTENANCE": "what"}  # the same in codes that begin so
HIDES_NAMES = "hides_names"  # of a session: the demo mode
HIDDEN = "(hidden with the names)"
OURSELVES = ("", "engine", "balancer", "command line")  # not people

_key: ContextVar[bytes | None] = ContextVar("pseudonym_key", default=None)


@contextmanager
def enabled(key: str | None) -> Iterator[None]:
    """Hide names while this lasts; with None nothing is hidden."""
    token = _key.set(key.encode() if key else None)
    try:
        yield
    finally:
        _key.reset(token)


def is_down() -> bool:
    """Whether names are hidden now."""
    return _key.get() is not None


def user_id(real: str) -> str:
    """A user ID as it is shown."""
    return f"{_first(real)[0]}{_last(real)}-{_number(real) % 100_000:05}".lower() if is_down() else real


def name(real: str, of: str) -> str:
    """The name of the person with a user ID, as it is shown; no one without a name gets one."""
    return f"{_first(of)} {_last(of)}" if is_down() and real else real


def mail(real: str, of: str) -> str:
    """The mail address of the person with a user ID, as it is shown."""
    return f"{user_id(of)}@example.org" if is_down() and real else real


def uri(real: str, of: str) -> str:
    """The directory URI of the person with a user ID, as it is shown."""
    return f"sip:{user_id(of)}@example.org" if is_down() and real else real


def account(real: str) -> str:
    """The account of somebody who works with the console, as it is shown."""
    return f"operator {_number(real) % 1000:03}" if is_down() and real not in OURSELVES else real


def text(real: str) -> str:
    """What somebody typed, as it is shown: it may name anybody."""
    return HIDDEN if is_down() and real else real


def facts(given: Mapping[str, Any], code: str = "") -> dict[str, Any]:
    """The facts of the sentence of a code, as they are shown."""
    hidden = dict(given)
    if is_down():
        texts = (*TEXTS, TEXTS_OF.get(code.partition("_")[0], ""))
        for keys, shown in ((PEOPLE, user_id), (ACCOUNTS, account), (texts, text)):
            hidden |= {key: shown(str(hidden[key])) for key in keys if key in hidden}
        if isinstance(people := hidden.get("people"), dict):
            hidden["people"] = people | {"first": [user_id(one) for one in people["first"]]}
        told = {key: fact for key, fact in hidden.items() if isinstance(fact, Said)}
        hidden |= {key: Said(fact.reason, facts(fact.facts, fact.reason.code)) for key, fact in told.items()}
    return hidden


def _number(text: str) -> int:
    return int.from_bytes(hmac.digest(_key.get() or b"", text.lower().encode(), "sha256")[:8])


def _first(of: str) -> str:
    return FIRST[_number(of) // 7 % len(FIRST)]


def _last(of: str) -> str:
    return LAST[_number(of) // 1009 % len(LAST)]
