"""Bytes to lines of text: any of the line ends, what is no text marked, and the end of file of old systems heeded.

    bytes --decoder--> characters --CR, LF, CR LF--> lines, one at a time

An undecodable byte stands in the line as U+FFFD and is reported; nothing is guessed. `sample` keeps the first such
lines as bytes, so that a message can say what they may be. Standard library only.
"""

import codecs
import io
import re
from collections.abc import Iterator

from assignments.users.rules.cells import beside, code_point
from assignments.users.rules.file_kind import Readable
from assignments.users.rules.problems import Problems
from topology import reasons

MAX_BYTES = 512 * 1024 * 1024
MAX_LINE = 1024 * 1024
PART = 256 * 1024  # bytes
PIECE = 64 * 1024  # characters, and what remains of a line
SAMPLE = 16 * 1024  # bytes
MARK = "\udcff"  # no text can hold a lone half of a pair, so this stands for bytes that are none
UNREADABLE = re.compile("[\ud800-\udfff]")
END = "\x1a"  # of a text, for CP/M and DOS
PADDING = "\x1a\0 \t\n"

codecs.register_error("mark", lambda error: (MARK, getattr(error, "end", 0)))


class TextLines:
    """The lines of a file, each ending with a line feed; `number` is that of the line given last.

    Who can read many lines at once may take those `ahead`, and pass them by with `skip`.
    """

    def __init__(self, file: Readable, encoding: str, problems: Problems) -> None:
        self.file, self.encoding, self.problems = file, encoding, problems
        self.number = 0
        self.open_end = False  # the last line has no line end: it may not be whole, though it ends with a quote
        self.damaged = 0  # the last line so far with bytes that are no text
        self.sample = b""
        self._marked_end = False
        self._cut = False  # the file is too large: its last line is not whole
        self._decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("mark"), translate=True)
        self._pieces = self._read_pieces()
        self._ahead = ""
        self._left = 0  # lines of the piece whose lines are given now

    def ahead(self) -> str:
        """Lines that are all still to be given; nothing in the middle of some, and at the end of the file."""
        if not self._ahead and not self._left:
            self._ahead = next(self._pieces, "")
        return self._ahead

    def skip(self) -> None:
        """Take the lines ahead as given."""
        self.number += self._ahead.count("\n")
        self._ahead = ""

    def __iter__(self) -> Iterator[str]:
        while piece := self.ahead():
            self._ahead = ""
            lines = piece.removesuffix("\n").split("\n")
            self._left = len(lines)
            odd = not piece.isascii() or "\0" in piece
            for line in lines:
                self.number += 1
                if len(line) > MAX_LINE:
                    self._too_large(f"{MAX_LINE >> 20} MB in one line", self.number)
                    return
                self._left -= 1
                yield (self._clean(line) if odd else line) + "\n"

    def _read_pieces(self) -> Iterator[str]:
        """Whole lines, some at a time; only the last of all may lack its end."""
        rest = ""
        for text in self._parts():
            whole, end, rest = (rest + text).rpartition("\n")
            whole, start = whole + end, 0
            while start < len(whole):
                stop = whole.find("\n", start + PIECE) + 1 or len(whole)
                yield whole[start:stop]
                start = stop
            if len(rest) > MAX_LINE:
                self._too_large(f"{MAX_LINE >> 20} MB in one line", self.number + 1)
                return
        if rest and not self._cut:
            self.open_end = not self._marked_end
            yield rest

    def _parts(self) -> Iterator[str]:
        """Decoded parts up to the end of the text, which a control character may mark."""
        read, final = 0, False
        while not final:
            raw = self.file.read(PART)
            read, final = read + len(raw), not raw
            self._cut = read > MAX_BYTES
            if self._cut:
                raw = raw[: MAX_BYTES - read]
            text = self._decoder.decode(raw, final=final)
            if MARK in text and not self.sample:
                self.sample = b"\n".join(line for line in raw.splitlines() if self._is_undecodable(line))[:SAMPLE]
            if END in text:
                before, _, after = text.partition(END)
                self._marked_end = True
                yield before
                self._demand_end(after, self.number + 1)
                return
            yield text
            if self._cut:
                self._too_large(f"{MAX_BYTES >> 20} MB", self.number + 1)
                return

    def _is_undecodable(self, line: bytes) -> bool:
        return MARK in line.decode(self.encoding, "mark")

    def _demand_end(self, after: str, line: int) -> None:
        """What follows the end may be padding only: users behind it would be lost without a word."""
        while not after.strip(PADDING):
            raw = self.file.read(PART)
            if not raw:
                return
            after = self._decoder.decode(raw)
        self.problems.add(line, reasons.IMPORT_TEXT_AFTER_END, begins=" ".join(after.strip(PADDING)[:40].split()))

    def _clean(self, line: str) -> str:
        line = line.removeprefix("\ufeff")  # joined files have such a mark in their middle
        if unreadable := UNREADABLE.search(line):
            begins = UNREADABLE.sub("\ufffd", line[max(0, unreadable.start() - 20) : unreadable.start() + 5]).strip()
            facts = {"encoding": self.encoding.upper(), "begins": begins, "hint": ""}
            self.problems.add(self.number, reasons.IMPORT_BAD_ENCODING, **facts)
            self.damaged = self.number
            line = UNREADABLE.sub("\ufffd", line)
        if "\0" in line:
            place = beside(line, line.index("\0"))
            facts = {"column": "line", "character": code_point("\0"), "place": place}
            self.problems.add(self.number, reasons.IMPORT_CHARACTER, **facts)
        return line.replace("\0", "")

    def _too_large(self, limit: str, line: int) -> None:
        self.problems.add(line, reasons.IMPORT_TOO_LARGE, limit=limit)
