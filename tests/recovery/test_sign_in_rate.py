"""How fast users sign in: the window of a pair and its notices, and the budget of a transition that runs."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from assignments.models import Assignment, Operation
from assignments.recovery import service
from assignments.recovery.rules.commands import Command, Fault, command_pair, set_sign_in_rate
from assignments.recovery.rules.relogin_window import Budget
from assignments.recovery.rules.step import step_pair
from assignments.runs import hand_moves
from assignments.simulation.rules.play import Action
from assignments.users.importing.imports import import_users
from tests.board.pages import as_
from tests.recovery.driven import A, B, node, scenario, states, sub
from tests.recovery.recovery_world import MIDNIGHT, Drive, clock_at, make
from topology.accounts import roles
from topology.models import Cluster, Event
from topology.reasons import Refused
from topology.structure.policy import update_policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(db: None) -> Cluster:
    return make(scenario())


def failing_over(pair: Cluster, until: int) -> Drive:
    drive = Drive(pair, scenario())
    with clock_at(drive.real):
        service.failover(node())
    drive.until(until)
    return drive


def tick(real: Any) -> None:
    for pk in service.due_subclusters(real):
        service.step(pk, real)


# --- Notices --------------------------------------------------------------------------------------
def notices() -> list[tuple[int, int]]:
    rows = Event.objects.filter(code="WINDOW_CHANGED").order_by("pk")
    return [(e.facts["upper_before"], e.facts["upper"]) for e in rows]


@pytest.mark.usefixtures("in_utc")
def test_an_import_changes_the_window_and_says_so_once(pair: Cluster) -> None:
    with clock_at(MIDNIGHT):
        service.step(sub().pk, MIDNIGHT)
        lines = "".join(f"new-{n},{A}\n" for n in range(500)).encode()
        import_users(pair, BytesIO(b"user_id,node\n" + lines), actor="ada")
        tick(MIDNIGHT)
        assert notices() == [(203, 287)]
        panel = as_(roles.VIEWER).get(reverse("subcluster", args=[pair.name, sub().pk])).content.decode()
        assert re.search(r"the upper limit was 203 s until <time[^>]*T00:00:00", panel)
        import_users(pair, BytesIO(b"user_id,node\none-more,%s\n" % B.encode()), actor="ada")
        tick(MIDNIGHT)
    assert notices() == [(203, 287)]  # the fuller node decides, and it is the same
    assert "{" not in Event.objects.get(code="WINDOW_CHANGED").sentence


@pytest.mark.parametrize("speed", [1, 30])
def test_the_limit_before_goes_when_no_client_can_wait_by_it_any_more(pair: Cluster, speed: int) -> None:
    Cluster.objects.filter(pk=pair.pk).update(clock_speed=speed)
    lines = "".join(f"new-{n},{A}\n" for n in range(500)).encode()
    with clock_at(MIDNIGHT):
        service.step(sub().pk, MIDNIGHT)
        import_users(pair, BytesIO(b"user_id,node\n" + lines), actor="ada")
        tick(MIDNIGHT)
    address, last = reverse("subcluster", args=[pair.name, sub().pk]), MIDNIGHT + timedelta(seconds=203 / speed)
    for at, shown in ((MIDNIGHT, True), (last - timedelta(seconds=1), True), (last, False)):
        with clock_at(at):
            panel = as_(roles.VIEWER).get(address).content.decode()
        assert ("the upper limit was 203 s until" in panel) is shown


def test_moves_by_hand_change_the_window_when_they_pass_a_row(db: None) -> None:
    pair = make(scenario(users=490))
    with clock_at(MIDNIGHT):
        service.step(sub().pk, MIDNIGHT)
        ids = list(Assignment.objects.filter(home_node=node(B)).values_list("user", flat=True)[:30])
        hand_moves.move_users(pair, ids[:5], node(A), actor=None)
        tick(MIDNIGHT)
        assert notices() == []
        hand_moves.move_users(pair, ids[5:], node(A), actor=None)
        tick(MIDNIGHT)
    assert notices() == [(203, 287)]


def test_the_panel_shows_the_window_with_its_effect(pair: Cluster) -> None:
    address = reverse("subcluster", args=[pair.name, sub().pk])
    panel = as_(roles.VIEWER).get(address).content.decode()
    assert 'data-window="120-203"' in panel
    assert "6.0 sign-ins per second, all of the fuller node in 2 min 50 s" in panel
    update_policy(pair, {"done_within_minutes": 10})
    panel = as_(roles.VIEWER).get(address).content.decode()
    assert "limited by the budget: done within 10 minutes" in panel
    assert "0.5 sign-ins per second, all of the fuller node in 12 min" in panel


def test_rates_are_of_the_clusters_clock_with_those_on_the_wall_in_brackets(pair: Cluster) -> None:
    drive = failing_over(pair, 140)
    Cluster.objects.filter(pk=pair.pk).update(clock_speed=30)
    run, client = Operation.objects.get(), as_(roles.OPERATOR)
    with clock_at(drive.real):
        panel = client.get(reverse("subcluster", args=[pair.name, sub().pk])).content.decode()
        assert "6.0 sign-ins per second (181 wall time), all of the fuller node in" in panel
        bar = client.get(reverse("summary-bar", args=[pair.name])).content.decode()
        assert "6.0 sign-ins/s (181 wall time)" in bar
        dialog = client.get(reverse("sign-in-rate", args=[run.pk])).content.decode()
        assert "sign-ins per second of the cluster's clock at b" in dialog


# --- The budget of a transition that runs ---------------------------------------------------------
@pytest.mark.in_turns
def test_the_question_names_rate_time_and_peak(pair: Cluster) -> None:
    update_policy(pair, {"sign_ins_per_second": 3})
    asked = as_(roles.OPERATOR).get(reverse("ask", args=[pair.name, "nodes", node().pk, "failover"])).content.decode()
    assert "Sign-ins per second at b, at most</dt><dd>3<" in asked
    assert "All served again in about</dt><dd>3 min 40 s<" in asked
    failing_over(pair, 1200)
    asked = as_(roles.OPERATOR).get(reverse("ask", args=[pair.name, "nodes", node().pk, "fallback"])).content.decode()
    assert "Sign-ins per second at a, at most</dt><dd>3<" in asked
    assert "All at home in about</dt><dd>1 min 40 s<" in asked  # who is served waits for nothing


@pytest.mark.parametrize(("kind", "service", "span"), [
    ("power", "", "3 min 40 s"), ("database", "", "6 min 40 s"), ("service", "Cisco Presence Engine", "6 min 40 s"),
])  # fmt: skip
def test_the_question_of_a_fault_names_the_delay_of_its_kind(pair: Cluster, kind: str, service: str, span: str) -> None:
    update_policy(pair, {"sign_ins_per_second": 3, "critical_service_delay": 300})
    asked = as_(roles.OPERATOR).get(
        reverse("ask-fault", args=[pair.name, node().pk]), {"kind": kind, "service": service}
    )
    assert f"b takes all of them in {span} and" in " ".join(asked.content.decode().split())


@pytest.mark.in_turns
@pytest.mark.parametrize(("form", "rate", "done"), [
    ({"by": "rate", "rate": "0.5"}, 0.5, 50),
    ({"by": "minutes", "minutes": "5"}, None, None),
    ({"by": "policy"}, 500 / 83, 180),
])  # fmt: skip
def test_it_is_changed_from_the_row_while_it_runs(pair: Cluster, form: dict[str, str], rate: Any, done: Any) -> None:
    drive = failing_over(pair, 140)
    run = Operation.objects.get()
    client = as_(roles.OPERATOR)
    with clock_at(drive.real):
        bar = client.get(reverse("summary-bar", args=[pair.name])).content.decode()
        assert f'id="sign-in-rate-{run.pk}"' in bar
        assert "6.0 sign-ins/s" in bar
        assert "Still to sign in" in client.get(reverse("sign-in-rate", args=[run.pk])).content.decode()
        assert client.post(reverse("sign-in-rate", args=[run.pk]), form).status_code == 200
    before = Operation.objects.get()
    left = before.total - before.done
    wanted = rate or left / 300
    assert before.rate == pytest.approx(wanted)
    drive.until(240)
    moved = Operation.objects.get().done - before.done
    assert moved == pytest.approx(min(left, wanted * 100), abs=3)
    drive.until(1200)
    assert Operation.objects.get().done == 300
    assert Event.objects.get(code="PACE_CHANGED").actor_name == "operator"


def test_what_is_typed_is_tried_before_it_counts(pair: Cluster) -> None:
    """300 users: 6 per second from the window; nothing is written by looking."""
    drive = failing_over(pair, 10)
    run, client = Operation.objects.get(), as_(roles.OPERATOR)
    before = Operation.objects.values().get(), Event.objects.count(), sub().srm
    with clock_at(drive.real):
        for form, shown in (
            ({"by": "rate", "rate": "3"}, "<b>3 min 30 s</b> from now, at the peak <b>3</b>"),
            ({"by": "minutes", "minutes": "5"}, "<b>6 min 50 s</b> from now, at the peak <b>1</b>"),
            ({"by": "policy"}, "<b>2 min 40 s</b> from now, at the peak <b>6.0</b>"),
            ({"by": "rate", "rate": "0"}, "sign_ins_per_second cannot be 0"),
            ({"by": "minutes", "minutes": ""}, "done_within_minutes cannot be empty"),
        ):
            assert shown in client.get(reverse("sign-in-rate", args=[run.pk]), form).content.decode()
    assert before == (Operation.objects.values().get(), Event.objects.count(), sub().srm)


def test_it_ends_with_the_transition(pair: Cluster) -> None:
    drive = failing_over(pair, 140)
    with clock_at(drive.real):
        service.set_sign_in_rate(Operation.objects.get(), per_second=50, minutes=None, actor="ada")
    drive.until(400)
    assert states()[1][0] == "running_in_backup_mode"
    with clock_at(drive.real):
        service.fallback(node())
    back = Operation.objects.get(kind="failback")
    assert back.rate == pytest.approx(6, abs=0.05)


def test_a_change_while_clients_wait_is_no_burst(pair: Cluster) -> None:
    drive = failing_over(pair, 10)
    with clock_at(drive.real):
        service.set_sign_in_rate(Operation.objects.get(), per_second=2, minutes=None, actor="ada")
    drive.until(119)
    assert Operation.objects.get().done == 0
    drive.until(130)
    assert 10 <= Operation.objects.get().done <= 20


def test_what_is_refused(pair: Cluster) -> None:
    drive = failing_over(pair, 140)
    run, client = Operation.objects.get(), as_(roles.OPERATOR)
    with clock_at(drive.real):
        for form in ({"by": "rate", "rate": "much"}, {"by": "rate", "rate": "0"}, {"by": "minutes", "minutes": ""}):
            answer = client.post(reverse("sign-in-rate", args=[run.pk]), form)
            assert (answer.status_code, "POLICY_OUT_OF_RANGE" in answer.content.decode()) == (422, True)
    drive.until(1200)
    with pytest.raises(Refused) as refused:
        service.set_sign_in_rate(Operation.objects.get(), per_second=5, minutes=None)
    assert refused.value.code == "PACE_NOTHING_MOVES"
    assert client.get(reverse("sign-in-rate", args=[run.pk])).status_code == 409
    assert "sign-in-rate-" not in client.get(reverse("operation", args=[run.pk])).content.decode()


@pytest.mark.in_turns
@given(st.lists(st.tuples(st.integers(1, 400), st.floats(0.2, 40)), max_size=6))
def test_whatever_is_chosen_nobody_is_lost_and_no_rate_is_exceeded(changes: list[tuple[int, float]]) -> None:
    found = scenario().pairs[0]
    outcome = command_pair(found, Command.FAILOVER, 0, 0)
    now, plan = 0, sorted(changes)
    rate, served = 6.0, 0
    while now < 3000 and outcome.pair.memory.phase == "failing_over":
        ahead = plan[0][0] if plan else 10**9
        at = min(outcome.next_wake or 10**9, max(ahead, now))
        fastest, span = max(rate, 0.2), at - now
        if plan and at == ahead:
            rate = plan.pop(0)[1]
            ahead_of_it = step_pair(outcome.pair, at)
            if ahead_of_it.pair.memory.phase != "failing_over":  # everybody had signed in by the same instant
                with pytest.raises(Refused, match="in progress"):
                    set_sign_in_rate(outcome.pair, Budget(per_second=rate), at)
                outcome = ahead_of_it
            else:
                outcome = set_sign_in_rate(outcome.pair, Budget(per_second=rate), at)
        else:
            outcome = step_pair(outcome.pair, at)
        signed = sum(s for (_, place), (_, s) in outcome.pair.populations.items() if place == 1) - 300
        assert signed - served <= fastest * max(span, 1) + 2 or span == 0
        now, served = at, signed
    assert sum(n for n, _ in outcome.pair.populations.values()) == 600


@pytest.mark.in_turns
def test_a_canary_waits_anew_for_a_node_that_degrades(db: None) -> None:
    """1 % at once, then 90 s; the service is down from the 30th to the 60th second of them."""
    world = scenario(users=300, canary_fallback=True)
    drive = Drive(make(world), world)
    with clock_at(drive.real):
        service.failover(node())
    drive.until(1000)
    with clock_at(drive.real):
        service.fallback(node())
    run = Operation.objects.get(kind="failback")
    drive.until(1030)
    run.refresh_from_db()
    assert (run.done, run.wait_code) == (3, "WAITS_FOR_CANARY")
    bar = as_(roles.VIEWER).get(reverse("summary-bar", args=[sub().cluster.name])).content.decode()
    assert "Canary: waiting until the node has run well for a while. It continues by itself." in bar
    drive.do(Action(1030, "fault", 0, 0, Fault.SERVICE, "Cisco Presence Engine"))
    run.refresh_from_db()
    assert run.wait_code == "WAITS_FOR_HOME"
    drive.until(1060)
    drive.do(Action(1060, "repair", 0, 0, Fault.SERVICE, "Cisco Presence Engine"))
    drive.until(1149)
    run.refresh_from_db()
    assert (run.done, run.wait_code) == (3, "WAITS_FOR_CANARY")
    drive.until(1800)
    run.refresh_from_db()
    assert (run.state, run.done, run.wait_code) == ("finished", 300, "")


@pytest.mark.parametrize("users", [1, 2, 9, 12, 40])
def test_a_canary_fallback_of_a_few_users_ends(users: int) -> None:
    """One user is more than 1 % and than 10 % of twelve: the second share was used up before it began."""
    found = scenario(users=users, canary_fallback=True).pairs[0]
    outcome = command_pair(found, Command.FAILOVER, 0, 0)
    for _ in range(200):
        if outcome.next_wake is None:
            break
        outcome = step_pair(outcome.pair, outcome.next_wake)
    outcome = command_pair(outcome.pair, Command.FALLBACK, 0, 10_000)
    for _ in range(200):
        if outcome.next_wake is None or outcome.pair.memory.phase == "normal":
            break
        outcome = step_pair(outcome.pair, outcome.next_wake)
    assert outcome.pair.memory.phase == "normal"
    assert outcome.pair.populations[0, 0] == (users, users)
