"""Documents read by pydantic: a value of the wanted shape, or every problem in the console's own words.

    Document --TypeAdapter--> value
                  └--its errors--> WORDS: code, sentence and fix of each, at its line and column

A shape is a TypedDict of what may be written; what it becomes is a frozen dataclass (`pydantic.AfterValidator`), so
that pydantic stays out of the rules.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic import ValidationError as Errors
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from topology import reasons
from topology.reasons.words import counted
from topology.rules import names
from topology.rules.file_problems import FileProblem
from topology.structure.documents.reading import Document
from topology.structure.documents.yaml_nodes import Path, place_of, shown

T = TypeVar("T")
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
KIND_NAME, KIND_TEXT = "name_not_valid", "text_not_valid"


def read_shape(adapter: TypeAdapter[T], document: Document) -> tuple[T | None, list[FileProblem]]:
    """The value that a document describes, or None and every problem of it, from top to bottom."""
    problems = list(document.problems)
    value = None
    try:
        value = adapter.validate_python(document.value)
    except Errors as errors:
        schema, known = adapter.json_schema(), {problem.place for problem in problems}
        shape_problems = [_problem(_Case(document, schema, dict(error))) for error in errors.errors(include_url=False)]
        problems += [problem for problem in shape_problems if problem.place not in known]
    if problems:
        return None, in_order(problems)
    return value, []


def in_order(problems: Iterable[FileProblem]) -> list[FileProblem]:
    """Problems from top to bottom of the file."""
    return sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0))


def suggestion(word: str, known: Sequence[str]) -> str:
    """The known word that was probably meant, or all of them."""
    if word.isascii() and all(text.isdigit() for text in (word, *known)):
        return f"Did you mean {min(known, key=lambda number: abs(int(number) - int(word)))}?"
    close = difflib.get_close_matches(word.lower(), known, 1, 0.6)
    return f"Did you mean {close[0]}?" if close else f"Known: {', '.join(known)}."


# --- Pydantic's errors in our words ---------------------------------------------------------------
class _Case:
    """One error of pydantic in a document."""

    def __init__(self, document: Document, schema: Mapping[str, Any], error: Mapping[str, Any]) -> None:
        self.path: Path = tuple(error["loc"])
        self.value, self.kind, self.said = error["input"], str(error["type"]), str(error["msg"])
        self.ctx: Mapping[str, Any] = error.get("ctx") or {}
        self.place = place_of(self.path)
        self.document, self.schema = document, schema

    @property
    def written(self) -> str:
        return shown(self.document.written(self.path, self.value)) or '""'

    @property
    def key(self) -> str:
        return str(self.path[-1]) if self.path else "file"

    @property
    def range(self) -> str:
        """What the schema says of the number here: "from 1 to 600", or nothing."""
        here = schema_at(self.schema, self.path)
        ends = [f"{end:,}".removesuffix(".0") for end in (here.get("minimum"), here.get("maximum")) if end is not None]
        return f"from {ends[0]} to {ends[1]}" if len(ends) == 2 else ""

    def say(self, why: reasons.Reason, **facts: Any) -> FileProblem:
        return FileProblem.of(self.place, why, **facts)


def schema_at(schema: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """The part of a JSON schema that describes a place; empty where it says nothing."""
    here = _resolved(schema, schema)
    for part in path:
        below = here.get("items", {}) if isinstance(part, int) else here.get("properties", {}).get(part)
        here = _resolved(schema, below or here.get("additionalProperties") or {})
    return here


def _resolved(schema: Mapping[str, Any], here: Any) -> Mapping[str, Any]:
    """What a reference points to; of alternatives the one that is not null."""
    while isinstance(here, dict) and ("$ref" in here or "anyOf" in here):
        if "anyOf" in here:
            here = next((one for one in here["anyOf"] if one.get("type") != "null"), {})
        else:
            here = schema["$defs"][here["$ref"].rsplit("/", 1)[-1]]
    return here if isinstance(here, dict) else {}


def whole_schema(adapter: TypeAdapter[Any], title: str) -> dict[str, Any]:
    """The JSON schema of a shape in one piece, without references, so that it can stand in another document."""
    plain = adapter.json_schema()
    whole: dict[str, Any] = _inlined(plain, plain.pop("$defs", {}))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | whole | {"title": title}


def _inlined(part: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_inlined(each, parts) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        part = parts[part["$ref"].rsplit("/", 1)[-1]] | {key: part[key] for key in part if key != "$ref"}
    return {key: _inlined(value, parts) for key, value in part.items()}


def _problem(case: _Case) -> FileProblem:
    problem = WORDS.get(case.kind, _other)(case)
    return case.document.placed(problem, case.path, key=case.kind == "extra_forbidden")


def _missing(case: _Case) -> FileProblem:
    return case.say(reasons.FILE_KEY_MISSING, remedy=f"Write {case.key}: and its value.")


def _unknown(case: _Case) -> FileProblem:
    known = tuple(schema_at(case.schema, case.path[:-1]).get("properties", {}))
    there = {path[-1] for path in case.document.keys if path[:-1] == case.path[:-1]}
    meant = suggestion(case.key, [key for key in known if key not in there])  # one that is there already was not meant
    remedy = meant if meant.startswith("Did") else f"Known: {', '.join(known)}."
    if re.fullmatch("-[a-z]+", case.key):
        remedy = "Write a space behind the dash."
    return case.say(reasons.FILE_KEY_UNKNOWN, remedy=remedy)


def _text(case: _Case) -> FileProblem:
    if isinstance(case.value, str | int | float | bool):
        remedy = f'Put it in quotes: "{case.written}".'
    else:
        remedy = f"Write {case.key}: and a text."
    return case.say(reasons.FILE_NOT_TEXT, written=case.written, remedy=remedy)


def _number(case: _Case) -> FileProblem:
    kind = "whole " if case.kind.startswith("int") else ""
    remedy = f"Write a {kind}number {case.range}".rstrip() + "."
    if isinstance(case.value, str) and case.value.strip().isdecimal() and case.value.isascii():
        remedy = f"Write {case.value.strip()}, without quotes."
    return case.say(reasons.FILE_NOT_A_NUMBER, written=case.written, kind=kind, remedy=remedy)


def _range(case: _Case) -> FileProblem:
    here = schema_at(case.schema, case.path)
    left_out = f"; left out it is {here['default']:,}" if isinstance(here.get("default"), int | float) else ""
    remedy = f"Choose a number in this range{left_out}."
    return case.say(reasons.FILE_NOT_IN_RANGE, written=case.written, range=case.range, remedy=remedy)


def _switch(case: _Case) -> FileProblem:
    meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}
    word = str(case.value).lower()
    word = meant.get(word, word)
    remedy = f"Write {word}, without quotes." if word in ("true", "false") else "Write true or false, without quotes."
    return case.say(reasons.FILE_NOT_TRUE_OR_FALSE, written=case.written, remedy=remedy)


def _list(case: _Case) -> FileProblem:
    return case.say(reasons.FILE_NOT_A_LIST, written=case.written)


def _mapping(case: _Case) -> FileProblem:
    if not case.path and case.value is None and case.document.name:
        first = case.schema.get("required") or list(case.schema.get("properties", {}))
        return case.say(reasons.FILE_EMPTY, remedy=f"Begin with {first[0]}: and its value.")
    return case.say(reasons.FILE_NOT_A_MAPPING, written=case.written)


def _choice(case: _Case) -> FileProblem:
    known = [part.strip("'") for part in case.ctx["expected"].replace(" or ", ", ").split(", ")]
    remedy = suggestion(str(case.value), known)
    if isinstance(case.value, str) and case.value.strip() in known and case.written != case.value.strip():
        remedy = f"Write {case.value.strip()}, without quotes."
    if case.value is None:
        remedy = f"Write one of them, or leave {case.key} out."
    return case.say(reasons.FILE_NOT_ONE_OF, written=case.written, known=", ".join(known), remedy=remedy)


def _name(case: _Case) -> FileProblem:
    rule, remedy = case.ctx["rule"], case.ctx["remedy"]
    return case.say(reasons.FILE_NAME_NOT_VALID, written=case.written, rule=rule, remedy=remedy)


def _form(case: _Case) -> FileProblem:
    kind, remedy = case.ctx["kind"], case.ctx["remedy"]
    return case.say(reasons.FILE_TEXT_NOT_VALID, written=case.written, kind=kind, remedy=remedy)


def _long(case: _Case) -> FileProblem:
    what, most = _items(case), case.ctx["max_length"]
    facts = {"found": len(case.value), "what": f"{what}s", "most": most}
    return case.say(reasons.FILE_TOO_LARGE, **facts, remedy=f"Write at most {counted(most, what)}.")


def _short(case: _Case) -> FileProblem:
    what, least = _items(case), case.ctx["min_length"]
    has = counted(len(case.value), what)
    return case.say(reasons.FILE_TOO_SHORT, has=has, least=least, remedy=f"Write at least {counted(least, what)}.")


def _items(case: _Case) -> str:
    return "character" if isinstance(case.value, str) else "item"


def _other(case: _Case) -> FileProblem:
    return case.say(reasons.FILE_VALUES_CONFLICT, problem=f"{case.written}: {case.said}", remedy="Write another value.")


WORDS: dict[str, Callable[[_Case], FileProblem]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "string_type": _text,
    "string_unicode": _text,
    "int_type": _number,
    "int_from_float": _number,
    "float_type": _number,
    "finite_number": _number,
    "greater_than_equal": _range,
    "less_than_equal": _range,
    "bool_type": _switch,
    "list_type": _list,
    "dict_type": _mapping,
    "model_type": _mapping,
    "literal_error": _choice,
    "too_long": _long,
    "string_too_long": _long,
    "too_short": _short,
    "string_too_short": _short,
    KIND_NAME: _name,
    KIND_TEXT: _form,
}


# --- Values that several shapes have --------------------------------------------------------------
def not_a(kind: str, remedy: str) -> PydanticCustomError:
    """The error of a text that is not one of this kind, for a validator to raise."""
    return PydanticCustomError(KIND_TEXT, "not a {kind}", {"kind": kind, "remedy": remedy})


def _named(broken_by: Callable[[str], names.Broken | None]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if broken := broken_by(value):
            raise PydanticCustomError(KIND_NAME, "{rule}", {"rule": broken.rule, "remedy": broken.fix})
        return value

    return check


@dataclass(frozen=True)
class _MayBeEmpty:
    """A key with nothing behind it is an empty value, for the reader and in the schema."""

    empty: Callable[[], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def filled(value: Any) -> Any:
            return self.empty() if value is None else value

        return core_schema.no_info_before_validator_function(filled, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [handler(core), {"type": "null"}]}


LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
NODE_PATTERN = rf"^{LABEL}(\.{LABEL})*$"
NodeName = Annotated[
    str,
    Field(strict=True, json_schema_extra={"pattern": NODE_PATTERN, "maxLength": names.LONGEST_NODE, "minLength": 1}),
    AfterValidator(_named(names.broken_by_node)),
]
GroupName = Annotated[
    str,
    Field(strict=True, json_schema_extra={"pattern": "^[A-Za-z0-9_-]{1,128}$"}),
    AfterValidator(_named(names.broken_by_group)),
]
EmptyList, EmptyMapping = _MayBeEmpty(list), _MayBeEmpty(dict)
