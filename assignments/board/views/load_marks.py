"""Operations on the axis of time: a number each, keyed to the list below the curves, that never cover each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assignments.runs.views.run_shown import Run

LANES = {"wide": 700, "narrow": 330}  # the least width in pixels of the axis for which the labels have room
HEIGHT, LETTER, GAP = 18, 7, 3  # of a label, in pixels


@dataclass(frozen=True)
class LoadMark:
    """An operation on the axis of time, in percent of its length."""

    number: int
    place: float
    run: Run
    recovers: bool


@dataclass(frozen=True)
class MarkLabel:
    """The label of one mark, or of several that stand too close to have one each."""

    marks: tuple[LoadMark, ...]

    @property
    def words(self) -> str:
        """The number, or the first and the last."""
        first, last = self.marks[0].number, self.marks[-1].number
        return str(first) if first == last else f"{first}–{last}"  # noqa: RUF001

    @property
    def width(self) -> int:
        """In pixels; as wide as high at least."""
        return max(HEIGHT, LETTER * len(self.words) + 8)

    @property
    def edge(self) -> str:
        """Its left edge, in pixels from its middle."""
        return f"{-self.width / 2:g}"

    @property
    def title(self) -> str:
        """What its marks are."""
        return "; ".join(f"{mark.number}: {mark.run.title}" for mark in self.marks)

    @property
    def place(self) -> float:
        """The middle of its marks, in percent of the axis."""
        return (self.marks[0].place + self.marks[-1].place) / 2

    @property
    def recovers(self) -> bool:
        """Whether a failover or fallback is among them."""
        return any(mark.recovers for mark in self.marks)

    def left(self, axis: int) -> float:
        """Its left edge in pixels on an axis of so many."""
        return self.place * axis / 100 - self.width / 2


def mark_labels(marks: Sequence[LoadMark], axis: int) -> list[MarkLabel]:
    """Labels in the order of time that do not touch each other on an axis of so many pixels or more."""
    labels: list[MarkLabel] = []
    for mark in marks:
        label = MarkLabel((mark,))
        while labels and label.left(axis) < labels[-1].left(axis) + labels[-1].width + GAP:
            label = MarkLabel((*labels.pop().marks, *label.marks))
        labels.append(label)
    return labels
