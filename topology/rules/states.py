"""States and reasons of a node, and whether a node in that state serves users.

Names are the product's in snake case (domain.md §4.3, §4.4). A state has one label, one colour and one
icon, decided here and nowhere else.

A healthy pair, a failover and the way back:

    normal / normal
        -> failing_over / taking_over -> idle | failed_over… / running_in_backup_mode
        -> taking_back / falling_back -> normal / normal
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What the Server Recovery Manager says of a node (domain.md §4.3)."""

    INITIALIZING = "initializing"
    IDLE = "idle"
    NORMAL = "normal"
    RUNNING_IN_BACKUP_MODE = "running_in_backup_mode"
    TAKING_OVER = "taking_over"
    FAILING_OVER = "failing_over"
    FAILED_OVER = "failed_over"
    FAILED_OVER_CSNR = "failed_over_critical_services_not_running"
    FALLING_BACK = "falling_back"
    TAKING_BACK = "taking_back"
    RUNNING_IN_FAILED_MODE = "running_in_failed_mode"
    UNKNOWN = "unknown"
    BACKUP_ACTIVATED = "backup_activated"
    FAILOVER_AFFECTED_SERVICES = "failover_affected_services"


class StateReason(StrEnum):
    """Why a node is in its state (domain.md §4.4)."""

    NORMAL = "normal"
    ON_ADMIN_REQUEST = "on_admin_request"
    INITIALIZATION = "initialization"
    AUTOMATIC_FALLBACK = "automatic_fallback"
    CRITICAL_SERVICE_DOWN = "critical_service_down"
    DATABASE_FAILURE = "database_failure"
    START_OF_CRITICAL_SERVICES_FAILED = "start_of_critical_services_failed"
    PEER_DOWN = "peer_down"
    PEER_REBOOT = "peer_reboot"
    PEER_DOWN_DURING_INITIALIZATION = "peer_down_during_initialization"
    TAKE_OVER_USERS_FAILED = "take_over_users_failed"
    TAKE_BACK_USERS_FAILED = "take_back_users_failed"
    UNKNOWN = "unknown"
    AUTO_RECOVER_DATABASE_FAILURE = "auto_recover_database_failure"
    AUTO_RECOVER_CRITICAL_SERVICE_DOWN = "auto_recover_critical_service_down"
    HIGH_AVAILABILITY_NOT_ENABLED = "high_availability_not_enabled"


# Services whose failure makes a node fail over (domain.md §4.1).
CRITICAL_SERVICES = (
    "Cisco Client Profile Agent",
    "Cisco Sync Agent",
    "Cisco XCP Router",
    "Cisco SIP Proxy",
    "Cisco Presence Engine",
    "Cisco XCP Text Conference Manager",
)
# Watches the peer and sends heartbeats; without it users are served, but the peer hears nothing.
RECOVERY_MANAGER = "Cisco Server Recovery Manager"
# Services whose failure changes nothing for users or recovery, so that a fault may name any service of the product.
OTHER_SERVICES = (
    "Cisco XCP Connection Manager",
    "Cisco XCP Authentication Service",
    "Cisco XCP Web Connection Manager",
    "Cisco XCP Message Archiver",
    "Cisco XCP SIP Federation Connection Manager",
    "Cisco XCP XMPP Federation Connection Manager",
    "Cisco XCP Directory Service",
    "Cisco XCP Config Manager",
    "Cisco XCP File Transfer Manager",
    "Cisco Intercluster Sync Agent",
    "Cisco Config Agent",
    "Cisco OAM Agent",
    "Cisco Presence Datastore",
    "Cisco Login Datastore",
    "Cisco Route Datastore",
    "Cisco SIP Registration Datastore",
    "Cisco IM and Presence Data Monitor",
)
SERVICES = (*CRITICAL_SERVICES, RECOVERY_MANAGER, *OTHER_SERVICES)

# Idle, the two Failed Over and Failing Over give no presence or IM (domain.md §4.3). In the others whatever runs,
# serves: a pair in failed mode cannot move users, but nothing disconnects those who are signed in.
SERVING_STATES = frozenset(
    {
        State.NORMAL,
        State.RUNNING_IN_BACKUP_MODE,
        State.TAKING_OVER,
        State.FALLING_BACK,
        State.TAKING_BACK,
        State.BACKUP_ACTIVATED,
        State.RUNNING_IN_FAILED_MODE,
        State.UNKNOWN,
        State.INITIALIZING,
    }
)

# A node in any other state is on the way from or to a failover, or rests in one.
STEADY_STATES = frozenset({State.NORMAL, State.UNKNOWN, State.INITIALIZING})


