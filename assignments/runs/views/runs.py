"""Plans and runs: make a plan and look at it, run it, watch and steer the run, undo it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from assignments.models import Approval, Goal, Kind, Operation, Plan, Progress
from assignments.planning import approvals, plans
from assignments.retention.kept import undo_until
from assignments.runs import operations, selectors, wait_reasons
from assignments.users import undo as users_undo
from topology import reasons
from topology.accounts import pseudonyms, roles
from topology.live import health
from topology.reasons import Refused, Said
from topology.structure.selectors import cluster_named
from topology.templatetags.console import span
from topology.views.answers import toast
from topology.views.http import needs, to_dialog
from topology.views.reading import number, number_in

RUNS = (Kind.MOVE.value, Kind.REBALANCE.value)
LEFT_SHOWN = 20  # users whom an undo leaves as they are, in its dialog
SHOWN_AFTER_END = timedelta(seconds=45)
ICONS = {
    Kind.MOVE: "move",
    Kind.REBALANCE: "balance",
    Kind.FAILOVER: "arrow-out",
    Kind.FAILBACK: "arrow-in",
    Kind.IMPORT: "upload",
    Kind.REMOVAL: "user-off",
}
LOOKS = {
    Progress.QUEUED: ("mute", "clock"),
    Progress.RUNNING: ("busy", "loader"),
    Progress.PAUSED: ("warn", "pause"),
    Progress.FINISHED: ("good", "check"),
    Progress.CANCELLED: ("mute", "x"),
    Progress.FAILED: ("bad", "x"),
}


@dataclass(frozen=True)
class Run:
    """An operation as the page shows it, at one moment."""

    operation: Operation
    now: datetime

    @property
    def icon(self) -> str:
        return ICONS[Kind(self.operation.kind)]

    @property
    def tone(self) -> str:
        return LOOKS[Progress(self.operation.state)][0]

    @property
    def state_icon(self) -> str:
        return LOOKS[Progress(self.operation.state)][1]

    @property
    def title(self) -> str:
        """What it is: the goal of its plan, or the kind, with the node it is about."""
        operation = self.operation
        if operation.kind in RUNS and operation.plan and operation.plan.goal not in (Goal.MOVE, Goal.BALANCE):
            word = Goal(operation.plan.goal).label
        else:
            word = operation.get_kind_display()
        ends = [node.short_name for node in (operation.from_node, operation.to_node) if node]
        return f"{word} {' → '.join(ends)}".strip() if ends else str(word)

    @property
    def left(self) -> int:
        return self.operation.total - self.operation.done - self.operation.skipped

    @property
    def wait(self) -> Said | None:
        """Why nothing moves now, and what to do."""
        return wait_reasons.why(self.operation, self.now)

    @property
    def stalled(self) -> datetime | None:
        """Since when it stands still although it should go on: nobody works on it (real time)."""
        if self.operation.state not in (Progress.QUEUED, Progress.RUNNING):
            return None
        since = health.stalled_since(self.now)
        if since is None and self.is_ours:
            since = self.operation.heartbeat_at or self.operation.created_at
            since = since if self.now - since > health.LATE else None
        return max(since, self.operation.created_at) if since else None

    @property
    def window(self) -> str:
        """The window of the cluster's runs; "" when it has none."""
        window = wait_reasons.window_of(self.operation.cluster)
        return "" if window.always else str(window)

    @property
    def is_ours(self) -> bool:
        """Whether it can be paused and undone: recovery runs the others."""
        return self.operation.kind in RUNS

    @property
    def pausable(self) -> bool:
        return self.is_ours and self.operation.state in (Progress.QUEUED, Progress.RUNNING)

    @property
    def resumable(self) -> bool:
        return self.is_ours and self.operation.state == Progress.PAUSED

    @property
    def undoable(self) -> bool:
        return self.can_be_undone and (self.undo_until is None or self.now < self.undo_until)

    @property
    def can_be_undone(self) -> bool:
        """Whether it did something that an undo takes back, as long as that is kept."""
        ours = self.operation.undo_of_id is None if self.of_people else self.is_ours
        return ours and not self.operation.active and self.operation.done > 0

    @property
    def undo_until(self) -> datetime | None:
        """Until when it can be undone (real time); None: as long as it stands here."""
        return undo_until(self.operation)

    @property
    def of_people(self) -> bool:
        """Whether it brought users in or took them out: it is undone at once, without a plan."""
        return self.operation.kind in users_undo.UNDOABLE

    @property
    def is_removal(self) -> bool:
        """Whether it took users out, so that it has a list of them."""
        return self.operation.kind == Kind.REMOVAL and self.operation.undo_of_id is None

    @property
    def elapsed(self) -> float | None:
        """Real seconds since it started."""
        if not self.operation.started_at:
            return None
        return ((self.operation.finished_at or self.now) - self.operation.started_at).total_seconds()

    @property
    def speed(self) -> float | None:
        """Users per real second, on the average since it started."""
        done = self.operation.done + self.operation.skipped
        return done / self.elapsed if self.elapsed and done and self.operation.state == Progress.RUNNING else None

    @property
    def remaining(self) -> float | None:
        """Real seconds until the end as the throttle allows, or as it went so far; None when nobody can say."""
        if self.operation.state != Progress.RUNNING or self.operation.wait_code or not self.left or self.stalled:
            return None
        limit = self._limit()
        if limit is not None:
            return limit
        return self.left / self.speed if self.speed else None

    def _limit(self) -> float | None:
        operation, clock = self.operation, self.operation.cluster.clock_speed
        spans = []
        if operation.rate:
            targets = [target.left for target in operation.targets.all()] or [self.left]
            spans.append(max(targets) / operation.rate)
        if total := operation.rate_total:
            spans.append(self.left / total)
        return (max(spans) + self._wait_of_clients()) / clock if spans else None

    def _wait_of_clients(self) -> float:
        """Cluster seconds until the first of those who lost their connection may sign in again (domain.md §4.7)."""
        operation = self.operation
        if operation.kind != Kind.FAILOVER or operation.done or not operation.anchor_at:
            return 0
        wait = operation.cluster.policy.relogin_lower_limit
        return max(0.0, wait - (operation.cluster.now(self.now) - operation.anchor_at).total_seconds())

    @property
    def adjustable(self) -> bool:
        """Whether the rate of a failover or fallback can be changed now."""
        return not self.is_ours and self.operation.state == Progress.RUNNING


