"""Who is served where, the counts of it, and the runs that change it; one file a table."""

from assignments.models.assignment import Assignment, Listing, Population
from assignments.models.directory import (
    ChangeKind,
    DirectoryAgreement,
    DirectoryChange,
    DirectoryPerson,
    DirectoryRun,
    DirectorySkipped,
    RunState,
)
from assignments.models.former_user import FormerUser, UserChange
from assignments.models.load_sample import LoadSample
from assignments.models.operation import ACTIVE, RECOVERIES, RUNS, Kind, Move, Operation, Progress, SubclusterLock
from assignments.models.peer import Peer, PeerCertificate, PeerFault, ReportedUser
from assignments.models.pin import Pin
from assignments.models.plan import Approval, Goal, Plan, PlannedMove
from assignments.models.run_policy import RunPolicy
from assignments.models.saved_view import MAX_NAME, MAX_QUERY, SavedView
from assignments.models.simulation import Simulation
from assignments.models.target_progress import TargetProgress

__all__ = [
    "ACTIVE",
    "MAX_NAME",
    "MAX_QUERY",
    "RECOVERIES",
    "RUNS",
    "Approval",
    "Assignment",
    "ChangeKind",
    "DirectoryAgreement",
    "DirectoryChange",
    "DirectoryPerson",
    "DirectoryRun",
    "DirectorySkipped",
    "FormerUser",
    "Goal",
    "Kind",
    "Listing",
    "LoadSample",
    "Move",
    "Operation",
    "Peer",
    "PeerCertificate",
    "PeerFault",
    "Pin",
    "Plan",
    "PlannedMove",
    "Population",
    "Progress",
    "ReportedUser",
    "RunPolicy",
    "RunState",
    "SavedView",
    "Simulation",
    "SubclusterLock",
    "TargetProgress",
    "UserChange",
]
