"""Cells that are read as they are and that somebody will want to know of: what other programs made of a text.

A name, a mail or a user ID that is one of these is a text like any other and is imported; no one can know. But a
database wrote NULL for nothing, a spreadsheet made 1.23457E+11 of a number, an editor saved "MÃ¶ller" for Möller:
each kind is a warning with its number and its first lines. Standard library only.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from assignments.users.rules.cells import SPACES, code_point
from assignments.users.rules.misread import may_be_misread, meant_by
from topology import reasons
from topology.reasons import Reason

NOTHING = r"null|<null>|\(null\)|none|nil|nan|n/a|<na>|undefined|\\n"  # what programs write for nothing
# And a spreadsheet for what it cannot work out, in any language: #REF!, #BEZUG!, #¿NOMBRE?, #NV; or has no room for.
ERROR = r"#[¡¿]?[^\W\d]{2,10}[!?]|#div/0!|#(?:n/a|n/d|nv|н/д|i/t|brak)|#{4,}"
OBJECT = r"\[object \w+\]|system\.\w+\[\]|microsoft\.[\w.]+collection"  # and a script for what is no text
SHORTENED = r"\d(?:[.,]\d+)?e\+\d+"  # a long number, as a spreadsheet shows it
MEANS_NOTHING = re.compile(f"(?:{NOTHING}|{ERROR}|{OBJECT})", re.IGNORECASE)
IS_SHORTENED = re.compile(SHORTENED, re.IGNORECASE)
QUOTED = re.compile("'.+'|\".+\"|“.+[”“]|„.+[“”]|\u2018.+\u2019|«.+»|`.+`", re.DOTALL)
MONTHS = (
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mrz|mär|mai|okt|dez|janv|févr|mars|avr|juin|juil|août|sept|déc|"
    "ene|abr|ago|dic|gen|mag|giu|lug|set|ott|maj|maa|mei"
)
IS_DATE = re.compile(  # or a time, as a spreadsheet writes them
    rf"\d{{1,2}}(?:\. ?|[- ])(?:{MONTHS})\.?(?:[- ]\d{{2,4}})?|(?:{MONTHS})\.?[- ]\d{{2,4}}"
    r"|\d{1,2}([./-])\d{1,2}\1\d{2}(?:\d\d)?|\d{4}[-/]\d\d?[-/]\d\d?(?:[ T]\d\d:\d\d(?::\d\d)?)?"
    r"|\d{1,2}:\d\d(?::\d\d)?(?: [ap]m)?",
    re.IGNORECASE,
)
IS_FORMATTED = re.compile(r"\d{1,3}(?:([., ])\d{3})(?:\1\d{3})*(?:[.,]\d+)?|\d+[.,]0{1,2}")  # 1,234,567 and 1001.0
BEGINS_REWRITTEN = (
    rf"\d{{1,4}}+[-./,]|\d++[.,]0|(?=[^\W\d]{{3,5}}+\.?-\d)(?i:{MONTHS})"  # those that have neither a space nor a colon
)
IS_FORMULA = re.compile(r"=(?:[^\W\d][\w.]*\(.*\)|.*(?<!\w)\$?[A-Z]{1,3}\$?[1-9]\d{0,6}(?!\w).*)", re.DOTALL)
WIDE_SPACE = "\u3000"  # everybody sees it, and Japanese names have it
ALIKE = ("LATIN", "CYRILLIC", "GREEK")  # scripts some of whose letters look alike
LOST = "\ufffd"  # stands where a program could not read a letter
MAY_BE_LOST = re.compile(r"[^\W\d]\?|\?[^\W\d]")  # what programs write for letters that they have not
OF_PEOPLE = ("user ID", "name", "department")  # where a question mark is no question
MAIL = r"(?!(?i:mailto|smtp):)[^\s@<>;,()]++@[^\s@<>;,.()]++(?:\.[^\s@<>;,.()]++)*+"
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
    if column == "user ID" and (odd := _odd_id(text)):
        return odd
    if len(text) > 2 and QUOTED.fullmatch(text):
        return Oddity(reasons.IMPORT_QUOTES_STAY, shown)
    if LOST in text:
        return Oddity(reasons.IMPORT_LETTERS_LOST, {**shown, "how": "has lost letters", "sign": "U+FFFD"})
    if meant := meant_by(text, column):
        return Oddity(reasons.IMPORT_LOOKS_MISREAD, {**shown, "hint": f" It may be “{meant[:60]}”."})
    if IS_FORMULA.fullmatch(text):
        return Oddity(reasons.IMPORT_FORMULA, shown)
    if "?" in text and column in OF_PEOPLE and (MAY_BE_LOST.search(text) or not text.strip("? ")):
        return Oddity(reasons.IMPORT_LETTERS_LOST, {**shown, "how": "may have lost letters", "sign": "?"})
    if not text.isascii() and (space := next(filter(_is_odd_space, text), "")):
        return Oddity(reasons.IMPORT_ODD_SPACE, {**shown, "character": code_point(space)})
    if column == "user ID" and (how := looks_alike(text)):
        return Oddity(reasons.IMPORT_LOOKS_ALIKE, {"value": text[:60], "how": how[:120]})
    return None


def _odd_id(text: str) -> Oddity | None:
    """What spreadsheets make of user IDs that look like something else."""
    shown = {"column": "user ID", "value": text[:60]}
    if IS_SHORTENED.fullmatch(text):
        return Oddity(reasons.IMPORT_ID_SHORTENED, shown)
    if IS_DATE.fullmatch(text):
        return Oddity(reasons.IMPORT_ID_REWRITTEN, {"value": text[:60], "what": "a date or a time"})
    if IS_FORMATTED.fullmatch(text):
        return Oddity(
            reasons.IMPORT_ID_REWRITTEN, {"value": text[:60], "what": "a number with a decimal point or groups"}
        )
    return Oddity(reasons.IMPORT_QUOTES_STAY, shown) if text[0] == "'" and len(text) > 1 else None


def _is_odd_space(letter: str) -> bool:
    return letter in SPACES and letter not in (" ", WIDE_SPACE)


def is_mail(text: str) -> bool:
    """Whether a text has the form of one mail address."""
    return re.fullmatch(MAIL, text) is not None


def may_be_odd(record: str) -> bool:
    """Whether a record has a sign of an oddity inside of a cell, where `BEGINS` does not see it."""
    return "?" in record or "[" in record or "ValueCollection" in record or LOST in record or may_be_misread(record)


def looks_alike(user_id: str) -> str:
    """How a user ID looks like another one to everybody who reads it; nothing when it does not."""
    if user_id.isascii():
        return ""
    if (plain := unicodedata.normalize("NFKC", user_id)) != user_id:
        return f"looks like “{plain}”"
    names = {unicodedata.name(letter, "").split(" ")[0] for letter in user_id if letter.isalpha()}
    scripts = [name.capitalize() for name in ALIKE if name in names]
    return f"mixes {' and '.join(scripts)} letters, some of which look alike" if len(scripts) > 1 else ""
