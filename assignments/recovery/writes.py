"""Writes what the recovery engine decided: nodes, people, the operation that moves them, history, the next wake.

People are moved by count: the engine says how many, one statement picks and moves them. If fewer could be moved than
it said (somebody else has their rows), the throttle gets them back, and they are due at the next step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from assignments.recovery import reads
from assignments.recovery.operations import follow_transitions
from assignments.recovery.rules.kept import FormerLimit, SrmState
from assignments.recovery.rules.pair import Batch, BatchKind, Happening, Outcome, Pair
from assignments.recovery.worst import keep_worst
from topology.live import events
from topology.models import Node, Subcluster
from topology.models.node import NOT_IN_MAINTENANCE
from topology.reasons import (
    REASONS,
    SUBCLUSTER_BEING_CHANGED,
    TERMINATING_NOTIFY_SENT,
    WINDOW_CHANGED,
    Refused,
)

LOOK_AGAIN = timedelta(seconds=60)  # real time; while people wait and nothing else will wake the engine

PICK = """
    WITH picked AS MATERIALIZED (
        SELECT user_id FROM assignments_assignment
        WHERE home_node_id = %s AND serving_node_id = %s AND signed_in = %s
        ORDER BY user_id LIMIT %s FOR UPDATE SKIP LOCKED
    )
    UPDATE assignments_assignment a SET serving_node_id = %s, signed_in = true
    FROM picked WHERE a.user_id = picked.user_id
"""
SIGN_OUT = """
    UPDATE assignments_assignment SET signed_in = false
    WHERE home_node_id = %s AND serving_node_id = %s AND signed_in
