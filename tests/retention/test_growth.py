"""A year of work, after which the database has stopped growing."""

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db.models import F, Model
from django.utils import timezone

from assignments.models import (
    Approval,
    Assignment,
    ChangeKind,
    DirectoryAgreement,
    DirectoryChange,
    DirectoryPerson,
    DirectoryRun,
    DirectorySkipped,
    FormerUser,
    Goal,
    Listing,
    LoadSample,
    Move,
    Operation,
    Peer,
    Pin,
    Plan,
    PlannedMove,
    Population,
    ReportedUser,
    RunPolicy,
    RunState,
    SavedView,
    Simulation,
    SubclusterLock,
    TargetProgress,
)
from assignments.planning import plans
from assignments.retention import archive, removal
from assignments.runs import hand_moves
from tests.retention.aged import DAY, age, last_moves, run
from tests.support.crowd import make_crowd, nodes_of, people_of
from topology.accounts import tokens
from topology.models import (
    ApiAnswer,
    ApiToken,
    Cluster,
    ClusterRole,
    DnsSettings,
    EndUser,
    Event,
    Heartbeat,
    Node,
    Policy,
    SignInLink,
    Subcluster,
)

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
    agreement = DirectoryAgreement.objects.create(cluster=cluster, servers=["ldap://a"])
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
        ApiToken.objects.update(expires_at=F("expires_at") - STEP * DAY, revoked_at=F("revoked_at") - STEP * DAY)
        ApiToken.objects.create(name=f"ended {turn}", token_hash=f"e{turn}", role="viewer", expires_at=now)
        ApiToken.objects.create(name=f"revoked {turn}", token_hash=f"r{turn}", role="viewer", revoked_at=now)
        DirectoryRun.objects.update(finished_at=F("finished_at") - STEP * DAY)
        read = DirectoryRun.objects.create(agreement=agreement, state=RunState.FINISHED, finished_at=now)
        DirectoryChange.objects.create(run=read, user_id=people_of(one)[0], kind=ChangeKind.CHANGED)
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


def test_an_ended_token_stays_while_something_that_it_made_is_its_makers_by_it() -> None:
    cluster, long_ago = make_crowd(4, 0), timezone.now() - 40 * DAY
    for name in ("first", "second", "third"):
        ApiToken.objects.create(
            name=name, token_hash=name, role="viewer", author_name="eve", expires_at=long_ago, revoked_at=long_ago
        )
    ApiToken.objects.create(name="child", token_hash="c", role="viewer", author_name="token first")
    plans.make_plan(cluster, Goal.BALANCE, author="token second")
    removal.remove(timezone.now())
    assert set(ApiToken.objects.values_list("name", flat=True)) == {"first", "second", "child"}
    assert [token.name for token in tokens.made_by("eve")] == ["child"]


def never_moved() -> list[int]:
    return list(Assignment.objects.exclude(user__traces__done=True).values_list("user_id", flat=True))


def simulate(cluster: Cluster, number: int) -> None:
    Simulation.objects.create(
        key=f"{number:016}", hash=f"{number:064}", cluster=cluster, name="rehearsal", scenario={}, result={},
        timeline={}, users=1, author_name="ann",
    )  # fmt: skip


def stored() -> dict[str, int]:
    """Rows of every table that grows."""
    return {model.__name__: model._default_manager.count() for model in GROW}


GROW: tuple[type[Model], ...] = (
    ApiToken, DirectoryChange, DirectoryRun, Event, Move, Operation, Plan, PlannedMove, Session, SignInLink, Simulation,
)  # fmt: skip
OTHERS: dict[type[Model], str] = {
    ApiAnswer: "a day",
    Approval: "with its plan",
    FormerUser: "with the moves of its operation",
    LoadSample: "so many of each node",
    SubclusterLock: "with its operation",
    TargetProgress: "with its operation",
    **dict.fromkeys((Assignment, Listing, DirectoryPerson, EndUser, Pin, ReportedUser), "as many as there are people"),
    **dict.fromkeys((Cluster, Node, Policy, Population, Subcluster), "as the structure is"),
    **dict.fromkeys((DirectoryAgreement, DnsSettings, Peer, RunPolicy, ClusterRole, SavedView), "as people set up"),
    DirectorySkipped: "those of the last run",
    Heartbeat: "one of each kind",
}


def test_no_table_is_forgotten() -> None:
    """A new one is in one of the lists: with what removes it, or why it has a limit."""
    ours = {model for app in ("topology", "assignments") for model in apps.get_app_config(app).get_models()}
    assert ours - {*GROW, *OTHERS} == set()
