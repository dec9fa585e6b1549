"""What the commands share: refusals as a sentence and an exit status, JSON when asked for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from topology.reasons import Refused
from topology.rules.file_problems import FileRefused

COMMAND_LINE = "command line"  # who did it, in the history


class ConsoleCommand(BaseCommand):
    """A command with --json; a refusal is printed in the same shape as everywhere and ends it with status 1."""

    json_help = "print JSON"
    # They read every address and build the whole API, two seconds for nothing: `migrate` and `check` make them.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help=self.json_help)

    @contextmanager
    def refusals(self, as_json: bool) -> Iterator[None]:
        """Turn a refusal into an exit status of 1: as JSON on standard output, or as a sentence and its fix."""
        try:
            yield
        except Refused as refusal:
            if as_json:
                self.print_json(refusal.as_dict())
                raise SystemExit(1) from refusal
            raise CommandError(_text(refusal)) from refusal

    def print_json(self, value: Any) -> None:
        """One JSON document, readable, keys in the order given."""
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False))


def _text(refusal: Refused) -> str:
    """A refusal as a terminal shows it; of a file every problem, one a line."""
    if isinstance(refusal, FileRefused) and refusal.problems[0].line:
        count = len(refusal.problems)
        return "\n".join([f"{refusal.code}: {count} problem{'' if count == 1 else 's'}.", *refusal.lines()])
    return f"{refusal.code}: {refusal.message} {refusal.fix}".strip()
