"""Load over time: a sample a minute, rolled up by the database, shown as curves with the operations."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from assignments.board.views.load_axis import EVERY, axis_ticks
from assignments.board.views.load_marks import GAP, LANES, LoadMark, mark_labels
from assignments.models import Assignment, LoadSample, Operation
from assignments.moves.listed import move_listed
from assignments.population import load
from assignments.population.selectors import board_of
from assignments.recovery import service
from assignments.runs import hand_moves
from assignments.runs.views.run_shown import Run
from tests.board.pages import as_
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.models import Cluster

pytestmark = pytest.mark.django_db
THEN = datetime(2024, 7, 31, 12, 0, 5, tzinfo=UTC)


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=30, imp1b=10)


def test_a_minute_is_sampled_once_for_every_node_of_a_subcluster(acme: Cluster) -> None:
    assert load.sample(THEN) == 5
    load.sample(THEN + timedelta(seconds=20))
    assert LoadSample.objects.count() == 5
    row = LoadSample.objects.get(node=node(acme, "imp1a"))
    assert (row.served, row.out, row.at) == (30, 0, THEN.replace(second=0))
    service.inject(node(acme, "imp1a"), "power")
    load.sample(THEN + timedelta(minutes=1))
    row = LoadSample.objects.get(node=node(acme, "imp1a"), at=THEN.replace(second=0) + timedelta(minutes=1))
    assert (row.served, row.out) == (0, 30)


@pytest.mark.usefixtures("db")
def test_an_outage_between_two_samples_is_kept() -> None:
    with time_machine.travel(THEN, tick=False):  # imp1a fails, and all are served again, within one minute
        acme = make_acme(speed=60, imp1a=30, imp1b=10)
        home, backup = node(acme, "imp1a"), node(acme, "imp1b")
        load.sample(THEN)
        service.inject(home, "power")
        end = THEN
        while board_of(acme).out_of_service:
            end += timedelta(seconds=1)
            service.step(home.subcluster_id or 0, end)
        load.sample(end)
    assert end < THEN + timedelta(seconds=50)
    minute = {row.node_id: (row.served, row.out, row.sign_ins) for row in LoadSample.objects.all()}
    assert (minute[home.pk], minute[backup.pk]) == ((0, 30, 0), (10, 0, 30))
    (point,) = load.curves(acme, "week", end).cluster
    assert (point.served, point.out) == (10, 30)
    assert point.sign_ins == pytest.approx(30 / ((end - point.at).total_seconds() * 60))


def test_longer_steps_keep_the_worst_instant_of_a_pair_and_old_minutes_go(acme: Cluster) -> None:
    home, backup = node(acme, "imp1a"), node(acme, "imp1b")
    for minute in range(15):
        at = THEN.replace(second=0) + timedelta(minutes=minute)
        out = 20 if minute == 4 else 0
        LoadSample.objects.create(node=home, step=60, at=at, served=30 - out, out=out, sign_ins=2, speed=60)
        LoadSample.objects.create(node=backup, step=60, at=at, served=minute, out=0, speed=60)
    load.sample(THEN + timedelta(minutes=14))
    assert not LoadSample.objects.filter(step=900).exists()  # the quarter is not over
    day = load.curves(acme, "day", THEN + timedelta(minutes=14))
    assert max(point.out for point in day.cluster) == 20, "what is not over is shown by minutes"
    load.sample(THEN + timedelta(minutes=15))
    quarter = LoadSample.objects.get(node=home, step=900)
    assert (quarter.at, quarter.served, quarter.out) == (THEN.replace(second=0), 10, 20)
    assert (quarter.sign_ins, quarter.speed) == (30, 60)
    assert LoadSample.objects.get(node=backup, step=900).served == 4
    load.sample(THEN + timedelta(hours=9))
    assert not LoadSample.objects.filter(step=60, at__lt=THEN + timedelta(hours=4)).exists()
    assert LoadSample.objects.filter(node=home, step=7200).get().out == 20


def test_curves_sum_the_nodes_and_sign_ins_are_in_cluster_time(acme: Cluster) -> None:
    for minute, came in enumerate((0, 120, 360)):
        at = THEN.replace(second=0) + timedelta(minutes=minute)
        for name in ("imp1a", "imp1b"):
            LoadSample.objects.create(
                node=node(acme, name), step=60, at=at, served=minute, out=1, sign_ins=came, speed=2
            )
    found = load.curves(acme, "hour", THEN + timedelta(minutes=5))
    assert [(p.served, p.out, p.sign_ins) for p in found.cluster] == [(0, 2, 0), (2, 2, 2), (4, 2, 6)]
    assert [p.sign_ins for p in found.nodes[node(acme, "imp1b").pk]] == [0, 1, 3]


def test_users_of_drops_are_sign_ins_where_they_went(acme: Cluster) -> None:
    backup = node(acme, "imp1b")
    acme.nodes.filter(pk=node(acme, "imp2b").pk).update(capacity_users=5000)
    people = Assignment.objects.filter(home_node=node(acme, "imp1a")).order_by("pk")
    keys, names = list(people.values_list("user", flat=True)), list(people.values_list("user__user_id", flat=True))
    with time_machine.travel(THEN, tick=False):
        load.sample(THEN)
        hand_moves.move_users(acme, keys[:12], backup, actor=None)
        move_listed(acme, names[12:24], "sc-2", actor=None, role=roles.OPERATOR)  # to both of its nodes
        hand_moves.move_users(acme, keys[24:], None, actor=None)  # none of them signs in
    came_to = {"imp1b": 12, "imp2a": 6, "imp2b": 6}
    for span in load.SPANS:
        found = load.curves(acme, span, THEN + timedelta(minutes=1))
        came = {node(acme, name).pk: users for name, users in came_to.items()}
        for pk, points in found.nodes.items():
            assert round(points[-1].sign_ins * 60) == came.get(pk, 0)
        assert round(found.cluster[-1].sign_ins * 60) == 24


def test_the_card_of_a_node_draws_its_last_hour(acme: Cluster) -> None:
    home, now = node(acme, "imp1a"), datetime.now(UTC).replace(second=0, microsecond=0)
    for minute, served in enumerate((100, 100, 100, 5000, 0)):
        LoadSample.objects.create(node=home, step=60, at=now - timedelta(minutes=4 - minute), served=served, out=0)
    LoadSample.objects.create(node=home, step=60, at=now - timedelta(hours=2), served=9, out=0)
    client = as_(roles.VIEWER)
    page = client.get(reverse("cluster", args=["acme"])).content.decode()
    fragment = client.get(reverse("node", args=["acme", home.pk])).content.decode()
    for html in (page, fragment):
        assert '<polyline points="55,13.7 57,13.7 58,0 59,14" />' in html
        assert "In service in the last 5 minutes: 0 to 5,000 users" in html
    LoadSample.objects.create(node=home, step=60, at=now + timedelta(minutes=1), served=2500, out=0)
    again = client.get(reverse("node", args=["acme", home.pk])).content.decode()
    assert "in the last 6 minutes" in again, "a new sample is a new version"


STEPS = [("", "minute"), ("hour", "minute"), ("day", "quarter of an hour"), ("week", "two hours")]


@pytest.mark.parametrize(("span", "step"), STEPS)
def test_the_page_draws_them_for_everybody(acme: Cluster, span: str, step: str) -> None:
    load.sample(datetime.now(UTC))
    page = as_(roles.VIEWER).get(reverse("load", args=["acme"]), {"span": span}).content.decode()
    assert "Load of acme" in page
    assert f'id="load-{node(acme, "imp1a").pk}"' in page
    assert page.count("<polyline") == 3 + 3 * 5
    assert f"Of each {step} the curves keep the instant at which most users were out of service." in page


ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
ROUND = {"hour": r"\d\d:\d0", "day": r"(00|03|06|09|12|15|18|21):00", "week": r"$^"}


@given(until=st.datetimes(datetime(2024, 1, 1), datetime(2040, 1, 1)), zone=st.sampled_from(ZONES))  # noqa: DTZ001
@pytest.mark.parametrize("span", ["hour", "day", "week"])
def test_the_axis_has_round_times_of_any_zone(until: datetime, zone: str, span: str) -> None:
    end = until.replace(tzinfo=UTC)
    ticks = axis_ticks(end - load.SPANS[span][0], end, EVERY[span], ZoneInfo(zone))
    assert 5 <= len(ticks) <= 9
    assert [tick.place for tick in ticks] == sorted(tick.place for tick in ticks)
    for tick in ticks:
        assert 0 <= tick.place <= 100
        assert re.fullmatch(r"[A-Z][a-z]{2} \d{1,2}" if tick.day else ROUND[span], tick.words)


@given(places=st.lists(st.floats(0, 100), max_size=100).map(sorted))
@pytest.mark.parametrize("axis", LANES.values())
def test_every_operation_has_a_number_on_the_axis_and_none_covers_another(places: list[float], axis: int) -> None:
    marks = [LoadMark(i, place, Run(Operation(), THEN), False) for i, place in enumerate(places, 1)]
    labels = mark_labels(marks, axis)
    assert [mark for label in labels for mark in label.marks] == marks
    for label, right in pairwise(labels):
        for wider in (axis, 2 * axis):
            assert label.left(wider) + label.width + GAP <= right.left(wider) + 1e-6
