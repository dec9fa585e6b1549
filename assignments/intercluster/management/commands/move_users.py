"""manage.py move_users CLUSTER (USER_ID… | --file FILE) --to NODE|SUBCLUSTER|unassigned: the drop of the page.

With --to-cluster CLUSTER [--to NODE] into another cluster, by a plan that runs.
"""

from typing import Any

from django.core.management.base import CommandParser

from assignments.intercluster import moves
from assignments.moves import listed
from assignments.moves.listed import ListedMove
from assignments.runs.management.drive import drive_run
from assignments.users.management import user_ids
from topology import reasons
from topology.accounts import roles
from topology.management.console import ConsoleCommand
from topology.models import Cluster
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.structure import selectors


class Command(ConsoleCommand):
    help = "Move users to a node, a subcluster or another cluster, or unassign them; waits until a run ends."
    example = "manage.py move_users acme jdoe --to imp1b.example.org --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        user_ids.add_arguments(parser)
        parser.add_argument("--to", metavar="NODE|SUBCLUSTER|unassigned", help="their new home")
        parser.add_argument("--to-cluster", metavar="CLUSTER", help="into this cluster; its mode places them, or --to")
        parser.add_argument("--unthrottled", action="store_true", help="with --to-cluster: as fast as possible")
        parser.add_argument("--dry-run", action="store_true", help="show how many go where, and move no users")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
            ids = user_ids.given(options, cluster)
            listed.demand_some(ids)
            goes = self._within if options["to_cluster"] is None else self._into
            move = goes(cluster, ids, options)
            if move.operation:
                drive_run(move.operation, (lambda line: None) if options["json"] else self.stdout.write)
                move = listed.ended(move)
        if options["json"]:
            self.print_json(move.as_dict())
        else:
            self._show(move, dry_run=options["dry_run"])
        if not move.to:  # all stay, each with its reason
            raise SystemExit(1)

    def _within(self, cluster: Cluster, ids: list[str], options: dict[str, Any]) -> ListedMove:
        if not options["to"]:
            raise Refused(reasons.MOVE_NEEDS_TARGET)
        how = {"role": roles.OPERATE, "dry_run": options["dry_run"]}
        return listed.move_listed(cluster, ids, options["to"], actor=self.actor, **how)

    def _into(self, cluster: Cluster, ids: list[str], options: dict[str, Any]) -> ListedMove:
        into = selectors.cluster_named(options["to_cluster"])
        node = selectors.node_named(options["to"]) if options["to"] is not None else None
        how = {"dry_run": options["dry_run"], "unthrottled": options["unthrottled"]}
        arrivals = moves.move_listed(cluster, ids, into, node, actor=self.actor, **how)
        return ListedMove(arrivals.to, arrivals.refused, arrivals.operation, arrivals.needs_approval)

    def _show(self, move: ListedMove, *, dry_run: bool) -> None:
        verb = "would go" if dry_run else "moved"
        for name, users in move.to.items():
            self.stdout.write(f"{counted(users, 'user')} {verb} to {name}")
        if move.needs_approval:
            self.stdout.write("A second person has to approve it before it runs.")
        for row in move.refused:
            self.stdout.write(f"{row['user_id']} stays: {row['code']}: {row['message']} {row['fix']}".rstrip())
        if move.operation:
            self.stdout.write(f"To undo it: manage.py operations undo {move.operation.pk}")
