"""What may be dropped where, and why: every reason once, the numbers after the drop, and what the question costs."""

import threading
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assignments.models import Assignment, Kind, Operation, SubclusterLock
from assignments.moves import drop as moves
from assignments.moves.drop_verdict import DropVerdict
from assignments.moves.selection import Selection
from assignments.moves.verdict import verdicts
from assignments.users.listing.filter import UserFilter
from tests.worlds import add_users, make_acme, node
from topology.models import Cluster, DeploymentModel, Mode, Node
from topology.reasons import Refused
from topology.rules.states import State
from topology.structure.homes import homes_from
from topology.structure.selectors import cluster_named

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=10, imp1b=4, imp2a=3, imp3a=2, waiting=5)


def of(cluster: Cluster, place: str, count: int = 3) -> Selection:
    """The first users of a node or of those who wait, as a list of them shows them."""
    home = None if place == "waiting" else node(cluster, place)
    rows = Assignment.objects.filter(cluster=cluster, home_node=home).order_by("user__user_id")
    return Selection(cluster, tuple(rows.values_list("user_id", flat=True)[:count]), drawn=home.pk if home else 0)


def judged(selection: Selection, place: str, role: str = "operator") -> DropVerdict:
    """The verdict of one target, by the short name of a node, or of a subcluster, or `unassigned`."""
    cluster = selection.cluster
    if place.startswith("sc-"):
        place = f"subcluster:{cluster.subclusters.get(name=place).pk}"
    elif place != "unassigned":
        place = f"node:{node(cluster, place).pk}"
    return verdicts(selection, role)[place]


def change(cluster: Cluster, short: str, **fields: Any) -> None:
    Node.objects.filter(pk=node(cluster, short).pk).update(**fields)


def test_a_drop_on_the_peer_is_allowed_and_says_what_comes_of_it(acme: Cluster) -> None:
    found = judged(of(acme, "imp1a"), "imp1b")
    assert (found.level, found.code) == ("allowed", "MOVE_FITS")
    assert (found.coming, found.users_after, found.capacity, found.percent_after) == (3, 7, 5000, 0)
    assert found.message == (
        "imp1b will have 7 of 5,000 users (0%). 3 signed-in users sign in again, within 1 s."
        " If one node of sc-1 fails, the other serves 14 of 5,000."
    )
    assert found.short == "7 of 5,000 users"


def test_a_viewer_is_told_which_role_it_takes(acme: Cluster) -> None:
    every = verdicts(of(acme, "imp1a"), "viewer").values()
    assert {(found.level, found.code) for found in every} == {("refused", "ROLE_NEEDED")}
    assert {found.message for found in every} == {"This needs the role operator in acme."}
    assert {found.code for found in verdicts(of(acme, "imp1a"), None).values()} == {"ROLE_NEEDED"}


def test_where_they_are_already_there_is_nothing_to_do(acme: Cluster) -> None:
    assert judged(of(acme, "imp1a"), "imp1a").code == "USER_ALREADY_THERE"
    assert judged(of(acme, "waiting"), "unassigned").code == "USER_ALREADY_THERE"


def test_nobody_chosen_or_somebody_of_another_cluster_is_refused(acme: Cluster) -> None:
    assert judged(Selection(acme), "imp1b").code == "NO_USERS_TO_MOVE"
    other = make_acme("other")
    foreign = of(other, "imp1a").users or tuple(add_users(other, "imp2a", 1))
    mixed = Selection(acme, of(acme, "imp1a").users + foreign)
    assert judged(mixed, "imp1b").code == "MOVE_OTHER_CLUSTER"


def test_a_node_without_a_subcluster_or_out_of_service_takes_nobody(acme: Cluster) -> None:
    assert judged(of(acme, "imp1a"), "spare").code == "NODE_WITHOUT_SUBCLUSTER"
    change(acme, "imp3a", power_on=False)
    assert judged(of(acme, "imp1a"), "imp3a").code == "NODE_NOT_A_TARGET"


