"""What people do on the page of a cluster: fail over, plan, run, import, set; each asked about and answered."""

import json
import re
from datetime import timedelta
from html import unescape
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assignments.models import Assignment, Operation, Plan, Progress
from assignments.planning import plans
from assignments.recovery import service
from tests.board.pages import HTMX, as_
from tests.support.crowd import make_crowd, nodes_of, people_of
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.models import Cluster, Event
from topology.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=30, imp1b=10, imp2a=5, waiting=4)


def test_an_unknown_node_is_refused_with_the_known_ones(acme: Cluster) -> None:
    answer = as_(roles.VIEWER).get(f"{reverse('cluster', args=['acme'])}?node=999999")
    assert answer.status_code == 422
    assert "imp1a.acme.org" in answer.content.decode()


def test_a_refusal_goes_among_the_messages(acme: Cluster) -> None:
    address = reverse("act", args=["acme", "nodes", node(acme, "imp3a").pk, "failover"])
    answer = as_(roles.OPERATOR).post(address, headers=HTMX)
    assert answer.status_code == 409
    assert answer["HX-Retarget"] == "#messages"
    assert "HA_NEEDS_TWO_NODES" in answer.content.decode()


# --- Doing ----------------------------------------------------------------------------------------
def settle(cluster: Cluster) -> None:
    """Let the engine look at every pair with HA until both nodes are known to be Normal."""
    now = timezone.now()
    for sub in cluster.subclusters.filter(ha_enabled=True):
        for second in range(0, 600, 5):
            service.step(sub.pk, now + timedelta(seconds=second))
            if all(button.legal for button in service.buttons(sub) if button.command == "failover"):
                break
        else:
            raise AssertionError(f"{sub} does not come to rest")


def test_failover_asks_first_and_then_begins(acme: Cluster) -> None:
    settle(acme)
    client, first = as_(roles.OPERATOR), node(acme, "imp1a")
    question = client.get(reverse("ask", args=["acme", "nodes", first.pk, "failover"]), headers=HTMX)
    assert question.status_code == 200, question.content
    assert "<dd>30</dd>" in question.content.decode()
    answer = client.post(reverse("act", args=["acme", "nodes", first.pk, "failover"]), headers=HTMX)
    assert answer.status_code == 200, answer.content
    assert json.loads(answer["HX-Trigger"]) == {"close-dialog": {}}
    first.refresh_from_db()
    assert first.state == State.FAILING_OVER
    run = Operation.objects.get(kind="failover")
    log = client.get(reverse("operation", args=[run.pk])).content.decode()
    assert "Failing Over" in log
    assert Event.objects.filter(code="FAILOVER_STARTED", actor_name=roles.OPERATOR).exists()


def test_power_off_and_on_from_the_menu_of_a_node(acme: Cluster) -> None:
    client, first = as_(roles.OPERATOR), node(acme, "imp1a")
    menu = reverse("node-menu", args=["acme", first.pk])
    assert "Power off" in client.get(menu, headers=HTMX).content.decode()
    fault = reverse("fault", args=["acme", first.pk])
    assert client.post(fault, {"kind": "power"}, headers=HTMX).status_code == 200
    first.refresh_from_db()
    assert not first.power_on
    assert "Power on" in client.get(menu, headers=HTMX).content.decode()
    assert client.post(fault, {"kind": "power", "repair": "1"}, headers=HTMX).status_code == 200
    assert client.post(fault, {"kind": "power", "repair": "1"}, headers=HTMX).status_code == 409
    assert client.post(fault, {"kind": "flood"}, headers=HTMX).status_code == 422


def test_a_plan_is_shown_then_run_as_it_was_shown() -> None:
    make_crowd(60, 20, 10, 30)
    client = as_(roles.OPERATOR)
    shown = client.post(reverse("plans", args=["crowd"]), {"goal": "balance"}, headers=HTMX)
    plan = Plan.objects.get()
    text = shown.content.decode()
    assert shown["HX-Retarget"] == "#dialog"
    assert f"Run {plan.moves} moves" in text
    assert "Exactly these moves will run" in text
    assert plans.certificate(plan)[:40] in text
    assert not Operation.objects.exists()
    answer = client.post(reverse("run-plan", args=[plan.hash]), {"rate": "5"}, headers=HTMX)
    assert answer.status_code == 200, answer.content
    run = Operation.objects.get()
    assert (run.plan_id, run.rate) == (plan.pk, 5)
    bar = client.get(reverse("summary-bar", args=["crowd"]), headers=HTMX).content.decode()
    assert f'id="operation-{run.pk}"' in bar


def test_a_plan_without_moves_promises_no_run() -> None:
    make_crowd(20, 20)
    shown = as_(roles.OPERATOR).post(reverse("plans", args=["crowd"]), {"goal": "balance"}, headers=HTMX)
    text = shown.content.decode()
    assert "Nothing to move" in text
    assert "Exactly these moves" not in text


