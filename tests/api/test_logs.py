"""Logs as JSON: each line with the request, task and operation that it belongs to, and without secrets or users."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

import config.task_logs  # noqa: F401  # as a worker with LOG_FORMAT=json loads it
from assignments.planning import plans
from assignments.runs import operations
from config.celery import app
from config.json_logs import formatter
from tests.api.conftest import Caller
from tests.board.pages import as_
from topology.accounts import roles
from topology.models import Cluster

pytestmark = pytest.mark.django_db


class Lines:
    """What was logged, parsed."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(formatter())

    def __call__(self, logger: str = "") -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        return [line for line in found if line["logger"].startswith(logger)]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Everything that is logged from here on, as LOG_FORMAT=json writes it."""
    log, requests = Lines(), logging.getLogger("homenode.requests")
    before = requests.level
    requests.setLevel(logging.INFO)
    logging.getLogger().addHandler(log.handler)
    yield log
    logging.getLogger().removeHandler(log.handler)
    requests.setLevel(before)


@app.task(name="tests.speak")
def speak(operation_id: int, generation: int) -> None:
    logging.getLogger("tests").warning("moved %s", 3)


def test_a_request_is_known_by_the_id_that_its_answer_says(
    acme: Cluster, calls: Callable[..., Caller], lines: Lines
) -> None:
    run = operations.start_run(plans.make_plan(acme, "fill").hash, actor="test")
    answer = calls("viewer").get(f"/operations/{run.pk}")
    page = as_(roles.VIEWER).get(f"/operations/{run.pk}/")
    other = calls("viewer").get("/clusters/acme", X_Request_ID="proxy-1")
    told = lines("homenode.requests")
    assert [line["request_id"] for line in told] == [each["X-Request-ID"] for each in (answer, page, other)]
    assert [line.get("operation_id") for line in told] == [run.pk, run.pk, None]
    assert told[2]["request_id"] == "proxy-1"
    assert told[0] | {"method": "GET", "route": "api/v1/operations/<int:operation_id>", "status": 200} == told[0]
    assert {"time", "level", "event", "milliseconds"} <= set(told[0])
    Client().get("/livez")
    assert len(lines("homenode.requests")) == 3, "signs of life are no news"


@pytest.mark.parametrize("sent", ["", 'a"b', "x" * 65, "ä", "two words"])
def test_an_id_that_is_not_fit_for_a_log_is_replaced(acme: Cluster, lines: Lines, sent: str) -> None:
    answer = Client().get("/sign-in/", headers={"X-Request-ID": sent})
    assert len(answer["X-Request-ID"]) == 32


def test_no_line_names_a_user_or_a_secret(acme: Cluster, calls: Callable[..., Caller], lines: Lines) -> None:
    assert calls("viewer").get("/clusters/acme/users/imp1a-0001/why?").status_code == 200
    Client().get("/sign-in/link/abcdefgh/")
    try:
        raise ValueError("asked with password=hunter2 and Bearer hn_secret")
    except ValueError:
        logging.getLogger("tests").exception("failed at /sign-in/link/abcdefgh/")
    text = lines.stream.getvalue()
    for word in ("imp1a-0001", "abcdefgh", "hunter2", "hn_secret"):
        assert word not in text
    assert "ValueError: asked with" in lines("tests")[0]["exception"]


def test_lines_of_a_task_say_what_it_is_about(lines: Lines) -> None:
    task = speak.apply(args=(7, 2))
    said = lines("tests")[0]
    assert said | {"event": "moved 3", "task": "tests.speak", "task_id": task.id} == said
    assert (said["operation_id"], said["generation"]) == (7, 2)
    logging.getLogger("tests").warning("later")
    assert "task" not in lines("tests")[1]


@pytest.mark.in_turns
def test_a_process_logs_as_it_is_told() -> None:
    code = (
        "import django; django.setup(); import logging; logging.getLogger('a').warning('token=%s', 'x');"
        "from config.celery import app; app.log.setup(loglevel='WARNING'); logging.getLogger('celery.b').error('down')"
    )

    def run(kind: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"LOG_FORMAT": kind, "DJANGO_SETTINGS_MODULE": "config.settings"}
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=settings.BASE_DIR
        )

    as_json = [json.loads(line) for line in run("json").stderr.splitlines()]
    assert [(line["logger"], line["event"]) for line in as_json] == [("a", "token=…"), ("celery.b", "down")]
    assert run("").stderr.splitlines()[0] == "WARNING a: token=…"
    refused = run("xml")
    assert refused.returncode
    assert "LOG_FORMAT=xml is not known: give text or json." in refused.stderr
