"""Cells of a list: one form of each letter, nothing in them that a person could not see."""

import re
import unicodedata

SPACES = " \t\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
BEGINS = r"[=+\-@\t\r]"  # what a spreadsheet reads as a formula begins so; a mark before it makes it a text
FORMULA = re.compile("'*" + BEGINS)
TEXT_FORM = '="([^"]|"")*"'  # a formula that says a text, which keeps zeros in front: ="00123"
SAID = re.compile(TEXT_FORM)
# Letters, marks and signs that show nothing.
UNSEEN = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0x1D159}
VARIANTS = "\ufe00-\ufe0f\U000e0100-\U000e01ef\u180b-\u180f"  # marks that choose how a letter looks
# Of what is printable, all that a person may not see.
SHOWS_NOTHING = re.compile(f"[{''.join(map(chr, sorted(UNSEEN)))}{VARIANTS}]")
CONTROLS = dict(enumerate((
    "NULL", "START OF HEADING", "START OF TEXT", "END OF TEXT", "END OF TRANSMISSION", "ENQUIRY", "ACKNOWLEDGE", "BELL",
    "BACKSPACE", "TAB", "LINE FEED", "LINE TABULATION", "FORM FEED", "CARRIAGE RETURN", "SHIFT OUT", "SHIFT IN",
    "DATA LINK ESCAPE", "DEVICE CONTROL ONE", "DEVICE CONTROL TWO", "DEVICE CONTROL THREE", "DEVICE CONTROL FOUR",
    "NEGATIVE ACKNOWLEDGE", "SYNCHRONOUS IDLE", "END OF TRANSMISSION BLOCK", "CANCEL", "END OF MEDIUM", "SUBSTITUTE",
    "ESCAPE", "FILE SEPARATOR", "GROUP SEPARATOR", "RECORD SEPARATOR", "UNIT SEPARATOR",
))) | dict(enumerate((
    "DELETE", "PADDING CHARACTER", "HIGH OCTET PRESET", "BREAK PERMITTED HERE", "NO BREAK HERE", "INDEX", "NEXT LINE",
    "START OF SELECTED AREA", "END OF SELECTED AREA", "CHARACTER TABULATION SET",
    "CHARACTER TABULATION WITH JUSTIFICATION", "LINE TABULATION SET", "PARTIAL LINE FORWARD", "PARTIAL LINE BACKWARD",
    "REVERSE LINE FEED", "SINGLE SHIFT TWO", "SINGLE SHIFT THREE", "DEVICE CONTROL STRING", "PRIVATE USE ONE",
    "PRIVATE USE TWO", "SET TRANSMIT STATE", "CANCEL CHARACTER", "MESSAGE WAITING", "START OF GUARDED AREA",
    "END OF GUARDED AREA", "START OF STRING", "SINGLE GRAPHIC CHARACTER INTRODUCER", "SINGLE CHARACTER INTRODUCER",
    "CONTROL SEQUENCE INTRODUCER", "STRING TERMINATOR", "OPERATING SYSTEM COMMAND", "PRIVACY MESSAGE",
    "APPLICATION PROGRAM COMMAND",
), 0x7F))  # fmt: skip
JOINERS = "\u200c\u200d"  # letters of some scripts, and emoji, are joined or parted by these


def composed(cell: str) -> str:
    """A cell without the spaces around it, its letters composed (NFC)."""
    return cell.strip(" \t") if cell.isascii() else unicodedata.normalize("NFC", cell.strip(SPACES)).strip(SPACES)


def restored(cell: str, *marks: str) -> str:
    """A cell without the apostrophe that keeps it from being read as a formula, or as a mark that keeps."""
    if cell[:1] == "'" and (FORMULA.match(cell) or cell.lstrip("'") in filter(None, marks)):
        return cell[1:]
    return cell


def said_in(cell: str) -> str:
    """What a spreadsheet shows of a cell that is a text as a formula; any other cell as it is."""
    return composed(cell[2:-1].replace('""', '"')) if cell[:2] == '="' and SAID.fullmatch(cell) else cell


def defused(cell: str) -> str:
    """The opposite of `restored`, for a spreadsheet: a mark before what would be a formula."""
    return "'" + cell if FORMULA.match(cell) else cell


def unseen(text: str, *, strict: bool) -> int | None:
    """Where the first character stands that no one could see; `strict` (user IDs) also refuses joiners and variants."""
    if text.isascii() and text.isprintable():
        return None
    for index, character in enumerate(text):
        if _hidden(character) and (strict or not _joins(text, index)):
            return index
    return None


def _hidden(character: str) -> bool:
    hidden = unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Cn", "Co")
    return hidden or SHOWS_NOTHING.match(character) is not None


def _joins(text: str, index: int) -> bool:
    """Whether the character changes how its neighbours look, as in Persian names and in emoji."""
    code = ord(text[index])
    before = index > 0 and not text[index - 1].isascii()
    if 0xFE00 <= code <= 0xFE0F:
        return before
    return text[index] in JOINERS and before and index + 1 < len(text) and not text[index + 1].isascii()


def beside(text: str, at: int) -> str:
    """Where in a text a character stands that no one can see, by what can be seen beside it."""
    before, after = ("".join(filter(str.isprintable, part)).strip() for part in (text[:at][-20:], text[at + 1 :][:20]))
    if before:
        return f"after “{before}”"
    return f"before “{after}”" if after else "with nothing else in it"


def code_point(character: str) -> str:
    """Such as U+200B ZERO WIDTH SPACE; Unicode gives control characters no name, so they have that of ISO 6429."""
    code = ord(character)
    return f"U+{code:04X} {unicodedata.name(character, CONTROLS.get(code, ''))}".strip()
