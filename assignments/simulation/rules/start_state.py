"""Where a rehearsal begins when the cluster is not at rest: the `state` of a scenario, written down and read back.

    Pair (live) --write--> plain mapping, in a scenario file --read--> the same Pair

A topology says what there is; a state says what happens there at the start: who is served where, what is broken, and
what the recovery managers believe and remember. Without one, a scenario begins at rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, asdict, fields, replace
from typing import Any, get_type_hints

from assignments.recovery.rules.kept import SrmState
from assignments.recovery.rules.pair import Memory, Pair, Watch
from assignments.recovery.rules.relogin_window import Throttle
from assignments.simulation.rules.play import at_rest
from topology.reasons import SCENARIO_INVALID
from topology.rules.file_problems import FileProblem, FileRefused
from topology.rules.states import SERVICES, State, StateReason, Truth

PARTS = {"power", "network", "database"}
FARTHEST = 10**12  # seconds and counts; beyond them floating point numbers do not tell one from the next
LEAST_RATE, MOST_RATE = 1e-6, 1e7  # sign-ins per second, and minutes: what policies and users can make is within


def is_at_rest(pairs: Sequence[Pair], now: int) -> bool:
    """Whether nothing has happened for long: a rehearsal then begins the same without a state.

    Only the beat of the heartbeats is not kept, so a failure may be noticed up to one interval earlier or later.
    """
    return all(_rests(pair, now) for pair in pairs)


def _rests(pair: Pair, now: int) -> bool:
    rest, kept, rules = at_rest(pair, now), pair.memory, pair.parameters
    forgotten = all(at <= now - rules.failover_limit_hours * 3600 for at in kept.failovers)
    fell_back = kept.fell_back_at is None or kept.fell_back_at <= now - rules.automatic_fallback_hold_down
    if kept.phase is not rest.memory.phase or not (forgotten and fell_back) or kept.asked:
        return False
    if rules.automatic_fallback_from is not None:
        return False  # the time of the day matters, also where a rehearsal switches automatic fallback on
    if any(m.maintenance is not None for m in pair.members):
        return False
    if any(home != at or signed != users for (home, at), (users, signed) in pair.populations.items()):
        return False
    return all(_same(m.state, r.state, m.reason, r.reason) and m.truth == Truth() for m, r in _zip(pair, rest)) and all(
        _is_quiet(m.watch, now) for m in pair.members
    )


def _zip(pair: Pair, rest: Pair) -> list[tuple[Any, Any]]:
    return list(zip(pair.members, rest.members, strict=True))


def _same(state: State, other: State, reason: StateReason, why: StateReason) -> bool:
    return state is other and reason is why


def _is_quiet(w: Watch, now: int) -> bool:
    settled = w.heard_at is None and w.troubled_at is None and w.throttle is None and w.relogin_at <= now
    return settled and w.serving and not (w.stopped or w.lost or w.restarted)


# --- Writing --------------------------------------------------------------------------------------
def write(pairs: Sequence[Pair], now: int) -> dict[str, Any]:
    """The state of pairs at an instant of cluster time, in plain values; nodes are known by name."""
    return {"at": now, "subclusters": {pair.name: _write_pair(pair) for pair in pairs if pair.members}}


def _write_pair(pair: Pair) -> dict[str, Any]:
    names = [m.name for m in pair.members]
    return {
        "memory": _plain(asdict(pair.memory)),
        "nodes": {
            m.name: {
                "state": m.state.value,
                "reason": m.reason.value,
                "truth": {part: getattr(m.truth, part) for part in sorted(PARTS)}
                | {"failed_services": sorted(m.truth.failed_services)},
                "watch": _plain(asdict(m.watch)),
            }
            | ({} if m.maintenance is None else {"maintenance": m.maintenance})
            for m in pair.members
        },
        "users": [
            {"home": names[home], "serving": names[at], "users": users, "signed_in": signed}
            for (home, at), (users, signed) in sorted(pair.populations.items())
        ],
    }


def _plain(value: Any) -> Any:
    """Only what YAML and JSON know."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, str) else value


# --- Reading --------------------------------------------------------------------------------------
def read(document: object, pairs: Sequence[Pair]) -> tuple[tuple[Pair, ...], int]:
    """The pairs in this state, and the cluster time at which it is; raises FileRefused for what cannot be."""
    problems: list[FileProblem] = []
    with _noted("state", problems):
        top = _keys(document, {"at", "subclusters"})
        now = _whole(top["at"])
        groups = _keys(top["subclusters"], {pair.name for pair in pairs})
        read_pairs = []
        for pair in pairs:
            with _noted(f"state.subclusters.{pair.name}", problems):
                read_pairs.append(_read_pair(groups[pair.name], pair) if pair.members else pair)
    if problems:
        raise FileRefused(problems, SCENARIO_INVALID)
    return tuple(read_pairs), now


