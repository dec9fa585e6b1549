"""Reading and writing the documents that people write: YAML files, with each problem at its line and column.

file --bytes--> text --yaml_nodes--> Document: the value, where each part of it is written, and what is wrong
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from topology import reasons
from topology.reasons import Refused
from topology.rules.file_problems import FileProblem, FileRefused
from topology.structure.yaml_nodes import CORE, Composer, Mark, Values, add_words, odd_space
from topology.structure.yaml_nodes import Path as Place

MOST_BYTES = 1_000_000
EXAMPLE = "See the example demo/acme.yaml."
LINE_END = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")  # as the parser counts them
ODD_INDENT = re.compile(r"(?:^|[\r\x85\u2028\u2029]) *([^\S \t\r\n\x85\u2028\u2029])", re.MULTILINE)
BLOCK_END = "expected <block end>"
BEHIND = ("text stands behind the end of a value", "Put the whole text in quotes; in '…' write a ' twice.")
SYNTAX = {  # what the parser says, in our words: sentence and fix
    "'\\t' that cannot start": ("a tab stands where spaces belong", "Indent with spaces."),
    "mapping values are not allowed here": (
        "a colon makes a second key in this line",
        "Put text that has a colon in quotes, or begin a new line.",
    ),
    "could not find expected ':'": ("a colon is missing after the key", "Write key: value."),
    BLOCK_END: ("the indentation does not fit what stands above", "Indent keys of one mapping equally."),
    "expected ',' or ": ("a bracket or a comma is missing", "Close what was opened, and put commas between items."),
    "while scanning a quoted scalar": ("a quote is not closed", "Close the quotation mark."),
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


@dataclass(frozen=True)
class Document:
    """A parsed document: its value, the marks of its values and keys, and what was wrong while it was read."""

    value: Any
    name: str = ""
    marks: Mapping[Place, Mark] = field(default_factory=dict)
    keys: Mapping[Place, Mark] = field(default_factory=dict)
    problems: tuple[FileProblem, ...] = ()

    @classmethod
    def of(cls, value: object) -> Document:
        """A document that is one already, or a plain value that was not written as text."""
        return value if isinstance(value, cls) else cls(value)

    def written(self, path: Place, value: object) -> str:
        """A value as it stands in the file; one that was not written, as JSON writes it."""
        if path in self.marks and isinstance(value, str | int | float | bool | None):
            return self.marks[path].written or "nothing"
        return _plain(value)

    def at(self, path: Place, *, key: bool = False) -> Mark | None:
        """The mark of a place, or of what it stands in."""
        places = [path[:end] for end in range(len(path), -1, -1)]
        marks = {**self.marks, **self.keys} if key else self.marks
        return next((marks[place] for place in places if place in marks), None)

    def placed(self, problem: FileProblem, path: Place, *, key: bool = False) -> FileProblem:
        """The problem with line and column of its place."""
        mark = self.at(path, key=key)
        return replace(problem, line=mark.line, column=mark.column) if mark else problem


class _Resolver(yaml.resolver.BaseResolver):
    """Knows what a plain word would be read as."""


add_words(_Resolver)
RESOLVER: Any = _Resolver()


def _plain(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a mapping of keys" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        tag = RESOLVER.resolve(yaml.ScalarNode, value, (True, False)) if value else ""
        return value if str(tag).endswith(":str") else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, default=str)


def read_yaml(text: str, name: str = "The file") -> Document:
    """The document of a YAML text, what is wrong in it noted. Raises Refused where it cannot be read further."""
    if len(text) > MOST_BYTES:
        facts = {"found": len(text), "what": "characters", "most": MOST_BYTES, "remedy": "Split it."}
        raise _refused(name, FileProblem.of("file", reasons.FILE_TOO_LARGE, **facts))
    try:
        values = Values(text)
        node = Composer(text).get_single_node()
        value = None if node is None else values.of(node)
    except yaml.YAMLError as error:
        raise _refused(name, _syntax(error, text)) from error
    return Document(value, name, values.marks, values.keys, tuple(values.problems))


def _refused(name: str, problem: FileProblem) -> FileRefused:
    return FileRefused([problem], reasons.FILE_NOT_READABLE, name, file=name, why=problem.without_place)


def _syntax(error: yaml.YAMLError, text: str) -> FileProblem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = mark.index if mark else getattr(error, "position", None)
    if (odd := ODD_INDENT.search(text[:position])) is not None:
        return _problem(*odd_space(odd[1]), text, odd.start(1))
    if mark is None and position is not None:
        char = getattr(error, "character", "")
        sign = f"U+{char if isinstance(char, int) else ord(char):04X}"
        return _problem(f"the character {sign} is not allowed", "Take it out.", text, position)
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error).split("\n")[0]
    where = f"{getattr(error, 'context', None) or ''} {said}"
    problem, remedy = next((words for key, words in SYNTAX.items() if key in where), (said, EXAMPLE))
    if BLOCK_END in where and mark and text[mark.index - mark.column : mark.index].strip(" -"):
        problem, remedy = BEHIND
    return _problem(problem.replace("{problem}", said), remedy, text, position)


def _problem(problem: str, remedy: str, text: str, position: int | None) -> FileProblem:
    file_problem = FileProblem.of("file", reasons.FILE_NOT_YAML, problem=problem, remedy=remedy)
    if position is None:
        return file_problem
    lines = LINE_END.split(text[:position])
    return replace(file_problem, line=len(lines), column=len(lines[-1]) + 1)


def read_yaml_file(path: str | Path) -> Document:
    """The document of a YAML file. Raises Refused when there is none or it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(4 * MOST_BYTES + 1)
        text = _decoded(raw)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        remedy = "Check the path." if isinstance(error, OSError) else "Save it as UTF-8."
        raise Refused(reasons.FILE_NOT_READABLE, file=str(path), why=why, remedy=remedy) from error
    return read_yaml(text, str(path))


def _decoded(raw: bytes) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16")
    return raw.decode("utf-8-sig")


# --- Writing --------------------------------------------------------------------------------------
class _Dumper(yaml.SafeDumper):
    """Quotes every text that YAML 1.1 or 1.2 would read as something else."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: Any, value: str) -> Any:
    """Line breaks that only YAML 1.1 knows are escaped: read back folded, they would be spaces."""
    style = '"' if re.search("[\x85\u2028\u2029]", value) else None
    return dumper.represent_scalar(CORE + "str", value, style=style)


add_words(_Dumper)
_Dumper.add_representer(str, _text)


def write_yaml(document: object) -> str:
    """A document as YAML, keys in the order given."""
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))
