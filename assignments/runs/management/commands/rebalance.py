"""manage.py rebalance CLUSTER: plan with the fewest moves, show before and after, run it to the end."""

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import CommandParser

from assignments.models import Goal, Operation, Plan
from assignments.planning import plans
from assignments.runs import operations
from assignments.runs.management.drive import drive_run
from topology.management.console import ConsoleCommand
from topology.models import Cluster
from topology.reasons.words import counted
from topology.structure import selectors

GOALS = (Goal.BALANCE, Goal.ACTIVE_STANDBY, Goal.EVACUATE, Goal.FILL)
GOAL_HELP = (
    "balance: equal shares of the capacity; active_standby: all on the first node of each subcluster; "
    "evacuate: no users on --node; fill: a home for the unassigned (default: balance)"
)


def positive(text: str) -> float:
    """A rate, for argparse."""
    value = float(text)
    if value < plans.LEAST_RATE:
        raise ArgumentTypeError(f"a rate must be at least {plans.LEAST_RATE}")
    return value


class Command(ConsoleCommand):
    help = "Plan the fewest moves that balance a cluster, run them, and wait until the run ends."
    example = "manage.py rebalance acme --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="name of the cluster")
        parser.add_argument(
            "--goal", default=Goal.BALANCE.value, choices=[goal.value for goal in GOALS], help=GOAL_HELP
        )
        parser.add_argument("--node", help="with --goal evacuate: full name of the node to empty")
        parser.add_argument("--subcluster", action="append", default=[], help="only this subcluster; may be repeated")
        parser.add_argument("--dry-run", action="store_true", help="show the plan and move no users")
        rate = "users per second (cluster clock) and receiving node (default: moves_per_second, of the settings)"
        parser.add_argument("--rate", type=positive, help=rate)
        parser.add_argument(
            "--rate-total", type=positive, help="users per second (cluster clock) over all nodes (default: no limit)"
        )
        parser.add_argument("--unthrottled", action="store_true", help="as fast as the database allows")
        parser.add_argument("--in-window", action="store_true", help="only inside the window of the cluster's runs")
        parser.add_argument("--no-wait", action="store_true", help="leave the run to the worker and return at once")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
            plan = plans.make_plan(cluster, options["goal"], self._scope(cluster, options), author=self.actor)
            if not options["json"]:
                self._show(plan)
            operation = None if options["dry_run"] or not plan.moves else self._run(plan, options)
            if options["json"]:
                self.print_json(
                    plans.as_dict(plan) | ({"operation": operations.as_dict(operation)} if operation else {})
                )

    def _scope(self, cluster: Cluster, options: dict[str, Any]) -> dict[str, Any]:
        scope: dict[str, Any] = {}
        if names := options["subcluster"]:
            scope["subclusters"] = [selectors.subcluster_named(cluster, name).pk for name in names]
        if options["goal"] == Goal.EVACUATE:
            scope["node"] = selectors.node_named(options["node"], cluster).pk if options["node"] else None
        return scope

    def _show(self, plan: Plan) -> None:
        wide = max(len(node["name"]) for node in plan.body["nodes"])
        for node in plan.body["nodes"]:
            change = node["after"] - node["before"]
            self.stdout.write(
                f"{node['name']:{wide}}  {node['before']:>9,} -> {node['after']:>9,}"
                + (f"  {change:+,}" if change else "")
            )
        self.stdout.write(f"{counted(plan.moves, 'move')}; plan {plan.hash[:12]}")
        self.stdout.write(plans.certificate(plan))
        for left in plans.left_out(plan):
            self.stdout.write(f"Left out: {left.node} with {counted(left.users, 'user')}. {left.why}")

    def _run(self, plan: Plan, options: dict[str, Any]) -> Operation:
        operation = operations.start_run(
            plan.hash,
            actor=self.actor,
            rate=options["rate"],
            rate_total=options["rate_total"],
            unthrottled=options["unthrottled"],
            in_window=options["in_window"],
        )
        if not options["json"]:
            self.stdout.write(f"operation {operation.pk}")
        if not options["no_wait"]:
            drive_run(operation, (lambda line: None) if options["json"] else self.stdout.write)
        operation.refresh_from_db()
        return operation
