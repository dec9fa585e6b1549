"""Templates without the indentation that only people read, which makes up a fifth of a page."""

from __future__ import annotations

import re

from django.template import Origin
from django.template.loaders import filesystem

KEPT = re.compile(r"(<(?:pre|textarea)\b.*?</(?:pre|textarea)>)", re.DOTALL)  # where white space shows
INDENTED = re.compile(r"\s*\n\s*")


class Loader(filesystem.Loader):
    """Reads a template file; the breaks between its lines stay, for they are white space between words."""

    def get_contents(self, origin: Origin) -> str:
        return without_indentation(super().get_contents(origin))


def without_indentation(source: str) -> str:
    """The source with one line break for each run of white space that has one."""
    parts = KEPT.split(source)
    return "".join(part if number % 2 else INDENTED.sub("\n", part) for number, part in enumerate(parts))
