"""A client is generated from the schema by openapi-python-client, whole and without a warning, and it does the work."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.api import api
from tests.api.answers import to_the_end
from tests.support.worlds import make_acme
from topology.accounts import roles, tokens

NAME = "homenode_client"  # as the file of the documents names it


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a client that was generated as docs/api.md says."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(api.get_openapi_schema(), default=str))
    words = ["generate", "--path", "openapi.json", "--meta", "none", "--output-path", NAME, "--fail-on-warning"]
    config = settings.BASE_DIR / "docs" / "openapi-python-client.yml"
    run = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", *words, "--config", str(config)],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "WARNING" not in run.stdout + run.stderr
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == NAME]:
        del sys.modules[name]


def part(name: str) -> Any:
    return importlib.import_module(f"{NAME}.{name}")


def test_every_operation_has_its_function(made: Path) -> None:
    there = {file.stem for file in (made / NAME / "api").glob("*/*.py")} - {"__init__"}
    paths = api.get_openapi_schema()["paths"].values()
    assert there == {operation["operationId"] for methods in paths for operation in methods.values()}


@pytest.mark.in_turns
@pytest.mark.django_db
@pytest.mark.usefixtures("_keep_connection")
def test_a_client_imports_plans_runs_and_undoes(made: Path) -> None:
    make_acme(imp1a=2)
    make_acme("branch", imp1a=1)
    server = httpx.WSGITransport(get_wsgi_application())

    def client_of(text: str) -> Any:
        made_client = part("client").AuthenticatedClient
        return made_client(base_url="http://testserver", token=text, httpx_args={"transport": server})

    first = client_of(tokens.create("first", roles.ADMINISTRATOR, actor="test")[1])
    body = part("models").TokenIn(name="ci", role="administrator", clusters=["acme"])
    call = client_of(part("api.accounts.make_token").sync(client=first, body=body).token)
    rows = "\n".join(["user_id,name,node", *(f"new{n:03},Person {n},imp1a.acme.org" for n in range(60))])
    file = part("types").File(payload=BytesIO(rows.encode()))
    done = part("api.users.import_users").sync("acme", client=call, body=file)
    assert (done.created, done.problems_total) == (60, 0)
    found = part("api.users.list_users").sync(client=call, cluster="acme", q="new001")
    assert [user.home_node for user in found.users] == ["imp1a.acme.org"]
    plan = part("api.plans.make_plan").sync("acme", client=call, body=part("models").PlanIn())
    assert plan.moves == plan.minimum_moves > 0
    ask = part("models").RunIn(unthrottled=True)
    run = part("api.operations.run_plan").sync(plan.hash_, client=call, body=ask, idempotency_key="run-1")
    to_the_end(run.id)
    ended = part("api.operations.get_operation").sync(run.id, client=call)
    assert (ended.state, ended.done) == ("finished", plan.moves)
    undo = part("api.operations.undo_operation").sync(run.id, client=call, body=part("models").UndoIn())
    to_the_end(undo.operation.id)
    tree = part("api.topology.get_cluster").sync("acme", client=call)
    homes = {node["name"]: node["home"] for sub in tree.to_dict()["subclusters"] for node in sub["nodes"]}
    assert homes["imp1a.acme.org"] == 62
    exported = part("api.users.export_assignments").sync("acme", client=call)
    assert b"new001" in exported.payload.read()
    refused = part("api.topology.get_cluster").sync("branch", client=call)
    assert (refused.code, refused.status) == ("ROLE_NEEDED", 403), "an error is a shape too"
