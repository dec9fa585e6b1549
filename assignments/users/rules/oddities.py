"""Cells that are read as they are and that somebody will want to know of: what other programs made of a text.

A name, a mail or a user ID that is one of these is a text like any other and is imported; no one can know. But a
database wrote NULL for nothing, a spreadsheet made 1.23457E+11 of a number, an editor saved "MÃ¶ller" for Möller:
each kind is a warning with its number and its first lines. Standard library only.
"""

import html
import re
import unicodedata
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from quopri import decodestring
from typing import NamedTuple
from urllib.parse import unquote

from topology import reasons
from topology.reasons import Reason

NOTHING = r"null|<null>|\(null\)|none|nil|nan|n/a|undefined|\\n"  # what programs write for nothing
ERROR = r"#(?:n/a|name\?|null!|num!|ref!|value!|div/0!|spill!|calc!)"  # a spreadsheet, for what it cannot work out
SHORTENED = r"\d(?:[.,]\d+)?e\+\d+"  # a long number, as a spreadsheet shows it
MEANS_NOTHING = re.compile(f"(?:{NOTHING}|{ERROR})", re.IGNORECASE)
IS_SHORTENED = re.compile(SHORTENED, re.IGNORECASE)
QUOTED = re.compile("'.+'|\".+\"|“.+[”“]|„.+[“”]|\u2018.+\u2019|«.+»|`.+`", re.DOTALL)
# UTF-8 read as Windows-1252 or Latin-1: a letter of two or three bytes is a capital with a mark and signs after it.
SIGN = "[\x80-\xbfŒœŠšŸŽžƒ\u02c6\u02dc\u2013-\u203a€™]"
MISREAD = re.compile(f"[\xc2-\xdf]{SIGN}|[\xe0-\xef]{SIGN}{SIGN}")
ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]+[0-9]*);", re.IGNORECASE)
PERCENT = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)  # of an address: %40 is @
QUOTED_LETTERS = re.compile(r"(?:=[0-9A-F]{2}){2,}")  # of a mail: =C3=BC is ü
QUOTED_WORD = re.compile(r"=\?[\w-]+\?[bq]\?[^?]*\?=", re.IGNORECASE)  # of a mail's header
ALIKE = ("LATIN", "CYRILLIC", "GREEK")  # scripts some of whose letters look alike
LOST = "\ufffd"  # stands where a program could not read a letter
MAIL = r"(?!(?i:mailto|smtp):)[^\s@<>;,]++@[^\s@<>;,.]++(?:\.[^\s@<>;,.]++)*+"
# How a cell begins that may be one of these; those that need more are told by signs inside: & and what is not ASCII.
BEGINS = rf"['\"“„\u2018«`#]|(?=[nNuU<(\\])(?i:{NOTHING})(?![^\x1f\n])|\d(?=[.,\deE])(?:[.,]\d+)?[eE]\+"


class Oddity(NamedTuple):
    """What is odd about a cell, and the facts that say it."""

    reason: Reason
    facts: Mapping[str, str]


def oddity(column: str, text: str) -> Oddity | None:
    """What is odd about a cell of a text column; None for what people write."""
    shown = {"column": column, "value": text[:60]}
    if MEANS_NOTHING.fullmatch(text):
        return Oddity(reasons.IMPORT_MEANS_NOTHING, shown)
    if column == "user ID" and IS_SHORTENED.fullmatch(text):
        return Oddity(reasons.IMPORT_ID_SHORTENED, shown)
    if len(text) > 2 and QUOTED.fullmatch(text):
        return Oddity(reasons.IMPORT_QUOTES_STAY, shown)
    if LOST in text:
        return Oddity(reasons.IMPORT_LETTERS_LOST, shown)
    if column == "user ID" and (how := looks_alike(text)):
        return Oddity(reasons.IMPORT_LOOKS_ALIKE, {"value": text[:60], "how": how[:120]})
    if meant := _meant(text, column):
        return Oddity(reasons.IMPORT_LOOKS_MISREAD, {**shown, "hint": f" It may be “{meant[:60]}”."})
    return None


def is_mail(text: str) -> bool:
    """Whether a text has the form of one mail address."""
    return re.fullmatch(MAIL, text) is not None


def may_be_odd(record: str) -> bool:
    """Whether a record has a sign of an oddity inside of a cell, where `BEGINS` does not see it."""
    if "&" in record and ENTITY.search(record):
        return True
    if ("%" in record and PERCENT.search(record)) or ("=" in record and _is_quoted(record)):
        return True
    return not record.isascii() and (LOST in record or MISREAD.search(record) is not None)


def looks_alike(user_id: str) -> str:
    """How a user ID looks like another one to everybody who reads it; nothing when it does not."""
    if user_id.isascii():
        return ""
    if (plain := unicodedata.normalize("NFKC", user_id)) != user_id:
        return f"looks like “{plain}”"
    names = {unicodedata.name(letter, "").split(" ")[0] for letter in user_id if letter.isalpha()}
    scripts = [name.capitalize() for name in ALIKE if name in names]
    return f"mixes {' and '.join(scripts)} letters, some of which look alike" if len(scripts) > 1 else ""


def _is_quoted(text: str) -> bool:
    return bool(QUOTED_LETTERS.search(text) or QUOTED_WORD.search(text))


def _unquoted(text: str, column: str) -> str:
    """What a text says that was quoted for an address or a mail; an address of its own may hold such signs."""
    try:
        if "%" in text and " " not in text and column != "directory_uri" and PERCENT.search(text):
            return unquote(text, errors="strict")
        if "=" in text and QUOTED_WORD.search(text):
            return str(make_header(decode_header(text)))
        if "=" in text and QUOTED_LETTERS.search(text):
            return decodestring(text.encode("ascii")).decode()
    except (UnicodeError, LookupError, HeaderParseError):
        pass
    return text


def _meant(text: str, column: str) -> str:
    """What a text says when it is read as it was written; nothing when it is read so."""
    if "&" in text and ENTITY.search(text) and (plain := html.unescape(text)) != text:
        return plain
    if (plain := _unquoted(text, column)) != text and plain.isprintable():
        return plain
    if text.isascii() or not MISREAD.search(text):
        return ""
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode()
        except UnicodeError:
            continue
    return ""
