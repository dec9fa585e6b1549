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
from topology.structure.documents.yaml_errors import problem_at, problem_of
from topology.structure.documents.yaml_nodes import CORE, Composer, Mark, Values, add_words
from topology.structure.documents.yaml_nodes import Path as Place

MOST_BYTES = 1_000_000
PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "ZIP", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7-Zip"}
UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
OPENING = re.compile(r"\{[{%]|<%|\$[{(]")  # of a placeholder


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
        raise _refused(name, problem_of(error, text)) from error
    return Document(value, name, values.marks, values.keys, tuple(values.problems))


def _refused(name: str, problem: FileProblem) -> FileRefused:
    return FileRefused([problem], reasons.FILE_NOT_READABLE, name, file=name, why=problem.without_place)


def read_yaml_file(path: str | Path) -> Document:
    """The document of a YAML file. Raises Refused when there is none or it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(4 * MOST_BYTES + 1)
    except OSError as error:
        facts = {"file": str(path), "why": error.strerror, "remedy": "Check the path."}
        raise Refused(reasons.FILE_NOT_READABLE, **facts) from error
    return read_yaml(_decoded(raw, str(path)), str(path))


def _decoded(raw: bytes, name: str) -> str:
    """The text of a file. Raises Refused for one that is packed, or in an encoding that does not say what it is."""
    if kind := next((kind for magic, kind in PACKED.items() if raw.startswith(magic)), None):
        raise _refused(name, problem_at(f"it is packed ({kind})", "Unpack it, and give the file in it.", "", None))
    encoding = "utf-8-sig"
    if raw.startswith(UTF_32):
        encoding = "utf-32"
    elif raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in raw[:4]:
        problem = "it is UTF-16 without a byte order mark, or no text"
        raise _refused(name, problem_at(problem, "Save it as UTF-8.", "", None))
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        good = raw[: error.start].decode(encoding, "replace")
        problem = f"it is not {encoding.removesuffix('-sig').upper()} here"
        raise _refused(name, problem_at(problem, "Save it as UTF-8.", good, len(good))) from error


# --- Writing --------------------------------------------------------------------------------------
class _Dumper(yaml.SafeDumper):
    """Quotes every text that YAML 1.1 or 1.2 would read as something else."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: Any, value: str) -> Any:
    """Line breaks that only YAML 1.1 knows are escaped: read back folded, they would be spaces. So are placeholders."""
    style = '"' if re.search("[\x85\u2028\u2029]", value) or OPENING.search(value) else None
    return dumper.represent_scalar(CORE + "str", value, style=style)


add_words(_Dumper)
_Dumper.add_representer(str, _text)


def write_yaml(document: object) -> str:
    """A document as YAML, keys in the order given; a text that looks like a placeholder is no unfilled template."""
    text = str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))
    return OPENING.sub(lambda match: f"\\x{ord(match[0][0]):02X}{match[0][1]}", text)
