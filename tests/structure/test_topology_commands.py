"""Topology files on the command line: the difference first, one shape of refusal, and a cluster written down."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from assignments.board.topology_file import apply_topology
from assignments.users.importing.imports import import_users
from tests.structure.acme_file import ACME
from tests.support.lists import csv_of
from topology.models import Cluster


@pytest.fixture
def acme() -> dict[str, Any]:
    return dict(yaml.safe_load(ACME))


@pytest.mark.django_db
def test_the_command_shows_the_difference_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "acme.yaml").write_text(ACME)
    file = str(tmp_path / "acme.yaml")
    call_command("apply_topology", file, "--dry-run")
    assert capsys.readouterr().out.startswith("create cluster acme\ncreate subcluster sc-1\n")
    assert not Cluster.objects.exists()
    call_command("apply_topology", file, "--json")
    assert json.loads(capsys.readouterr().out)["changed"] is True
    call_command("apply_topology", file)
    assert capsys.readouterr().out == "acme already matches the file.\n"


@pytest.mark.django_db
def test_the_command_refuses_in_one_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "acme.yaml").write_text(ACME.replace("5000, publisher", "4000, publisher"))
    file = str(tmp_path / "acme.yaml")
    with pytest.raises(SystemExit) as ended:
        call_command("apply_topology", file, "--json")
    refusal = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert refusal["code"] == "TOPOLOGY_FILE_INVALID"
    assert refusal["problems"][0]["place"] == "subclusters[0].nodes[0].profile"
    with pytest.raises(CommandError, match="TOPOLOGY_FILE_INVALID"):
        call_command("apply_topology", file)


@pytest.mark.django_db
def test_show_topology_prints_the_shape_of_the_design(acme: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    apply_topology(acme)
    import_users(Cluster.objects.get(), csv_of("user_id,endpoints,node", "ann,desk_phone,imp1a.example.org", "bob,,-"))
    call_command("show_topology", "acme", "--json")
    shown = json.loads(capsys.readouterr().out)
    assert list(shown) == ["cluster", "mode", "model", "users", "subclusters", "unassigned_nodes"]
    assert shown["users"] == {"assigned": 1, "unassigned": 1, "out_of_service": 0}
    assert shown["subclusters"][0] == {
        "name": "sc-1",
        "ha": True,
        "relogin_window": {"lower": 120, "upper": 203},
        "nodes": [
            {
                "name": "imp1a.example.org",
                "publisher": True,
                "profile": 5000,
                "capacity": {"users": 5000, "endpoints": 10000},
                "state": "normal",
                "reason": "normal",
                "home": 1,
                "serving": 1,
                "endpoints": 1,
            },
            {
                "name": "imp1b.example.org",
                "publisher": False,
                "profile": 5000,
                "capacity": {"users": 5000, "endpoints": 10000},
                "state": "normal",
                "reason": "normal",
                "home": 0,
                "serving": 0,
                "endpoints": 0,
            },
        ],
    }
    call_command("show_topology", "acme", "--file")
    assert yaml.safe_load(capsys.readouterr().out)["subclusters"][0]["ha"] is True
    call_command("show_topology", "acme")
    assert "*imp1a.example.org" in capsys.readouterr().out
