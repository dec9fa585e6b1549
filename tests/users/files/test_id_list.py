"""Lists that say whom a command is about: of their columns the user ID alone is read, and nobody is left out."""

import pytest

from assignments.users.id_list import ids_in
from topology.reasons import Refused


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("ann\nbob\n", "utf-8"),
        ("ann\nbob\n", "utf-16"),
        ("ann\nbob\n", "utf-32"),
        ("user_id,name\nann,Ann\nbob,Bob\n", "utf-8"),
        ('"USER-ID";"NAME"\n"ann";"Ann"\n"bob";"Bob"\n', "utf-8-sig"),
        ("User ID\tName\nann\tAnn\nbob\tBob\n", "utf-16"),
        # The product's own export: those who lost the service, and those at home elsewhere, are who is to be removed.
        (
            "USER ID,HOME CLUSTER,ENABLE USER FOR UNIFIED CM IM AND PRESENCE\nann,acme,f\nbob,other,t\n",
            "utf-8",
        ),
        ("user_id,contacts,endpoints,pinned,name\nann,500,telex,x," + "x" * 256 + "\nbob,,,,\u200b\n", "utf-8"),
        ("user_id,FIRST NAME,LAST NAME\nann,#,Ann\nbob,,\n", "utf-8"),
        ("user_id,mail,MAIL ID\nann,a@example.org,b@example.org\nbob,,\n", "utf-8"),
    ],
)
def test_the_user_ids_alone_are_read(text: str, encoding: str) -> None:
    assert ids_in(text.encode(encoding)) == ["ann", "bob"]


def test_a_user_whose_id_holds_the_name_of_the_column_makes_no_header() -> None:
    assert ids_in(b"svc.user_id\nuserid2\nann\n") == ["svc.user_id", "userid2", "ann"]


@pytest.mark.parametrize("first", ["BZhang", "Rar!", "PAR1", "PKoch", "GIF89"])
def test_a_user_whose_id_begins_like_a_file_of_another_kind_is_a_user(first: str) -> None:
    assert ids_in(f"{first}\nann\n".encode()) == [first, "ann"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<html>\n<body>Sign in</body>\n</html>\n", "a web page"),
        ('["ann", "bob"]\n', "JSON"),
        ("dn: uid=ann,ou=people\nuid: ann\n", "LDIF"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_lines_of_something_else_are_no_user_ids(text: str, kind: str, encoding: str) -> None:
    with pytest.raises(Refused) as refused:
        ids_in(text.encode(encoding))
    assert kind in refused.value.message


def test_a_user_called_as_a_column_is_one_below_the_first_line() -> None:
    assert ids_in(b"ann\nlogin\n") == ["ann", "login"]
    assert ids_in(b"user_id\nlogin\n") == ["login"]
    assert ids_in(b"login\nann\n", {"login": "user_id"}) == ["ann"]


def test_a_file_without_a_line_names_nobody() -> None:
    assert ids_in(b"") == []


@pytest.mark.parametrize("text", ["user_id,name\nann,Ann\nbob\n", "user_id,name\n,Ann\n", "user_id,user_id\nann,bob\n"])
def test_a_damaged_list_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        ids_in(text.encode())
    assert refused.value.code == "FILE_NOT_READABLE"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('ann\n"bob\n"\n', "line 2: The quote that opens here, in the column user_id, closes only in line 3."),
        ('user_id\n"bob\n"\n', "line 2: The quote that opens here, in the column user_id, closes only in line 3."),
        ("userid\nann\n", "Is “userid” the user ID? Then call it user_id."),
        ('"SamAccountName"\n"ann"\n', "Is “SamAccountName” the user ID? Then call it user_id."),
        ("Name;Benutzername\nAnn;ann\n", "Is “Benutzername” the user ID? Then call it user_id."),
    ],
)
def test_a_refusal_names_the_lines_of_the_file_and_what_can_be_done_here(text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        ids_in(text.encode())
    assert said in refused.value.message.replace(". Check", ".") + "."