@contextmanager
def _noted(place: str, problems: list[FileProblem]) -> Iterator[None]:
    """Note what cannot be read at a place, and go on with the next one."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        remedy = "Take a state from an exported scenario, or leave it out to begin at rest."
        why = f"{error.args[0]} is missing" if isinstance(error, KeyError) else error
        problems.append(FileProblem(place, f"cannot be read ({why})", remedy))


def _read_pair(document: object, pair: Pair) -> Pair:
    group = _keys(document, {"memory", "nodes", "users"})
    nodes = _keys(group["nodes"], {m.name for m in pair.members})
    parts = {"state", "reason", "truth", "watch", "maintenance"}
    given = {m.name: _keys(nodes[m.name], parts) for m in pair.members}
    watches = {name: _typed(Watch, node["watch"]) for name, node in given.items()}
    for watch in watches.values():
        if watch.get("throttle") is not None:
            _check_throttle(_typed(Throttle, watch["throttle"]))
    kept = SrmState.of({"memory": _typed(Memory, group["memory"]), "watches": watches})
    members = []
    for member in pair.members:
        node = given[member.name]
        members.append(
            replace(
                member,
                truth=_truth(node["truth"]),
                state=State(node["state"]),
                reason=StateReason(node["reason"]),
                watch=kept.watch(member.name, 0),
                maintenance=None if node.get("maintenance") is None else _whole(node["maintenance"]),
            )
        )
    memory = kept.memory or Memory()
    if memory.side not in range(len(members)):
        raise ValueError(f"side {memory.side} is not a node of the pair")
    return replace(pair, members=tuple(members), memory=memory, populations=_users(group["users"], pair))


def _truth(document: object) -> Truth:
    truth = _keys(document, PARTS | {"failed_services"})
    failed = truth.get("failed_services") or []
    if unknown := [name for name in failed if name not in SERVICES]:
        raise ValueError(f"there is no service {unknown[0]}")
    parts = {part: truth[part] for part in PARTS}
    if wrong := [part for part, value in parts.items() if not isinstance(value, bool)]:
        raise ValueError(f"{wrong[0]} is not true or false")
    return Truth(**parts, failed_services=frozenset(failed))


def _users(rows: object, pair: Pair) -> dict[tuple[int, int], tuple[int, int]]:
    """Who is served where; no one may be lost or made up on the way from the topology."""
    if not isinstance(rows, list):
        raise TypeError("users is not a list")
    counts: dict[tuple[int, int], tuple[int, int]] = {}
    for item in rows:
        row = _keys(item, {"home", "serving", "users", "signed_in"})
        users, signed = _whole(row["users"]), _whole(row["signed_in"])
        if signed > users:
            raise ValueError(f"{signed} of {users} users are signed in")
        counts[pair.position(row["home"]), pair.position(row["serving"])] = (users, signed)
    for i, member in enumerate(pair.members):
        if (at_home := sum(n for (home, _), (n, _) in counts.items() if home == i)) != pair.home(i):
            raise ValueError(f"{at_home} users at home on {member.name}, the topology has {pair.home(i)}")
    return counts


def _check_throttle(throttle: Mapping[str, Any]) -> None:
    for name in ("done", "total"):
        if throttle.get(name, 0) < 0:
            raise ValueError(f"{name} of a throttle is not below 0")


# --- Values ---------------------------------------------------------------------------------------
def _keys(document: object, known: set[str]) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise TypeError(f"{document} is not a mapping of keys")
    if unknown := [str(key) for key in document if key not in known]:
        raise ValueError(f"the key {unknown[0]} is not known")
    return document


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= FARTHEST:
        raise ValueError(f"{value} is not a whole number from 0 to {FARTHEST}")
    return value


def _typed(kind: type[Any], document: object) -> dict[str, Any]:
    """The values of a dataclass, each of the type that its field has."""
    types = get_type_hints(kind)
    values = _keys(document, set(types))
    for field in fields(kind):
        if field.name not in values:
            if field.default is MISSING:
                raise ValueError(f"{field.name} is missing")
            continue
        value, wanted = values[field.name], types[field.name]
        if not _fits(value, wanted):
            raise ValueError(f"{field.name} cannot be {value}")
    return values


def _fits(value: object, wanted: Any) -> bool:
    if wanted is bool:
        return isinstance(value, bool)
    if value is None and wanted in (float | None, int | None):
        return True
    if wanted in (float, float | None):
        return isinstance(value, int | float) and not isinstance(value, bool) and LEAST_RATE <= value <= MOST_RATE
    if wanted in (int, int | None):
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= FARTHEST
    if wanted == tuple[int, ...]:
        return isinstance(value, list) and all(_fits(each, int) for each in value)
    if wanted == Throttle | None:
        return value is None or isinstance(value, dict)
    return isinstance(value, str)
