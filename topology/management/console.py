"""What the commands share: refusals as a sentence and an exit status, JSON when asked for."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from topology.live import actors, probe
from topology.live.schema import demand_schema
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.rules.file_problems import FileRefused

WHO = "who does it, for the history (default: the one who called sudo, else “command line”)"
LONGEST_NAME = 100


def actor_of(name: str) -> str:
    """Who the history names: who is given with --as, else who called sudo, else no one in person."""
    person = (name or os.environ.get("SUDO_USER", "")).strip()[:LONGEST_NAME]
    return actors.at_shell(person)


class ConsoleCommand(BaseCommand):
    """A command with --json; a refusal is printed in the same shape as everywhere and ends it with status 1."""

    json_help = "print JSON"
    # What Django gives every command still works; --help tells what is ours.
    suppressed_base_arguments = {
        *("--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color", "--force-color"),
    }
    example = ""  # one call that does something useful, shown by --help
    # They read every address and build the whole API, two seconds for nothing: `migrate` and `check` make them.
    requires_system_checks = []

    reads_rows = True  # False for a command that has something to do without a database
    actor = actors.COMMAND_LINE

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        epilog = f"Example: {self.example}" if self.example else None
        parser = super().create_parser(prog_name, subcommand, **({"epilog": epilog} | kwargs))
        parser.add_argument("--as", dest="acting", metavar="NAME", default="", help=WHO)
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        self.actor = actor_of(options.get("acting") or "")
        with self.refusals(bool(options.get("json"))):
            if self.reads_rows:
                demand_schema()
            return super().execute(*args, **options)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help=self.json_help)

    def usage_error(self, message: str) -> NoReturn:
        """Say what is wrong with how the command was called, and end with status 2."""
        self.stderr.write(f"{message} See: manage.py {type(self).__module__.rpartition('.')[2]} --help")
        raise SystemExit(2)

    @contextmanager
    def refusals(self, as_json: bool) -> Iterator[None]:
        """Turn a refusal into an exit status of 1: as JSON on standard output, or as a sentence and its fix."""
        try:
            yield
        except Refused as refusal:
            self._refuse(refusal, as_json)
        except Error as error:
            reason = probe.meaning(error)
            lost = probe.conflict(error) or (Refused(reason) if reason else None)
            if lost is None:
                raise
            self.stderr.write(f"The database, or the way to it, says: {' '.join(str(error).split())}")
            self._refuse(lost, as_json)

    def _refuse(self, refusal: Refused, as_json: bool) -> NoReturn:
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
        return "\n".join([f"{refusal.code}: {counted(len(refusal.problems), 'problem')}.", *refusal.lines()])
    return f"{refusal.code}: {refusal.message} {refusal.fix}".strip()
