"""YAML as a tree of nodes, by the words of YAML 1.2, and the values in it with their places.

    text --compose (depth, aliases)--> nodes --Values (keys, tags, numbers, placeholders)--> value, marks, problems

YAML 1.1 takes `no` for false, `010` for 8 and `22:00` for 1320; none of them is meant so by who writes it today.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from topology import reasons
from topology.reasons import Reason
from topology.rules.file_problems import WHOLE, FileProblem

MOST_DEPTH, MOST_ALIASES, MOST_VALUES, MOST_DIGITS = 24, 100, 100_000, 40
Path = tuple[str | int, ...]
CORE = "tag:yaml.org,2002:"
WORDS = {  # the core schema of YAML 1.2 (its §10.3.2): tag, form, first characters
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "null": (r"~|null|Null|NULL|", "~nN\0"),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
}
PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|\$\{[^}]*\}|\$\([^)]*\)", re.DOTALL)
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # what an escape can name and no text has: NUL, half a character


def add_words(kind: Any) -> None:
    """Let a loader or dumper know plain words by YAML 1.2."""
    for name, (form, first) in WORDS.items():
        kind.add_implicit_resolver(CORE + name, re.compile(rf"(?:{form})\Z"), ["" if c == "\0" else c for c in first])


class TooMuch(yaml.MarkedYAMLError):
    """A document beyond a limit; it is not read further."""

    def __init__(self, what: str, most: int, mark: Any) -> None:
        super().__init__(problem=f"more than {most:,} {what}", problem_mark=mark)


class Composer(
    yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer, yaml.resolver.BaseResolver
):
    """Text to nodes and no further, within the limits."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)
        yaml.resolver.BaseResolver.__init__(self)
        self.depth = self.aliases = 0

    def scan_to_next_token(self) -> None:
        """Past spaces and, as YAML 1.2 has it, past tabs where they part and do not indent; JSON has both."""
        super().scan_to_next_token()
        while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
            self.forward()
            super().scan_to_next_token()

    def compose_scalar_node(self, anchor: Any) -> Any:
        """A text of JSON names a character beyond the first 65,536 by two escapes, which are one character."""
        node = super().compose_scalar_node(anchor)
        if NO_TEXT.search(node.value):
            node.value = node.value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return node

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self.aliases += isinstance(event, yaml.AliasEvent)
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise TooMuch("levels", MOST_DEPTH, event.start_mark)
        if self.aliases > MOST_ALIASES:
            raise TooMuch("aliases", MOST_ALIASES, event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


add_words(Composer)


@dataclass(frozen=True)
class Mark:
    """Where something stands, line and column from 1, and how it is written there."""

    line: int
    column: int
    written: str


class Values:
    """The values of composed nodes; what cannot be one is noted at its place and left out."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.marks: dict[Path, Mark] = {}
        self.keys: dict[Path, Mark] = {}
        self.problems: list[FileProblem] = []
        self._open: set[int] = set()
        self._count = 0

    def of(self, node: Any, path: Path = ()) -> Any:
        """The plain value of a node and of all below it."""
        self._count += 1
        if self._count > MOST_VALUES:
            raise TooMuch("values", MOST_VALUES, node.start_mark)
        self.marks[path] = self._mark(node)
        if id(node) in self._open:
            return self._wrong(node, path, reasons.FILE_NOT_YAML, problem="it contains itself", remedy="Write it out.")
        self._open.add(id(node))
        try:
            return self._value(node, path)
        finally:
            self._open.discard(id(node))

    def _value(self, node: Any, path: Path) -> Any:
        name = node.tag.removeprefix(CORE)
        if isinstance(node, yaml.SequenceNode) and name == "seq":
            return [self.of(item, (*path, i)) for i, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and name == "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.ScalarNode) and name in ("str", *WORDS):
            return self._scalar(node, name, path)
        return self._wrong(node, path, reasons.FILE_TAG_NOT_KNOWN, tag=node.tag.replace(CORE, "!!"))

    def _mapping(self, node: Any, path: Path) -> dict[str, Any]:
        if self._is_placeholder(node):
            return dict(self._wrong(node, path, reasons.FILE_PLACEHOLDER, written=self._mark(node).written) or {})
        mapping: dict[str, Any] = {}
        for key, value in self._pairs(node, path):
            at = (*path, key.value)
            if self._is_no_text(key, path):
                continue
            if key.value[:1].isspace() and not key.style:
                problem, remedy = odd_space(key.value[0])
                self._wrong(key, path, reasons.FILE_NOT_YAML, problem=problem, remedy=remedy)
                continue
            if at in self.keys and key.value in mapping:
                self._wrong(key, at, reasons.FILE_KEY_TWICE, key=key.value, line=self.keys[at].line)
                continue
            self.keys[at] = self._mark(key)
            mapping[key.value] = self.of(value, at)
        return self._merged(node, path, mapping)

    def _pairs(self, node: Any, path: Path) -> Iterator[tuple[Any, Any]]:
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or self._placeholder_in(key):
                why = reasons.FILE_PLACEHOLDER if self._is_placeholder(key) else reasons.FILE_KEY_NOT_PLAIN
                self._wrong(key, path, why, written=self._mark(key).written)
            elif key.tag.removeprefix(CORE) not in ("str", *WORDS):
                self._wrong(key, path, reasons.FILE_TAG_NOT_KNOWN, tag=key.tag.replace(CORE, "!!"))
            elif not is_merge(key):
                yield key, value

    def _merged(self, node: Any, path: Path, mapping: dict[str, Any]) -> dict[str, Any]:
        """With what `<<: *name` brings in, where the mapping itself does not say it."""
        merges = [pair for pair in node.value if is_merge(pair[0])]
        for key, _ in merges[1:]:
            self._wrong(key, path, reasons.FILE_KEY_TWICE, key="<<", line=self._mark(merges[0][0]).line)
        for other in self._brought(merges[0][1], path) if merges else ():
            inner = Values(self.text)
            inner._open, inner._count = self._open, self._count
            brought = inner.of(other, path)
            self._count = inner._count
            self.problems += inner.problems
            self.marks = inner.marks | self.marks
            self.keys = inner.keys | self.keys
            mapping = (brought or {}) | mapping  # one that contains itself brings nothing
        return mapping

    def _brought(self, value: Any, path: Path) -> Iterator[Any]:
        """The mappings behind `<<`: one, or a list of them."""
        for other in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if isinstance(other, yaml.MappingNode):
                yield other
            else:
                written = self._mark(other).written or "nothing"
                self._wrong(other, path, reasons.FILE_NOT_A_MAPPING, written=written)

    def _scalar(self, node: Any, name: str, path: Path) -> Any:
        text = node.value
        if self._placeholder_in(node):
            return self._wrong(node, path, reasons.FILE_PLACEHOLDER, written=self._mark(node).written) or text
        if name == "str":
            return "" if self._is_no_text(node, path) else text
        if not re.fullmatch(WORDS[name][0], text):  # !!int x
            return self._wrong(node, path, reasons.FILE_TAG_NOT_KNOWN, tag=f"!!{name} of {text}")
        if name == "null":
            return None
        if name == "bool":
            return text.lower() == "true"
        if len(text) > MOST_DIGITS:
            facts = {"what": "digits of one number", "found": len(text), "most": MOST_DIGITS}
            return self._wrong(node, path, reasons.FILE_TOO_LARGE, **facts, remedy="Write a shorter number.")
        return _whole(text) if name == "int" else float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))

    def _is_no_text(self, node: Any, path: Path) -> bool:
        """Whether a word has what cannot be kept as text; noted."""
        if (match := NO_TEXT.search(node.value)) is None:
            return False
        what = "NUL" if match[0] == "\0" else "half a character"
        problem = f"U+{ord(match[0]):04X} is {what} and cannot be kept"
        self._wrong(node, path, reasons.FILE_NOT_YAML, problem=problem, remedy="Take it out, or copy the text again.")
        return True

    def _placeholder_in(self, node: Any) -> bool:
        """Whether one is written here; who means such a text escapes its first character, as `write_yaml` does."""
        written = self.text[node.start_mark.index : node.end_mark.index]
        return isinstance(node, yaml.ScalarNode) and PLACEHOLDER.search(written) is not None

    def _is_placeholder(self, node: Any) -> bool:
        """Whether a node is an unfilled `{{ name }}`, which YAML reads as a mapping in a mapping."""
        if isinstance(node, yaml.ScalarNode):
            return self._placeholder_in(node)
        return PLACEHOLDER.match(self.text[node.start_mark.index : node.end_mark.index]) is not None

    def _mark(self, node: Any) -> Mark:
        start = node.start_mark
        written = self.text[start.index : node.end_mark.index].strip(" \t\r\n")
        return Mark(start.line + 1, start.column + 1, written)

    def _wrong(self, node: Any, path: Path, why: Reason, **facts: Any) -> Any:
        mark = self._mark(node)
        facts = {key: shown(fact) if key == "written" else fact for key, fact in facts.items()}
        problem = FileProblem.of(place_of(path), why, **facts)
        self.problems.append(replace(problem, line=mark.line, column=mark.column))


def _whole(text: str) -> int:
    return int(text, 0) if text[:2] in ("0x", "0o") else int(text)


def is_merge(key: Any) -> bool:
    """Whether a key is the `<<` that brings in other mappings; in quotes it is a word like any other."""
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and not key.style


def place_of(path: Path) -> str:
    """A path as people read it: subclusters[0].nodes[1].profile."""
    parts = (f"[{part}]" if isinstance(part, int) else "." + (visible(part) or '""') for part in path)
    return "".join(parts).removeprefix(".") or WHOLE


def path_of(place: str) -> Path:
    """The path of a place as people read it."""
    parts = re.findall(r"\[(\d+)\]|([^.\[\]]+)", place)
    return tuple(int(number) if number else word for number, word in parts)


def odd_space(space: str) -> tuple[str, str]:
    """What is wrong with an indentation by a space that is none of YAML's, as pages of the web have, and the fix."""
    return f"U+{ord(space):04X} stands where spaces belong", "Indent with plain spaces."


def visible(written: str) -> str:
    """A text with its unseen characters named: mode<U+200B>."""
    seen = (char if char.isprintable() or char in " \t\r\n" else f"<U+{ord(char):04X}>" for char in written)
    return written if written.isprintable() else "".join(seen)


def shown(written: str) -> str:
    """What is written, in one line of at most 60 characters."""
    text = " ".join(visible(written).split())
    return text if len(text) <= 60 else text[:57] + "…"
