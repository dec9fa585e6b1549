"""One user of a list as it was understood, and what somebody says about how lists are to be read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

NO_NODE = "-"  # in the column node: leave this user unassigned
KEEP = "#"  # alone in a cell: what is stored stays
MAX_TEXT = 255
MAX_REASON = 200  # characters of why somebody is pinned
DRAWN = "-=:+"  # of these are the lines of a table that is drawn
YES, NO = {"t", "true", "yes", "y", "1", "enabled"}, {"f", "false", "no", "n", "0", "disabled"}


class UserLine(NamedTuple):
    """One user of the file; None means that what is stored stays: no such column, or the mark that keeps."""

    line: int
    user_id: str
    name: str | None = None
    mail: str | None = None
    endpoints: tuple[str, ...] | None = None
    contacts: int | None = None
    node: str = ""
    kept: bool = False  # a mark stands in one of the cells
    pinned: bool | None = None
    pin_reason: str | None = None
    directory_uri: str | None = None
    department: str | None = None


class UserLines:
    """Users in the order of their lines, column by column: what is done to a column costs little for each of them."""

    def __init__(self, columns: Iterable[Sequence[Any]]) -> None:
        self.columns = dict(zip(UserLine._fields, columns, strict=True))

    def __len__(self) -> int:
        return len(self.columns["line"])

    def __iter__(self) -> Iterator[UserLine]:
        return map(UserLine._make, zip(*self.columns.values(), strict=True))


@dataclass(frozen=True)
class Limits:
    """What the cells may say."""

    user_id: int
    contacts: int
    endpoints: Mapping[str, str]  # code and label of each kind


@dataclass(frozen=True)
class Reading:
    """How a file is to be read: the mark that keeps ("" for none), names of columns, and whose users are wanted.

    `said` are those of the names that somebody gave for this file, not for lists before it.
    `ids_only`: the file says who, and of its columns the user ID alone is read.
    """

    keep: str = KEEP
    mapping: Mapping[str, str] = field(default_factory=dict)
    cluster: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    ids_only: bool = False
