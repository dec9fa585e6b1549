"""A budget for signing in again, as a person or the policy gives it."""

from assignments.recovery.rules.relogin_window import Budget
from topology.structure.policy import checked, demand_one_budget


def checked_budget(per_second: float | None, minutes: float | None) -> Budget:
    """A budget within the ranges of the policy, of one kind; raises Refused."""
    demand_one_budget(per_second, minutes)
    return Budget(checked("sign_ins_per_second", per_second), checked("done_within_minutes", minutes))
