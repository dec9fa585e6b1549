"""Everything that is wrong with a file is told at once: values and keys, and what is wrong between them."""

import jsonschema_rs
import pytest

from assignments.intercluster.peers_reader import read_peers
from assignments.simulation import scenario_reader
from topology.rules.file_problems import FileRefused
from topology.structure import topology_reader
from topology.structure.documents.reading import read_yaml

A = "cluster: acme\n"
ONE = "subclusters: [{name: s, nodes: [{name: n, publisher: true}]}]\n"


def told(text: str) -> list[str]:
    with pytest.raises(FileRefused) as refused:
        topology_reader.parse(read_yaml(text))
    return [f"{found.place}: {found.message}" for found in refused.value.problems]


def test_what_is_wrong_between_keys_is_told_with_a_wrong_value() -> None:
    groups = "- {name: s, ha: true, nodes: [{name: n}, {name: N}, {name: o}]}\n"
    groups += "- {name: s, ha: true, nodes: [{name: q}]}\n"
    policy = "policy: {keep_alive_timeout: 5, sign_ins_per_second: 5, done_within_minutes: 5}\n"
    assert told(f"{A}mode: fast\n{policy}subclusters:\n{groups}") == [
        "file: no node is the publisher",
        "mode: fast is not one of balanced, active_standby, manual",
        "policy.keep_alive_timeout: 5 is shorter than keep_alive_interval (15)",
        "policy.done_within_minutes: sign_ins_per_second already sets a budget",
        "subclusters[0].nodes: 3 nodes are more than 2",
        "subclusters[0].nodes[1].name: N appears twice, first at subclusters[0].nodes[0].name",
        "subclusters[1].name: s appears twice, first at subclusters[0].name",
        "subclusters[1].ha: HA needs two nodes, s has 1",
    ]


def test_a_name_that_cannot_be_read_hides_no_other_problem() -> None:
    group = "{name: s, ha: true, nodes: [{name: a b, publisher: true}]}"
    assert told(f"subclusters: [{group}, {{name: t, nodes: [{{name: c, publisher: true}}]}}]\n") == [
        "cluster: is missing",
        "subclusters[0].ha: HA needs two nodes, s has 1",
        "subclusters[0].nodes[0].name: a b is not a name: it has a space",
    ], "who the first publisher is cannot be said"


@pytest.mark.parametrize("text", [
    f"{A}unassigned_nodes: [{{name: n, publisher: yes}}]\n",
    f"{A}unassigned_nodes: [{{name: n, publsher: true}}]\n",
    f"{A}unassigned_node: [{{name: n, publisher: true}}]\nsubclusters: [{{name: s, nodes: [{{name: m}}]}}]\n",
    f"{A}unassigned_nodes: [{{name: n, publisher: false, publisher: true}}]\n",
    f"{A}unassigned_nodes: [{{name: n}}, 7]\n",
    f"{A}subclusters: [{{name: s, ha: true, node: [{{name: n, publisher: true}}]}}]\n",
    f"{A}subclusters: [{{name: s, ha: true, nodes: x}}]\n",
    f"{A}subclusters:\n- name: s\n  ha: true\n  nodes: {{{{ nodes }}}}\n",
    f"{A}subclusters: [{{name: s, nodes: [{{name: a b}}]}}]\n",
    f"{A}policy: {{keep_alive_timeout: 10, keep_alive_intervall: 5}}\n{ONE}",
    f"{A}policy: {{keep_alive_timeout: 10, keep_alive_interval: '5'}}\n{ONE}",
])  # fmt: skip
def test_what_a_mistake_itself_may_make_is_not_told_beside_it(text: str) -> None:
    assert len(told(text)) == 1


def test_a_scenario_tells_both_of_its_topology_and_what_is_wrong_with_its_lines() -> None:
    topology = "{mode: fast, subclusters: [{name: s, ha: true, nodes: [{name: a}]}]}"
    with pytest.raises(FileRefused) as refused:
        scenario_reader.parse(read_yaml(f"topology: {topology}\ntimeline: [{{do: dance}}]\n"), lambda name: ((), 0))
    assert [problem.place for problem in refused.value.problems] == [
        "topology.mode", "topology.subclusters[0].ha", "timeline[0].do",
    ]  # fmt: skip


def test_a_range_that_ends_at_a_whole_number_says_so() -> None:
    assert told(f"{A}policy: {{sign_ins_per_second: 0}}\n{ONE}") == [
        "policy.sign_ins_per_second: 0 is not from 0.1 to 10,000"
    ]


def test_too_many_and_too_long_is_counted_in_our_words() -> None:
    managers = ", ".join(f"a{n}.example.org" for n in range(17))
    assert told(f"{A}dns: {{call_managers: [{managers}]}}\n{ONE}") == ["dns.call_managers: 17 items are more than 16"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("peers: [[acme]]\n", "peers[0]: it has 1 item, fewer than 2. Write at least 2 items."),
        ("peers: [[a, b, c]]\n", "peers[0]: 3 items are more than 2. Write at most 2 items."),
        ("peers:\nreleases: {acme: '" + "1" * 33 + "'}\n", "releases.acme: 33 characters are more than 32. Write"),
    ],
)
def test_lengths_in_other_files_are_told_alike(text: str, said: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read_peers(read_yaml(text))
    [problem] = refused.value.problems
    assert f"{problem.place}: {problem.message}. {problem.fix}".startswith(said)


@pytest.mark.django_db
def test_a_key_of_a_file_of_peers_may_have_nothing_behind_it() -> None:
    read = read_peers(read_yaml("peers:\nreleases:\n"))
    assert (read.pairs, read.releases) == ((), ())


@pytest.mark.parametrize("text", [
    "subclusters:\nunassigned_nodes:\npolicy:\ndns:\n",
    "subclusters: [{name: s, nodes: }]\ndns: {call_managers: }\n",
    "policy: {automatic_fallback_from: 7:05, automatic_fallback_until: 79200}\n",
    "policy: {automatic_fallback_from: 24:00}\n",
    "policy: {automatic_fallback_from: noon}\n",
    "subclusters: [{name: s, description: '   " + "x" * 128 + "  '}]\n",
    "subclusters: [{name: s, description: 'a<b'}]\n",
    "subclusters: [{name: s, description: '" + "x" * 129 + "'}]\n",
    "dns: {domain: Example.org., call_managers: [a.example.org., b.example.org]}\n",
    "dns: {domain: '', name_server: system}\n",
    "dns: {domain: a..b}\n",
    "dns: {call_managers: [cucm1]}\n",
])  # fmt: skip
def test_an_editor_marks_by_the_schema_what_the_reader_refuses(text: str) -> None:
    document = read_yaml(f"{A}{text}")
    try:
        topology_reader.parse(document)
        is_good = True
    except FileRefused:
        is_good = False
    assert jsonschema_rs.validator_for(topology_reader.schema()).is_valid(document.value) is is_good
