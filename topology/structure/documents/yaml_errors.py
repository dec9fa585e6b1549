"""What is no YAML, in the console's own words: a sentence and a fix at the place where a person looks for it.

error of the parser, text --problem_of--> FileProblem with line and column
"""

from __future__ import annotations

import re
from dataclasses import replace

import yaml

from topology import reasons
from topology.rules.file_problems import FileProblem
from topology.structure.documents.yaml_nodes import PLACEHOLDER, odd_space, shown

EXAMPLE = "See the example demo/acme.yaml."
LINE_END = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")  # as the parser counts them
ODD_INDENT = re.compile(r"(?:^|[\r\x85\u2028\u2029]) *([^\S \t\r\n\x85\u2028\u2029])", re.MULTILINE)
WIDE_COLON = "\uff1a"
OTHER_DASH = re.compile("[ \t]*([\u2010-\u2015\u2022\u2212])[ \t\xa0]")  # what a word processor makes of -
NO_SPACE = re.compile(
    rf"[ \t]*(?:- *)*['\"]?[\w-]{{1,60}}['\"]?(?:(:)([^\s/]|[^\S \t\r\n\x85\u2028\u2029])|({WIDE_COLON}))"
)
BLOCK_END, QUOTE, NO_COLON = "expected <block end>", "while scanning a quoted scalar", "could not find expected ':'"
BRACKET, SECOND_COLON = "expected ',' or ", "mapping values are not allowed here"
BEHIND = ("text stands behind the end of a value", "Put the whole text in quotes; in '…' write a ' twice.")
SYNTAX = {  # what the parser says, in our words: sentence and fix
    "'\\t' that cannot start": ("a tab stands where spaces belong", "Indent with spaces."),
    SECOND_COLON: (
        "a colon makes a second key in this line",
        "Put text that has a colon in quotes, or begin a new line.",
    ),
    NO_COLON: ("a colon is missing after the key", "Write key: value."),
    BLOCK_END: ("the indentation does not fit what stands above", "Indent keys of one mapping equally."),
    BRACKET: ("a bracket or a comma is missing{since}", "Close what was opened, and put commas between items."),
    QUOTE: ("a quote is not closed", "Close the quotation mark."),
    "but found another document": ("a second document begins here", "Keep one document in a file: leave --- out."),
    "undefined alias": ("this alias names nothing", "Write & with the name at what it repeats, further up."),
    "'%' that cannot start": ("a placeholder or a % stands here", "Fill in the template, or put the text in quotes."),
    "'@' that cannot start": ("an @ stands here", "Put the text in quotes."),
    "'`' that cannot start": ("a ` stands here", "Put the text in quotes."),
    "expected alphabetic or numeric character": ("a * or & stands here", "Put the text in quotes."),
    "sequence entries are not allowed": ("a list begins inside a line", "Begin a line with a dash for each item."),
    "expected the node content": ("a value is missing here", "Write the value, or put the sign in quotes."),
    "unknown escape": ("\\ stands before a letter that it gives no meaning", "Use single quotes, or write \\ twice."),
    "expected escape sequence": ("\\ stands before too few digits", "Use single quotes, or write \\ twice."),
    "expected chomping": ("text stands behind | or >", "Begin the text on the next line."),
    "undefined tag handle": ("this tag is not known", "Leave it out: write the value alone."),
    "while parsing a tag": ("this tag is not known", "Leave it out: write the value alone."),
    "expected '<document start>'": ("text stands behind the end of the document", "Write key: value, one a line."),
    "directive": ("a line with % says what kind of YAML this is", "Leave the line out."),
    "version 1.*": ("a line with % says what kind of YAML this is", "Leave the line out."),
    "second occurrence": ("the name behind this & is there twice", "Give one of them another name."),
    "more than ": ("{problem}", "Write it shorter and flatter."),
}


def problem_of(error: yaml.YAMLError, text: str) -> FileProblem:
    """What is wrong where a text can be read no further."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = mark.index if mark else getattr(error, "position", None)
    if (odd := ODD_INDENT.search(text[:position])) is not None:
        return problem_at(*odd_space(odd[1]), text, odd.start(1))
    if mark is None and position is not None:
        char = getattr(error, "character", "")
        sign = f"U+{char if isinstance(char, int) else ord(char):04X}"
        return problem_at(f"the character {sign} is not allowed", "Take it out.", text, position)
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error).split("\n")[0]
    where = f"{getattr(error, 'context', None) or ''} {said}"
    opened = getattr(error, "context_mark", None)
    if opened is not None and (QUOTE in where or NO_COLON in where):  # it is noticed further down
        position = opened.index
    if position is not None and (near := _near(where, text, position)) is not None:
        return near
    problem, remedy = next((words for key, words in SYNTAX.items() if key in where), (said, EXAMPLE))
    if BLOCK_END in where and mark and text[mark.index - mark.column : mark.index].strip(" -"):
        problem, remedy = BEHIND
    since = f": a bracket is open since line {opened.line + 1}" if opened and BRACKET in where else ""
    return problem_at(problem.replace("{problem}", said).replace("{since}", since), remedy, text, position)


def _near(where: str, text: str, position: int) -> FileProblem | None:
    """What a person sees in the lines before: a placeholder, or no space behind a colon."""
    begins = [0, *(match.end() for match in LINE_END.finditer(text[:position]))]
    start = begins[-1]
    line = LINE_END.split(text[start:], 1)[0]
    if match := PLACEHOLDER.search(line):
        why = reasons.FILE_PLACEHOLDER
        return placed(FileProblem.of("file", why, written=shown(match[0])), text, start + match.start())
    for begin in begins[-2:] if SECOND_COLON in where or BLOCK_END in where else ():
        if match := OTHER_DASH.match(text, begin):
            sign = f"{match[1]} (U+{ord(match[1]):04X})"
            return problem_at(f"{sign} stands where a dash belongs", "Write - and a space.", text, match.start(1))
    for begin in begins[-1:] if NO_COLON in where else begins[-2:] if SECOND_COLON in where else ():
        if match := NO_SPACE.match(text, begin):
            return problem_at(*_missing_space(match), text, match.end() - 1 if match[3] else match.start(2))
    return None


def _missing_space(match: re.Match[str]) -> tuple[str, str]:
    if match[3]:
        return f"{WIDE_COLON} (U+FF1A) stands where a colon belongs", "Write : and a space."
    if match[2].isspace():
        return odd_space(match[2])[0], "Write a plain space behind the colon."
    return "a space is missing behind the colon", "Write key: value, with a space."


def problem_at(problem: str, remedy: str, text: str, position: int | None) -> FileProblem:
    """What is no YAML at a position of a text."""
    return placed(FileProblem.of("file", reasons.FILE_NOT_YAML, problem=problem, remedy=remedy), text, position)


def placed(problem: FileProblem, text: str, position: int | None) -> FileProblem:
    """The problem with the line and column of a position."""
    if position is None:
        return problem
    lines = LINE_END.split(text[:position])
    return replace(problem, line=len(lines), column=len(lines[-1]) + 1)
