"""manage.py duplicates: user IDs and directory URIs that are there twice, in all clusters; whole, not ten of them."""

from typing import Any

from django.core.management.base import CommandParser

from assignments.intercluster import duplicates, selectors
from assignments.runs.management.drive import drive_run
from assignments.users.listing.filter import keys_of
from topology.accounts import roles
from topology.management.console import ConsoleCommand
from topology.models import Cluster
from topology.reasons.words import counted
from topology.structure.selectors import cluster_named


class Command(ConsoleCommand):
    help = "List user IDs in several clusters and directory URIs of several people; --clear CLUSTER mends URIs there."
    example = "manage.py duplicates --clear acme --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--clear", metavar="CLUSTER", help="take doubled directory URIs from its users")
        parser.add_argument("--unassign", metavar="CLUSTER", help="unassign its users who are reported elsewhere too")
        parser.add_argument("--user", action="append", metavar="USER_ID", help="with --unassign: only these users")
        parser.add_argument("--dry-run", action="store_true", help="only say how many would lose theirs")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            if options["clear"] is not None:
                cluster = cluster_named(options["clear"])
                answer = duplicates.clear(cluster, actor=self.actor, dry_run=options["dry_run"])
            elif options["unassign"] is not None:
                answer = self._unassign(cluster_named(options["unassign"]), options)
            else:
                answer = selectors.report()
        if options["json"]:
            self.print_json(answer)
        elif options["clear"] is not None:
            self._show_cleared(answer)
        elif options["unassign"] is not None:
            self._show_unassigned(answer)
        else:
            self._show(answer)

    def _unassign(self, cluster: Cluster, options: dict[str, Any]) -> dict[str, Any]:
        keys = keys_of(cluster, options["user"]) if options["user"] else None
        shape = {"cluster": cluster.name, "dry_run": options["dry_run"], "operation": None}
        if options["dry_run"]:
            return shape | {"users": len(duplicates.chosen_claims(cluster, keys))}
        done = duplicates.unassign_here(cluster, keys, actor=self.actor, role=roles.OPERATE)
        drive_run(done, (lambda line: None) if options["json"] else self.stdout.write)
        return shape | {"users": done.total, "operation": done.pk}

    def _show_unassigned(self, answer: dict[str, Any]) -> None:
        who = f"{counted(answer['users'], 'user')} of {answer['cluster']}"
        if answer["dry_run"]:
            self.stdout.write(f"{who} would be unassigned: a monitor reports them at home in another cluster too.")
            return
        self.stdout.write(f"{who} unassigned. To undo it: manage.py operations undo {answer['operation']}")

    def _show_cleared(self, answer: dict[str, Any]) -> None:
        lost = f"{counted(answer['cleared'], 'user')} of {answer['cluster']}"
        if answer["dry_run"]:
            self.stdout.write(f"{lost} would lose a directory URI that another user has too.")
            return
        undo = f"manage.py operations undo {answer['operation']}"
        self.stdout.write(f"{lost} lost a directory URI that another user has too. To undo it: {undo}")

    def _show(self, report: dict[str, Any]) -> None:
        for user in report["users"]:
            self.stdout.write(f"{user['user_id']}: at home in {' and '.join(user['clusters'])}")
        for claim in report["reported"]:
            said = f"{claim['source']} reports at home in {claim['also_in']} too"
            self.stdout.write(f"{claim['user_id']} ({claim['cluster']}): {said}")
        for row in report["uris"]:
            users = ", ".join(f"{holder['user_id']} ({holder['cluster']})" for holder in row["users"])
            self.stdout.write(f"{row['uri']}: {users}")
        ids, uris = counted(len(report["users"]), "user ID"), counted(len(report["uris"]), "directory URI")
        self.stdout.write(f"{ids} and {uris} are there more than once.")