"""


def write_steps(
    sub: Subcluster,
    nodes: list[Node],
    before: Pair,
    outcomes: list[Outcome],
    *,
    at: int,
    real: datetime,
    actor: Any,
) -> None:
    """Make the database what a series of steps decided; the lock of the subcluster must be held."""
    last = outcomes[-1]
    pair = last.pair
    moved, came, short = _move_people(nodes, _merged(batch for o in outcomes for batch in o.batches))
    keep_worst(sub, nodes, (before, *(o.pair for o in outcomes)), came, real)
    wake = last.next_wake
    if short:
        pair, wake = _give_back(pair, short), at + 1
    changed = _write_nodes(nodes, before, pair, real)
    kept = SrmState.of(sub.srm)
    by_second, run = follow_transitions(sub, kept.run, nodes, before, outcomes, moved, real, actor)
    acted = last.events if actor is not None else ()
    told = _merged_progress(event for o in outcomes for event in o.events)
    for event in told:
        _record(sub, nodes, event, by_second.get(event.at), actor if event in acted else None)
    window, was = _window(sub, kept, pair, real)
    _write_subcluster(sub, pair, SrmState.after(pair, at=at, wake=wake, run=run, window=window, window_was=was), real)
    if changed or told or moved or any(o.batches for o in outcomes):
        topics = [f"node-{node.pk}" for node in nodes]
        events.touch(*topics, f"subcluster-{sub.pk}", f"cluster-{sub.cluster_id}")
    if bool(before.out_of_service) != bool(pair.out_of_service):
        events.touch("clusters")  # pages of other clusters say so too


# --- People ---------------------------------------------------------------------------------------
def _merged(batches: Iterable[Batch]) -> list[Batch]:
    """Batches in their order; those that follow each other and do the same are one statement."""
    merged: list[Batch] = []
    for batch in batches:
        last = merged[-1] if merged else None
        if last and _what(last) == _what(batch):
            merged[-1] = replace(last, users=last.users + batch.users, waiting=last.waiting + batch.waiting)
        else:
            merged.append(batch)
    return merged


def _what(batch: Batch) -> Batch:
    return replace(batch, users=0, waiting=0, throttle=None)


def _move_people(
    nodes: list[Node], batches: list[Batch]
) -> tuple[dict[tuple[int, int], int], dict[int, int], dict[int, int]]:
    """Do the batches: users moved by (source, target), signed in by node, and how many fewer than asked by member."""
    moved: dict[tuple[int, int], int] = {}
    came: dict[int, int] = {}
    short: dict[int, int] = {}
    for batch in batches:
        home, source, target = nodes[batch.home].pk, nodes[batch.source].pk, nodes[batch.target].pk
        if batch.kind is BatchKind.SIGN_OUT:
            _execute(SIGN_OUT, home, source)
            continue
        done = 0
        for signed_in, users in ((False, batch.waiting), (True, batch.users - batch.waiting)):
            if users:
                done += _execute(PICK, home, source, signed_in, users, target)
        if done:
            came[target] = came.get(target, 0) + done
        if batch.kind is BatchKind.MOVE:
            moved[batch.source, batch.target] = moved.get((batch.source, batch.target), 0) + done
        if done < batch.users:
            short[batch.target] = short.get(batch.target, 0) + batch.users - done
    return moved, came, short


def _execute(sql: str, *values: int | bool) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def _give_back(pair: Pair, short: dict[int, int]) -> Pair:
    """The pair with those who could not sign in still due."""
    members = list(pair.members)
    for i, users in short.items():
        watch = members[i].watch
        if watch.throttle:
            throttle = replace(watch.throttle, done=max(0, watch.throttle.done - users))
            members[i] = replace(members[i], watch=replace(watch, throttle=throttle))
    return replace(pair, members=tuple(members))


# --- Nodes and the subcluster ---------------------------------------------------------------------
def _write_nodes(nodes: list[Node], before: Pair, after: Pair, real: datetime) -> bool:
    """Write states and truths that changed, each where it still is what was read."""
    changed = False
    for node, old, new in zip(nodes, before.members, after.members, strict=True):
        values: dict[str, Any] = {}
        if (old.state, old.reason) != (new.state, new.reason):
            values |= {"state": new.state.value, "reason": new.reason.value, "state_since": real}
        if old.truth != new.truth:
            truth = new.truth
            values |= {"power_on": truth.power, "network_up": truth.network, "database_up": truth.database}
            values |= {"failed_services": sorted(truth.failed_services)}
        if old.maintenance != new.maintenance:
            values |= maintenance_values(new.maintenance)
        if values:
            kept = {"pk": node.pk, "state": old.state.value, "reason": old.reason.value}
            _demand_one(before, Node.objects.filter(**kept).update(**values))
            changed = True
    return changed


def maintenance_values(until: int | None) -> dict[str, Any]:
    """The columns of a node whose maintenance ends at an instant of cluster time; who and why is written before."""
    if until is not None:
        return {"maintenance_until": datetime.fromtimestamp(until, UTC)}
    return dict(NOT_IN_MAINTENANCE)


def _demand_one(pair: Pair, written: int) -> None:
    """What was read is no longer so: nothing of this step may stay. Raises Refused."""
    if written != 1:
        raise Refused(SUBCLUSTER_BEING_CHANGED, subcluster=pair.name)


def _write_subcluster(sub: Subcluster, pair: Pair, kept: SrmState, real: datetime) -> None:
    waits = any(signed < users or home != on for (home, on), (users, signed) in pair.populations.items())
    next_wake = real + LOOK_AGAIN if waits else None
    if kept.wake is not None:
        next_wake = reads.real_time(sub.cluster, kept.wake)
    values = {"srm": kept.as_json(), "version": sub.version + 1, "next_wake": next_wake, "ha_enabled": pair.ha}
    _demand_one(pair, Subcluster.objects.filter(pk=sub.pk, version=sub.version).update(**values))


def _window(
    sub: Subcluster, kept: SrmState, pair: Pair, real: datetime
) -> tuple[tuple[int, int] | None, FormerLimit | None]:
    """The re-login window and the limit before it, with a notice when it has changed (domain.md §4.8)."""
    window, before = reads.relogin_window(pair), kept.window
    if window is None:
        return None, kept.window_was
    now = window.lower, window.upper
    if not before or before == now:
        return now, kept.window_was
    limits: dict[str, Any] = {"lower": now[0], "upper": now[1], "lower_before": before[0], "upper_before": before[1]}
    events.record(WINDOW_CHANGED, cluster=sub.cluster, subcluster=sub, rate=round(window.rate, 2), **limits)
    return now, FormerLimit(before[1], real.isoformat())


# --- History --------------------------------------------------------------------------------------
def _merged_progress(happened: Iterable[Happening]) -> list[Happening]:
    """What goes into history: every line; of the batches only the notifications, added up where they follow."""
    told: list[Happening] = []
    for event in happened:
        if not event.progress:
            told.append(event)
        elif event.why is TERMINATING_NOTIFY_SENT:
            last = told[-1] if told else None
            if last and last.why is event.why and last.member == event.member:
                facts = dict(event.facts) | {"users": last.facts["users"] + event.facts["users"]}
                told[-1] = replace(event, facts=facts)
            else:
                told.append(event)
    return told


def _record(sub: Subcluster, nodes: list[Node], event: Happening, run: Any, actor: Any) -> None:
    facts = {key: value for key, value in event.facts.items() if key not in ("node", "subcluster")}
    if event.repeated:
        facts["repeated"] = True
    events.record(
        REASONS[event.why.code],
        cluster=sub.cluster,
        subcluster=sub,
        node=nodes[event.member] if event.member is not None else None,
        operation=run,
        actor=actor,
        t=event.at,
        nodes=event.nodes,
        out_of_service=event.out_of_service,
        signed_in=event.served,
        **facts,
    )
