"""A year of work, after which the database has stopped growing."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db.models import F
from django.utils import timezone

from assignments.models import Assignment, Goal, Move, Operation, Plan, PlannedMove, Simulation
from assignments.planning import plans
from assignments.retention import archive, removal
from assignments.runs import hand_moves
from tests.retention.aged import DAY, age, last_moves, run
from tests.support.crowd import make_crowd, nodes_of, people_of
from topology.models import Cluster, Event, SignInLink

pytestmark = pytest.mark.django_db


STEP = 15.5  # days between two turns of a simulated year


@pytest.mark.in_turns
def test_a_year_of_it_ends_in_a_database_that_stopped_growing(settings: object) -> None:
    """Every half month users are moved to and fro, plans made, failures rehearsed; every half month the old ones go.

    The steps are no divisor of what is kept: nothing comes to stand at a limit to the second.
    """
    cluster = make_crowd(20, 0)
    one, two = nodes_of(cluster)
    person = get_user_model().objects.create(username="eve")
    rows, recorded = [], set()
    for turn in range(24):
        age(STEP)
        run(cluster)
        plans.make_plan(cluster, Goal.EVACUATE, {"node": two.pk})  # nobody runs it
        hand_moves.move_users(cluster, people_of(two), one, actor="ann")
        simulate(cluster, turn)
        now = timezone.now()
        Session.objects.update(expire_date=now - DAY)
        Session.objects.create(session_key=f"s{turn}", session_data="", expire_date=now + DAY)
        SignInLink.objects.update(expires_at=F("expires_at") - STEP * DAY)
        SignInLink.objects.create(user=person, token_hash=f"{turn}", expires_at=now + DAY)
        recorded |= set(Event.objects.values_list("pk", flat=True))
        assert removal.remove(now).complete
        rows.append(stored())
    for table in rows[0]:
        counts = [row[table] for row in rows]
        assert max(counts[12:]) <= max(counts[:12]), (table, counts)
    assert last_moves().keys() == set(people_of(one)) - set(never_moved())
    archived = {line["id"] for file in settings.ARCHIVE_DIR.iterdir() for line in archive.read(file)}  # type: ignore[attr-defined]
    kept = set(Event.objects.values_list("pk", flat=True))
    assert archived.isdisjoint(kept)
    assert archived | kept == recorded | kept, "one was lost"


def never_moved() -> list[int]:
    return list(Assignment.objects.exclude(user__traces__done=True).values_list("user_id", flat=True))


def simulate(cluster: Cluster, number: int) -> None:
    Simulation.objects.create(
        key=f"{number:016}", hash=f"{number:064}", cluster=cluster, name="rehearsal", scenario={}, result={},
        timeline={}, users=1, author_name="ann",
    )  # fmt: skip


def stored() -> dict[str, int]:
    """Rows of every table that grows."""
    models = (Move, PlannedMove, Plan, Operation, Simulation, Session, SignInLink, Event)
    return {model.__name__: model.objects.count() for model in models}  # type: ignore[attr-defined]
