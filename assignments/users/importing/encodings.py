"""What a file that is not UTF-8 may be: a hint for the person who reads the message, never a guess that is acted on."""

import re
import unicodedata
from dataclasses import replace
from itertools import pairwise

from charset_normalizer import from_bytes

from assignments.users.rules.problems import LineProblem
from assignments.users.rules.user_file import UserList
from topology import reasons

# Those that people save lists in; among all that Python knows, a short text looks like many.
USUAL = {
    "cp1252": "Windows-1252 (Western Europe)",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "koi8_r": "KOI8-R (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp437": "code page 437 (DOS)",
    "cp850": "code page 850 (DOS)",
    "mac_roman": "Mac OS Roman",
    "shift_jis": "Shift JIS",
    "euc_jp": "EUC-JP",
    "euc_kr": "EUC-KR",
    "gb18030": "GB 18030",
    "big5": "Big5",
}
SHOWN = 30  # characters
SIGNS = "„“”\u2018\u2019\u2013—…€"
ACCENTED = re.compile("[À-ɏ]{5,}")  # no word of Latin letters has so many in a row
RARE = "ðÐþÞýÝƒ"  # Icelandic, and a sign of money: what Turkish and others look like when they are misread


def add_hint(users: UserList) -> None:
    """Say in the messages of undecodable lines what the file looks like, and how its first line reads then."""
    if hint := _hint(users.undecodable):
        users.problems = users.problems.told(lambda problem: _with_hint(problem, hint))


def _with_hint(problem: LineProblem, hint: str) -> LineProblem:
    if problem.reason is not reasons.IMPORT_BAD_ENCODING or problem.facts["encoding"] != "UTF-8":
        return problem
    return replace(problem, facts={**problem.facts, "hint": hint})


def _hint(sample: bytes) -> str:
    matches = from_bytes(sample, cp_isolation=list(USUAL), threshold=0.6) if sample else ()
    candidates = [(match, name) for match in matches for name in match.could_be_from_charset if name in USUAL]
    if not candidates:
        return ""
    names = list(USUAL)
    best, encoding = min(candidates, key=lambda pair: (_oddities(str(pair[0])), names.index(pair[1])))
    line = str(best).split("\n", 1)[0].strip()
    return f" It may be {USUAL[encoding]}, which reads: {line[:SHOWN]}"


def _oddities(text: str) -> int:
    """What names hardly have, signs and letters that do not fit: a few words give statistics little to go by."""
    signs = sum(not (at.isascii() or at.isalpha() or at in SIGNS) or at in RARE for at in text)
    signs += sum(map(len, ACCENTED.findall(text)))
    return signs + sum(_misfit(before, after) for before, after in pairwise(text))


def _misfit(before: str, after: str) -> bool:
    """Whether a word has a capital inside, goes on in another script, or begins with a sign."""
    if not (before.isalpha() and after.isalpha()):
        return (before.isalpha() and after in SIGNS[:1]) or (before in "€…" and after.isalpha())
    scripts = {unicodedata.name(letter, "").split()[0] for letter in (before, after)}
    return len(scripts) > 1 or "HALFWIDTH" in scripts or (before.islower() and after.isupper())