def test_users_may_leave_a_dead_node_that_no_peer_protects(acme: Cluster) -> None:
    change(acme, "imp3a", power_on=False)
    assert judged(of(acme, "imp3a"), "imp1b").level == "allowed"


def test_new_users_are_not_added_while_a_node_is_in_a_failover_state(acme: Cluster) -> None:
    change(acme, "imp2a", state=State.FAILED_OVER)
    change(acme, "imp2b", state=State.RUNNING_IN_BACKUP_MODE)
    found = judged(of(acme, "waiting"), "imp1b")
    assert found.code == "MOVE_NEW_DURING_FAILOVER"
    assert "imp2a is failed over" in found.message
    assert judged(of(acme, "imp1a"), "imp1b").level == "allowed"


@pytest.mark.parametrize(("source", "target"), [("imp1a", "imp2b"), ("imp2a", "imp1b"), ("imp2a", "unassigned")])
def test_homes_of_a_pair_stay_while_it_fails_over(acme: Cluster, source: str, target: str) -> None:
    change(acme, "imp2b", state=State.RUNNING_IN_BACKUP_MODE)
    assert judged(of(acme, source), target).code == "MOVE_PAIR_IN_FAILOVER"


def test_a_recovery_that_holds_the_subcluster_is_named(acme: Cluster) -> None:
    run = Operation.objects.create(cluster=acme, kind=Kind.FAILBACK, author_name="bob")
    SubclusterLock.objects.create(operation=run, subcluster=acme.subclusters.get(name="sc-2"))
    found = judged(of(acme, "imp1a"), "imp2b")
    assert found.code == "RUN_IN_PROGRESS"
    assert f"held by operation {run.pk} (fallback), started by bob" in found.message
    assert judged(of(acme, "imp1a"), "imp1b").level == "allowed"


def test_a_few_users_slip_into_a_run_and_many_wait(acme: Cluster) -> None:
    run = Operation.objects.create(cluster=acme, kind=Kind.REBALANCE, author_name="bob")
    SubclusterLock.objects.create(operation=run, subcluster=acme.subclusters.get(name="sc-1"))
    assert judged(of(acme, "imp2a"), "imp1b").level == "allowed"
    add_users(acme, "imp2b", 60)
    many = Selection(acme, where=UserFilter(acme.pk, node_id=node(acme, "imp2b").pk))
    assert judged(many, "imp1b").code == "RUN_IN_PROGRESS"


def test_a_full_node_says_how_much_room_it_has(acme: Cluster) -> None:
    add_users(acme, "imp2b", 18)
    assert judged(of(acme, "imp1a", 2), "imp2b").level != "refused"
    found = judged(of(acme, "imp1a", 3), "imp2b")
    assert found.code == "NODE_NO_ROOM"
    assert found.message == "imp2b has room for 2 more users, and 3 would come."
    change(acme, "imp1b", capacity_endpoints=5)
    assert judged(of(acme, "imp1a", 3), "imp1b").message == "imp1b has room for 1 more endpoints, and 3 would come."


def test_pinned_users_stay(acme: Cluster) -> None:
    chosen = of(acme, "imp1a", 3)
    Assignment.objects.filter(user__in=chosen.users[:2]).update(pinned=True)
    found = judged(chosen, "imp1b")
    assert (found.level, found.code, found.coming) == ("warning", "MOVE_PINNED_STAY", 1)
    Assignment.objects.filter(user__in=chosen.users).update(pinned=True)
    assert judged(chosen, "imp1b").code == "USERS_PINNED"


def test_more_than_the_peer_can_take_over_is_a_warning(acme: Cluster) -> None:
    change(acme, "imp1b", capacity_users=16)
    assert judged(of(acme, "imp2a", 2), "imp1a").level == "allowed"
    found = judged(of(acme, "imp2a", 3), "imp1a")
    assert (found.level, found.code) == ("warning", "MOVE_ABOVE_PEER")
    assert "imp1b must serve 17, and it is rated for 16" in found.message
    assert judged(of(acme, "imp1a", 3), "imp1b").level == "allowed"  # within the pair nothing changes
    Cluster.objects.update(model=DeploymentModel.BALANCED_NON_REDUNDANT)
    acme.refresh_from_db()
    assert judged(of(acme, "imp2a", 3), "imp1a").level == "allowed"


