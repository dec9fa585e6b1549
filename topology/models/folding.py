"""When two user IDs are one: the one folding of the console, a function of the database (migration 0014).

    any spelling --NFC--> composed --one letter to one letter--> lower case --NFC--> the key of the user ID

It is Unicode's simple case folding without a locale, as an address is compared on the wire; docs/files.md has pairs.
Who compares, sorts or looks for user IDs asks the column `folded` of EndUser, with `Fold` for what somebody typed;
nothing folds in Python.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Func, TextField


class Fold(Func):
    """The key of a user ID, in SQL."""

    function = "fold_user_id"
    arity = 1
    output_field: Any = TextField(db_collation="C")
