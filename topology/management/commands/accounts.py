"""manage.py accounts: who may sign in and with which role; let a person in, or keep them out."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from topology import reasons
from topology.accounts import people, roles
from topology.management.console import ConsoleCommand
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.structure import selectors

VERBS = ("list", "deactivate", "activate", "role", "sign-out", "delete")


class Command(ConsoleCommand):
    help = (
        "List accounts with their roles; deactivate, activate or delete one, give it another role, or end its sessions."
    )
    example = "manage.py accounts deactivate eve"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("verb", nargs="?", default="list", choices=VERBS, help="what to do (default: list)")
        parser.add_argument("username", nargs="?", help="name of the account; all verbs but list need it")
        parser.add_argument("--role", choices=(*roles.ROLES, "none"), help="with role: the role it gets")
        parser.add_argument("--yes", action="store_true", help="with delete: do it; without it, say what would end")
        parser.add_argument("--cluster", help="with role: in this cluster alone (default: everywhere)")

    def handle(self, *args: Any, **options: Any) -> None:
        verb = options["verb"]
        if verb != "list" and not options["username"]:
            self.usage_error(f"accounts {verb}: name the account.")
        if verb == "role" and not options["role"]:
            self.usage_error("accounts role NAME: give --role.")
        with self.refusals(options["json"]):
            if verb == "delete":
                self._delete(options)
            else:
                self._show(verb, options)

    def _show(self, verb: str, options: dict[str, Any]) -> None:
        if verb != "list":
            self._change(verb, options)
        shown = people.accounts(only=options["username"] or "")
        if options["username"] and not shown:
            raise Refused(reasons.NO_SUCH_ACCOUNT, account=options["username"])
        if options["json"]:
            self.print_json([people.as_dict(account) for account in shown])
            return
        for account in shown:
            self.stdout.write(_line(account))
        if not shown:
            self.stdout.write("No account. Create the first administrator with: manage.py sign_in_link NAME")

    def _delete(self, options: dict[str, Any]) -> None:
        person = people.person_named(options["username"])
        with transaction.atomic():
            gone = people.delete(person, actor=self.actor)
            transaction.set_rollback(not options["yes"])
        if options["json"]:
            self.print_json(asdict(gone) | {"dry_run": not options["yes"]})
            return
        ended = ", ".join([
            counted(gone.sessions, "session"), counted(gone.tokens, "token"), counted(gone.views, "saved view"),
        ])  # fmt: skip
        if options["yes"]:
            self.stdout.write(f"{gone.account} is deleted, with {ended}. The history keeps the name.")
        else:
            self.stdout.write(f"{gone.account} would be deleted, with {ended}. Again with --yes does it.")

    def _change(self, verb: str, options: dict[str, Any]) -> None:
        person, left = people.person_named(options["username"]), ""
        if verb == "sign-out":
            people.end_sessions(person, actor=self.actor)
        elif verb == "role":
            role = "" if options["role"] == "none" else options["role"]
            if options["cluster"] is not None:  # an empty name is no cluster, and not all of them
                cluster = selectors.cluster_named(options["cluster"])
                left = people.set_cluster_role(person, cluster, role, actor=self.actor)
            else:
                left = people.set_role(person, role, actor=self.actor)
        else:
            left = people.set_active(person, verb == "activate", actor=self.actor)
        if left:
            self.stderr.write(left)


def _line(account: people.Account) -> str:
    person = account.person
    more = [counted(len(account.sessions), "open session")]
    more += ["has a password"] if person.has_usable_password() else []
    more += [] if person.is_active else ["deactivated"]
    more += [f"made {counted(account.tokens, 'token')}"] if account.tokens else []
    return f"{person.get_username():20}  {people.reach_words(account)}; {', '.join(more)}"
