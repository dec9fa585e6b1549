"""The users whom a command is given: by user ID on its line, or in a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from assignments.users.id_list import ids_in
from topology import reasons
from topology.models import Cluster
from topology.reasons import Refused


def add_arguments(parser: CommandParser) -> None:
    """The cluster and the users in it, as `given` reads them."""
    parser.add_argument("cluster", help="name of the cluster")
    parser.add_argument("users", nargs="*", metavar="USER_ID", help="user IDs, beside those of --file")
    parser.add_argument("--file", help="a file with one user ID a line, or a list of users with a column user_id")


def given(options: Mapping[str, Any], cluster: Cluster) -> list[str]:
    """The user IDs of the command line and of its file. Raises Refused for a file that cannot be read.

    Columns of the file mean what the cluster remembers of its lists.
    """
    if options["file"] is None:
        return list(options["users"])
    try:
        return [*options["users"], *ids_in(Path(options["file"]).read_bytes(), cluster.list_columns)]
    except OSError as error:
        facts = {"file": options["file"], "why": error.strerror, "remedy": "Check the path."}
        raise Refused(reasons.FILE_NOT_READABLE, **facts) from error