def test_a_plan_that_empties_a_node_names_it() -> None:
    emptied = nodes_of(make_crowd(6, 0))[0]
    asked = {"goal": "evacuate", "node": emptied.pk}
    shown = as_(roles.OPERATOR).post(reverse("plans", args=["crowd"]), asked, headers=HTMX).content.decode()
    assert f"Move all users off {emptied.short_name}" in shown


def test_a_wrong_rule_of_the_balancer_is_called_as_the_dialog_calls_it() -> None:
    make_crowd(6, 0)
    client, address = as_(roles.ADMINISTRATOR), reverse("rules", args=["crowd"])
    form = client.get(address).context["form"]
    wrong = {name: form[name].value() or "" for name in form.fields} | {"zone": "Middle/Earth"}
    shown = unescape(client.post(address, wrong, headers=HTMX).content.decode())
    assert "“in the time zone” is not valid: Middle/Earth is not a known time zone." in shown


def test_a_plan_on_changed_ground_is_shown_again_with_what_changed() -> None:
    make_crowd(60, 20, 10, 30)
    client = as_(roles.OPERATOR)
    client.post(reverse("plans", args=["crowd"]), headers=HTMX)
    plan = Plan.objects.get()
    moved = plan.rows.first()
    assert moved
    Assignment.objects.filter(user=moved.user_id).update(pinned=True)
    answer = client.post(reverse("run-plan", args=[plan.hash]), headers=HTMX)
    assert "No longer valid: 1 of" in answer.content.decode()
    assert f"Run the {plan.moves - 1} valid moves" in answer.content.decode()
    assert client.post(reverse("run-plan", args=[plan.hash]), {"valid_only": "1"}, headers=HTMX).status_code == 200
    assert Operation.objects.count() == 1


def test_a_plan_of_some_subclusters_and_how_long_it_takes_at_the_rates_typed() -> None:
    cluster = make_crowd(60, 20, 10, 0, 0, 40)
    client = as_(roles.OPERATOR)
    some = list(cluster.subclusters.order_by("name")[:2])
    client.post(reverse("plans", args=["crowd"]), {"subcluster": [sub.pk for sub in some]}, headers=HTMX)
    plan = Plan.objects.get()
    assert plan.scope == {"subclusters": sorted(sub.pk for sub in some)}
    address, most = reverse("plan", args=[plan.hash]), 22  # 90 users on four nodes, 22 of them new on the empty one
    assert [node["after"] for node in plan.body["nodes"]] == [23, 23, 22, 22, 0, 40]
    for rates, said in (
        ({"rate": "1", "rate_total": ""}, f"{most} s"),
        ({"rate": "100", "rate_total": "1"}, f"{plan.moves} s"),
    ):
        assert client.get(address, rates | {"takes": "1"}, headers=HTMX).content.decode() == said
    assert client.get(address, {"takes": "1", "rate": "0"}, headers=HTMX).status_code == 422
    assert client.post(reverse("run-plan", args=[plan.hash]), {"rate": "0"}, headers=HTMX).status_code == 422


def test_rates_that_were_typed_stay_when_another_plan_is_made_and_say_how_long_it_takes() -> None:
    make_crowd(60, 20, 10, 0, 0, 40)
    client, typed = as_(roles.OPERATOR), {"chosen": "1", "rate": "0.5", "rate_total": "7"}
    dialog = client.post(reverse("plans", args=["crowd"]), {"goal": "balance"} | typed, headers=HTMX)
    form = dialog.context["form"]
    assert (form["rate"].value(), form["rate_total"].value()) == ("0.5", "7")
    plan = Plan.objects.get()
    assert dialog.context["seconds"] == plans.seconds(plan, 0.5, 7)
    Assignment.objects.filter(user=plan.rows.all()[0].user_id).update(pinned=True)
    stale = client.post(reverse("run-plan", args=[plan.hash]), typed, headers=HTMX)
    assert stale.context["stale"]
    assert stale.context["seconds"] == plans.seconds(plan, 0.5, 7)
    wrong = client.post(reverse("plans", args=["crowd"]), {"rate": "x", "rate_total": ""}, headers=HTMX)
    assert wrong.status_code == 422
    assert wrong.context["form"].errors["rate"]


def test_the_history_leads_to_an_operation_and_its_undo() -> None:
    cluster = make_crowd(10, 0)
    users = ",".join(map(str, people_of(nodes_of(cluster)[0], 3)))
    client, to = as_(roles.OPERATOR), f"node:{nodes_of(cluster)[1].pk}"
    assert client.post(reverse("move", args=["crowd"]), {"users": users, "to": to}, headers=HTMX).status_code == 200
    address = reverse("operation", args=[Operation.objects.get().pk])
    assert f'href="{address}"' in client.get(reverse("history", args=["crowd"])).content.decode()
    assert "Undo" in client.get(address).content.decode()