def strip_runs(cluster: Any) -> list[Run]:
    """Runs for the summary bar of the page."""
    now = timezone.now()
    return [Run(operation, now) for operation in selectors.shown_in_strip(cluster, now - SHOWN_AFTER_END)]


# --- Plans ----------------------------------------------------------------------------------------
@require_POST
@needs(roles.OPERATE)
def make_plan(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Make a plan for a goal and show what it would do; nothing moves yet."""
    cluster = cluster_named(cluster_name)
    goal = request.POST.get("goal") or Goal.BALANCE.value
    if goal not in (Goal.BALANCE, Goal.ACTIVE_STANDBY, Goal.FILL, Goal.EVACUATE):
        raise Refused(reasons.SCOPE_NOT_VALID, problem=f"There is no goal {goal}.")
    scope: dict[str, Any] = {}
    if chosen := [key for text in request.POST.getlist("subcluster") if (key := number(text, "subcluster"))]:
        scope["subclusters"] = chosen
    if goal == Goal.EVACUATE:
        scope["node"] = number_in(request.POST, "node")
    return show_plan(request, plans.make_plan(cluster, goal, scope, author=request.user))


def show_plan(request: HttpRequest, plan: Plan, stale: plans.Stale | None = None) -> HttpResponse:
    """The plan in the dialog."""
    return to_dialog(render(request, "runs/_plan.html", plan_context(request, plan, stale)))


def plan_context(request: HttpRequest, plan: Plan, stale: plans.Stale | None = None) -> dict[str, Any]:
    rate = plan.cluster.policy.moves_per_second
    return {
        "plan": plan,
        "chosen": "chosen" in request.POST,  # the focus stays on what was chosen
        "waits": approvals.required(plan),
        "approval": Approval.objects.filter(plan=plan).first(),
        "is_author": plan.author_name == request.user.get_username(),
        "cluster": plan.cluster,
        "stale": stale,
        "rate": rate,
        "seconds": plans.seconds(plan, rate),
        "goals": [Goal.BALANCE, Goal.FILL, Goal.ACTIVE_STANDBY],
        "choosable": plan.goal in (Goal.BALANCE, Goal.FILL, Goal.ACTIVE_STANDBY),
        "subclusters": list(plan.cluster.subclusters.all()),
        "scope": plan.scope.get("subclusters", ()),
        "window": wait_reasons.window_of(plan.cluster),
        "valid": plan.moves - stale.count if stale else plan.moves,
    }


@require_GET
@needs(roles.SEE, plans.cluster_id_of)
def plan(request: HttpRequest, plan_hash: str) -> HttpResponse:
    """A plan at its own address: the dialog for htmx, a page for somebody who was sent the link.

    With `takes` it answers only how long the plan takes at the rates typed so far.
    """
    plan = plans.by_hash(plan_hash)
    if "takes" in request.GET:
        rate, total = (_rate(request.GET.get(name)) for name in ("rate", "rate_total"))
        return HttpResponse(span(plans.seconds(plan, rate, total)))
    if request.headers.get("HX-Request"):
        return show_plan(request, plan)
    return render(request, "runs/plan.html", plan_context(request, plan) | {"place": "operations"})


@require_POST
@needs(roles.OPERATE, plans.cluster_id_of)
def approve(request: HttpRequest, plan_hash: str) -> HttpResponse:
    """The second person's consent; the author or anybody else may then run the plan."""
    plan = plans.by_hash(plan_hash)
    approvals.approve(plan, actor=request.user)
    return toast(request, f"Plan {plan.hash[:12]} is approved; it can be run now.", close=True)


@require_POST
@needs(roles.OPERATE, plans.cluster_id_of)
def run_plan(request: HttpRequest, plan_hash: str) -> HttpResponse:
    """Run exactly this plan; when some of its rows no longer hold, show which and ask again."""
    rate = _rate(request.POST.get("rate"))
    try:
        operation = operations.start(
            plan_hash,
            actor=request.user,
            rate=rate,
            rate_total=_rate(request.POST.get("rate_total")),
            valid_only="valid_only" in request.POST,
            in_window="in_window" in request.POST,
        )
    except Refused as refusal:
        if refusal.code != reasons.PLAN_STALE.code:
            raise
        plan = plans.by_hash(plan_hash)
        return show_plan(request, plan, plans.stale_rows(plan))
    return toast(request, f"{Run(operation, timezone.now()).title} runs: {operation.total:,} users.", close=True)


def _rate(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise Refused(reasons.RUN_RATE_NOT_VALID, rate=text) from None


# --- Runs -----------------------------------------------------------------------------------------
@require_GET
@needs(roles.SEE)
def listed(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Operations of a cluster, the newest first."""
    cluster, now = cluster_named(cluster_name), timezone.now()
    rows = list(selectors.of_cluster(cluster, number_in(request.GET, "before")))
    more = rows[-1].pk if len(rows) == selectors.PAGE else None
    context = {"cluster": cluster, "runs": [Run(row, now) for row in rows], "more": more}
    template = "runs/_operation_rows.html" if "before" in request.GET else "runs/operations.html"
    return render(request, template, context)


@require_GET
@needs(roles.SEE, selectors.cluster_id_of)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One operation with its progress, controls and step log; the fragment alone for htmx."""
    operation = selectors.operation(pk)
    steps, left_out = selectors.steps(operation)
    context = {
        "cluster": operation.cluster,
        "run": Run(operation, timezone.now()),
        "operation": operation,
        "steps": steps,
        "left_out": left_out,
        "skipped": selectors.skipped(operation) if operation.skipped else [],
    }
    fragment = "fragment" in request.GET
    return render(request, "runs/_operation.html" if fragment else "runs/operation.html", context)


@require_GET
@needs(roles.SEE, selectors.cluster_id_of)
def bar(request: HttpRequest, pk: int) -> HttpResponse:
    """The line of one operation in the summary bar of the page."""
    operation = selectors.operation(pk)
    return render(request, "runs/_run.html", {"run": Run(operation, timezone.now()), "cluster": operation.cluster})


STEERING: dict[str, tuple[Callable[..., Operation], str]] = {
    "pause": (operations.pause, "Paused"),
    "resume": (operations.resume, "Resumed"),
    "cancel": (operations.cancel, "Cancelled"),
}


@require_POST
@needs(roles.OPERATE, selectors.cluster_id_of)
def steer(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Pause, resume or cancel a run, or change its rate or when it may move users."""
    if what == "rate":
        rate, total = (_rate(request.POST.get(name)) for name in ("rate", "rate_total"))
        operation = operations.set_rate(pk, actor=request.user, rate=rate, rate_total=total)
        return toast(request, f"Rate of operation {operation.pk}: {operations.rate_words(operation)}.")
    if what == "window":
        operation = operations.set_window(pk, actor=request.user, in_window="in_window" in request.POST)
        when = "inside the window only" if operation.in_window else "at any time"
        return toast(request, f"Operation {operation.pk} moves users {when}.")
    if what not in STEERING:
        raise Http404
    change, word = STEERING[what]
    operation = change(pk, actor=request.user)
    return toast(request, f"{word}: operation {operation.pk}, {operation.done:,} of {operation.total:,} users moved.")


@require_POST
@needs(roles.OPERATE, selectors.cluster_id_of)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan that moves back whom an operation moved, to look at and run; or what comes back of an import."""
    operation = selectors.operation(pk)
    if operation.kind in users_undo.UNDOABLE:
        return _undo_users(request, operation)
    return show_plan(request, operations.plan_undo(pk, actor=request.user))


def _undo_users(request: HttpRequest, operation: Operation) -> HttpResponse:
    """What an undo would bring back and who stays as they are; then, confirmed, it is done."""
    if not roles.may(request.user, roles.ADMINISTER):
        raise Refused(reasons.ROLE_NEEDED, role=roles.ADMINISTER)
    if "confirmed" in request.POST:
        confirmed = number_in(request.POST, "confirmed")
        undone = users_undo.undo_import(operation, actor=request.user, confirmed=confirmed)
        left = f" {undone.left:,} changed since and stay as they are." if undone.left else ""
        text = f"Undone: operation {operation.pk}, {undone.users:,} user{'' if undone.users == 1 else 's'}.{left}"
        return toast(request, text, close=True)
    undone = users_undo.undo_import(operation, actor=request.user, dry_run=True)
    shown = [] if pseudonyms.is_down() else undone.left_users[:LEFT_SHOWN]
    context = {"operation": operation, "undone": undone, "shown": shown, "more": undone.left - len(shown)}
    return to_dialog(render(request, "users/_undo_users.html", context))
