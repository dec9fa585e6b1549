"""The cells of a record as a user: each column read by its own rule, with what is wrong of it.

cells --composed, marks taken off--> text of each column --its rule--> UserLine, or problems with their line
"""

import re
from collections.abc import Collection, Mapping, Sequence

from assignments.users.rules.cells import beside, code_point, composed, restored, said_in, unseen
from assignments.users.rules.columns import HALVES, Columns
from assignments.users.rules.not_users import is_remark, is_total
from assignments.users.rules.oddities import is_mail, oddity
from assignments.users.rules.problems import Problems
from assignments.users.rules.records import SEPARATORS
from assignments.users.rules.user_line import KEEP, MAX_REASON, MAX_TEXT, NO, YES, Limits, Reading, UserLine
from topology import reasons

REMEMBERED = 10_000  # different cells of endpoints


class CellReader:
    """Reads the records of one file, once `columns` says what stands where."""

    def __init__(
        self, limits: Limits, reading: Reading, problems: Problems, warnings: Problems, left_out: Problems
    ) -> None:
        self.limits, self.reading = limits, reading
        self.problems, self.warnings, self.left_out = problems, warnings, left_out
        self.columns = Columns()
        self.marked = 0  # cells that a spreadsheet's mark was taken from
        self.formed = 0  # cells that say a text as a formula
        self.kinds: dict[str, tuple[str, ...] | str] = {"": ()}  # what cells of endpoints say, as far as remembered
        self._known = {word.lower(): code for code, label in limits.endpoints.items() for word in (code, label)}
        self.is_damaged = False  # whether the record that is read now has bytes that are no text, which was said
        self._counted = (0, 0)  # lines and contacts above the last total
        self._plain = False  # whether the record that is read now holds printable ASCII only

    def read(self, number: int, cells: list[str], above: tuple[int, int]) -> UserLine | None:
        """The line of a record with a usable user ID; None for any other, and for who is left out.

        `above` is how many lines and contacts came before it.
        """
        record, keep, marked = "".join(cells), self.reading.keep, set[str]()
        self._plain = record.isascii() and record.isprintable()  # nothing to compose, nothing unseen
        said = {column: composed(cells[index]) for column, index in self.columns.places.items()}
        if not self._plain or "'" in record or '="' in record or (keep and keep in record):
            marked = {column for column, cell in said.items() if keep and cell == keep and column != "user_id"}
            said = {column: self._restored(cell, *self._marks(column)) for column, cell in said.items()}
        user_id = said["user_id"]
        if self._is_no_user(number, user_id, cells, above):
            return None
        if not self._id_usable(number, user_id) or not self._wanted(number, user_id, said):
            return None
        halves = marked & {*HALVES}
        for column in marked - halves:
            del said[column]
        return UserLine(
            line=number,
            user_id=user_id,
            name=self._full_name(number, said, halves),
            mail=self._mail(number, user_id, said),
            directory_uri=self._text_in(number, said, "directory_uri"),
            department=self._text_in(number, said, "department"),
            endpoints=None if (kinds := said.get("endpoints")) is None else self._kinds(number, kinds),
            contacts=None if (contacts := said.get("contacts")) is None else self._number(number, contacts),
            node=said.get("node", ""),
            kept=bool(marked),
            pinned=None if (pinned := said.get("pinned")) is None else self._yes(number, "pinned", pinned),
            pin_reason=self._text_in(number, said, "pin_reason", MAX_REASON),
        )

    def _is_no_user(self, number: int, user_id: str, cells: Sequence[str], above: tuple[int, int]) -> bool:
        """Whether a line counts what stands above; what may do so, and what reads like a remark, is said."""
        columns = {place: column for column, place in self.columns.places.items()}
        filled = {columns.get(place, str(place)): cell.strip() for place, cell in enumerate(cells) if cell.strip()}
        filled.pop("user_id", None)
        lines_above, contacts_above = above
        lines, contacts = self._counted
        total = is_total(user_id, filled, (lines_above, contacts_above, lines_above - lines, contacts_above - contacts))
        if total is not False:
            self._counted = lines_above + 1, contacts_above
        if total:
            self.problems.add(number, reasons.IMPORT_TOTAL_LINE, value=" ".join((user_id, *filled.values()))[:60])
        elif total is None or is_remark(user_id, filled, self.columns.width):
            self.warnings.add(number, reasons.IMPORT_LIKE_A_REMARK, value=user_id[:60])
        return bool(total)

    def _text_in(self, number: int, said: Mapping[str, str], column: str, limit: int = MAX_TEXT) -> str | None:
        return None if (text := said.get(column)) is None else self._text(number, column, text, limit)

    def _mail(self, number: int, user_id: str, said: Mapping[str, str]) -> str | None:
        mail = self._text_in(number, said, "mail")
        if mail and not is_mail(mail):
            self.warnings.add(number, reasons.IMPORT_NOT_A_MAIL, user_id=user_id, value=mail[:60])
        return mail

    def _marks(self, column: str) -> tuple[str, ...]:
        """What may have an apostrophe before it: the usual mark, whichever is used here, for our exports put one there.

        They do not before any other mark, so an apostrophe there is of the text.
        """
        return () if column == "user_id" else (KEEP,)

    def _restored(self, cell: str, *marks: str) -> str:
        if cell[:1] == "'" and (plain := restored(cell, *marks)) != cell:
            self.marked += 1
            return plain
        if (plain := said_in(cell)) != cell:
            self.formed += 1
            return plain
        return cell

    def _id_usable(self, number: int, user_id: str) -> bool:
        if not user_id:
            self.problems.add(number, reasons.IMPORT_ID_MISSING)
        elif len(user_id) > self.limits.user_id:
            shown, length = user_id[:20] + "…", len(user_id)
            self.problems.add(
                number, reasons.IMPORT_ID_TOO_LONG, user_id=shown, length=length, limit=self.limits.user_id
            )
        elif self.is_text(number, "user ID", user_id, strict=True):
            self._note_oddity(number, "user ID", user_id)
            if self.columns.width == 1 and any(mark in user_id for mark in SEPARATORS):
                self.warnings.add(number, reasons.IMPORT_ONE_COLUMN, value=user_id[:60])
            return True
        return False

    def _note_oddity(self, number: int, column: str, text: str) -> None:
        odd = oddity(column, text)
        if odd and not (self.is_damaged and odd.reason is reasons.IMPORT_LETTERS_LOST):
            self.warnings.add(number, odd.reason, **odd.facts)

    def is_text(self, number: int, column: str, text: str, *, strict: bool = False) -> bool:
        """Whether a cell holds only letters that can be seen; `strict` for what must be typed again."""
        at = None if self._plain else unseen(text, strict=strict)
        if at is not None:
            facts = {"column": column, "character": code_point(text[at]), "place": beside(text, at)}
            self.problems.add(number, reasons.IMPORT_CHARACTER, **facts)
        return at is None

    def _wanted(self, number: int, user_id: str, said: Mapping[str, str]) -> bool:
        """Whether the person is enabled for presence and at home in this cluster, where the file says so."""
        if "enabled" not in said and "home_cluster" not in said:
            return True
        if self._says_no(number, "enabled", said):
            self.left_out.add(number, reasons.IMPORT_NOT_ENABLED, user_id=user_id)
            return False
        if self._elsewhere(said.get("home_cluster", "")):
            self.left_out.add(number, reasons.IMPORT_OTHER_HOME_CLUSTER, user_id=user_id)
            return False
        return True

    def _says_no(self, number: int, column: str, said: Mapping[str, str]) -> bool:
        cell = said.get(column, "").lower()
        if cell and cell not in YES and cell not in NO and cell != self.reading.keep:
            self.problems.add(number, reasons.IMPORT_NOT_YES_OR_NO, column=column, value=cell[:40])
        return cell in NO

    def _elsewhere(self, cell: str) -> bool:
        """The column says t or f, or names the cluster."""
        said = cell.lower()
        return bool(said) and said not in {*YES, self.reading.keep, self.reading.cluster.lower()}

    def _full_name(self, number: int, said: Mapping[str, str], kept: Collection[str]) -> str | None:
        if "name" in said:
            return self._text(number, "name", said["name"])
        parts = [said[column] for column in HALVES if column in said]
        if len(kept) == len(parts):
            return None
        if kept:
            self.problems.add(number, reasons.IMPORT_HALF_KEPT, keep=self.reading.keep)
            return None
        return self._text(number, "name", " ".join(filter(None, parts)))

    def _text(self, number: int, column: str, text: str, limit: int = MAX_TEXT) -> str:
        if self.is_text(number, column, text) and column != "mail":
            self._note_oddity(number, column, text)
        if len(text) > limit:
            self.problems.add(number, reasons.IMPORT_TEXT_TOO_LONG, column=column, length=len(text), limit=limit)
        return text[:limit]

    def _yes(self, number: int, column: str, cell: str) -> bool:
        said = cell.lower()
        if said and said not in YES and said not in NO:
            self.problems.add(number, reasons.IMPORT_NOT_YES_OR_NO, column=column, value=cell[:40])
        return said in YES

    def _number(self, number: int, cell: str) -> int:
        limit = self.limits.contacts
        if not cell:
            return 0
        if not (cell.isascii() and cell.isdigit()) or len(cell) > 9:
            self.problems.add(number, reasons.IMPORT_CONTACTS_NOT_A_NUMBER, value=cell[:20], limit=limit)
            return 0
        if int(cell) > limit:
            self.problems.add(number, reasons.IMPORT_TOO_MANY_CONTACTS, value=int(cell), limit=limit)
        return min(int(cell), limit)

    def _kinds(self, number: int, cell: str) -> tuple[str, ...]:
        kinds = self.kinds.get(cell)
        if kinds is None:
            kinds = self._split(cell)
            if len(self.kinds) < REMEMBERED:
                self.kinds[cell] = kinds
        if isinstance(kinds, str):
            known = ", ".join(self.limits.endpoints)
            self.problems.add(number, reasons.IMPORT_UNKNOWN_ENDPOINT, value=kinds[:40], known=known)
            return ()
        return kinds

    def _split(self, cell: str) -> tuple[str, ...] | str:
        """The codes of a cell in the order of the product's list, or the word that is not one of them."""
        codes: set[str] = set()
        parts: list[str] = re.split("[|;,]", cell)
        for part in parts:
            words = [part] if part.strip().lower() in self._known else part.split()
            for word in filter(None, (word.strip().lower() for word in words)):
                if word not in self._known:
                    return word
                codes.add(self._known[word])
        return tuple(code for code in self.limits.endpoints if code in codes)
