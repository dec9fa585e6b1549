"""YAML that other programs, pages of the web and templates leave behind: read as it is meant, or named where it is."""

import gzip
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from assignments.board.topology_file import apply_topology
from topology.rules.file_problems import FileProblem, FileRefused
from topology.structure import topology_reader
from topology.structure.documents.reading import read_yaml, read_yaml_file, write_yaml

ONE = "subclusters:\n  - name: sc-1\n    nodes:\n      - {name: imp1a, profile: 5000, publisher: true}\n"
A = "cluster: acme\n"


def problems(text: str) -> list[FileProblem]:
    with pytest.raises(FileRefused) as refused:
        topology_reader.parse(read_yaml(text, "acme.yaml"))
    return list(refused.value.problems)


def said(text: str) -> list[str]:
    return [f"{found}. {found.fix}" for found in problems(text)]


# --- Keys -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{A}policy: &p {{<<: *p}}\n{ONE}", "line 2, column 9: policy: it contains itself. Write it out."),
        (f"&all\n{A}<<: *all\n{ONE}", "line 1, column 1: file: it contains itself. Write it out."),
        (f'{A}"<<": {{mode: manual}}\n{ONE}', "line 2, column 1: <<: this key is not known. Known: cluster, mode, "),
        (f"{A}<<: {{mode: manual}}\n<<: {{model: x}}\n{ONE}", "line 3, column 1: file: the key << is there twice, fir"),
        (f"{A}<<:\n{ONE}", "line 2, column 4: file: nothing is not a mapping of keys. Write key: value"),
        (f"!node {A}{ONE}", "line 1, column 1: file: the tag !node is not known. Leave it out"),
        (f'{A}"": 1\n{ONE}', 'line 2, column 1: "": this key is not known. Known: '),
        (f"{A}mod\u200be: manual\n{ONE}", "line 2, column 1: mod<U+200B>e: this key is not known. Did you mean mode?"),
        (f"{A}\ufeff{ONE}", "line 2, column 1: <U+FEFF>subclusters: this key is not known. Did you mean subclusters?"),
        (f"{A}subclusters:\n-name: s\n", "line 3, column 1: -name: this key is not known. Write a space behind the"),
        (f"{A}clusters: []\n{ONE}", "line 2, column 1: clusters: this key is not known. Known: cluster, mode, model"),
    ],
)  # fmt: skip
def test_keys(text: str, line: str) -> None:
    assert said(text)[0].startswith(line)


# --- Values ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{A}mode: manual\u200b\n{ONE}", "line 2, column 7: mode: manual<U+200B> is not one of balanced"),
        (f"{A}mode: manual\u00a0\n{ONE}", "line 2, column 7: mode: manual<U+00A0> is not one of balanced"),
        (f"{A}policy: {{clock_speed: 2\u00a0}}\n{ONE}", "line 2, column 23: policy.clock_speed: 2<U+00A0> is not a wh"),
        (f"{A}policy: {{automatic_fallback_from: 22:00:00}}\n{ONE}", "line 2, column 35: policy.automatic_fallback_fr"),
        (f'{A}subclusters: [{{name: s, description: "a\\0b"}}]\n', "line 2, column 38: subclusters[0].description: U+"),
        (f'{A}subclusters: [{{name: "\\ud83d"}}]\n', "line 2, column 22: subclusters[0].name: U+D83D is half a charac"),
        (f'{A}"\\ud83d": 1\n{ONE}', "line 2, column 1: file: U+D83D is half a character and cannot be kept. Take it o"),
    ],
)  # fmt: skip
def test_values(text: str, line: str) -> None:
    assert said(text)[0].startswith(line)


def test_a_character_of_json_that_takes_two_escapes_is_one() -> None:
    group = {"name": "s", "description": "Zürich \U0001f3d4", "nodes": [{"name": "n", "publisher": True}]}
    spec = topology_reader.parse(read_yaml(json.dumps({"cluster": "acme", "subclusters": [group]})))
    assert spec.subclusters[0].description == group["description"]


@pytest.mark.parametrize("text", [
    json.dumps({"cluster": "acme", "unassigned_nodes": [{"name": "n", "publisher": True}]}, indent="\t"),
    "cluster:\tacme\t\nunassigned_nodes:\n- name:\tn\t# one\n  publisher:\ttrue\n",
    "cluster: acme\nunassigned_nodes:\t[{name: n,\n\t\tpublisher: true}]\n",
])  # fmt: skip
def test_tabs_that_part_and_do_not_indent_are_spaces(text: str) -> None:
    spec = topology_reader.parse(read_yaml(text))
    assert [(node.name, node.publisher) for _, _, node in spec.placed()] == [("n", True)]


