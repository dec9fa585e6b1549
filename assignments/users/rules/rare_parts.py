"""The part of a text that few people have: what an index of trigrams is asked for.

Such an index reads, for each three letters of a text, everybody who has them. What all mail addresses end with is in
everybody's, so a whole address would read all people many times in order to find one; the name before it finds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

COMMON = 0.25  # of the people: three letters that so many have narrow nothing
BETWEEN = re.compile(r"[\W_]+")  # words, which are blank to the index: two before a word, one after it
WORD = re.compile(r"[A-Z0-9]+")


@dataclass(frozen=True)
class ColumnSample:
    """Values of a column, written as the index reads them, each with the share of the people whom it stands for."""

    values: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, values: Iterable[tuple[str, float]]) -> ColumnSample:
        """Of values as they are stored."""
        return cls(tuple((f"  {BETWEEN.sub('  ', value.upper())} ", share) for value, share in values))

    def share_with(self, trigram: str) -> float:
        """Of the people, those who have three letters."""
        return sum(share for value, share in self.values if trigram in value)


def rare_part(text: str, sample: ColumnSample) -> str:
    """The part with the most trigrams among those that have none of many people.

    The text itself, where none of its trigrams is so common, or all are; and where it is not ASCII, whose parts may be
    folded otherwise than the whole.
    """
    if not text.isascii():
        return text
    known = _trigrams(text.upper())
    common = sorted(span for span, trigram in known.items() if sample.share_with(trigram) >= COMMON)
    begins = [0, *(begin + 1 for begin, _ in common)]
    ends = [*(end - 1 for _, end in common), len(text)]
    parts = {part: sum(part[0] <= a and b <= part[1] for a, b in known) for part in zip(begins, ends, strict=True)}
    best = max(parts, key=lambda part: parts[part])
    return text[slice(*best)] if parts[best] else text


def _trigrams(text: str) -> dict[tuple[int, int], str]:
    """Those of a part of a longer text in capitals, and from where to where they stand in it."""
    trigrams = {}
    for word in WORD.finditer(text):
        before, after = 2 * (word.start() > 0), word.end() < len(text)
        padded = " " * before + word[0] + " " * after
        for place in range(len(padded) - 2):
            end = word.start() - before + place + 3
            trigrams[max(word.start() - (before > 0), end - 3), end] = padded[place : place + 3]
    return trigrams
