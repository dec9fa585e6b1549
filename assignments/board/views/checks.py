"""The troubleshooter: which deployment model the cluster satisfies, and every test with its problem and fix."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from assignments.board.checks import facts_of
from assignments.board.views.mending import Mending
from topology.accounts import roles
from topology.reasons.words import counted
from topology.rules import checks as tests
from topology.rules import deployment
from topology.rules.check_list import FAILED, INFO, PASSED, WARNING, WORST_FIRST, Check
from topology.structure.selectors import cluster_named
from topology.views.http import needs_role

LOOKS = {  # tone, icon and word of each outcome
    PASSED: ("good", "check", "Passed"),
    WARNING: ("warn", "alert", "Warning"),
    FAILED: ("bad", "x", "Failed"),
    INFO: ("mute", "info", "Information"),
}
COUNTED = {
    PASSED: "passed|passed",
    WARNING: "warning",
    FAILED: "failed|failed",
    INFO: "for information|for information",
}


@require_GET
@needs_role(roles.SEE)
def checks(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Everything is looked at anew each time the page is opened; what is wrong stands first."""
    cluster = cluster_named(cluster_name)
    facts = facts_of(cluster)
    run = sorted(tests.run(facts), key=lambda check: WORST_FIRST.index(check.outcome))
    may = {"operates": roles.may(request.user, roles.OPERATE), "administers": roles.may(request.user, roles.ADMINISTER)}
    mending = Mending(cluster, **may)
    context = {
        "cluster": cluster,
        "place": "checks",
        "fits": deployment.judge(facts),
        "checks": [(check, *LOOKS[check.outcome], mending.of(check)) for check in run],
        "counts": counts(run),
        "at": timezone.now(),
    }
    return render(request, "board/checks.html", context)


def counts(run: list[Check]) -> list[str]:
    """How many tests had each outcome: "14 passed", "2 warnings"."""
    tests_by_outcome = {outcome: sum(check.outcome == outcome for check in run) for outcome in LOOKS}
    return [counted(number, COUNTED[outcome]) for outcome, number in tests_by_outcome.items() if number]