PLACEHOLDERS = ["{{ hq }}", "${HQ}", "a <%= b %>", "$(x)", "{% if %}", "\\{{ x }}", "{{ a" + " b" * 80 + "}}"]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_a_text_that_looks_like_a_placeholder_comes_back(text: str) -> None:
    written = write_yaml({"description": text, "other": "x)}}"})
    read = read_yaml(written)
    assert (read.value, read.problems) == ({"description": text, "other": "x)}}"}, ())
    assert read_yaml(f"description: '{text}'\n").problems[0].code == "FILE_PLACEHOLDER"


# --- No YAML --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{A}mode:manual\n{ONE}", "line 2, column 6: file: a space is missing behind the colon. Write key: value"),
        (f"cluster:acme\n{ONE}", "line 1, column 9: file: a space is missing behind the colon. Write key: value"),
        (f"cluster:\u00a0acme\n{ONE}", "line 1, column 9: file: U+00A0 stands where spaces belong. Write a plain spac"),
        (f"cluster\uff1a acme\n{ONE}", "line 1, column 8: file: \uff1a (U+FF1A) stands where a colon belongs. Write :"),
        (f"{A}mode: 'manual\n{ONE}", "line 2, column 7: file: a quote is not closed. Close the quotation mark."),
        (f"{A}policy: {{clock_speed: 1\n{ONE}", "line 3, column 12: file: a bracket or a comma is missing: a bracket"),
        (f"{{% if x %}}\n{A}{ONE}", "line 1, column 1: file: {% if x %} is a placeholder that nothing was filled into"),
        (f"{A}mode: {{{{- .Values.mode -}}}}\n{ONE}", "line 2, column 7: file: {{- .Values.mode -}} is a placeholder"),
        (f"{A}subclusters:\n\t- name: s\n", "line 3, column 1: file: a tab stands where spaces belong. Indent with sp"),
        (f"{A}just text\n{ONE}", "line 2, column 1: file: a colon is missing after the key. Write key: value."),
        ("subclusters:\n  - name: a: b\n", "line 2, column 12: file: a colon makes a second key in this line."),
        ("subclusters:\r\n  - name: s\r\n    x: y: z\r\n", "line 3, column 9: file: a colon makes a second key in"),
        ("subclusters:\n  \u2013 name: s\n    ha: true\n", "line 2, column 3: file: \u2013 (U+2013) stands where"),
        (f"{A}name_server: [192.0.2.1:53]\nx: y: z\n", "line 3, column 5: file: a colon makes a second key in this li"),
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_told_where_a_person_looks_for_it(text: str, line: str) -> None:
    assert said(text)[0].startswith(line)


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (gzip.compress(A.encode(), mtime=0), "file: it is packed (gzip). Unpack it, and give the file in it."),
        (b"PK\x03\x04\x14\0", "file: it is packed (ZIP)."),
        (A.encode("utf-16-le"), "file: it is UTF-16 without a byte order mark, or no text. Save it as UTF-8."),
        (f"{A}mode: m\u00fc\n".encode("latin-1"), "line 2, column 8: file: it is not UTF-8 here. Save it as UTF-8."),
        ((A + ONE).encode("utf-16") + b"\0", "line 6, column 1: file: it is not UTF-16 here."),
    ],
)
def test_bytes_that_are_no_text_are_called_what_they_are(raw: bytes, line: str, tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_bytes(raw)
    with pytest.raises(FileRefused) as refused:
        read_yaml_file(path)
    assert next(refused.value.lines()).removeprefix(f"{path}: ").startswith(line)


def test_a_file_in_utf_32_is_read(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_bytes((A + ONE).encode("utf-32"))
    assert topology_reader.parse(read_yaml_file(path)).cluster == "acme"


# --- Applied --------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("text", [
    'subclusters: [{name: s, description: "  Head office  "}]\n',
    'subclusters: [{name: s, description: "\\x7B{ hq }}"}]\n',
    "dns: {call_managers: [b.example.org, a.example.org., b.example.org]}\n",
])  # fmt: skip
def test_what_was_applied_matches_its_file_and_the_file_that_is_shown(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = f"{A}{text}unassigned_nodes: [{{name: n, publisher: true}}]\n"
    apply_topology(read_yaml(whole))
    assert not apply_topology(read_yaml(whole)).changes
    call_command("show_topology", "acme", "--file")
    assert not apply_topology(read_yaml(capsys.readouterr().out)).changes