@dataclass(frozen=True, slots=True)
class Truth:
    """The ground truth of a simulated node, changed only by faults and repairs."""

    power: bool = True
    network: bool = True
    database: bool = True
    failed_services: frozenset[str] = frozenset()

    @property
    def up(self) -> bool:
        """Reachable and with everything running that users need."""
        return self.power and self.network and self.database and not self.failed_critical

    @property
    def failed_critical(self) -> frozenset[str]:
        """The failed services that users need."""
        return self.failed_services & _CRITICAL if self.failed_services else self.failed_services

    @property
    def heard(self) -> bool:
        """Whether its Server Recovery Manager runs and its heartbeats get through."""
        return self.power and self.network and RECOVERY_MANAGER not in self.failed_services


_CRITICAL = frozenset(CRITICAL_SERVICES)


def serves(state: str, truth: Truth) -> bool:
    """Whether users whose serving node this is are in service now."""
    return truth.up and state in SERVING_STATES


@dataclass(frozen=True)
class Look:
    """How a state is shown: a word, a tone of the palette and an icon, always all three."""

    label: str
    tone: str  # good | busy | warn | bad | mute
    icon: str  # name of a symbol in static/img/icons.svg


LOOKS: dict[State, Look] = {
    State.NORMAL: Look("Normal", "good", "check"),
    State.INITIALIZING: Look("Initializing", "busy", "loader"),
    State.IDLE: Look("Idle", "warn", "pause"),
    State.RUNNING_IN_BACKUP_MODE: Look("Running in Backup Mode", "warn", "shield"),
    State.TAKING_OVER: Look("Taking Over", "busy", "arrow-in"),
    State.FAILING_OVER: Look("Failing Over", "busy", "arrow-out"),
    State.FAILED_OVER: Look("Failed Over", "warn", "arrow-out"),
    State.FAILED_OVER_CSNR: Look("Failed Over with Critical Services Not Running", "bad", "x"),
    State.FALLING_BACK: Look("Falling Back", "busy", "arrow-out"),
    State.TAKING_BACK: Look("Taking Back", "busy", "arrow-in"),
    State.RUNNING_IN_FAILED_MODE: Look("Running in Failed Mode", "bad", "x"),
    State.UNKNOWN: Look("Unknown", "mute", "question"),
    State.BACKUP_ACTIVATED: Look("Backup Activated", "warn", "shield"),
    State.FAILOVER_AFFECTED_SERVICES: Look("Failover Affected Services", "warn", "alert"),
}


class Condition(StrEnum):
    """What people feel of a node, whatever its recovery manager believes by now; the worst first."""

    NOT_SERVING = "not serving"
    DEGRADED = "degraded"
    UNPROTECTED = "HA off"
    SERVING = "serving"


CONDITION_LOOKS: dict[Condition, Look] = {
    Condition.NOT_SERVING: Look("Not serving", "bad", "x"),
    Condition.DEGRADED: Look("Degraded", "warn", "alert"),
    Condition.UNPROTECTED: Look("Serving, HA off", "mute", "shield-off"),
    Condition.SERVING: Look("Serving", "good", "check"),
}


def condition(state: str, *, serves: bool, broken: bool, out: int, protected: bool) -> Condition:
    """The condition of a node that serves or not, is broken or not, with so many of its own users without service.

    One that stands still on purpose while its peer serves all its users is degraded and no more.
    """
    if not serves:
        return Condition.NOT_SERVING if broken or out else Condition.DEGRADED
    if out or state not in STEADY_STATES or (protected and state == State.UNKNOWN):
        return Condition.DEGRADED
    return Condition.SERVING if protected else Condition.UNPROTECTED


def look_of(state: str, felt: Condition) -> Look:
    """How a node is shown: the product's word for its state, in the colour of what people feel."""
    said, feels = LOOKS[State(state)], CONDITION_LOOKS[felt]
    if felt is Condition.SERVING:
        return said if said.tone in ("good", "busy") else Look(said.label, feels.tone, feels.icon)
    own_icon = felt is Condition.DEGRADED and said.tone not in ("good", "mute")  # says how it is degraded
    return Look(said.label, feels.tone, said.icon if own_icon else feels.icon)


REASON_LABELS: dict[StateReason, str] = {
    StateReason.TAKE_OVER_USERS_FAILED: "Cisco Server Recovery Manager Take Over Users Failed",
    StateReason.TAKE_BACK_USERS_FAILED: "Cisco Server Recovery Manager Take Back Users Failed",
    StateReason.START_OF_CRITICAL_SERVICES_FAILED: "Start of Critical Services Failed",
    StateReason.ON_ADMIN_REQUEST: "On Admin Request",
    StateReason.PEER_DOWN_DURING_INITIALIZATION: "Peer Down During Initialization",
}


def reason_label(reason: str) -> str:
    """The product's words for a reason."""
    return REASON_LABELS.get(StateReason(reason), reason.replace("_", " ").title())
