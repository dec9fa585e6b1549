"""What is right in a document with mistakes, so that what is wrong between its keys is told with them, at once.

document --without its mistakes--> value of the rest --across--> problems, but for those that a mistake may make
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from pydantic import ValidationError as Errors

from topology import reasons
from topology.rules.file_problems import WHOLE, FileProblem
from topology.structure.documents.reading import Document
from topology.structure.documents.yaml_nodes import Path, path_of

STAND_IN = "unread-"  # begins what stands for a name that cannot be read
ROUNDS = 4  # a name that is wrong is left out, then missing, then stood in for
COUNTED = {"publisher", "nodes", "subclusters", "unassigned_nodes"}  # what all nodes together are told by
DECIDING = COUNTED | {"ha", "keep_alive_timeout", "keep_alive_interval", "sign_ins_per_second", "done_within_minutes"}
APART = ("policy", "dns")  # have no nodes in them


@dataclass(frozen=True)
class Mistake:
    """Where something is wrong, and whether it is a key that says who knows what."""

    path: Path
    is_key: bool


def problems_of_rest(
    adapter: TypeAdapter[Any], document: Document, across: Callable[[Any], Iterable[FileProblem]], at: str = ""
) -> list[FileProblem]:
    """What is wrong between the keys of a document that has other mistakes, or of its part under a key."""
    value = document.value.get(at) if at and isinstance(document.value, dict) else document.value
    noted = ((path_of(problem.place), problem.code) for problem in document.problems)
    inside = [(path[1:], code) if at else (path, code) for path, code in noted if path[:1] == (at,) or not at]
    mistakes = [Mistake(path, code == reasons.FILE_KEY_TWICE.code) for path, code in inside]
    rest, left_out = _rest(adapter, copy.deepcopy(value))
    if rest is None:
        return []
    return [problem for problem in across(rest) if _is_sure(problem, [*mistakes, *left_out])]


def _rest(adapter: TypeAdapter[Any], value: Any) -> tuple[Any, list[Mistake]]:
    """The value of what is right, None where too little is; and the mistakes that were left out."""
    first: list[Mistake] = []
    for turn in range(ROUNDS):
        try:
            return adapter.validate_python(value), first
        except Errors as errors:
            wrong = errors.errors(include_url=False)
        if turn == 0:
            first = [Mistake(error["loc"], error["type"] == "extra_forbidden") for error in wrong]
        for number, error in enumerate(wrong):
            if not error["loc"] or not _leave_out(value, error["loc"], error["type"], f"{STAND_IN}{turn}-{number}"):
                return None, first
    return None, first


def _leave_out(value: Any, path: Path, kind: str, stand_in: str) -> bool:
    """Take a mistake out of a document; False where that cannot be done."""
    for part in path[:-1]:
        value = value[part]
    last = path[-1]
    if kind == "missing":
        value[last] = stand_in
    elif isinstance(last, str) and isinstance(value, dict):
        value.pop(last, None)
    elif isinstance(value, list) and isinstance(last, int) and kind in ("dict_type", "model_type"):
        value[last] = {}  # what stands behind it keeps its number
    else:
        return False
    return True


def _is_sure(problem: FileProblem, mistakes: Iterable[Mistake]) -> bool:
    """Whether a problem stays when the mistakes are mended, whatever they should have been."""
    path = path_of(problem.place)
    return STAND_IN not in problem.message + problem.fix and not any(
        _may_make(mistake, problem.place, path) for mistake in mistakes
    )


def _may_make(mistake: Mistake, place: str, path: Path) -> bool:
    at, last = mistake.path, mistake.path[-1] if mistake.path else ""
    if place == WHOLE:
        of_nodes = isinstance(last, int) or last in COUNTED or mistake.is_key
        return of_nodes and not (len(at) > 1 and at[0] in APART)
    return path[: len(at)] == at or (at[:-1] == path[:-1] and (mistake.is_key or last in DECIDING))
