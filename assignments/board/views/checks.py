"""The troubleshooter: which deployment model the cluster satisfies, and every test with its problem and fix."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from assignments.board.checks import facts_of
from assignments.board.views.mending import Mending
from topology.accounts import roles
from topology.rules import checks as tests
from topology.rules import deployment
from topology.rules.check_list import FAILED, INFO, PASSED, WARNING, WORST_FIRST
from topology.structure.selectors import cluster_named
from topology.views.http import needs

LOOKS = {  # tone, icon and word of each outcome
    PASSED: ("good", "check", "Passed"),
    WARNING: ("warn", "alert", "Warning"),
    FAILED: ("bad", "x", "Failed"),
    INFO: ("mute", "info", "Information"),
}


@require_GET
@needs(roles.SEE)
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
        "counts": {word: sum(check.outcome == outcome for check in run) for outcome, (_, _, word) in LOOKS.items()},
        "at": timezone.now(),
    }
    return render(request, "board/checks.html", context)
