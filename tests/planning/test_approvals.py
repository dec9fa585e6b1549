"""A second person's approval: who may give it, what it allows, and where the page asks for it."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

from assignments.models import Approval, Assignment, Goal, Operation, Plan
from assignments.planning import approvals, plans
from assignments.runs import balancer, hand_moves, operations
from tests.api.conftest import Caller
from tests.support.crowd import Hands, make_crowd, nodes_of
from tests.support.overtaken import overtaken
from topology.accounts import roles, sign_in, tokens
from topology.models import ApiToken, Cluster, Event
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster() -> Cluster:
    found = make_crowd(200, 0)
    balancer.configure(found, {"approval_required": True}, actor="test")
    return found


def person(name: str, role: str = roles.OPERATOR) -> object:
    found, _ = get_user_model().objects.get_or_create(username=name)
    sign_in.give_role(found, role)
    return found


def signed_in(name: str, role: str = roles.OPERATOR) -> Client:
    client = Client()
    client.force_login(person(name, role))
    return client


def test_a_plan_runs_only_after_a_second_person_approved_it(cluster: Cluster) -> None:
    ann, bob = person("ann"), person("bob")
    plan = plans.make_plan(cluster, Goal.BALANCE, author=ann)
    with pytest.raises(Refused) as refused:
        operations.start_run(plan.hash, actor=ann)
    assert refused.value.code == "PLAN_NOT_APPROVED"
    with pytest.raises(Refused) as refused:
        approvals.approve(plan, actor=ann)
    assert refused.value.code == "APPROVAL_OWN"
    approvals.approve(plan, actor=bob)
    approvals.approve(plan, actor=bob)
    assert Event.objects.filter(code="PLAN_APPROVED").count() == 1
    assert operations.start_run(plan.hash, actor=ann).total == 100


def test_who_made_a_token_is_no_second_person_for_its_plans(cluster: Cluster) -> None:
    signed_in("ann", roles.ADMINISTRATOR).post("/accounts/tokens", {"name": "ci", "role": "administrator"})
    first = ApiToken.objects.get(name="ci")
    program = tokens.ApiClient(first.pk, first.name, roles.Reach(roles.ADMINISTRATOR), 1)
    tokens.create("night", roles.OPERATOR, actor=program)
    ann, bob = person("ann", roles.ADMINISTRATOR), person("bob")
    tokens.create("cron", roles.OPERATOR, actor="ann (command line)")
    for author in ("token ci", "token night", "token cron"):
        plan = plans.make_plan(cluster, Goal.BALANCE, author=author)
        assert not approvals.may_approve(plan, ann)
        with pytest.raises(Refused) as refused:
            approvals.approve(plan, actor=ann)
        assert refused.value.code == "APPROVAL_OWN_TOKEN"
        page = signed_in("ann", roles.ADMINISTRATOR).get(f"/plans/{plan.hash}/").content.decode()
        assert "Send them the address" in page
        assert "Approve 100 moves" not in page
        plan.delete()
    at_shell = plans.make_plan(cluster, Goal.BALANCE, author="ann (command line)")
    assert not approvals.may_approve(at_shell, ann)
    at_shell.delete()
    other = plans.make_plan(cluster, Goal.BALANCE, author="token ci")
    assert approvals.may_approve(other, bob)
    approvals.approve(other, actor=bob)


def test_an_approval_is_of_one_plan_and_not_of_the_next(cluster: Cluster) -> None:
    ann, bob = person("ann"), person("bob")
    approvals.approve(plans.make_plan(cluster, Goal.BALANCE, author=ann), actor=bob)
    moved = Assignment.objects.values_list("user_id", flat=True)[:1]
    hand_moves.move_users(cluster, list(moved), nodes_of(cluster)[1], actor=ann)
    other = plans.make_plan(cluster, Goal.BALANCE, author=ann)
    with pytest.raises(Refused):
        operations.start_run(other.hash, actor=ann)


def test_a_large_move_by_hand_is_no_way_around_it_and_its_plan_stays(cluster: Cluster) -> None:
    ann, bob = person("ann"), person("bob")
    everybody = Assignment.objects.values("user_id")
    with pytest.raises(Refused) as refused:
        hand_moves.move_users(cluster, everybody, nodes_of(cluster)[1], actor=ann)
    assert refused.value.code == "PLAN_NOT_APPROVED"
    plan = Plan.objects.get(goal=Goal.MOVE)
    approvals.approve(plan, actor=bob)
    assert operations.start_run(plan.hash, actor=bob).total == 200


def test_a_large_drop_leaves_its_plan_to_be_approved(cluster: Cluster) -> None:
    ann, bob = signed_in("ann"), person("bob")
    home, other = nodes_of(cluster)[:2]
    asked = {"node": home.pk, "to": f"node:{other.pk}", "confirmed": home.home_assignments.count()}
    answer = ann.post("/clusters/crowd/moves/", asked, headers={"Accept": "application/json"})
    assert answer.json()["code"] == "PLAN_NOT_APPROVED"
    plan = Plan.objects.get(goal=Goal.MOVE)
    approvals.approve(plan, actor=bob)
    assert operations.start_run(plan.hash, actor=bob).total == plan.moves


def test_the_page_asks_and_the_second_person_approves_there(cluster: Cluster) -> None:
    ann, bob, vera = signed_in("ann"), signed_in("bob"), signed_in("vera", roles.VIEWER)
    shown = ann.post("/clusters/crowd/plans", {"goal": "balance"}, headers={"HX-Request": "true"}).content.decode()
    plan = Plan.objects.get()
    assert "a second person has approved it" in shown
    assert "Run 100 moves" not in shown
    assert ann.post(f"/plans/{plan.hash}/run", {"rate": "5"}).status_code == 409
    page = bob.get(f"/plans/{plan.hash}/").content.decode()
    assert "Approve 100 moves" in page
    assert vera.post(f"/plans/{plan.hash}/approve").status_code == 403
    assert bob.post(f"/plans/{plan.hash}/approve").status_code == 200
    assert Approval.objects.get().approver_name == "bob"
    again = ann.get(f"/plans/{plan.hash}/").content.decode()
    assert "One run is approved by bob" in again
    assert "Run 100 moves" in again
    assert ann.post(f"/plans/{plan.hash}/run", {"rate": "5"}).status_code == 200
    assert Operation.objects.count() == 1


def test_the_rules_dialog_stores_or_keeps_what_was_typed(cluster: Cluster) -> None:
    admin = signed_in("root", roles.ADMINISTRATOR)
    assert signed_in("ann").get("/clusters/crowd/rules").status_code == 403
    shown = admin.get("/clusters/crowd/rules").content.decode()
    assert "Automatic balancing is off." in shown
    typed = {
        "automation": "recommend", "threshold": "15", "rounds": "2", "minimum_gain": "3", "cooldown_minutes": "5",
        "window_start": "22:00", "window_end": "06:00", "zone": "Europe/Berlin",
    }  # fmt: skip
    wrong = admin.post("/clusters/crowd/rules", typed | {"zone": "Mars/Base"})
    assert wrong.status_code == 422
    assert 'value="Mars/Base"' in wrong.content.decode()
    assert 'value="15"' in wrong.content.decode()
    assert admin.post("/clusters/crowd/rules", typed).status_code == 200
    policy = balancer.policy_of(cluster)
    assert (policy.automation, policy.threshold, str(policy.window)) == ("recommend", 15, "22:00–06:00 Europe/Berlin")  # noqa: RUF001
    assert not policy.approval_required
    page = admin.get("/clusters/crowd/").content.decode()
    assert "Balancer recommend" in page


def test_a_recommended_plan_opens_from_the_page(cluster: Cluster) -> None:
    ann = signed_in("ann")
    assert ann.get("/clusters/crowd/recommended").status_code == 409
    balancer.configure(cluster, {"automation": "recommend", "rounds": 1, "cooldown_minutes": 0}, actor="test")
    from django.utils import timezone

    balancer.look_at_cluster(cluster.pk, timezone.now())
    assert "Recommended plan" in ann.get("/clusters/crowd/").content.decode()
    assert "100" in ann.get("/clusters/crowd/recommended").content.decode()


def test_who_may_not_approve_is_offered_neither_approval_nor_run(cluster: Cluster) -> None:
    ann, vera = signed_in("ann"), signed_in("vera", roles.VIEWER)
    ann.post("/clusters/crowd/plans", {"goal": "balance"}, headers={"HX-Request": "true"})
    plan = Plan.objects.get()
    waiting = vera.get(f"/plans/{plan.hash}/").content.decode()
    assert "such as you" not in waiting
    assert "Approve 100 moves" not in waiting
    assert "such as you" in signed_in("bob").get(f"/plans/{plan.hash}/").content.decode()
    approvals.approve(plan, actor=person("bob"))
    assert "Run 100 moves" not in vera.get(f"/plans/{plan.hash}/").content.decode()


def test_a_plan_is_approved_without_scripts_and_its_page_says_so_at_once(cluster: Cluster) -> None:
    plan = plans.make_plan(cluster, Goal.BALANCE, author=person("ann"))
    bob, here = signed_in("bob"), f"/plans/{plan.hash}/"
    page = bob.get(here).content.decode()
    form = page[page.index('id="approve-plan"') :].partition("</form>")[0]
    assert f'action="{here}approve"' in form
    assert "csrfmiddlewaretoken" in form
    assert 'form="approve-plan"' in page  # a form of its own: Enter in a field of the plan approves nothing
    for address in (here, f"/plans/{plan.hash[:12]}/"):
        scripted = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{address}"}
        assert bob.post(f"{here}approve", headers=scripted).headers["HX-Refresh"] == "true"
    assert Approval.objects.get().approver_name == "bob"


def test_the_refusal_of_a_plan_leads_to_it(cluster: Cluster) -> None:
    ann = signed_in("ann")
    home, other = nodes_of(cluster)[:2]
    asked = {"node": home.pk, "to": f"node:{other.pk}", "confirmed": home.home_assignments.count()}
    told = ann.post("/clusters/crowd/moves/", asked, headers={"HX-Request": "true"}).content.decode()
    plan = Plan.objects.get()
    short = f"/plans/{plan.hash[:12]}/"
    assert f"address of the plan, {short}:" in told
    assert f'href="{short}"' in told
    assert f"Approve {plan.moves} moves" in signed_in("bob").get(short).content.decode()


def test_what_needed_no_approval_is_taken_back_without_one(cluster: Cluster) -> None:
    ann, (home, other) = person("ann"), nodes_of(cluster)[:2]
    few = home.home_assignments.values_list("user_id", flat=True)[:3]
    moved = hand_moves.move_users(cluster, list(few), other, actor=ann)
    back = operations.start_run(operations.plan_undo(moved.pk, actor=ann).hash, actor=ann, unthrottled=True)
    Hands().finish(back)
    again = operations.start_run(operations.plan_undo(back.pk, actor=ann).hash, actor=ann, unthrottled=True)
    Hands().finish(again)
    assert (back.total, again.total) == (3, 3)


def test_the_undo_of_a_plan_is_approved_like_it(cluster: Cluster) -> None:
    ann, bob = person("ann"), person("bob")
    plan = plans.make_plan(cluster, Goal.BALANCE, author=ann)
    approvals.approve(plan, actor=bob)
    done = operations.start_run(plan.hash, actor=ann, unthrottled=True)
    Hands().finish(done)
    with pytest.raises(Refused) as refused:
        operations.start_run(operations.plan_undo(done.pk, actor=ann).hash, actor=ann)
    assert refused.value.code == "PLAN_NOT_APPROVED"


def test_the_undo_of_many_who_got_a_home_without_a_plan_needs_one(cluster: Cluster) -> None:
    ann, (home, other) = person("ann"), nodes_of(cluster)[:2]
    many = list(home.home_assignments.values_list("user_id", flat=True)[:51])
    moved = hand_moves.move_users(cluster, many[:50], other, actor=ann)
    Operation.objects.filter(pk=moved.pk).update(total=51)  # as of a directory, which gives homes to any number at once
    with pytest.raises(Refused) as refused:
        operations.start_run(operations.plan_undo(moved.pk, actor=ann).hash, actor=ann)
    assert refused.value.code == "PLAN_NOT_APPROVED"


def test_what_waits_for_an_approval_says_so_before_it_is_refused(cluster: Cluster, capsys: Any) -> None:
    home, other = nodes_of(cluster)[:2]
    program = Caller(tokens.create("ci", roles.OPERATOR, actor="test")[1])
    ids = list(home.home_assignments.order_by("pk").values_list("user__user_id", flat=True))
    dry = {"to": other.name, "dry_run": True}
    for users, waits in ((ids[:50], False), (ids[:51], True)):
        told = program.post("/clusters/crowd/moves", dry | {"users": users}).data
        assert (told["verdict"]["users"], told["needs_approval"]) == (len(users), waits)
        call_command("move_users", "crowd", *users, "--to", other.name, "--dry-run")
        assert ("A second person has to approve it" in capsys.readouterr().out) is waits
    asked = {"node": home.pk, "to": f"node:{other.pk}"}
    shown = signed_in("ann").post("/clusters/crowd/moves/", asked, headers={"HX-Request": "true"}).content.decode()
    assert "A second person has to approve it before it runs." in shown
    assert program.post("/clusters/crowd/moves", {"users": ids[:50], "to": other.name}).status_code == 200
    balancer.configure(cluster, {"approval_required": False}, actor="test")
    assert not program.post("/clusters/crowd/moves", dry | {"users": ids}).data["needs_approval"]


def test_an_approval_is_for_one_run(cluster: Cluster) -> None:
    ann, bob, hands = person("ann"), person("bob"), Hands()
    plan = plans.make_plan(cluster, Goal.BALANCE, author=ann)
    approvals.approve(plan, actor=bob)
    done = operations.start_run(plan.hash, actor=ann, unthrottled=True)
    hands.finish(done)
    back = operations.plan_undo(done.pk, actor=ann)
    approvals.approve(back, actor=bob)
    hands.finish(operations.start_run(back.hash, actor=ann, unthrottled=True))
    assert approvals.required(plan), "everybody is back, so the same moves could run again"
    page = signed_in("bob").get(f"/plans/{plan.hash}/").content.decode()
    assert "The run that bob approved began" in page
    assert "Approve 100 moves" in page
    with pytest.raises(Refused) as refused:
        operations.start_run(plan.hash, actor=ann)
    assert refused.value.code == "PLAN_NOT_APPROVED"
    cleo = person("cleo")
    assert approvals.approve(plan, actor=cleo).approver == cleo
    assert Event.objects.filter(code="PLAN_APPROVED").count() == 3
    assert operations.start_run(plan.hash, actor=ann).active


def test_a_start_that_is_refused_leaves_the_approval(cluster: Cluster) -> None:
    ann, bob = person("ann"), person("bob")
    plan = plans.make_plan(cluster, Goal.BALANCE, author=ann)
    approvals.approve(plan, actor=bob)
    with pytest.raises(Refused) as refused:
        operations.start_run(plan.hash, actor=ann, rate=-1)
    assert refused.value.code == "RUN_RATE_NOT_VALID"
    assert operations.start_run(plan.hash, actor=ann).active


@pytest.mark.django_db(transaction=True)
def test_of_two_who_start_an_approved_plan_one_does(cluster: Cluster) -> None:
    ann, bob = person("ann"), person("bob")
    plan = plans.make_plan(cluster, Goal.BALANCE, author=ann)
    approvals.approve(plan, actor=bob)
    said = overtaken(
        lambda: operations.start_run(plan.hash, actor=ann, unthrottled=True),
        lambda: operations.cancel(operations.start_run(plan.hash, actor=ann, unthrottled=True).pk, actor=ann),
    )
    assert isinstance(said, Refused)
    assert said.code == "PLAN_NOT_APPROVED"
    assert Operation.objects.count() == 1
