"""`manage.py up`: start everything and keep it running until Ctrl-C."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.local import supervisor
from topology.management.console import ConsoleCommand


class Command(BaseCommand):
    help = (
        "Start PostgreSQL, Valkey, web, worker and beat, and stop them together on Ctrl-C. It has no options: PORT "
        "(default: 8000), HOMENODE_DATA (default: .data beside the code) and the other variables of README.md say how."
    )
    example = "PORT=8080 manage.py up"
    suppressed_base_arguments = ConsoleCommand.suppressed_base_arguments
    requires_system_checks = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, **({"epilog": f"Example: {self.example}"} | kwargs))

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(supervisor.main())
