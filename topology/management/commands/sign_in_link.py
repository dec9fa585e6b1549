"""manage.py sign_in_link NAME: a link that signs a person in once, and what they may do then."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from topology.accounts import people, roles, sign_in
from topology.management.console import ConsoleCommand

MINUTES = int(sign_in.VALID.total_seconds() // 60)


class Command(ConsoleCommand):
    help = f"Print a link that signs a person in once, within {MINUTES} minutes; an unknown name becomes an account."
    example = "manage.py sign_in_link eve --role operator"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        name = f"name of the account (default: {sign_in.FIRST})"
        parser.add_argument("username", nargs="?", default=sign_in.FIRST, help=name)
        kept = "default: an account keeps its own; the first account is an administrator, a later one a viewer"
        parser.add_argument("--role", choices=roles.ROLES, help=f"give the account this role everywhere; {kept}")
        parser.add_argument("--base", default="", help=f"address of the console (default: {settings.CONSOLE_ADDRESS})")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["username"]
        with self.refusals(options["json"]):
            path = sign_in.invite(name, options["role"] or "", actor=self.actor)
            account = people.accounts(only=name)[0]
        address = (options["base"] or settings.CONSOLE_ADDRESS).rstrip("/") + path
        if options["json"]:
            self.print_json(people.as_dict(account) | {"link": address, "minutes": MINUTES})
            return
        self.stdout.write(address)
        # Beside the link, not in it: `LINK=$(manage.py sign_in_link eve)` gets the link alone.
        self.stderr.write(f"It signs in {name}, {people.reach_words(account)}, once, within {MINUTES} minutes.")
