"""The page of the checks: outcomes counted in words, and the repair of what is broken beside its check."""

import re
from dataclasses import replace

import pytest
from django.urls import reverse

from assignments.board.views.checks import counts
from tests.board.checks.test_checks import HEALTHY
from tests.board.pages import as_
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.models import Node
from topology.rules import checks
from topology.rules.check_list import PASSED, WARNING


@pytest.mark.django_db
def test_what_is_broken_is_repaired_where_the_check_stands() -> None:
    """Of simulated nodes; for who may operate, and of the nodes that are broken alone."""
    cluster = make_acme(imp1a=3, imp1b=2)
    dead = node(cluster, "imp1a")
    address = reverse("fault", args=["acme", dead.pk])
    Node.objects.filter(pk=dead.pk).update(power_on=False)
    operator = as_(roles.OPERATE)
    page = operator.get("/clusters/acme/checks/").content.decode()
    row = page.partition('id="check-users_in_service"')[2].partition("</tr>")[0]
    assert "Power on imp1a" in row
    assert f'action="{address}"' in row
    assert "imp1b" not in row
    operator.post(address, dict(re.findall(r'name="(kind|service|repair)" value="(\w*)"', row)))
    dead.refresh_from_db()
    assert dead.power_on
    assert "Power on" not in operator.get("/clusters/acme/checks/").content.decode()
    Node.objects.filter(pk=dead.pk).update(power_on=False)
    assert "Power on" not in as_(roles.SEE).get("/clusters/acme/checks/").content.decode()


def test_outcomes_are_counted_with_nouns_that_agree() -> None:
    passed, *others = checks.run(HEALTHY)[:3]
    warned = [replace(check, outcome=WARNING) for check in others]
    assert counts(warned[:1]) == ["1 warning"]
    assert counts([replace(passed, outcome=PASSED), *warned]) == ["1 passed", "2 warnings"]
