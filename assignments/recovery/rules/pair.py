"""What the recovery engine knows of one subcluster: its nodes, its users by count, and what it remembers.

    Pair ── one or two Members ── Truth (what is), state and reason (what is believed), Watch (what is remembered)
      ├── populations: users and signed-in users by (home, serving), as positions of the members
      ├── Memory: the phase of the pair, which member failed over, why, since when
      └── Parameters: the SRM parameters of the cluster

All instants are whole seconds of cluster time. kept.py writes what is remembered to JSON and reads it back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from assignments.recovery.rules.relogin_window import Budget, Throttle
from topology.reasons import Reason
from topology.rules.modes import DeploymentModel
from topology.rules.states import State, StateReason, Truth, serves


@dataclass(frozen=True, slots=True)
class Parameters:
    """The SRM parameters that the engine follows (domain.md §4.2); spans in seconds."""

    critical_service_delay: int = 90
    enable_automatic_fallback: bool = False
    automatic_fallback_delay: int = 1800
    automatic_fallback_hold_down: int = 3600
    automatic_fallback_from: int | None = None  # seconds of the day
    automatic_fallback_until: int | None = None
    failover_limit: int = 3
    failover_limit_hours: int = 24
    initialization_keep_alive_timeout: int = 120
    keep_alive_timeout: int = 60
    keep_alive_interval: int = 15
    relogin_lower_limit: int = 120
    second_connection_percent: int = 0  # clients that hold a connection to the backup too
    serve_beyond_capacity: bool = False
    canary_fallback: bool = False
    sign_ins_per_second: float | None = None
    done_within_minutes: float | None = None

    @property
    def budget(self) -> Budget:
        return Budget(self.sign_ins_per_second, self.done_within_minutes)

    def noticed_after(self, *, heard: bool) -> int:
        """How long it takes at most to notice that a node fails: one that is still heard, or not (domain.md §4.2)."""
        return self.critical_service_delay if heard else self.keep_alive_timeout


class Phase(StrEnum):
    """What the pair as a whole is doing."""

    OFF = "off"
    INITIALIZING = "initializing"
    NORMAL = "normal"
    FAILING_OVER = "failing_over"
    FAILED_OVER = "failed_over"
    TAKING_BACK = "taking_back"
    FAILED = "failed"


class Cause(StrEnum):
    """Why a member failed over or is taken back."""

    NONE = ""
    ADMIN = "admin"
    AUTOMATIC = "automatic"
    SERVICE = "service"
    DATABASE = "database"
    PEER_DOWN = "peer_down"
    PEER_REBOOT = "peer_reboot"
    PEER_MISSING = "peer_missing"  # not heard since the start of the other's SRM
    AUTO_SERVICE = "auto_service"  # the backup failed while the failed-over member was able to serve
    AUTO_DATABASE = "auto_database"


REASONS_OF: Mapping[Cause, StateReason] = {
    Cause.NONE: StateReason.NORMAL,
    Cause.ADMIN: StateReason.ON_ADMIN_REQUEST,
    Cause.AUTOMATIC: StateReason.AUTOMATIC_FALLBACK,
    Cause.SERVICE: StateReason.CRITICAL_SERVICE_DOWN,
    Cause.DATABASE: StateReason.DATABASE_FAILURE,
    Cause.PEER_DOWN: StateReason.PEER_DOWN,
    Cause.PEER_REBOOT: StateReason.PEER_REBOOT,
    Cause.PEER_MISSING: StateReason.PEER_DOWN_DURING_INITIALIZATION,
    Cause.AUTO_SERVICE: StateReason.AUTO_RECOVER_CRITICAL_SERVICE_DOWN,
    Cause.AUTO_DATABASE: StateReason.AUTO_RECOVER_DATABASE_FAILURE,
}


FLAPPING = 3  # interruptions without all users back in between


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of one member."""

    started_at: int = 0  # its SRM; heartbeats are counted from here
    heard_at: int | None = None  # the last heartbeat, while it is not heard; None: it is heard
    stopped: bool = False  # not heard because it or its SRM stopped, not because of the network
    lost: bool = False  # not heard for longer than the timeout
    restarted: bool = False  # its SRM started again in this phase
    troubled_at: int | None = None  # since when a critical service or the database is down
    healthy_at: int | None = None  # since when it is heard and everything runs
    serving: bool = True
    stopped_by_hand: bool = False  # its services, by a failover by hand; until a fallback by hand (domain.md §4.6)
    relogin_at: int = 0  # its disconnected clients do not sign in before this
    throttle: Throttle | None = None  # of those who sign in here
    interruptions: int = 0  # how often it stopped serving, each time before all of its users were back
    interrupted_at: int = 0  # the first of them

    @property
    def flapping(self) -> bool:
        """Whether it stops serving more often than its clients can return."""
        return self.interruptions >= FLAPPING


ALL_WELL = Truth()


