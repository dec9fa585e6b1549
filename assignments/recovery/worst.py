"""The worst instant of what a step did, for the curves of load: an outage is kept, however short it is on the wall."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from assignments.population import load
from assignments.population.load import MinuteLoad
from assignments.recovery.rules.pair import Pair
from topology.models import Node, Subcluster


def keep_worst(
    sub: Subcluster, nodes: list[Node], pairs: Iterable[Pair], sign_ins: Mapping[int, int], real: datetime
) -> None:
    """Let the minute know when most users of a pair were out, and who signed in at which of its nodes, by key."""
    worst = max(pairs, key=lambda pair: sum(_out(pair)))
    if not sign_ins and not any(_out(worst)):
        return
    speed = sub.cluster.clock_speed
    counts = zip(nodes, _served(worst), _out(worst), strict=True)
    rows = [MinuteLoad(node.pk, sub.pk, served, out, sign_ins.get(node.pk, 0), speed) for node, served, out in counts]
    load.keep(rows, real)


def _served(pair: Pair) -> list[int]:
    """Users in service at each member."""
    return [_in_service(pair, serving=i) for i in range(len(pair.members))]


def _out(pair: Pair) -> list[int]:
    """Users at home at each member who are not in service, on any."""
    return [pair.home(i) - _in_service(pair, home=i) for i in range(len(pair.members))]


def _in_service(pair: Pair, *, home: int | None = None, serving: int | None = None) -> int:
    return sum(
        signed
        for (of, at), (_, signed) in pair.populations.items()
        if home in (None, of) and serving in (None, at) and pair.members[at].serves
    )