def test_a_node_without_protection_and_a_standby_node_are_warnings(acme: Cluster) -> None:
    found = judged(of(acme, "imp1a"), "imp3a")
    assert (found.level, found.code) == ("warning", "MOVE_NO_PROTECTION")
    assert "it has no peer" in found.message
    acme.subclusters.update(ha_enabled=False)
    assert "HA is off" in judged(of(acme, "imp1a"), "imp1b").message
    Cluster.objects.update(mode=Mode.ACTIVE_STANDBY)
    acme.refresh_from_db()
    acme.subclusters.update(ha_enabled=True)
    assert judged(of(acme, "imp1a"), "imp1b").code == "MOVE_TO_STANDBY"


def test_unassigning_warns(acme: Cluster) -> None:
    found = judged(of(acme, "imp1a"), "unassigned")
    assert (found.level, found.code, found.users_after) == ("warning", "MOVE_UNASSIGNS", 8)


def test_a_filter_and_a_whole_node_are_judged_alike(acme: Cluster) -> None:
    everyone = Selection(acme, where=UserFilter(acme.pk, node_id=node(acme, "imp1a").pk))
    assert judged(everyone, "imp1b").coming == 10
    some = Selection(acme, where=UserFilter(acme.pk, q="imp1a-000"))
    assert judged(some, "imp1b").coming == 9


def test_the_question_costs_four_queries_however_many_users(acme: Cluster) -> None:
    def cost(cluster: Cluster) -> int:
        with CaptureQueriesContext(connection) as asked:
            verdicts(Selection(cluster, where=UserFilter(cluster.pk)), "operator")
        return len(asked)

    make_acme("big", imp1a=2000, waiting=2000)
    assert cost(cluster_named("acme")) == cost(cluster_named("big")) == 4


def test_a_list_that_is_old_says_so(acme: Cluster) -> None:
    chosen = of(acme, "imp1a")
    moves.demand_unmoved(chosen)
    Assignment.objects.filter(user=chosen.users[0]).update(
        home_node=node(acme, "imp1b"), serving_node=node(acme, "imp1b")
    )
    with pytest.raises(Refused) as refusal:
        moves.demand_unmoved(chosen)
    assert refusal.value.code == "MOVE_NOT_THERE"


# --- The move, and the addresses ------------------------------------------------------------------


def target(cluster: Cluster, short: str) -> str:
    return f"node:{node(cluster, short).pk}"


def homes(cluster: Cluster, selection: Selection) -> set[str | None]:
    found = Assignment.objects.filter(user__in=selection.users).select_related("home_node")
    return {row.home_node.short_name if row.home_node else None for row in found}


@pytest.fixture
def bob() -> Any:
    person = get_user_model().objects.create_user("bob")
    person.groups.set([Group.objects.get(name="operator")])
    return person


@pytest.fixture
def page(bob: Any) -> Client:
    client = Client(headers={"HX-Request": "true"})
    client.force_login(bob)
    return client


def form(selection: Selection, **more: str) -> dict[str, str]:
    """What the page sends of a selection."""
    place = f"node:{selection.drawn}" if selection.drawn else "unassigned"
    return {"users": ",".join(map(str, selection.users)), "list": place, **more}


def test_a_few_users_are_moved_at_once_and_the_run_says_by_whom(acme: Cluster, bob: Any) -> None:
    chosen = of(acme, "imp1a")
    moved = moves.move(chosen, target(acme, "imp1b"), bob)
    assert homes(acme, chosen) == {"imp1b"}
    assert (moved.operation.done, moved.operation.author_name, moved.operation.active) == (3, "bob", False)
    assert moved.nodes == {node(acme, "imp1a").pk, node(acme, "imp1b").pk}


