"""What kind of file somebody has chosen, told by how it begins: a list of users is text, many other things are not."""

import io
import re
import tarfile
import zipfile
from typing import IO, Any, Protocol

HEAD = 4096  # bytes that are looked at
ENCODINGS = (  # the longer mark first: that of UTF-32 begins like that of UTF-16
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
KINDS = (
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip file"),
    (b"Rar!", "a RAR file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"SQLite format 3", "a database file"),
    (b"PAR1", "a Parquet file"),
    (b"GIF8", "a picture"),
    (b"\x04\x22\x4d\x18", "an LZ4 file"),
    (b"\x7fELF", "a program"),
    (b"bplist", "a property list"),
)
TEXTS = (  # how a text begins that is something else, whatever its encoding, behind blank lines and remarks
    (r"insert into |create table |copy \S+ .*from stdin|-- (?:postgresql|mysql|mariadb|sqlite).* dump", "SQL"),
    (r"dn::? |version: 1\s|# extended ldif", "LDIF"),
    (r"<(?:!|\?|[a-z][a-z0-9:]*[\s/>])", "a web page or XML"),
    (r"[{\[]\s*[\"{\[\]}]", "JSON"),
    (r"begin:vcard", "a list of vCards"),
    (r"mime-version:", "a message or a web archive"),
    (r"-----begin pgp", "an encrypted message"),
    (r"version https://git-lfs", "a pointer of Git LFS"),
    (r"\{\\rtf", "a rich text document"),
    (r"%pdf", "a PDF file"),
)
PACKED = ("gzip", "bzip2", "xz", "Zstandard", "7-Zip", "RAR", "ZIP", "tar", "LZ4")
IN_TEXT = b"\t\n\x0c\r\x1a\x1b"  # control characters that a text may hold, or end with
IN_JAPANESE = (b"\x1b$@", b"\x1b$B", b"\x1b(J", b"\x1b$(D")  # what ISO-2022-JP puts before other letters
AS_CSV = "Export the list as CSV."


class Readable(Protocol):
    """A file opened for bytes, on disk or uploaded."""

    def read(self, size: int = ..., /) -> bytes: ...


class WrongKind(Exception):
    """The file is no text; `kind` says what it is, `remedy` what to do."""

    def __init__(self, kind: str, remedy: str) -> None:
        self.kind, self.remedy = kind, remedy
        super().__init__(kind)


class Rejoined:
    """A file whose first bytes were read already."""

    def __init__(self, head: bytes, file: Readable) -> None:
        self.head, self.file = head, file

    def read(self, size: int = -1, /) -> bytes:
        """The bytes that were read first, then those of the file."""
        if self.head:
            head, self.head = self.head, b""
            return head
        return self.file.read(size)


def opened(file: Readable) -> tuple[Readable, str]:
    """The text of a file as bytes without its byte order mark, and its encoding. Raises WrongKind.

    A tar archive with one list in it is opened at the list.
    """
    head = file.read(HEAD)
    if _is_tar(head):
        return opened(_in_tar(head, file))
    _refuse(head, file)
    for mark, encoding in ENCODINGS:
        if head.startswith(mark):
            if encoding == "utf-8" and _is_wide(head[len(mark) :]):
                remedy = "Save it as UTF-8, or as UTF-16 with the mark of UTF-16 alone."
                raise WrongKind("text in UTF-16 behind the byte order mark of UTF-8", remedy)
            return Rejoined(head[len(mark) :], file), encoding
    if _looks_wide(head):
        remedy = "Save it as UTF-8, or as Unicode text with a byte order mark."
        raise WrongKind("text in UTF-16 without the mark that says so", remedy)
    if _looks_wider(head):
        raise WrongKind("text in UTF-32 without the mark that says so", "Save it as UTF-8.")
    if any(sign in head for sign in IN_JAPANESE):
        raise WrongKind("text in ISO-2022-JP", "Save it as UTF-8.")
    if sum(byte < 32 and byte not in IN_TEXT for byte in head.partition(b"\x1a")[0][:16]) > 1:
        raise WrongKind("a binary file", AS_CSV)
    if not head[:64].isascii() and "user" in head[:256].decode("cp500").lower():
        raise WrongKind("text in EBCDIC", "Convert it to UTF-8 when you fetch it.")
    return Rejoined(head, file), "utf-8"


def is_other(head: bytes) -> bool:
    """Whether a file begins as no list of lines does, so that nothing may be put before it."""
    magics = (magic for magic, _ in KINDS if not magic.decode("latin-1").isprintable())
    return _is_tar(head) or head.startswith((*ZIP, *magics)) or bool(_kind_of_text(head))


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _is_wide(text: bytes) -> bool:
    return text.startswith((b"\xff\xfe", b"\xfe\xff")) or _looks_wide(text)


def _looks_wide(head: bytes) -> bool:
    """Whether every other byte is often zero, and the bytes between them are not."""
    few, many = sorted((head[::2].count(0), head[1::2].count(0)))
    return len(head) >= 8 and many * 4 > len(head) and few * 4 < many


def _looks_wider(head: bytes) -> bool:
    """Whether of every four bytes three are zero."""
    empty = sorted(head[place::4].count(0) * 4 >= len(head) for place in range(4))
    return len(head) >= 16 and empty == [False, True, True, True]


def _refuse(head: bytes, file: Readable) -> None:
    if head.startswith(ZIP):
        raise _zip(head, file)
    for magic, kind in KINDS:
        if head.startswith(magic):
            raise WrongKind(kind, _remedy(kind))
    if kind := _kind_of_text(head):
        raise WrongKind(kind, _remedy(kind))


def _kind_of_text(head: bytes) -> str:
    """What a text is that begins like something else; nothing for any other."""
    encoding = next((encoding for mark, encoding in ENCODINGS if head.startswith(mark)), "utf-8")
    begin = head.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")
    return next((kind for words, kind in TEXTS if re.match(words, begin, re.IGNORECASE)), "")


def _remedy(kind: str) -> str:
    if "workbook" in kind:
        return "Open it and save the sheet as CSV UTF-8."
    if kind == "a web page or XML":
        return f"{AS_CSV[:-1]}; a page to sign in is often saved by mistake."
    return "Unpack it and choose the list in it." if any(word in kind for word in PACKED) else AS_CSV


def _zip(head: bytes, file: Readable) -> WrongKind:
    names = _zip_names(head, file)
    if any(name.startswith(("xl/", "content.xml")) for name in names) or b"opendocument.spreadsheet" in head:
        return WrongKind("a workbook", _remedy("a workbook"))
    listed = [name for name in names if not name.endswith("/")]
    holds = f" that holds {_few(listed)}" if listed else ""
    return WrongKind(f"a ZIP file{holds}", _remedy("a ZIP file"))


def _zip_names(head: bytes, file: Readable) -> list[str]:
    """The names in the archive, as far as it can be looked into."""
    if not isinstance(source := _seekable(file), io.IOBase):
        return ["xl/"] if b"xl/" in head else []
    try:
        return zipfile.ZipFile(source).namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return []


def _seekable(file: Readable) -> Any:
    """The file behind an upload, when it is one that can be read from anywhere."""
    return getattr(file, "file", file)


def _in_tar(head: bytes, file: Readable) -> Readable:
    """The one list of a tar archive. Raises WrongKind when there is none, or more than one."""
    source = _seekable(file)
    if not hasattr(source, "seek") or not getattr(source, "seekable", lambda: True)():  # as of a pipe
        raise WrongKind("a tar file", _remedy("a tar file"))
    source.seek(0)
    try:
        archive = tarfile.open(fileobj=source, mode="r:")  # noqa: SIM115
        members = [member for member in archive.getmembers() if member.isfile() and not _is_of_mac(member.name)]
        lists = [member for member in members if member.name.lower().endswith((".csv", ".txt", ".tsv"))] or members
        inner: IO[bytes] | None = archive.extractfile(lists[0]) if len(lists) == 1 else None
    except (tarfile.TarError, OSError, ValueError) as error:
        raise WrongKind("a damaged tar file", "Fetch it again, or unpack it and choose the list in it.") from error
    if inner is None:
        names = _few([member.name for member in lists])
        raise WrongKind(f"a tar file that holds {names}", "Unpack it and choose the list of users in it.")
    return inner


def _is_of_mac(name: str) -> bool:
    """Whether a member of an archive is what macOS keeps beside each file: ._users.csv."""
    return name.rsplit("/", 1)[-1].startswith("._")


def _few(names: list[str]) -> str:
    shown = ", ".join(name[:60] for name in names[:5])
    return (shown + f" and {len(names) - 5} more" if len(names) > 5 else shown) or "nothing"
