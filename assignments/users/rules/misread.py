"""Texts that another program wrote in letters of its own, and what they say when they are read as they were written.

An editor saved "MÃ¶ller" for Möller, a web page wrote M&ouml;ller, a mail M=C3=B6ller, a script M\\u00f6ller, an old
mail program M+APY-ller, and a directory TcO2bGxlcg== for the whole name. Standard library only.
"""

import binascii
import html
import re
from base64 import b64decode
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from quopri import decodestring
from urllib.parse import unquote

# UTF-8 read as Windows-1252 or Latin-1: a letter of two or three bytes is a capital with a mark and signs after it.
SIGN = "[\x80-\xbfŒœŠšŸŽžƒ\u02c6\u02dc\u2013-\u203a€™]"
MISREAD = re.compile(f"[\xc2-\xdf]{SIGN}|[\xe0-\xef]{SIGN}{SIGN}")
ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]+[0-9]*);", re.IGNORECASE)
PERCENT = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)  # of an address: %40 is @
QUOTED_LETTERS = re.compile(r"(?:=[0-9A-F]{2}){2,}")  # of a mail: =C3=BC is ü
QUOTED_WORD = re.compile(r"=\?[\w-]+\?[bq]\?[^?]*\?=", re.IGNORECASE)  # of a mail's header
BASE_64 = re.compile("(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{6,}+={1,2}")  # of a directory's dump: Sm9zw6k= is José
UTF_7 = re.compile(r"\+[A-Za-z0-9/]{3,}-")  # +APw- is ü
CODES = re.compile(r"(?:[\\%]u[0-9a-f]{4})+", re.IGNORECASE)  # of scripts: \u00fc is ü
BYTES = re.compile(  # of shells, databases and names in a directory: \303\274, \xc3\xbc and \C3\BC are ü
    r"(?:\\[0-3][0-7]{2}){2,}|(?:\\x[0-9a-f]{2})+|(?:\\[0-9a-f]{2}){2,}", re.IGNORECASE
)
ALPHABETS = "\u3000"  # letters before this one; behind it any bits make a letter


def may_be_misread(record: str) -> bool:
    """Whether a record has a sign of such a text."""
    if "&" in record and ENTITY.search(record):
        return True
    if "\\" in record and (CODES.search(record) or BYTES.search(record)):
        return True
    if "%" in record and (PERCENT.search(record) or CODES.search(record)):
        return True
    if "=" in record and (QUOTED_LETTERS.search(record) or QUOTED_WORD.search(record) or BASE_64.search(record)):
        return True
    if "+" in record and UTF_7.search(record):
        return True
    return not record.isascii() and MISREAD.search(record) is not None


def meant_by(text: str, column: str) -> str:
    """What a text says when it is read as it was written; nothing when it is read so."""
    if "&" in text and ENTITY.search(text) and (plain := html.unescape(text)) != text:
        return plain
    for plain in (_unquoted(text, column), _unescaped(text)):
        if plain != text and plain.isprintable():
            return plain
    if text.isascii() or not MISREAD.search(text):
        return ""
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode()
        except UnicodeError:
            continue
    return ""


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


def _unescaped(text: str) -> str:
    """What a text says whose letters beyond ASCII were written as codes; the same text where these make none."""
    plain = text
    try:
        if "\\" in text or "%" in text:
            plain = BYTES.sub(_letters_of_bytes, CODES.sub(_letters_of_codes, text))
        elif "+" in text:
            plain = UTF_7.sub(_letters_of_utf_7, text)
        elif BASE_64.fullmatch(text):
            plain = _letters(b64decode(text, validate=True).decode(), text)
    except (UnicodeError, binascii.Error):
        return text
    return plain


def _letters(said: str, written: str) -> str:
    """What codes say, where that has letters beyond ASCII."""
    letters = "".join(letter for letter in said if not letter.isascii())
    return said if letters.isalpha() else written


def _letters_of_utf_7(match: re.Match[str]) -> str:
    said = match[0].encode().decode("utf-7")
    return _letters(said, match[0]) if max(said) < ALPHABETS else match[0]


def _letters_of_codes(match: re.Match[str]) -> str:
    units = [int(code, 16) for code in re.findall("[0-9a-fA-F]{4}", match[0])]
    said = b"".join(unit.to_bytes(2, "big") for unit in units).decode("utf-16-be")
    return _letters(said, match[0])


def _letters_of_bytes(match: re.Match[str]) -> str:
    codes = match[0].replace("x", "").replace("X", "").split("\\")[1:]
    raw = bytes(int(code, 8 if len(code) == 3 else 16) for code in codes)
    try:
        said = raw.decode()
    except UnicodeDecodeError:
        said = raw.decode("latin-1") if "x" in match[0].lower() else match[0]
    return _letters(said, match[0])