def test_a_drop_is_judged_once_under_the_locks(acme: Cluster, page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_of: list[Any] = []

    def spy(*args: Any, **kwargs: Any) -> Any:
        asked_of.append(args)
        return homes_from(*args, **kwargs)

    monkeypatch.setattr("topology.structure.homes.homes_from", spy)
    monkeypatch.setattr("assignments.moves.drop_context.homes_from", spy)
    chosen = of(acme, "imp1a")
    answer = page.post("/clusters/acme/moves/", form(chosen, to=target(acme, "imp1b")))
    assert answer.status_code == 200
    assert homes(acme, chosen) == {"imp1b"}
    assert len(asked_of) == 1


def test_users_are_assigned_and_unassigned_in_the_same_way(acme: Cluster, bob: Any) -> None:
    waiting = of(acme, "waiting")
    moves.move(waiting, target(acme, "imp3a"), bob)
    assert homes(acme, waiting) == {"imp3a"}
    moves.move(Selection(acme, waiting.users), "unassigned", bob)
    assert homes(acme, waiting) == {None}


@pytest.mark.parametrize("wrong", ["", "node:", "node:999999", "subcluster:x", "node:1; DROP", "all"])
def test_a_target_that_is_none_is_refused(acme: Cluster, bob: Any, wrong: str) -> None:
    with pytest.raises(Refused) as refusal:
        moves.move(of(acme, "imp1a"), wrong, bob)
    assert refusal.value.code == "MOVE_OTHER_TARGET"


def test_a_drop_of_nobody_says_so(acme: Cluster, page: Client, bob: Any) -> None:
    for none in (Selection(acme), Selection(acme, where=UserFilter(acme.pk, q="nobody like this"))):
        with pytest.raises(Refused) as refusal:
            moves.move(none, target(acme, "imp1b"), bob)
        assert refusal.value.code == "NO_USERS_TO_MOVE"
    answer = page.post("/clusters/acme/moves/", {"users": "", "list": "cluster", "to": target(acme, "imp1b")})
    assert "NO_USERS_TO_MOVE" in answer.content.decode()


def test_what_the_verdict_refuses_the_move_refuses_too(acme: Cluster, bob: Any) -> None:
    change(acme, "imp2b", state=State.RUNNING_IN_BACKUP_MODE)
    chosen = of(acme, "imp2a")
    with pytest.raises(Refused) as refusal:
        moves.move(chosen, target(acme, "imp1b"), bob)
    assert refusal.value.code == "MOVE_PAIR_IN_FAILOVER"
    assert homes(acme, chosen) == {"imp2a"}


def test_who_moved_a_user_meanwhile_is_named_with_when_and_where_to(acme: Cluster, bob: Any, page: Client) -> None:
    chosen = of(acme, "imp1a")
    moves.move(Selection(acme, chosen.users[:1]), target(acme, "imp3a"), bob)
    with pytest.raises(Refused) as refusal:
        moves.move(chosen, target(acme, "imp1b"), bob)
    said = refusal.value.message
    assert said.startswith("bob moved imp1a-0001 to imp3a at ")
    assert said.endswith("(1 of 3 chosen users now at home elsewhere).")
    assert homes(acme, chosen) == {"imp1a", "imp3a"}
    answer = page.post("/clusters/acme/moves/", form(chosen, to=target(acme, "imp1b")))
    assert answer.status_code == 409
    assert "bob moved imp1a-0001 to imp3a" in answer.content.decode()


def test_the_page_asks_once_for_all_targets(acme: Cluster, page: Client) -> None:
    told = page.post("/clusters/acme/moves/targets", form(of(acme, "imp1a"))).json()
    assert told["label"] == "Move 3 users of imp1a"
    assert len(told["targets"]) == 3 + 6 + 1
    assert told["targets"][target(acme, "imp1b")]["level"] == "allowed"
    assert page.post("/clusters/acme/moves/targets", {"node": node(acme, "imp1a").pk}).json()["label"] == (
        "Move 10 users of imp1a"
    )
    told = page.post("/clusters/acme/moves/targets", {"list": "cluster", "query": "q=imp1b-"}).json()
    assert told["label"] == "Move 4 users"


def test_the_answer_to_a_drop_is_the_fresh_nodes_and_an_undo(acme: Cluster, page: Client) -> None:
    chosen = of(acme, "imp1a")
    answer = page.post("/clusters/acme/moves/", form(chosen, to=target(acme, "imp1b")))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Moved 3 users to imp1b" in text
    assert text.count('hx-swap-oob="morph"') == 2
    run = Operation.objects.get()
    assert f"/clusters/acme/moves/{run.pk}/undo" in text
    answer = page.post(f"/clusters/acme/moves/{run.pk}/undo")
    assert answer.status_code == 200
    assert Operation.objects.get(undo_of=run).total == 3


def test_more_than_fifty_are_asked_about_with_numbers(acme: Cluster, page: Client) -> None:
    add_users(make_acme("big"), "imp1a", 60)
    big = Cluster.objects.get(name="big")
    whole = {"node": str(node(big, "imp1a").pk), "to": target(big, "imp1b")}
    answer = page.post("/clusters/big/moves/", whole)
    text = answer.content.decode()
    assert answer["HX-Retarget"] == "#dialog"
    assert "Move 60 users of imp1a to imp1b?" in text
    assert "<b>60</b> of 5,000 afterwards" in text
    assert not Operation.objects.exists()
    answer = page.post("/clusters/big/moves/", whole | {"confirmed": "59"})  # one more came meanwhile: asked again
    assert answer["HX-Retarget"] == "#dialog"
    assert not Operation.objects.exists()
    answer = page.post("/clusters/big/moves/", whole | {"confirmed": "60"})
    assert "Moving 60 users to imp1b" in answer.content.decode()
    assert Operation.objects.get().total == 60


def test_the_dialog_lists_every_target_with_its_reason(acme: Cluster, page: Client) -> None:
    add_users(acme, "imp2b", 18)
    text = page.get("/clusters/acme/moves/dialog", form(of(acme, "imp1a"))).content.decode()
    assert "Move 3 users of imp1a to…" in text
    assert text.count('name="to"') == 9  # six nodes, two pairs, no home
    assert "imp2b has room for 2 more users, and 3 would come." in text
    assert text.count("disabled") == 3  # where they are, the full one, the one without a subcluster


def test_a_viewer_may_look_but_not_drop(acme: Cluster) -> None:
    person = get_user_model().objects.create_user("vera")
    person.groups.set([Group.objects.get(name="viewer")])
    client = Client(headers={"HX-Request": "true"})
    client.force_login(person)
    chosen = of(acme, "imp1a")
    assert client.post("/clusters/acme/moves/", form(chosen, to=target(acme, "imp1b"))).status_code == 403
    assert homes(acme, chosen) == {"imp1a"}
    assert client.post("/clusters/acme/moves/targets", form(chosen)).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_who_drop_the_same_users_one_wins_and_the_other_is_told() -> None:
    cluster = make_acme(imp1a=3)
    chosen = of(cluster, "imp1a")
    together, told = threading.Barrier(2), []

    def drop(name: str, short: str) -> None:
        person = get_user_model().objects.create_user(name, is_superuser=True)
        together.wait()
        try:
            moves.move(chosen, target(cluster, short), person)
        except Refused as refusal:
            told.append((name, refusal.message))
        finally:
            connection.close()

    threads = [threading.Thread(target=drop, args=pair) for pair in (("amy", "imp1b"), ("bob", "imp3a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (loser, message), winner = told[0], {"amy", "bob"} - {told[0][0]}
    assert len(told) == 1
    assert message.startswith(f"{winner.pop()} moved imp1a-000")
    assert homes(cluster, chosen) == ({"imp3a"} if loser == "amy" else {"imp1b"})
