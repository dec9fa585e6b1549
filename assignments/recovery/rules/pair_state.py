"""The working copy of a pair during one step: what may be asked of it and what may be done to it.

A step takes a Pair apart, changes the pieces here, and puts a new Pair together at its end. A question that depends
on time is asked with `due(at)`, which also notes when to come again; so the next wake follows from the questions.
"""

from bisect import bisect_left
from dataclasses import replace
from typing import Any

from assignments.recovery.rules.pair import (
    REASONS_OF,
    Batch,
    BatchKind,
    Cause,
    Change,
    Happening,
    Memory,
    Outcome,
    Pair,
    Phase,
    Watch,
    picture_of_pair,
    served_by_member,
)
from assignments.recovery.rules.relogin_window import Budget, Throttle, pair_window
from topology.reasons import (
    FAULT_INJECTED,
    FAULT_REPAIRED,
    NODE_RECONNECTED,
    NODE_RETURNED,
    NODE_STATE_CHANGED,
    USERS_DISCONNECTED,
    USERS_SIGNED_IN,
    Reason,
)
from topology.rules.states import LOOKS, RECOVERY_MANAGER, State, StateReason, Truth, reason_label, serves

REPEATED = (
    FAULT_INJECTED,
    FAULT_REPAIRED,
    NODE_RECONNECTED,
    NODE_RETURNED,
    NODE_STATE_CHANGED,
    USERS_DISCONNECTED,
    USERS_SIGNED_IN,
)  # what a flapping node brings again and again


