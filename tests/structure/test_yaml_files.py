"""YAML as people write it: each wrong thing is named with line, column and what is written there."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from hypothesis import given, settings
from hypothesis import strategies as st

from assignments.board.topology_file import apply_topology
from assignments.simulation import scenario_reader
from tests.recovery.rules import golden
from topology.models import Cluster, Node
from topology.reasons import REASONS, Refused
from topology.rules.file_problems import FileProblem, FileRefused
from topology.structure import topology_reader
from topology.structure.documents.reading import read_yaml, read_yaml_file, write_yaml

LAB = """\
cluster: lab
subclusters:
  - name: sc-1
    ha: true
    nodes:
      - {name: imp1a.lab.example.org, profile: 5000, publisher: true}
      - {name: imp1b.lab.example.org, profile: 5000}
"""
HA = "cluster: a\nsubclusters:\n- {name: b, ha:"
SPEED = "cluster: a\npolicy: {clock_speed:"
ONE = "subclusters:\n  - name: sc-1\n    nodes:\n      - {name: imp1a, profile: 5000, publisher: true}\n"


def found(text: str) -> tuple[FileProblem, ...]:
    with pytest.raises(FileRefused) as refused:
        topology_reader.parse(read_yaml(text, "acme.yaml"))
    return refused.value.problems


@pytest.mark.parametrize(
    ("text", "line", "column", "code", "message", "fix"),
    [
        ("cluster: 17\n", 1, 10, "FILE_NOT_TEXT", "17 is not text", 'Put it in quotes: "17".'),
        ("cluster: 0x1F\n", 1, 10, "FILE_NOT_TEXT", "0x1F is not text", 'Put it in quotes: "0x1F".'),
        ("cluster: 1e5\n", 1, 10, "FILE_NOT_TEXT", "1e5 is not text", 'Put it in quotes: "1e5".'),
        ("cluster: True\n", 1, 10, "FILE_NOT_TEXT", "True is not text", 'Put it in quotes: "True".'),
        ("cluster:\n", 1, 9, "FILE_NOT_TEXT", "nothing is not text", "Write cluster: and a text."),
        ("cluster: [a]\n", 1, 10, "FILE_NOT_TEXT", "a list is not text", "Write cluster: and a text."),
        ("cluster: a b\n", 1, 10, "FILE_NAME_NOT_VALID", "a b is not a name: it has a space", "letters, digits"),
        ('cluster: ""\n', 1, 10, "FILE_NAME_NOT_VALID", '"" is not a name: it is empty', "letters"),
        ("cluster: a\ncluster: b\n", 2, 1, "FILE_KEY_TWICE", "cluster is there twice, first on line 1", "Keep"),
        ("cluster: a\n? [a, b]\n: c\n", 2, 3, "FILE_KEY_NOT_PLAIN", "[a, b] cannot be a key", "a colon"),
        ("cluster: {{ name }}\n", 1, 10, "FILE_PLACEHOLDER", "{{ name }} is a placeholder", "Fill in"),
        ("cluster: '{{ name }}'\n", 1, 10, "FILE_PLACEHOLDER", "'{{ name }}' is a placeholder", "Fill in"),
        ("cluster: ${NAME}\n", 1, 10, "FILE_PLACEHOLDER", "${NAME} is a placeholder", "Fill in"),
        ("cluster: acme\n{{ more }}: 1\n", 2, 1, "FILE_PLACEHOLDER", "{{ more }} is a placeholder", "Fill in"),
        ("cluster: !!python/name:os.name a\n", 1, 10, "FILE_TAG_NOT_KNOWN", "!!python/name:os.name", "Leave it out"),
        ("cluster: !secret a\n", 1, 10, "FILE_TAG_NOT_KNOWN", "the tag !secret is not known", "Leave it out"),
        ("cluster: a\nmode: Balanced\n", 2, 7, "FILE_NOT_ONE_OF", "Balanced is not one of", "Did you mean balanced?"),
        ("cluster: a\nmode: 1\n", 2, 7, "FILE_NOT_ONE_OF", "1 is not one of", "Known: "),
        ("cluster: a\nmodel: [x]\n", 2, 8, "FILE_NOT_ONE_OF", "a list is not one of", "Known: "),
        ("cluster: a\nnodes: []\n", 2, 1, "FILE_KEY_UNKNOWN", "this key is not known", "Did you mean"),
        ("cluster: a\n'Mode': x\n", 2, 1, "FILE_KEY_UNKNOWN", "this key is not known", "Did you mean mode?"),
        ("cluster: a\n5: x\n", 2, 1, "FILE_KEY_UNKNOWN", "this key is not known", "Known: "),
        ("cluster: a\nsubclusters: sc-1\n", 2, 14, "FILE_NOT_A_LIST", "sc-1 is not a list", "with a dash"),
        ("cluster: a\nsubclusters: {name: b}\n", 2, 14, "FILE_NOT_A_LIST", "a mapping of keys is not", "with a dash"),
        ("cluster: a\nsubclusters: [sc-1]\n", 2, 15, "FILE_NOT_A_MAPPING", "sc-1 is not a mapping", "key: value"),
        ("cluster: a\nsubclusters: [{ha: true}]\n", 2, 15, "FILE_KEY_MISSING", "is missing", "Write name:"),
        (f"{HA} yes}}\n", 3, 17, "FILE_NOT_TRUE_OR_FALSE", "yes is not true", "Write true"),
        (f"{HA} 'no'}}\n", 3, 17, "FILE_NOT_TRUE_OR_FALSE", "'no' is not true", "Write false"),
        (f"{HA} 1}}\n", 3, 17, "FILE_NOT_TRUE_OR_FALSE", "1 is not true", "true or false"),
        ("cluster: a\npolicy: fast\n", 2, 9, "FILE_NOT_A_MAPPING", "fast is not a mapping", "key: value"),
        (f"{SPEED} '2'}}\n", 2, 23, "FILE_NOT_A_NUMBER", "'2' is not a whole number", "Write 2,"),
        (f"{SPEED} 2.5}}\n", 2, 23, "FILE_NOT_A_NUMBER", "2.5 is not a whole", "from 1 to 600"),
        (f"{SPEED} 1_0}}\n", 2, 23, "FILE_NOT_A_NUMBER", "1_0 is not a whole", "from 1 to 600"),
        (f"{SPEED} 601}}\n", 2, 23, "FILE_NOT_IN_RANGE", "601 is not from 1 to 600", "it is 1."),
        (f"{SPEED} .inf}}\n", 2, 23, "FILE_NOT_A_NUMBER", ".inf is not a whole", "from 1"),
        ("cluster: a\npolicy: {sign_ins_per_second: .nan}\n", 2, 31, "FILE_NOT_A_NUMBER", ".nan is not a num", "Write"),
        ("cluster: a\npolicy: {keep_alive_timeout: 5}\n", 2, 30, "FILE_VALUES_CONFLICT", "5 is shorter than", "60"),
        (f"cluster: {'9' * 400}\n", 1, 10, "FILE_TOO_LARGE", "400 digits of one number are more than 40", "shorter"),
        ("cluster: a\n<<: &x {mode: manual, mood: 1}\n", 2, 23, "FILE_KEY_UNKNOWN", "not known", "Did you mean mode"),
        ("cluster: a\npolicy: &p {a: *p}\n", 2, 9, "FILE_NOT_YAML", "it contains itself", "Write it out."),
        ("just text\n", 1, 1, "FILE_NOT_A_MAPPING", "just text is not a mapping of keys", "key: value"),
        ("\ufeff\n", None, None, "FILE_EMPTY", "nothing is written here", "Begin with cluster:"),
    ],
)
def test_each_kind_of_mistake_is_named_where_it_is(
    text: str, line: int, column: int, code: str, message: str, fix: str
) -> None:
    problem = found(text.removeprefix("\ufeff"))[0]
    assert (problem.line, problem.column, problem.code) == (line, column, code)
    assert message in problem.message
    assert fix in problem.fix
    assert code in REASONS


def test_every_problem_is_found_in_the_order_of_the_file() -> None:
    text = "cluster: 5\nmode: x\nmodes: y\nsubclusters:\n- {name: a b, ha: on, nodes: [{profile: '5000'}]}\n- 7\n"
    problems = found(text)
    assert [(problem.line, problem.column) for problem in problems] == [
        (1, 10), (2, 7), (3, 1), (5, 10), (5, 19), (5, 31), (5, 41), (6, 3),
    ]  # fmt: skip
    assert problems[6].fix == "Write 5000, without quotes."


def test_of_numbers_the_nearest_was_meant_and_not_the_one_that_looks_alike() -> None:
    (problem,) = found("cluster: a\nsubclusters: [{name: s, nodes: [{name: a.b, profile: 5001, publisher: true}]}]\n")
    assert problem.fix == "Did you mean 5000?"


@pytest.mark.parametrize(
    ("written", "read"),
    [("no", "no"), ("off", "off"), ("y", "y"), ("22:00", None), ('"010"', "010"), ("2026-11-26", "2026-11-26")],
)
def test_plain_words_mean_what_they_mean_in_yaml_1_2(written: str, read: str | None) -> None:
    document = read_yaml(f"cluster: {written}\n{ONE}")
    assert document.value["cluster"] == (read or written)
    if read:
        assert topology_reader.parse(document).cluster == read


def test_a_number_with_a_nought_before_it_is_decimal_and_a_time_of_day_is_one() -> None:
    policy = "policy: {keep_alive_interval: 010, automatic_fallback_from: 22:00}\n"
    read = topology_reader.parse(read_yaml(f"cluster: acme\n{policy}{ONE}")).policy
    assert (read["keep_alive_interval"], read["automatic_fallback_from"]) == (10, 22 * 3600)
    wrong = found(f"cluster: a\npolicy: {{automatic_fallback_until: 24:00}}\n{ONE}")
    assert wrong[0].message == "24:00 is not a time of day"
    assert "22:30" in wrong[0].fix


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("a" * 64 + ".example.org", "has 64 characters, more than 63"),
        ("a..b", "nothing stands before, after or between its dots"),
        (".a", "nothing stands before"),
        ("a.", "nothing stands before"),
        ("-a", "begins or ends with -"),
        ("a.-b.c", "-b between its dots begins or ends with -"),
        ("a-.b", "a- between its dots begins or ends with -"),
        ("a_b", "it has _"),
        ("bücher.example.org", "it has ü"),
        (".".join(["a" * 50] * 6), "305 characters, more than 255"),
    ],
)
def test_the_rule_that_a_node_name_breaks_is_named(name: str, rule: str) -> None:
    assert rule in found(f"cluster: acme\nunassigned_nodes: [{{name: '{name}', publisher: true}}]\n")[0].message


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["a" * 64 + ".example.org", "a..b", "a.-b.c", "a-.b"])
def test_the_database_refuses_the_labels_too_but_keeps_what_it_has(name: str) -> None:
    cluster = Cluster.objects.create(name="acme")
    capacity = {"capacity_users": 1, "capacity_endpoints": 2}
    node = Node.objects.create(cluster=cluster, number=1, name="imp1a", **capacity)
    node.save()
    with pytest.raises(IntegrityError, match="node_label_form"):
        Node.objects.filter(pk=node.pk).update(name=name)


PLACEHOLDERS = r"[^\0]{0,3}(\{\{|\{%|<%|\$\{|\$\()[ a\\'\"]{0,3}(\}\}|%\}|%>|\}|\))[^\0]{0,90}"


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**17), 10**17)
        | st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
        | st.sampled_from(["no", "0o17", "1e5", "22:00", "0x1", "~", "<<", "1_0", ".5", "=", "null", "2026-11-26"])
        | st.from_regex(PLACEHOLDERS, fullmatch=True),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.from_regex(r"[a-z]{1,6}|[0-9]{1,3}|no|1e5|0o7", fullmatch=True), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_what_is_written_is_read_back_equal(document: Any) -> None:
    text = write_yaml(document)
    read = read_yaml(text)
    assert not read.problems
    assert read.value == document


@pytest.mark.in_turns
@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab:-{}[]&*!|>'\"#%@, \n\t?0.~$<", max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    found: list[FileProblem] = []
    for parse in (topology_reader.parse, lambda document: scenario_reader.parse(document, lambda name: ((), 0))):
        try:
            parse(read_yaml(text))
        except FileRefused as refused:
            found += refused.problems
    assert all(problem.place and problem.message and problem.fix for problem in found)


def test_a_scenario_names_every_wrong_line(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "topology:\n  subclusters:\n  - {name: s, nodes: [{name: a, users: '5'}, {name: b, users: 5}]}\n"
        "timeline:\n- {at: 1x, do: fault, node: a, kind: power}\n- {at: 22:00, do: dance}\nuntil: yes\nseed: 1.5\n"
    )
    with pytest.raises(CommandError) as refused:
        call_command("simulate", str(path))
    lines = str(refused.value).splitlines()
    assert lines[0] == "SCENARIO_INVALID: 6 problems."
    assert [line.split(": ")[1] for line in lines[1:]] == [
        "line 3, column 40", "line 5, column 8", "line 6, column 8", "line 6, column 19", "line 7, column 8",
        "line 8, column 7",
    ]  # fmt: skip


def test_a_scenario_names_every_node_that_is_not_there() -> None:
    text = (
        "topology: {subclusters: [{name: s, nodes: [{name: a, users: 1}]}]}\n"
        "timeline:\n- {do: failover, node: x}\n- {do: recover, subcluster: y}\n"
    )
    with pytest.raises(FileRefused) as refused:
        scenario_reader.parse(read_yaml(text), lambda name: ((), 0))
    assert [(found.line, found.code) for found in refused.value.problems] == [
        (3, "NO_SUCH_NODE"), (4, "NO_SUCH_SUBCLUSTER"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_node_with_another_name_in_the_cluster_is_guessed_at(tmp_path: Path) -> None:
    apply_topology(read_yaml(LAB))
    Node.objects.filter(name="imp1a.lab.example.org").update(name="presence1.lab.example.org")
    path = tmp_path / "lab.yaml"
    path.write_text(LAB)
    with pytest.raises(CommandError) as refused:
        call_command("apply_topology", str(path))
    lines = str(refused.value).splitlines()
    assert len(lines) == 3
    assert "line 6, column 9" in lines[2]
    guess = "imp1a.lab.example.org is not in the cluster; presence1.lab.example.org is not in the file: renamed? If"
    assert guess in lines[2]
    with pytest.raises(Refused) as again:
        apply_topology(read_yaml(LAB))
    assert again.value.as_dict()["problems"][1]["code"] == "NODE_PERHAPS_RENAMED"


@pytest.mark.django_db
def test_a_guess_is_shown_where_nothing_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    apply_topology(read_yaml("cluster: acme\nunassigned_nodes: [{name: p, publisher: true}, {name: old}]\n"))
    path = tmp_path / "acme.yaml"
    path.write_text("cluster: acme\nunassigned_nodes: [{name: p, publisher: true}, {name: new}]\n")
    call_command("apply_topology", str(path), dry_run=True)
    assert "new is not in the cluster; old is not in the file: renamed?" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_command_prints_every_problem_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text("cluster: 5\nmode: x\n")
    with pytest.raises(CommandError) as refused:
        call_command("apply_topology", str(path))
    assert str(refused.value) == (
        "TOPOLOGY_FILE_INVALID: 2 problems.\n"
        f'{path}: line 1, column 10: cluster: 5 is not text. Put it in quotes: "5".\n'
        f"{path}: line 2, column 7: mode: x is not one of balanced, active_standby, manual. "
        "Known: balanced, active_standby, manual."
    )


def test_a_file_in_utf_16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_bytes(("cluster: acme\r\n" + ONE).encode("utf-16"))
    assert topology_reader.parse(read_yaml_file(path)).cluster == "acme"


# --- The schema -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["topology", "scenario"])
def test_the_schema_is_printed_and_takes_what_the_reader_takes(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("file_schema", kind)
    schema = json.loads(capsys.readouterr().out)
    validator = jsonschema_rs.validator_for(schema)
    good = [read_yaml(LAB).value] if kind == "topology" else [golden.document(name) for name in golden.NAMES]
    assert all(validator.is_valid(document) for document in good)
    wrong = [{}, {"cluster": 5}, {"cluster": "a b"}, {"cluster": "a", "mood": 1}] if kind == "topology" else [
        {"until": True}, {"timeline": [{"do": "dance"}]}, {"topology": {"policy": {"tea": 1}}},
    ]  # fmt: skip
    assert not any(validator.is_valid(document) for document in wrong)
