"""One entry of a directory as a person, or why it cannot be taken."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assignments.users.rules.cells import unseen
from topology import reasons
from topology.reasons import Reason

SINGLE = ("name", "mail", "directory_uri", "department")
LONGEST = 255  # characters of a value
LOST = "\ufffd"  # stands for bytes that were no text
# A directory answers under the first of its names what it is asked for under another (RFC 4519, 4524, 2798).
ONE_ATTRIBUTE = (
    "uid userid 0.9.2342.19200300.100.1.1",
    "mail rfc822mailbox 0.9.2342.19200300.100.1.3",
    "mobile mobiletelephonenumber 0.9.2342.19200300.100.1.41",
    "homephone hometelephonenumber 0.9.2342.19200300.100.1.20",
    "cn commonname 2.5.4.3",
    "sn surname 2.5.4.4",
    "l localityname 2.5.4.7",
    "st stateorprovincename 2.5.4.8",
    "street streetaddress 2.5.4.9",
    "o organizationname 2.5.4.10",
    "ou organizationalunitname 2.5.4.11",
    "title 2.5.4.12",
    "description 2.5.4.13",
    "telephonenumber 2.5.4.20",
    "givenname gn 2.5.4.42",
    "departmentnumber 2.16.840.1.113730.3.1.2",
    "employeenumber 2.16.840.1.113730.3.1.3",
    "displayname 2.16.840.1.113730.3.1.241",
    "samaccountname 1.2.840.113556.1.4.221",
    "userprincipalname 1.2.840.113556.1.4.656",
)
OTHER_NAMES = {name: tuple(names.split()) for names in ONE_ATTRIBUTE for name in names.split()}


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """What a directory gave: the DN, the key that never changes, and the values of each attribute, in lower case.

    Or the address of a part that another server has.
    """

    dn: str
    key: str
    values: Mapping[str, Sequence[str]]
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class EntryPerson:
    """A person as the agreement maps an entry; None is a field that is not mapped and stays as it is."""

    dn: str
    key: str
    user_id: str
    name: str | None = None
    mail: str | None = None
    directory_uri: str | None = None
    department: str | None = None
    endpoints: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry that cannot be taken, and why; its key, else its user ID, so that it does not count as gone."""

    dn: str
    key: str
    reason: Reason
    facts: Mapping[str, Any]
    user_id: str = ""


def person_of(
    entry: DirectoryEntry, mapped: Mapping[str, str], *, longest_id: int, kinds: Mapping[str, str]
) -> EntryPerson | Skipped:
    """The person of an entry; `kinds` are the endpoints that are known, by their code."""
    if entry.is_elsewhere:
        return Skipped(entry.dn, "", reasons.DIRECTORY_ELSEWHERE, {})
    user_id = _first(entry, mapped["user_id"])
    if not entry.key:
        is_one = len(user_id) <= longest_id and not _hidden(user_id, strict=True)
        return Skipped(entry.dn, "", reasons.DIRECTORY_NO_KEY, {}, user_id if is_one else "")
    if not user_id:
        return _skip(entry, reasons.DIRECTORY_ID_MISSING, attribute=mapped["user_id"])
    values = {"user_id": user_id} | {field: _first(entry, mapped[field]) for field in SINGLE if field in mapped}
    for field, value in values.items():
        most = longest_id if field == "user_id" else LONGEST
        if len(value) > most:
            return _skip(entry, reasons.DIRECTORY_TOO_LONG, attribute=mapped[field], length=len(value), most=most)
        if sign := _hidden(value, strict=field == "user_id"):
            return _skip(entry, reasons.DIRECTORY_CHARACTER, attribute=mapped[field], sign=sign)
    endpoints = _endpoints(entry, mapped.get("endpoints"), kinds)
    if isinstance(endpoints, Skipped):
        return endpoints
    return EntryPerson(entry.dn, entry.key, endpoints=endpoints, **values)


def _first(entry: DirectoryEntry, attribute: str) -> str:
    """The first value, without blanks around it and with composed letters; "" where there is none."""
    values = _values(entry, attribute)
    return unicodedata.normalize("NFC", values[0]).strip() if values else ""


def _values(entry: DirectoryEntry, attribute: str) -> Sequence[str]:
    """The values of an attribute, by whichever of its names the directory answers."""
    base, mark, options = attribute.lower().partition(";")
    values = (entry.values.get(f"{name}{mark}{options}") for name in (base, *OTHER_NAMES.get(base, ())))
    return next(filter(None, values), ())


def _hidden(value: str, *, strict: bool) -> str:
    """The name of the first character that no one can see, as in a list, or that was lost; or ""."""
    at = value.find(LOST) if LOST in value else unseen(value, strict=strict)
    return "" if at is None else f"U+{ord(value[at]):04X}"


def _endpoints(
    entry: DirectoryEntry, attribute: str | None, kinds: Mapping[str, str]
) -> tuple[str, ...] | Skipped | None:
    if attribute is None:
        return None
    codes = {name.lower(): code for code, label in kinds.items() for name in (code, label)}
    wanted = [value.strip() for value in _values(entry, attribute) if value.strip()]
    for value in wanted:
        if value.lower() not in codes:
            return _skip(
                entry,
                reasons.DIRECTORY_ENDPOINT,
                attribute=attribute,
                value=value[:60],
                known=", ".join(kinds),
            )
    return tuple(sorted({codes[value.lower()] for value in wanted}))


def _skip(entry: DirectoryEntry, reason: Reason, **facts: Any) -> Skipped:
    return Skipped(entry.dn, entry.key, reason, facts)
