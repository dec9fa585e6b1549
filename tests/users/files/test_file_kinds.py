"""Files that are no list of users are called what they are, in any encoding; what lies around a list is none."""

import io
import tarfile

import pytest

from tests.users.files.file_reading import codes, read, said


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x7fELF\x02\x01\x01" + b"\0" * 40, "a program"),
        (b"GIF89a" + b"\0" * 40, "a picture"),
        (b"\0" * 4000, "a binary file"),
        (bytes(range(256)) * 9, "a binary file"),
        ("user_id,name\nann,Ann\n".encode("cp500"), "EBCDIC"),
        (b"dn: uid=ann,ou=people\nuid: ann\n", "LDIF"),
        (b"INSERT INTO users VALUES ('ann');\n", "SQL"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7\n", "Git LFS"),
        (b"\xef\xbb\xbfdn: uid=ann,ou=people\r\n", "LDIF"),
        (b"version: 1\r\n\r\ndn: uid=ann\r\n", "LDIF"),
        (b"# extended LDIF\n#\n# LDAPv3\n\ndn: uid=ann\nuid: ann\n", "LDIF"),
        (b"\n-- PostgreSQL database dump\n\nCOPY users FROM stdin;\n", "SQL"),
        (b"COPY users (user_id, name) FROM stdin;\nann\tAnn\n", "SQL"),
        ('\ufeff[{"user_id":"ann"}]'.encode("utf-16-le"), "JSON"),
        ("\ufeff<html><body>".encode("utf-16-le"), "a web page"),
        (b"<meta http-equiv=Content-Type><table>", "a web page"),
        (b"<div>Sign in</div>", "a web page"),
        (b"\xef\xbb\xbf%PDF-1.4\n", "a PDF file"),
        ('"User ID","Name"\n"ann","Ann"\n'.encode("cp500"), "EBCDIC"),
        ("user_id,name\nann,Ann\n".encode("utf-32-le"), "UTF-32"),
        ("user_id,name\nann,Ann\n".encode("utf-32-be"), "UTF-32"),
        ("user_id,name\nyamada,山田\n".encode("iso-2022-jp"), "ISO-2022-JP"),
    ],
)
def test_more_of_what_is_no_csv_is_named(data: bytes, kind: str) -> None:
    (message,) = said(data)
    assert kind in message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_behind_the_mark_of_utf_8_is_said_to_be_that(encoding: str) -> None:
    (message,) = said(b"\xef\xbb\xbf" + "user_id,name\nann,Anna\n".encode(encoding))
    assert "UTF-16 behind the byte order mark of UTF-8" in message


def test_what_a_mac_keeps_beside_the_list_of_a_tar_file_is_no_second_list() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in (("./._users.csv", b"\0\5\x16\7"), ("./users.csv", b"user_id,name\nann,Ann\n")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    rows, users = read(packed.getvalue())
    assert ([row.user_id for row in rows], codes(users)) == (["ann"], [])
