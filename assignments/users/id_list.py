"""User IDs from a file: one a line, or a list of users as an import takes it, of which the IDs alone are read."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from assignments.users.importing.imports import LIMITS
from assignments.users.rules.columns import MEANT, column_name
from assignments.users.rules.file_kind import ENCODINGS, HEAD, Readable, Rejoined, is_other
from assignments.users.rules.user_file import UserList
from assignments.users.rules.user_line import Reading
from topology import reasons
from topology.reasons import Refused

MEANT_ID = {name: column for name, column in MEANT.items() if column == "user_id"}
NO_COLUMNS: Mapping[str, str] = {}
HEADER = re.compile(rb"(?<![\w.@-])user[ _-]?id(?![\w.@-])")  # whose presence makes a file a list with columns


def ids_in(raw: bytes, columns: Mapping[str, str] = NO_COLUMNS) -> list[str]:
    """The user IDs of a file, read as an import reads it: any encoding that says what it is. Raises Refused.

    `columns` is what a cluster remembers of its lists.
    """
    return list(ids_of(io.BytesIO(raw), columns))


def ids_of(file: Readable, columns: Mapping[str, str] = NO_COLUMNS) -> Iterator[str]:
    """The same one at a time; Refused is raised behind the last one."""
    head = file.read(HEAD)
    plain = not (HEADER.search(head.replace(b"\0", b"").lower()) or _names_id(head, columns))  # UTF-16 has zeros
    source = Rejoined(_headed(head) if plain and not is_other(head) else head, file) if head else file
    users = UserList(source, LIMITS, Reading(ids_only=True, mapping=columns))
    for row in users.rows():
        yield row.user_id
    if users.problems.total and head:
        problem = users.problems.listed[0]
        ends = {"end": problem.facts["end"] - plain} if "end" in problem.facts else {}
        first = replace(problem, facts={**problem.facts, **ends}).as_dict()
        line = int(first["line"]) - plain
        why = f"line {max(line, 1)}: {first['message']}".rstrip(".")
        raise Refused(reasons.FILE_NOT_READABLE, file="The list", why=why, remedy=first["fix"])


def _names_id(head: bytes, columns: Mapping[str, str]) -> bool:
    """Whether the first line has a header that the cluster's lists have for the user ID, or that is a usual one.

    Who has a user called "login" in the first line writes user_id above it; a header is no user of anybody.
    """
    encoding = next((encoding for mark, encoding in ENCODINGS if head.startswith(mark)), "utf-8")
    lines = head.decode(encoding, errors="replace").lstrip("\ufeff").splitlines()
    first = next((line for line in lines if line.strip() and not line.startswith("sep=")), "")
    cells = set(map(column_name, re.split(r"[,;\t|]", first)))
    written = {column_name(header): column for header, column in columns.items()}
    return any((written | MEANT_ID).get(cell) == "user_id" for cell in cells)


def _headed(raw: bytes) -> bytes:
    """The same lines under the header of their one column."""
    for mark, encoding in ENCODINGS:
        if raw.startswith(mark):
            return mark + "user_id\n".encode(encoding) + raw[len(mark) :]
    return b"user_id\n" + raw
