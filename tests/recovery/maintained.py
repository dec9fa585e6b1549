"""A node that is worked on."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from assignments.recovery import maintenance
from tests.recovery.driven import A, node
from tests.recovery.recovery_world import Drive, clock_at
from topology.models import Event, Node
from topology.reasons import Refused

HOUR = timedelta(hours=1)


def begin(drive: Drive, name: str = A, hours: float = 4, **values: Any) -> Node:
    with clock_at(drive.real):
        given = {"reason": "new disk", "until": drive.real + hours * HOUR, "actor": "ada"} | values
        return maintenance.begin(node(name), **given)


def codes() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("code", flat=True))


def refused(code: str, act: Any) -> Refused:
    with pytest.raises(Refused) as found, transaction.atomic():
        act()
    assert found.value.code == code
    assert "{" not in found.value.message + found.value.fix
    return found.value
