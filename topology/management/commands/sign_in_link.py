from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from topology.accounts import roles, sign_in


class Command(BaseCommand):
    requires_system_checks = []
    help = "Print a link that signs someone in once; an unknown name becomes a new account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", nargs="?", default="admin")
        parser.add_argument("--role", choices=roles.ROLES, help="give the account this role")
        parser.add_argument("--base", default="", help=f"address of the console; without it {settings.CONSOLE_ADDRESS}")

    def handle(self, *args: Any, **options: Any) -> None:
        path = sign_in.issue_sign_in_link(username=options["username"], role=options["role"])
        self.stdout.write((options["base"] or settings.CONSOLE_ADDRESS).rstrip("/") + path)
