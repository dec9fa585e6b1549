"""manage.py load_demo: the demo clusters, through the same services as a person would use."""

import contextlib
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import connection, transaction

from assignments.board.topology_file import apply_topology
from assignments.users.importing.imports import import_users
from demo.users import CROWDS, write
from topology.management.console import ConsoleCommand
from topology.models import Cluster
from topology.structure import selectors
from topology.structure.documents.reading import read_yaml_file

WHO = "demo"


def had_clusters() -> bool:
    """Whether there ever was a cluster: its key is never given again, also when it and its history are gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sequence_last_value(pg_get_serial_sequence('topology_cluster', 'id')::regclass)")
        return cursor.fetchone()[0] is not None


class Command(ConsoleCommand):
    help = "Load the demo clusters and their users; does nothing when there is any cluster."
    example = "manage.py load_demo"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        first = "only if there never was a cluster, so that a demo that was removed does not come back"
        parser.add_argument("--first-start", action="store_true", help=first)

    def handle(self, *args: Any, **options: Any) -> None:
        if Cluster.objects.exists() or (options["first_start"] and had_clusters()):
            there = sorted(Cluster.objects.values_list("name", flat=True))
            if options["json"]:
                self.print_json({"loaded": [], "clusters": there})
            elif not options["first_start"]:
                self.stdout.write(f"Nothing was loaded: there is {', '.join(there)}.")
            return
        self.quiet = options["json"]
        # All or nothing: a demo that was cut off would never be completed.
        with self.refusals(options["json"]), transaction.atomic():
            for name in CROWDS:
                self._load(name)
        if options["json"]:
            self.print_json({"loaded": list(CROWDS), "clusters": list(CROWDS)})

    def _load(self, name: str) -> None:
        with self._step(f"Applying demo/{name}.yaml"):
            apply_topology(read_yaml_file(Path(settings.BASE_DIR) / "demo" / f"{name}.yaml"), actor=WHO)
        text = io.StringIO()
        write(CROWDS[name], text)
        with self._step(f"Importing {sum(CROWDS[name].homes.values()):,} users into {name}"):
            report = import_users(selectors.cluster_named(name), io.BytesIO(text.getvalue().encode()), actor=WHO)
        if not report.ok:
            raise CommandError(f"the demo's users of {name} were refused: {report.problems.listed[0].as_dict()}")

    @contextlib.contextmanager
    def _step(self, what: str) -> Iterator[None]:
        if self.quiet:
            yield
            return
        begin = time.monotonic()
        self.stdout.write(f"{what} … ", ending="")
        self.stdout.flush()
        yield
        self.stdout.write(f"{time.monotonic() - begin:.1f} s")
