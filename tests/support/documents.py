"""Blocks of the documents, for tests that use them as they are printed there."""

import re

from config.local.state import BASE_DIR

FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.M | re.S)


def block_with(document: str, words: str) -> str:
    """The one fenced block of a document of docs/ that holds these words. Raises AssertionError."""
    found = [text for text in FENCE.findall((BASE_DIR / "docs" / document).read_text()) if words in text]
    assert len(found) == 1, f"{document}: {len(found)} blocks with {words!r}"
    return str(found[0])
