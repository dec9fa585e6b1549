"""Topology files: what they may say, how they are read, and what is refused at which place."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.structure.acme_file import ACME, problems
from topology.reasons import Refused
from topology.rules import topology_file
from topology.structure import topology_reader
from topology.structure.documents.reading import read_yaml, read_yaml_file
from topology.structure.limits import RULES


@pytest.fixture
def acme() -> dict[str, Any]:
    return dict(yaml.safe_load(ACME))


def test_the_example_is_read_with_its_defaults(acme: dict[str, Any]) -> None:
    spec = topology_reader.parse(acme)
    assert spec.policy["keep_alive_interval"] == 15
    assert spec.policy["clock_speed"] == 1
    first, second = spec.subclusters
    assert (first.ha, second.ha) == (True, False)
    assert first.nodes[0] == topology_file.NodeSpec("imp1a.example.org", 5000, 5000, 10_000, True)
    assert second.nodes[0].users == 4000
    assert second.nodes[0].endpoints == 7000
    assert [node.name for node in spec.unassigned_nodes] == ["spare.example.org"]


def test_a_file_is_written_as_it_was_read(acme: dict[str, Any]) -> None:
    spec = topology_reader.parse(acme)
    assert topology_reader.parse(topology_file.render(spec, RULES)) == spec


def test_every_problem_is_named_by_its_place_at_once(acme: dict[str, Any]) -> None:
    acme["modes"] = "balanced"
    acme["subclusters"][0]["nodes"][1]["profile"] = 4000
    acme["subclusters"][1]["ha"] = "yes"
    acme["unassigned_nodes"][0]["name"] = 17
    acme["policy"] = {"keep_alive_interval": 9000, "clok_speed": 2}
    found = problems(acme)
    assert found["modes"] == ("this key is not known", "Did you mean mode?")
    assert "4000 is not one of 500, 1000" in found["subclusters[0].nodes[1].profile"][0]
    assert found["subclusters[1].ha"][0] == "yes is not true or false"
    assert "quotes" in found["unassigned_nodes[0].name"][1]
    assert found["policy.keep_alive_interval"][0] == "9000 is not from 1 to 600"
    assert found["policy.clok_speed"][1] == "Did you mean clock_speed?"
    assert len(found) == 6


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        (lambda d: d.pop("cluster"), "cluster", "is missing"),
        (lambda d: d.update(cluster="a b"), "cluster", "is not a name"),
        (lambda d: d.update(mode="even"), "mode", "is not one of balanced, active_standby, manual"),
        (lambda d: d.update(subclusters={}), "subclusters", "is not a list"),
        (lambda d: d.update(subclusters=["sc-1"]), "subclusters[0]", "is not a mapping"),
        (lambda d: d["subclusters"][0].update(description="<b>"), "subclusters[0].description", "not a description"),
        (lambda d: d["subclusters"][1].update(name="sc-1"), "subclusters[1].name", "sc-1 appears twice"),
        (lambda d: d["subclusters"][1].update(ha=True), "subclusters[1].ha", "HA needs two nodes"),
        (
            lambda d: d["unassigned_nodes"][0].update(publisher=True),
            "unassigned_nodes[0].publisher",
            "second publisher",
        ),
        (
            lambda d: d["unassigned_nodes"][0].update(name="IMP1A.example.org"),
            "unassigned_nodes[0].name",
            "first at subclusters[0].nodes[0].name",
        ),
        (lambda d: d["subclusters"][0]["nodes"][0].update(publisher=False), "file", "no node is the publisher"),
        (lambda d: d["subclusters"][0]["nodes"].append({"name": "n3"}), "subclusters[0].nodes", "more than 2"),
        (lambda d: d["unassigned_nodes"].extend({"name": f"n{n}"} for n in "345"), "file", "7 nodes are more than 6"),
        (lambda d: d.update(policy={"keep_alive_timeout": 10}), "policy.keep_alive_timeout", "shorter than"),
        (lambda d: d.update(policy={"clock_speed": True}), "policy.clock_speed", "true is not a whole number"),
        (lambda d: d["unassigned_nodes"][0].update(users=0), "unassigned_nodes[0].users", "not from 1 to"),
    ],
)
def test_a_wrong_file_is_refused_at_its_place(acme: dict[str, Any], change: Any, place: str, message: str) -> None:
    change(acme)
    found = problems(acme)
    assert message in found[place][0]
    assert found[place][1]


@pytest.mark.parametrize("document", [None, [], "acme", 7])
def test_what_is_no_mapping_is_refused(document: object) -> None:
    assert "is not a mapping" in problems(document)["file"][0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("cluster: [a\nmode: b", "line 2"),
        ("cluster: 'a\nmode: b", "a quote is not closed"),
        ("cluster: acme\n\tmode: manual\n", "line 2, column 1: a tab stands where spaces belong"),
        ("cluster: acme\n---\ncluster: branch\n", "line 2, column 1: a second document begins here"),
        ("cluster: ac\x07me\n", "line 1, column 12: the character U+0007 is not allowed"),
        ("mode: *none\n", "line 1, column 7: this alias names nothing"),
        ("a: " + "[" * 30, "more than 24 levels"),
        ("a: &a [1]\nb: [" + "*a, " * 200 + "]", "more than 100 aliases"),
        ("a: &a [" + "1," * 2000 + "]\nb: [" + "*a, " * 90 + "]", "more than 100,000 values"),
        ("a" * 1_000_001, "1,000,001 characters are more than 1,000,000"),
        ("mode: %MODE%\n", "a placeholder or a % stands here"),
        ("cluster: lab\nmode: - balanced\n", "line 2, column 7: a list begins inside a line"),
        ('cluster: "LAB\\lab"\n', "line 1, column 15: \\ stands before a letter that it gives no meaning"),
        ('cluster: "\\x4"\n', "\\ stands before too few digits"),
        ("mode: *\n", "a * or & stands here"),
        ("mode: ]\n", "a value is missing here"),
        ("mode: |x\n  y\n", "text stands behind | or >"),
        ("mode: !e!x y\n", "this tag is not known"),
        ("mode: !<x y\n", "this tag is not known"),
        ("[cluster]\nname=lab\n", "line 2, column 1: text stands behind the end of the document"),
        ("%YAML 2.0\n---\na: b\n", "a line with % says what kind of YAML this is"),
        ("%YAML x\n---\na: b\n", "a line with % says what kind of YAML this is"),
        ("a: &x 1\nb: &x 2\n", "line 2, column 4: the name behind this & is there twice"),
        ("cluster: 'it's'\n", "line 1, column 14: text stands behind the end of a value"),
        ("a:\n  b: c\n d: e\n", "line 3, column 2: the indentation does not fit"),
        ("a:\n  b: c\n\u00a0\u00a0d: [e\n", "line 3, column 1: U+00A0 stands where spaces belong"),
    ],
)
def test_unreadable_yaml_is_named_by_its_line(text: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        read_yaml(text, "acme.yaml")
    assert refused.value.code == "FILE_NOT_READABLE"
    assert why in refused.value.message


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028"])
@pytest.mark.parametrize(
    ("last", "column"), [("mode: ]", 7), ("mode: a\x07b", 8), ("\u00a0\u00a0mode: [e", 1), ("'it's': x", 5)]
)
def test_the_line_of_a_mistake_is_that_of_its_file_whatever_ends_lines(end: str, last: str, column: int) -> None:
    with pytest.raises(Refused) as refused:
        read_yaml(end.join(["cluster: lab", "model: balanced_redundant", last, ""]))
    assert f"line 3, column {column}: " in refused.value.message


def test_a_key_that_is_indented_with_other_spaces_is_refused_at_its_place() -> None:
    [problem] = read_yaml("mode: manual\n\u00a0\u00a0cluster: lab\n").problems
    assert problem.without_place == "line 2, column 1: U+00A0 stands where spaces belong"
    assert problem.fix == "Indent with plain spaces."


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        read_yaml_file(tmp_path / "none.yaml")
    (tmp_path / "latin").write_bytes(b"cluster: \xe4")
    with pytest.raises(Refused, match="not UTF-8"):
        read_yaml_file(tmp_path / "latin")


def test_each_range_of_the_policy_is_that_of_the_database() -> None:
    assert (RULES.policy["keep_alive_interval"].low, RULES.policy["keep_alive_interval"].high) == (1, 600)
    assert RULES.policy["keep_alive_timeout"].high == 3600
    assert (RULES.policy["clock_speed"].low, RULES.policy["clock_speed"].high) == (1, 600)
    assert RULES.policy["enable_automatic_fallback"].default is False
