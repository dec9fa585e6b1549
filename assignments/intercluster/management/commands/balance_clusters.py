"""manage.py balance_clusters: plan the fewest moves between clusters that fill them equally, and run them."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.intercluster import balance
from assignments.intercluster.balance import ClusterBalance
from assignments.runs import operations
from assignments.runs.management.drive import drive_run
from topology.management.console import ConsoleCommand
from topology.models import Cluster
from topology.reasons.words import counted
from topology.structure.selectors import cluster_named


class Command(ConsoleCommand):
    help = "Plan the fewest moves between clusters that fill all of them equally, and store the plans by their hashes."
    example = "manage.py balance_clusters --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("clusters", nargs="*", metavar="CLUSTER", help="only these; none given: all")
        parser.add_argument("--dry-run", action="store_true", help="show what would move and store no plan")
        parser.add_argument("--run", action="store_true", help="run the plans one after the other, without a throttle")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            named = [cluster_named(name) for name in options["clusters"]]
            clusters = named or list(Cluster.objects.all())
            dry = options["dry_run"]
            cluster_balance = balance.propose(clusters) if dry else balance.make_plans(clusters, author=self.actor)
            shape = cluster_balance.as_dict()
            if options["run"] and not options["dry_run"]:
                shape["operations"] = [self._run(plan.hash, options["json"]) for plan in cluster_balance.plans]
        if options["json"]:
            self.print_json(shape)
        else:
            self._show(cluster_balance)

    def _run(self, plan_hash: str, quiet: bool) -> dict[str, Any]:
        operation = operations.start_run(plan_hash, actor=self.actor, unthrottled=True)
        drive_run(operation, (lambda line: None) if quiet else self.stdout.write)
        return operations.as_dict(operation)

    def _show(self, cluster_balance: ClusterBalance) -> None:
        for fill in cluster_balance.clusters:
            self.stdout.write(f"{fill.name}: {fill.before:,} -> {fill.after:,} of {fill.capacity:,}")
        for source, to, users in cluster_balance.flows:
            self.stdout.write(f"{counted(users, 'user')} from {source.name} to {to.name}")
        self.stdout.write(str(cluster_balance.certificate))
        for plan in cluster_balance.plans:
            self.stdout.write(f"plan {plan.hash[:12]} of {plan.cluster.name}")