def test_a_run_is_paused_resumed_slowed_and_cancelled() -> None:
    make_crowd(60, 20)
    client = as_(roles.OPERATOR)
    client.post(reverse("plans", args=["crowd"]), headers=HTMX)
    client.post(reverse("run-plan", args=[Plan.objects.get().hash]), headers=HTMX)
    run = Operation.objects.get()
    for what, state in (("pause", Progress.PAUSED), ("resume", Progress.QUEUED), ("cancel", Progress.CANCELLED)):
        if what == "resume":
            slowed = client.post(reverse("steer", args=[run.pk, "rate"]), {"rate": "0.5"}, headers=HTMX)
            assert slowed.status_code == 200
        assert client.post(reverse("steer", args=[run.pk, what]), headers=HTMX).status_code == 200
        run.refresh_from_db()
        assert run.state == state
    assert run.rate == 0.5
    assert client.post(reverse("steer", args=[run.pk, "pause"]), headers=HTMX).status_code == 409
    assert client.post(reverse("steer", args=[run.pk, "explode"]), headers=HTMX).status_code == 404
    page = client.get(reverse("operation", args=[run.pk])).content.decode()
    assert page.index("started to move") < page.index("paused the run") < page.index("cancelled the run")


def test_an_upload_is_checked_then_imported_and_bad_lines_are_named(acme: Cluster) -> None:
    client, address = as_(roles.ADMINISTRATOR), reverse("import", args=["acme"])

    def send(text: str, **more: str) -> str:
        answer = client.post(address, {"file": BytesIO(text.encode()), **more}, headers=HTMX)
        assert answer.status_code == 200, answer.content
        return answer.content.decode()

    bad = send("user_id,contacts\nnew1,1\n,2\nnew3,900\n")
    assert "Nothing was imported: 2 problems in 3 lines" in " ".join(bad.split())
    assert "<td>3</td>" in bad
    assert "The user ID is missing." in bad
    assert "Nothing was changed" in send("user_id\nnew1\nnew2\n", dry_run="1")
    assert not Assignment.objects.filter(user__user_id="new1").exists()
    assert "Imported 2 lines" in send("user_id\nnew1\nnew2\n")
    assert Assignment.objects.filter(user__user_id__in=("new1", "new2")).count() == 2
    assert "Nothing was imported" in client.post(address, headers=HTMX).content.decode()


def settings_of(client: Client, cluster: Cluster) -> dict[str, str]:
    """What the form would send if it were stored as it is shown."""
    html = client.get(reverse("settings", args=[cluster.name]), headers=HTMX).content.decode()
    sent = {"mode": cluster.mode, "model": cluster.model}
    for tag in re.findall(r"<input[^>]+>", html):
        name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
        assert name
        if 'type="checkbox"' not in tag or "checked" in tag:
            sent[name.group(1)] = value.group(1) if value else "on"
    return sent


def test_settings_are_stored_together_or_come_back_as_typed(acme: Cluster) -> None:
    client, address = as_(roles.ADMINISTRATOR), reverse("settings", args=["acme"])
    sent = settings_of(client, acme)
    assert client.post(address, sent, headers=HTMX).status_code == 200
    assert not Event.objects.filter(cluster=acme).exclude(code="SIGNED_IN").exists(), "nothing differed"
    wrong = sent | {"mode": "manual", "keep_alive_timeout": "5", "clock_speed": "60"}
    answer = client.post(address, wrong, headers=HTMX)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert re.search(r'name="keep_alive_timeout" value="5"[^>]*aria-invalid="true"', html)
    assert 'name="clock_speed" value="60"' in html
    acme.refresh_from_db()
    assert (acme.mode, acme.clock_speed) == ("balanced", 1)
    for no_time in ("10:99", "25:00", "noon", "10:5x"):
        answer = client.post(address, sent | {"automatic_fallback_from": no_time}, headers=HTMX)
        assert answer.status_code == 422, no_time
        assert re.search(rf'name="automatic_fallback_from" value="{no_time}"[^>]*aria-invalid', answer.content.decode())
    right = wrong | {"keep_alive_timeout": "30", "automatic_fallback_from": "22:30", "canary_fallback": "on"}
    assert client.post(address, right, headers=HTMX).status_code == 200
    acme = Cluster.objects.get(pk=acme.pk)
    policy = acme.policy
    assert (acme.mode, acme.clock_speed, policy.keep_alive_timeout) == ("manual", 60, 30)
    assert (policy.automatic_fallback_from, policy.canary_fallback) == (22 * 3600 + 30 * 60, True)
