"""/metrics: what stands in it, who may read it, and that promtool has nothing to say against it."""

import re
import subprocess

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assignments.models import Operation
from assignments.recovery import service
from tests import tools
from tests.board.pages import as_
from tests.support.worlds import add_users, make_acme, node
from topology.accounts import roles, tokens
from topology.live import traffic
from topology.models import Cluster

pytestmark = pytest.mark.django_db


def scraped(client: Client, **headers: str) -> str:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_counts_and_states_are_there_and_no_user() -> None:
    make_acme(imp1a=30, waiting=2)
    text = scraped(as_(roles.VIEWER))
    assert 'homenode_node_home_users{cluster="acme",node="imp1a.acme.org",subcluster="sc-1"} 30.0' in text
    assert 'homenode_node_state{cluster="acme",node="imp1a.acme.org",state="normal",subcluster="sc-1"} 1.0' in text
    assert 'homenode_cluster_unassigned_users{cluster="acme"} 2.0' in text
    assert 'homenode_up{part="database"} 1.0' in text
    assert "homenode_node_n1_shortfall_users" in text
    assert "imp1a-0001" not in text


def test_a_token_reads_its_clusters_alone_and_nobody_else_reads_anything() -> None:
    make_acme(imp1a=1)
    branch = make_acme("branch", imp1a=1)
    secret = tokens.create("prometheus", roles.VIEWER, [branch], actor="test")[1]
    text = scraped(Client(), Authorization=f"Bearer {secret}")
    assert "branch" in text
    assert "acme" not in text.replace("branch.org", "")
    assert Client().get("/metrics").status_code == 401
    assert Client().get("/metrics", headers={"Authorization": "Bearer no"}).status_code == 401
    refused = as_("").get("/metrics")
    assert refused.status_code == 403
    assert refused.content.decode().startswith("This needs the role viewer in a cluster. Ask an administrator")


def test_it_costs_the_same_for_many_users() -> None:
    acme = make_acme(imp1a=3)

    def queries() -> int:
        client = as_(roles.VIEWER)
        with CaptureQueriesContext(connection) as asked:
            scraped(client)
        return len(asked)

    few = queries()
    add_users(Cluster.objects.get(pk=acme.pk), "imp2a", 300)
    assert queries() == few


def test_promtool_finds_nothing_wrong() -> None:
    make_acme(imp1a=3)
    text = scraped(as_(roles.VIEWER))
    found = subprocess.run(
        [tools.need("promtool"), "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_sign_ins_stand_beside_their_budget() -> None:
    acme = make_acme(imp1a=30, imp1b=1)
    service.failover(node(acme, "imp1a"), actor="test")
    run = Operation.objects.get(kind="failover")
    text = scraped(as_(roles.VIEWER))
    told = '{cluster="acme",kind="failover",node="imp1b.acme.org"}'
    assert f"homenode_sign_ins_users{told} {float(run.done)}" in text
    budget = re.search(rf"homenode_sign_in_budget_per_second{re.escape(told)} (\S+)", text)
    assert budget
    assert float(budget.group(1)) == pytest.approx(run.rate)


def test_requests_and_queries_are_counted_over_all_processes() -> None:
    make_acme(imp1a=3)
    client = as_(roles.VIEWER)
    route = "clusters/<str:cluster_name>/checks/"

    def counted(family: str, labels: str) -> float:
        traffic.tell()
        found = re.search(rf"^homenode_{family}_total{re.escape(labels)} (\S+)$", scraped(client), re.M)
        return float(found.group(1)) if found else 0.0

    asked = f'{{method="GET",route="{route}",status="200"}}'
    before, queries = counted("requests", asked), counted("queries", "")
    client.get("/clusters/acme/checks/")
    assert counted("requests", asked) == before + 1
    assert counted("request_seconds", f'{{method="GET",route="{route}"}}') > 0
    assert counted("queries", "") >= queries + 3
    assert "imp1a-0001" not in scraped(client)


def test_counts_wait_while_redis_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OSError("no route")

    before = traffic.counts().get("requests|GET|waits|200", 0)
    with monkeypatch.context() as patch:
        patch.setattr(traffic.events, "client", away)
        traffic.note("GET", "waits", 200, 0.1, 2)
        traffic.tell()
        assert traffic.counts() == {}
    traffic.tell()
    assert traffic.counts()["requests|GET|waits|200"] == before + 1
