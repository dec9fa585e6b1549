"""What is kept of a subcluster between two steps of the recovery engine: one shape, one reader, one writer.

    Subcluster.srm --SrmState.of--> SrmState --a step--> SrmState --as_json--> Subcluster.srm

An empty object is a subcluster that the engine has never looked at. What an older version kept is read too: keys that
are no longer known are passed over, and new ones have their defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from assignments.recovery.rules.pair import Cause, Memory, Pair, Phase, Watch
from assignments.recovery.rules.relogin_window import Throttle
from topology.rules.states import StateReason


@dataclass(frozen=True, slots=True)
class FormerLimit:
    """The re-login upper limit before the latest change of it, in seconds, and the real instant of that change."""

    upper: int
    until: str


@dataclass(frozen=True, slots=True)
class SrmState:
    """What the engine remembers of a subcluster; `at` and `wake` are seconds of cluster time."""

    memory: Memory | None = None
    """The phase of the pair; None of one that was never looked at."""
    watches: Mapping[str, Watch] = field(default_factory=dict)
    """What is remembered of each node, by its key."""
    at: int = 0
    """When the latest step was."""
    wake: int | None = None
    """When the next one is due; None: when something happens."""
    run: int | None = None
    """The operation of the failover or fallback that is in progress."""
    window: tuple[int, int] | None = None
    """The re-login lower and upper limits (domain.md §4.8)."""
    window_was: FormerLimit | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> SrmState:
        """What is stored. Raises KeyError, TypeError or ValueError for what no version of the engine wrote."""
        window, was = stored.get("window"), stored.get("window_was")
        return cls(
            memory=_memory(stored.get("memory") or {}),
            watches={key: _watch(values) for key, values in (stored.get("watches") or {}).items()},
            at=int(stored.get("at") or 0),
            wake=stored.get("wake"),
            run=stored.get("run"),
            window=(window[0], window[1]) if window else None,
            window_was=FormerLimit(**was) if was else None,
        )

    @classmethod
    def after(cls, pair: Pair, **rest: Any) -> SrmState:
        """What is kept of a pair after a step; `rest` are the fields that the pair does not know."""
        return cls(pair.memory, {m.key or m.name: m.watch for m in pair.members}, **rest)

    def as_json(self) -> dict[str, Any]:
        """The shape that is stored."""
        return asdict(self)

    def moved_back(self, by: int) -> SrmState:
        """The same, as if all of it had happened so many seconds of cluster time before."""
        return replace(
            self,
            memory=self.memory and _memory_before(self.memory, by),
            watches={key: _watch_before(watch, by) for key, watch in self.watches.items()},
            at=self.at - by,
            wake=None if self.wake is None else self.wake - by,
        )

    def watch(self, key: str, now: int) -> Watch:
        """What is remembered of a node; one never seen before is watched from `now` on."""
        return self.watches.get(key) or Watch(started_at=now)


def _memory(values: Mapping[str, Any]) -> Memory | None:
    if not values:
        return None
    known: dict[str, Any] = {key: value for key, value in values.items() if key in Memory.__dataclass_fields__}
    known["phase"], known["cause"] = Phase(known["phase"]), Cause(known["cause"])
    known["why"], known["failovers"] = StateReason(known["why"]), tuple(known["failovers"])
    return Memory(**known)


def _watch(values: Mapping[str, Any]) -> Watch:
    known = {key: value for key, value in values.items() if key in Watch.__dataclass_fields__}
    throttle = known.pop("throttle", None)
    return Watch(**known, throttle=Throttle(**throttle) if throttle else None)


# --- Instants -------------------------------------------------------------------------------------
def _memory_before(memory: Memory, by: int) -> Memory:
    failovers = tuple(at - by for at in memory.failovers)
    return replace(memory, failovers=failovers, **_before(memory, ("since", "resume_at", "fell_back_at"), by))


def _watch_before(watch: Watch, by: int) -> Watch:
    names = ("started_at", "heard_at", "troubled_at", "healthy_at", "relogin_at", "interrupted_at")
    throttle = watch.throttle and replace(watch.throttle, anchor=watch.throttle.anchor - by)
    return replace(watch, throttle=throttle, **_before(watch, names, by))


def _before(kept: Memory | Watch, names: Iterable[str], by: int) -> dict[str, Any]:
    """The instants of these names, so much before; 0 and None are none."""
    return {name: at - by for name in names if (at := getattr(kept, name))}
