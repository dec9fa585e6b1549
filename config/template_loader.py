"""Templates without the indentation and empty lines that only people read, which make up a fifth of a page."""

from __future__ import annotations

import re
from itertools import chain

from django.template import Origin
from django.template.loaders import filesystem

KEPT = re.compile(r"(<(?:pre|textarea)\b.*?</(?:pre|textarea)>)", re.DOTALL)  # where white space shows
INDENTED = re.compile(r"\s*\n\s*")
SILENT = "if|elif|else|endif|for|empty|endfor|with|endwith|load"
# Lines of tags that write nothing themselves: the break before them is enough.
TAGS = re.compile(rf"(?:{{%\s*(?:{SILENT})\b(?:(?!%}}).)*%}}|{{#(?:(?!#}}).)*#}})+")


class Loader(filesystem.Loader):
    """Reads a template file; a break between its lines stays, for it is white space between words."""

    def get_contents(self, origin: Origin) -> str:
        return without_indentation(super().get_contents(origin))


def without_indentation(source: str) -> str:
    """The source with one line break for each run of white space that has one, and none that does not show.

    That is after lines of silent tags, and before the end of a tag of HTML.
    """
    parts = KEPT.split(source)
    return "".join(part if number % 2 else _shorter(part) for number, part in enumerate(parts))


def _shorter(part: str) -> str:
    lines = INDENTED.sub("\n", part).split("\n")
    closes = [line.startswith((">", "/>")) for line in (*lines[1:], "")]
    ends = [
        "" if closing or (number and TAGS.fullmatch(line)) else "\n"
        for number, (line, closing) in enumerate(zip(lines, closes, strict=True))
    ]
    return "".join(chain.from_iterable(zip(lines, ends, strict=True)))[: -1 if ends[-1] else None]
