from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from topology.accounts import roles, sign_in
from topology.management.console import ConsoleCommand


class Command(ConsoleCommand):
    help = "Print a link that signs someone in once; an unknown name becomes a new account."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("username", nargs="?", default="admin")
        parser.add_argument("--role", choices=roles.ROLES, help="give the account this role")
        parser.add_argument("--base", default="", help=f"address of the console; without it {settings.CONSOLE_ADDRESS}")

    def handle(self, *args: Any, **options: Any) -> None:
        path = sign_in.issue_sign_in_link(username=options["username"], role=options["role"])
        address = (options["base"] or settings.CONSOLE_ADDRESS).rstrip("/") + path
        if options["json"]:
            self.print_json({"username": options["username"], "link": address})
        else:
            self.stdout.write(address)
