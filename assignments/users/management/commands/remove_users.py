"""manage.py remove_users CLUSTER (USER_ID… | --file FILE): take users out of a cluster, said what they lose."""

import sys
from typing import Any

from django.core.management.base import CommandParser

from assignments.users.management import user_ids
from assignments.users.removal import RemovedUsers, remove_users
from topology import reasons
from topology.management.console import ConsoleCommand
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.structure import selectors


class Command(ConsoleCommand):
    help = "Remove users from a cluster; `manage.py operations undo ID` brings them back."
    example = "manage.py remove_users acme jdoe --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        user_ids.add_arguments(parser)
        parser.add_argument(
            "--dry-run", action="store_true", help="show the users that would be removed and what they lose"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask for the number of users")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.refusals(options["json"]):
            cluster = selectors.cluster_named(options["cluster"])
            ids = user_ids.given(options, cluster)
            if not ids:
                raise Refused(reasons.REMOVAL_NAMES_NOBODY)
            removal = remove_users(cluster, ids, actor=self.actor, dry_run=True)
            if not options["json"]:
                self._show(removal)
            if not options["dry_run"]:
                count = removal.removed if options["yes"] or not removal.removed else self._asked(removal)
                removal = remove_users(cluster, ids, actor=self.actor, confirmed=count)
        if options["json"]:
            self.print_json(removal.as_dict())
        elif removal.operation:
            self.stdout.write(
                f"Removed: {removal.removed:,}. To undo it: manage.py operations undo {removal.operation}"
            )

    def _asked(self, removal: RemovedUsers) -> int:
        """The number that was typed. Raises Refused without a terminal."""
        if not sys.stdin.isatty():
            raise Refused(reasons.REMOVAL_COUNT_NEEDED, users=removal.removed)
        typed = input(f"Type {removal.removed} to remove them: ").strip().replace(",", "")
        return int(typed) if typed.isascii() and typed.isdigit() else -1

    def _show(self, removal: RemovedUsers) -> None:
        self.stdout.write(
            f"{counted(removal.removed, 'user')} of {removal.cluster} to remove, {removal.pinned:,} of them pinned."
        )
        for name, users in removal.homes.items():
            self.stdout.write(f"  {users:,} at home on {name}")
        if removal.unassigned:
            self.stdout.write(f"  {removal.unassigned:,} without a home")
        if removal.comes_back:
            self.stdout.write(f"  {removal.comes_back}")
        for row in removal.refused:
            self.stdout.write(f"  {row['user_id']} stays: {row['code']}: {row['message']} {row['fix']}".rstrip())
        if (more := removal.refused_total - len(removal.refused)) > 0:
            self.stdout.write(f"  and {more:,} more stay")
