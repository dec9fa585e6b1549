"""Reasons: what is kept, and for how long."""

from topology.reasons.reason import NEWS, WARNING, add

RETENTION_REMOVED = add(
    "RETENTION_REMOVED",
    "Removed what is no longer kept: {said}. Events were first written to {files:file}.",
    level=NEWS,
)
RETENTION_WAITS = add(
    "RETENTION_WAITS",
    "Nothing more is removed while a failover or fallback moves users.",
    "It continues by itself; from the command line, run the command again.",
    WARNING,
)
RETENTION_CONTINUES = add(
    "RETENTION_CONTINUES",
    "The time for one run is over; there is more to remove.",
    "It continues by itself; from the command line, run the command again.",
    WARNING,
)
RETENTION_ELSEWHERE = add(
    "RETENTION_ELSEWHERE",
    "Another process is removing old rows.",
    "Wait until it has finished.",
    WARNING,
)
ARCHIVE_NOT_WRITTEN = add(
    "ARCHIVE_NOT_WRITTEN",
    "Events cannot be written to {folder}, so none were removed: {problem}.",
    "Make ARCHIVE_DIR a folder that the worker may write to and that has room.",
)
PLAN_ROWS_GONE = add(
    "PLAN_ROWS_GONE",
    "The rows of this plan were removed: they are kept for {days:day}.",
    "Make a new plan.",
)
UNDO_TOO_LATE = add(
    "UNDO_TOO_LATE",
    "Operation {operation} could be undone until {until}; its moves are no longer kept.",
    "Make a new plan.",
)
