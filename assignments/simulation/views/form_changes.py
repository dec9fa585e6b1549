"""What the buttons and choices of the form of a what-if do to it: fill in the catalogue's lines, add one, remove one.

Each takes the form as it was typed and gives another; nothing that was typed is lost.
"""

from __future__ import annotations

import re

from assignments.simulation.rules import catalogue
from assignments.simulation.views.line_form import MOST_ROWS, hash_of_rows, row_of
from assignments.simulation.views.typed_topology import AS_IS, HALF_MOVED
from assignments.simulation.views.whatif_form import WhatifForm


def changed_form(form: WhatifForm, change: str) -> WhatifForm:
    """What a button or a choice of the form does to it."""
    if change == "add":
        return add_row(form)
    if match := re.fullmatch(r"remove-(\d{1,3})", change):
        return remove_row(form, int(match[1]))
    if change == "fill":
        return filled_form(form)
    # Other nodes or another seed: the lines of the catalogue are made anew, those of a person stay.
    return filled_form(form) if change == "topology" and form.is_untouched else form


def filled_form(form: WhatifForm) -> WhatifForm:
    """The form with the timeline of the chosen entry of the catalogue, for the chosen topology."""
    entry = catalogue.CATALOGUE.get(str(form.typed.get("entry")))
    if entry is None:
        return form
    form = form.with_typed(begin=HALF_MOVED if entry.half_moved else AS_IS)
    if not form.pairs:
        return form
    made = catalogue.timeline(entry, form.pairs, form.cleaned_data.get("seed", 0))
    first_of = {group: nodes[0] for group, nodes in form.groups}
    rows = [row_of(line, first_of) for line in made.lines]
    return form.with_typed(rows, until=made.until, made=hash_of_rows(rows))


def add_row(form: WhatifForm) -> WhatifForm:
    """One more line, at the instant and for the node of the last one, while there is room for it."""
    if len(form.rows) >= MOST_ROWS:
        return form
    first = form.groups[0][1][0] if form.groups else ""
    new = form.rows[-1] if form.rows else {"at": "1m", "node": first, "do": "fault", "what": "power"}
    return form.with_typed([*form.rows, new])


def remove_row(form: WhatifForm, number: int) -> WhatifForm:
    """The form without one of its lines, counted from 0."""
    return form.with_typed(form.rows[:number] + form.rows[number + 1 :])
