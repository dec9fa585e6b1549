"""Cells that are read as they are and that somebody will want to know of: what other programs made of a text.

A name, a mail or a user ID that is one of these is a text like any other and is imported; no one can know. But a
database wrote NULL for nothing, a spreadsheet made 1.23457E+11 of a number, an editor saved "MÃ¶ller" for Möller:
each kind is a warning with its number and its first lines. Standard library only.
"""

import html
import re
from collections.abc import Mapping
from typing import NamedTuple

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
LOST = "\ufffd"  # stands where a program could not read a letter
MAIL = r"(?!(?i:mailto|smtp):)[^\s<>;,]+@[^\s@<>;,]+"
# How a cell begins that may be one of these; those that need more are told by signs inside: & and what is not ASCII.
BEGINS = rf"['\"“„\u2018«`#]|(?=[nNuU<(\\])(?i:{NOTHING})(?![^\x1f])|\d(?=[.,\deE])(?:[.,]\d+)?[eE]\+"


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
    if meant := _meant(text):
        return Oddity(reasons.IMPORT_LOOKS_MISREAD, {**shown, "hint": f" It may be “{meant[:60]}”."})
    return None


def is_mail(text: str) -> bool:
    """Whether a text has the form of one mail address."""
    return re.fullmatch(MAIL, text) is not None


def may_be_odd(record: str) -> bool:
    """Whether a record has a sign of an oddity inside of a cell, where `BEGINS` does not see it."""
    if "&" in record and ENTITY.search(record):
        return True
    return not record.isascii() and (LOST in record or MISREAD.search(record) is not None)


def _meant(text: str) -> str:
    """What a text says when it is read as it was written; nothing when it is read so."""
    if "&" in text and ENTITY.search(text) and (plain := html.unescape(text)) != text:
        return plain
    if text.isascii() or not MISREAD.search(text):
        return ""
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode()
        except UnicodeError:
            continue
    return ""
