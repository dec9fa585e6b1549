"""Lists of users that are read without a database."""

import io

from assignments.users.importing.imports import LIMITS
from assignments.users.rules.user_file import UserList
from assignments.users.rules.user_line import Reading, UserLine


def read(data: bytes, reading: Reading | None = None) -> tuple[list[UserLine], UserList]:
    users = UserList(io.BytesIO(data), LIMITS, reading)
    return list(users.rows()), users


def codes(users: UserList) -> list[tuple[int, str]]:
    return [(problem.line, problem.reason.code) for problem in users.problems.listed]


def said(text: str | bytes) -> list[str]:
    """The problems of a list in words."""
    _, users = read(text if isinstance(text, bytes) else text.encode())
    return [problem.as_dict()["message"] for problem in users.problems.listed]
