"""The demo, and the examples of the documents, as they are imported."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from assignments.board.topology_file import apply_topology
from assignments.models import Assignment
from assignments.users.importing.imports import import_users
from demo.users import CROWDS
from tests.users.pairs import homes, make
from topology.models import Cluster, Event


@pytest.fixture
def acme(db: None) -> Cluster:
    return make()


@pytest.mark.in_turns
@pytest.mark.django_db
def test_the_demo_loads_once_and_gives_the_first_rebalance_work(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_demo")
    assert "Importing 30,000 users into acme" in capsys.readouterr().out
    acme = Cluster.objects.get(name="acme")
    assert Assignment.objects.filter(cluster=acme).count() == 30_000
    assert Assignment.objects.filter(cluster=acme, home_node=None).count() == CROWDS["acme"].homes["-"]
    counts = homes(acme)
    assert max(counts.values()) > 2 * min(counts.values())
    assert Cluster.objects.get(name="branch").nodes.filter(subcluster=None).count() == 1
    before = Event.objects.count()
    capsys.readouterr()
    call_command("load_demo")
    assert capsys.readouterr().out == "Nothing was loaded: there is acme, branch.\n"
    call_command("load_demo", "--first-start")
    assert capsys.readouterr().out == "", "each start asks it"
    assert Event.objects.count() == before


@pytest.mark.in_turns
@pytest.mark.django_db
def test_a_demo_that_cannot_be_loaded_whole_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CROWDS, "branch", replace(CROWDS["branch"], homes={"nowhere": 1}))
    with pytest.raises(CommandError, match="IMPORT_UNKNOWN_NODE"):
        call_command("load_demo")
    assert not Cluster.objects.exists()


@pytest.mark.django_db
def test_the_examples_of_the_documents_work() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "files.md").read_text()
    blocks: dict[str, str] = {}
    for kind, block in re.findall(r"```(yaml|csv)(?: [\w.-]+)?\n(.*?)```", text, re.DOTALL):
        blocks.setdefault(kind, block)  # the first of a kind: later ones are parts of a file
    apply_topology(yaml.safe_load(blocks["yaml"]))
    report = import_users(Cluster.objects.get(), io.BytesIO(blocks["csv"].encode()))
    assert (report.problems.listed, report.assigned, report.left_unassigned) == ([], 2, 1)
