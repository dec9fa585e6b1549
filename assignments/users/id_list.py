"""User IDs from a file: one a line, or a list of users as an import takes it, of which the IDs alone are read."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from assignments.users.importing.imports import LIMITS
from assignments.users.rules.file_kind import HEAD, Readable, Rejoined, is_packed
from assignments.users.rules.user_file import UserList
from assignments.users.rules.user_line import Reading
from topology import reasons
from topology.reasons import Refused

HEADER = re.compile(rb"(?<![\w.@-])user[ _-]?id(?![\w.@-])")  # whose presence makes a file a list with columns


def ids_in(raw: bytes) -> list[str]:
    """The user IDs of a file, read as an import reads it: any encoding that says what it is. Raises Refused."""
    return list(ids_of(io.BytesIO(raw)))


def ids_of(file: Readable) -> Iterator[str]:
    """The same one at a time; Refused is raised behind the last one."""
    head = file.read(HEAD)
    plain = not HEADER.search(head.replace(b"\0", b"").lower())  # UTF-16 has a zero in every other byte
    source = Rejoined(_headed(head) if plain and not is_packed(head) else head, file) if head else file
    users = UserList(source, LIMITS, Reading(ids_only=True))
    for row in users.rows():
        yield row.user_id
    if users.problems.total and head:
        first = users.problems.listed[0].as_dict()
        line = int(first["line"]) - plain
        why = f"line {max(line, 1)}: {first['message']}".rstrip(".")
        raise Refused(reasons.FILE_NOT_READABLE, file="The list", why=why, remedy=first["fix"])


def _headed(raw: bytes) -> bytes:
    """The same lines under the header of their one column."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if raw.startswith(mark):
            return mark + "user_id\n".encode(encoding) + raw[len(mark) :]
    return b"user_id\n" + raw