class PairState:
    """One pair under work at one instant of cluster time."""

    def __init__(self, pair: Pair, now: int) -> None:
        self.before, self.now = pair, now
        self.members = range(len(pair.members))
        self.memory: Memory = pair.memory
        self.ha = pair.ha
        self.parameters = pair.parameters
        self.truth: list[Truth] = [m.truth for m in pair.members]
        self.states: list[tuple[State, StateReason]] = [(m.state, m.reason) for m in pair.members]
        self.watches: list[Watch] = [m.watch for m in pair.members]
        self.maintenance: list[int | None] = [m.maintenance for m in pair.members]
        self.cells: dict[tuple[int, int], tuple[int, int]] = {k: v for k, v in pair.populations.items() if v[0]}
        self.told = list(self.states)  # what the log says they are
        self.batches: list[Batch] = []
        self.events: list[Happening] = []
        self.noted: list[tuple[Reason, int, bool, dict[str, Any]]] = []
        self.wakes: list[int] = []
        self.next_batches: list[int] = []
        self.flows: list[range] = []  # the next batches of the group whose turn it is, where people sign in
        self.returned: set[int] = set()  # SRM started in this step
        self.reconnected: set[int] = set()  # only its network came back in this step

    # --- Questions ----------------------------------------------------------------------------
    def known(self) -> tuple[Any, ...]:
        """All that a decision may change, as it is now."""
        return self.memory, self.states.copy(), self.watches.copy(), self.cells.copy(), self.maintenance.copy()

    @property
    def phase(self) -> Phase:
        return self.memory.phase

    @property
    def failed(self) -> int:
        """The member that failed over, or fails over."""
        return self.memory.side

    @property
    def backup(self) -> int:
        return 1 - self.memory.side

    @property
    def by_hand(self) -> bool:
        """Whether a person asked for the failover; services then stay stopped until a fallback."""
        return self.memory.cause is Cause.ADMIN

    @property
    def held(self) -> int | None:
        """The member that a person works on; nothing begins by itself meanwhile (domain.md §4.9)."""
        return next((i for i in self.members if self.maintenance[i] is not None), None)

    def name(self, i: int) -> str:
        return self.before.members[i].name

    def due(self, at: int) -> bool:
        """Whether an instant has come; if not, the step after this one is at that instant or before."""
        if self.now < at:
            self.wakes.append(at)
        return self.now >= at

    def heard(self, i: int) -> bool:
        return self.truth[i].heard

    def able(self, i: int) -> bool:
        """Heard, and everything runs that users need."""
        return self.truth[i].heard and self.truth[i].up and not self.watches[i].stopped_by_hand

    def serves(self, i: int) -> bool:
        return serves(self.states[i][0], self.truth[i]) and not self.watches[i].stopped_by_hand

    def silence_over(self, i: int) -> int:
        """When the other member gives up waiting for a heartbeat of this one (domain.md §4.2)."""
        heard = self.watches[i].heard_at
        heard = self.now if heard is None else heard
        started = self.watches[1 - i].started_at
        if started > heard:
            return started + self.parameters.initialization_keep_alive_timeout
        return heard + self.parameters.keep_alive_timeout

    def trouble_over(self, i: int) -> int:
        """When a critical service or the database of a member has been down for too long."""
        troubled = self.watches[i].troubled_at
        return (self.now if troubled is None else troubled) + self.parameters.critical_service_delay

    def trouble_cause(self, i: int) -> Cause:
        return Cause.SERVICE if self.truth[i].database else Cause.DATABASE

    def gone(self, i: int) -> Cause:
        """Gone altogether, or alive and not heard (domain.md §4.4, rows 16 and 17)."""
        return Cause.PEER_DOWN if self.truth[i].power else Cause.PEER_REBOOT

    def silence_cause(self, i: int) -> Cause:
        """Why the other member takes over from one that is not heard (domain.md §4.4, rows 16 to 18)."""
        heard = self.watches[i].heard_at
        late = heard is not None and self.watches[1 - i].started_at > heard
        return Cause.PEER_MISSING if late else self.gone(i)

    def trouble(self, i: int) -> str:
        """What is wrong with a member, in words; empty when nothing is."""
        return describe_trouble(self.truth[i])

    def serving(self, i: int) -> int:
        return sum(n for (_, at), (n, _) in self.cells.items() if at == i)

    def signed_in(self, i: int) -> int:
        return sum(s for (_, at), (_, s) in self.cells.items() if at == i)

    def room(self, i: int) -> int:
        """How many more users a backup takes (domain.md §3)."""
        if self.parameters.serve_beyond_capacity:
            return sum(n for n, _ in self.cells.values())
        return max(0, self.before.members[i].capacity - self.serving(i))

    def room_for_guests(self, i: int) -> int:
        """The same beside those who are at home on it and still to come: they come back whatever it holds."""
        own, _ = self.cells.get((i, 1 - i), (0, 0))
        return self.room(i) if self.parameters.serve_beyond_capacity else max(0, self.room(i) - own)

    def computed_rate(self) -> float:
        """Sign-ins per second that the re-login window makes (domain.md §4.8)."""
        profiles = [m.profile for m in self.before.members]
        homes = [self.before.home(i) for i in self.members]
        p = self.parameters
        model, second = self.before.model, p.second_connection_percent
        return pair_window(profiles, model, homes, p.relogin_lower_limit, second).rate

    @property
    def budget(self) -> Budget:
        """The budget of this transition, if one was given while it ran, else that of the policy."""
        given = self.memory.budget
        return given if given.per_second or given.minutes else self.parameters.budget

    def rate(self, users: int) -> float:
        """Sign-ins per second under the budget, for so many users."""
        return self.budget.rate(self.computed_rate(), users)

    # --- Changes ------------------------------------------------------------------------------
    def remember(self, **values: Any) -> None:
        self.memory = replace(self.memory, **values)

    def watch(self, i: int, **values: Any) -> None:
        watch = self.watches[i]
        if any(getattr(watch, name) != value for name, value in values.items()):
            self.watches[i] = replace(watch, **values)

    def show(self, i: int, state: State, reason: StateReason) -> None:
        self.states[i] = (state, reason)

    def show_all(self, state: State, reason: StateReason) -> None:
        for i in self.members:
            self.show(i, state, reason)

    def enter(self, phase: Phase, **values: Any) -> None:
        """Begin a phase; a throttle at work goes on, for what is due depends on time alone."""
        self.remember(phase=phase, since=self.now, full=False, asked=False, held=False)
        self.remember(canary=0, resume_at=0, to_move=0, per_second=None, minutes=None)
        self.remember(**values)
        for i in self.members:
            self.watch(i, restarted=False)
            if self.budget.minutes and phase in (Phase.FAILING_OVER, Phase.TAKING_BACK):
                self.watch(i, throttle=None)  # so many minutes are for the users of this transition

    def forget_what_is_new(self) -> None:
        """What came back in this step has been looked at."""
        self.returned.clear()
        self.reconnected.clear()
        for i in self.members:
            if self.watches[i].lost and self.heard(i):
                self.watch(i, lost=False)

    def sign_out(self, i: int) -> int:
        """All who are signed in at a member lose their connection; answers how many."""
        lost = 0
        for (home, at), (users, signed) in self.cells.items():
            if at == i and signed:
                self.cells[home, at] = (users, 0)
                self.batches.append(Batch(BatchKind.SIGN_OUT, home, i, i, signed))
                lost += signed
        return lost

    def sign_in(self, home: int, at: int, users: int, throttle: Throttle) -> None:
        total, signed = self.cells[home, at]
        self.cells[home, at] = (total, signed + users)
        self.batches.append(Batch(BatchKind.SIGN_IN, home, at, at, users, users, throttle))

    def move(
        self, home: int, source: int, target: int, users: int, throttle: Throttle | None, *, waiting: bool
    ) -> None:
        """Users leave a member and sign in at another: of those who are not signed in, or of those who are.

        Without a throttle they hold a connection to the other one already.
        """
        total, signed = self.cells[home, source]
        self.cells[home, source] = (total - users, signed if waiting else signed - users)
        there, in_there = self.cells.get((home, target), (0, 0))
        self.cells[home, target] = (there + users, in_there + users)
        left = users if waiting else 0
        self.batches.append(Batch(BatchKind.MOVE, home, source, target, users, left, throttle))

    def say(self, why: Reason, member: int | None = None, *, progress: bool = False, **facts: Any) -> None:
        """Note one line of the log with the pair as it is now."""
        pair, self.told = self.freeze(), list(self.states)
        about = {"subcluster": pair.name} | ({"node": self.name(member)} if member is not None else {})
        self.events.append(
            Happening(
                self.now,
                why,
                about | facts,
                picture_of_pair(pair),
                pair.out_of_service,
                served_by_member(pair),
                member,
                progress,
                repeated=why in REPEATED and member is not None and self.watches[member].flapping,
            )
        )

    def note(self, why: Reason, member: int, *, progress: bool = False, **facts: Any) -> None:
        """Keep a line until everything of this instant that it counts with has happened."""
        self.noted.append((why, member, progress, facts))

    def say_noted(self) -> None:
        for why, member, progress, facts in self.noted:
            self.say(why, member, progress=progress, **facts)
        self.noted.clear()

    def say_untold(self) -> None:
        """A line for each state that changed and that no line has shown yet."""
        for i in self.members:
            if self.states[i] != self.told[i]:
                state, reason = self.states[i]
                self.say(NODE_STATE_CHANGED, i, state=LOOKS[state].label, cause=reason_label(reason))

    # --- The end ------------------------------------------------------------------------------
    def freeze(self) -> Pair:
        """The pair as it is now."""
        members = tuple(
            replace(m, truth=truth, state=state, reason=reason, watch=watch, maintenance=until)
            for m, truth, (state, reason), watch, until in zip(
                self.before.members, self.truth, self.states, self.watches, self.maintenance, strict=True
            )
        )
        cells = {key: counts for key, counts in self.cells.items() if counts[0]}
        return replace(self.before, members=members, populations=cells, ha=self.ha, memory=self.memory)

    def outcome(self) -> Outcome:
        changes = tuple(
            Change(i, *shown)
            for i, (shown, old) in enumerate(zip(self.states, self.before.members, strict=True))
            if shown != (old.state, old.reason)
        )
        turn = min((max(at, self.now + 1) for at in self.wakes), default=None)
        wake = min([*self.next_batches, *([] if turn is None else [turn])], default=None)
        return Outcome(self.freeze(), changes, tuple(self.batches), tuple(self.events), wake, self._even(turn))

    def _even(self, turn: int | None) -> range:
        """The batches of the one flow at work, until its group is through or anything else is due.

        Two flows at once may draw on each other's people, or fill a member while they empty it.
        """
        even = self.flows[0] if len(self.flows) == 1 else range(0)
        return even if turn is None else even[: bisect_left(even, turn)]


def reason_in_words(cause: Cause) -> str:
    """A cause as the product names it, for a sentence."""
    return reason_label(REASONS_OF[cause])


def describe_trouble(truth: Truth) -> str:
    """What is wrong, in words; empty when nothing is."""
    if not truth.power:
        return "power is off"
    wrong = [] if truth.network else ["a network partition cuts it off, though it is alive"]
    wrong += [] if truth.database else ["the database is down"]
    wrong += [f"{name} is stopped" for name in sorted(truth.failed_critical)]
    wrong += [f"{RECOVERY_MANAGER} is stopped"] if RECOVERY_MANAGER in truth.failed_services else []
    return ", ".join(wrong)