@dataclass(frozen=True, slots=True)
class Member:
    """A node of the pair: what it is, how it really is, what is believed of it."""

    name: str
    capacity: int
    profile: int
    truth: Truth = ALL_WELL
    state: State = State.UNKNOWN
    reason: StateReason = StateReason.HIGH_AVAILABILITY_NOT_ENABLED
    watch: Watch = Watch()
    key: str = ""  # names it in what is kept; a node may be renamed
    maintenance: int | None = None  # a person works on it until then (domain.md §4.9)

    @property
    def serves(self) -> bool:
        return serves(self.state, self.truth) and not self.watch.stopped_by_hand


@dataclass(frozen=True, slots=True)
class Memory:
    """The phase of the pair; `side` is the member that failed over, while one did."""

    phase: Phase = Phase.OFF
    side: int = 0
    cause: Cause = Cause.NONE
    why: StateReason = StateReason.NORMAL  # of failed mode
    since: int = 0
    full: bool = False  # users wait for room on the backup
    asked: bool = False  # a person was asked to fall back
    held: bool = False  # history says that maintenance held a failover back
    per_second: float | None = None  # budget of this transition alone, given while it ran
    minutes: float | None = None
    canary: int = 0  # stage of a canary fallback
    resume_at: int = 0  # when the next stage of it may begin
    to_move: int = 0  # users when the transition began
    failovers: tuple[int, ...] = ()  # when automatic failovers began, the latest ones
    fell_back_at: int | None = None  # the end of the last automatic fallback

    @property
    def budget(self) -> Budget:
        """What was given while the transition ran; without either, the policy's counts."""
        return Budget(self.per_second, self.minutes)


Populations = Mapping[tuple[int, int], tuple[int, int]]  # (home, serving) -> (users, signed in)


@dataclass(frozen=True, slots=True)
class Pair:
    """One subcluster as the recovery engine sees it; members in the order of their slots."""

    name: str
    members: tuple[Member, ...]
    populations: Populations
    ha: bool = False
    model: str = DeploymentModel.BALANCED_REDUNDANT
    parameters: Parameters = field(default_factory=Parameters)
    memory: Memory = Memory()

    @property
    def out_of_service(self) -> int:
        """Users who lost the connection and have not signed in again, on any node."""
        return sum(users - signed for users, signed in self.populations.values())

    @property
    def signing_in(self) -> bool:
        """Whether people sign in one after the other at a member, or wait for the lower limit to do so."""
        return any(m.serves and m.watch.throttle is not None for m in self.members)

    def home(self, i: int) -> int:
        return sum(n for (home, _), (n, _) in self.populations.items() if home == i)

    def serving(self, i: int) -> int:
        return sum(n for (_, at), (n, _) in self.populations.items() if at == i)

    def position(self, name: str) -> int:
        """Where a member of this name stands; raises ValueError."""
        return [m.name for m in self.members].index(name)


class BatchKind(StrEnum):
    """What happens to the users of a batch."""

    SIGN_OUT = "sign_out"
    SIGN_IN = "sign_in"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Batch:
    """`users` people of one home, served at `source`, who sign out, sign in there, or move to `target` and sign in.

    `waiting` of them are not signed in when the batch begins.
    """

    kind: BatchKind
    home: int
    source: int
    target: int
    users: int
    waiting: int = 0
    throttle: Throttle | None = None  # that of the target before this batch: it says when each of them signed in

    def sign_ins(self) -> Iterator[tuple[int, int]]:
        """The seconds in which people of this batch signed in, and how many did in each."""
        return iter(()) if self.throttle is None else self.throttle.seconds(self.users)


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the log: a code, its facts, the pair as it was then; `progress` marks a batch of many."""

    at: int
    why: Reason
    facts: Mapping[str, Any]
    nodes: Mapping[str, Mapping[str, Any]]
    out_of_service: int
    served: Mapping[str, int]  # signed in at each member then
    member: int | None = None
    progress: bool = False
    repeated: bool = False  # one of many of a flapping node, told once by NODE_FLAPPING


@dataclass(frozen=True, slots=True)
class Change:
    """A member's new state and reason."""

    member: int
    state: State
    reason: StateReason


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step decided: the pair afterwards, what to write, what to tell, when to come again (None: when told).

    `even` are the next instants at which nothing happens but that more people of one group sign in at one member: a
    step at any of them may be left out, for the one after it brings the same people in.
    """

    pair: Pair
    changes: tuple[Change, ...] = ()
    batches: tuple[Batch, ...] = ()
    events: tuple[Happening, ...] = ()
    next_wake: int | None = None
    even: range = range(0)


def picture_of_pair(pair: Pair) -> dict[str, dict[str, Any]]:
    """State, reason and counts of each member, as a line of the log shows them."""
    return {
        m.name: {"state": m.state.value, "reason": m.reason.value, "home": pair.home(i), "serving": pair.serving(i)}
        for i, m in enumerate(pair.members)
    }


def served_by_member(pair: Pair) -> dict[str, int]:
    """Who is in service at each member: signed in there, while it serves."""
    return {
        m.name: sum(n for (_, at), (_, n) in pair.populations.items() if at == i and serves(m.state, m.truth))
        for i, m in enumerate(pair.members)
    }
