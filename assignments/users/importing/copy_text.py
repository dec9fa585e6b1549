"""Columns of values as the text that COPY reads: a line for each row, written column by column."""

from collections.abc import Iterable, Sequence
from typing import Any

NOTHING = "\\N"
ESCAPED = {ord(sign): "\\" + how for sign, how in zip("\\\b\t\n\v\f\r", "\\btnvfr", strict=True)}
WORDS = {None: NOTHING, True: "t", False: "f"}


def copy_text(columns: Sequence[Sequence[Any]]) -> str:
    """Rows of texts, numbers, truths, lists of words (tuples), and nothing; a column holds one sort of them."""
    return "\n".join(map("\t".join, zip(*map(_texts, columns), strict=True))) + "\n"


def _texts(column: Sequence[Any]) -> Iterable[str]:
    sorts = set(map(type, column))
    if sorts == {str}:
        return column if _is_plain("".join(column)) else [text.translate(ESCAPED) for text in column]
    if sorts == {int}:
        return map(str, column)
    words = {value: _text(value) for value in set(column)}
    return map(words.__getitem__, column)


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return WORDS[value]
    if isinstance(value, tuple):
        return "{" + ",".join(value) + "}"
    return str(value).translate(ESCAPED)


def _is_plain(text: str) -> bool:
    return text.isprintable() and "\\" not in text
