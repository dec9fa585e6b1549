"""Reasons: approvals."""

from topology.reasons.reason import NEWS, add

PLAN_NOT_APPROVED = add(
    "PLAN_NOT_APPROVED",
    "Plan {hash} by {author} needs the approval of a second person before it runs.",
    "Ask another operator to open Operations and approve it.",
)
APPROVAL_OWN = add(
    "APPROVAL_OWN",
    "Plan {hash} is by {author}, who cannot approve it too.",
    "Ask another operator to approve it.",
)
PLAN_APPROVED = add("PLAN_APPROVED", "{actor} approved plan {hash} by {author}: {moves:move}.", level=NEWS)
