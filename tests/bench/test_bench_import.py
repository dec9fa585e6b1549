"""What an import costs beside a bare COPY of the rows that it writes, and how much memory it takes at a million lines.

The bare COPY has the rows as the import left them, in the format of PostgreSQL: nothing to read, to check or to place.
Reading a line of text alone, every cell of it checked, costs a good part of what the database needs to store it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection, transaction

from assignments.users.importing.imports import import_users
from config.local.state import BASE_DIR
from tests.bench.measure import compare, seconds_of, users
from tests.support.crowd import make_crowd
from topology.models import Cluster, EndUser

FEW, MANY = (30_000, 7), (users(), 1)  # users, and rounds: what takes minutes is not often disturbed
LIMIT = 1.25  # times one bare COPY
MOST = 200_000  # kB of memory at a million lines
TABLES = ("topology_enduser", "assignments_assignment", "assignments_move", "assignments_formeruser")
# A program's most includes that of the process it was forked from, so a small one starts it: tests take far more.
MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
pytestmark = pytest.mark.django_db(transaction=True)


def write_list(path: Path, count: int) -> Path:
    """A list of so many users."""
    with path.open("w") as file:
        file.write("user_id,name,mail,endpoints,contacts\n")
        for n in range(count):
            file.write(f"u{n:07},Person {n} of the list,u{n:07}@lab.example.org,desk_phone|sametime,{n % 201}\n")
    return path


def settle() -> None:
    """The same ground for both: nobody there, no dead rows, fresh statistics."""
    with connection.cursor() as cursor:
        for table in reversed(TABLES):
            cursor.execute(f"DELETE FROM {table}")
        for table in (*TABLES, "assignments_listing", "assignments_population"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def columns(table: str) -> str:
    """Those that are not made by the database itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)"
            " FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'",
            [table],
        )
        return str(cursor.fetchone()[0])


def copied_out() -> dict[str, list[bytes]]:
    """What an import wrote, table by table."""
    kept = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            with cursor.copy(f"COPY {table} ({columns(table)}) TO STDOUT") as stream:
                kept[table] = [bytes(part) for part in stream]
    return kept


def copy_in(kept: dict[str, list[bytes]]) -> None:
    names = {table: columns(table) for table in kept}
    with transaction.atomic(), connection.cursor() as cursor:
        # What the import asks for too: triggers would be planned for the empty tables of a moment ago.
        cursor.execute("SET LOCAL enable_nestloop = off")
        for table, parts in kept.items():
            with cursor.copy(f"COPY {table} ({names[table]}) FROM STDIN") as stream:
                stream.write(b"".join(parts))


@pytest.fixture
def crowd() -> Cluster:
    return make_crowd(0, 0, 0, 0, 0, 0, capacity=300_000)


@pytest.mark.parametrize(("count", "rounds"), [FEW, MANY])
def test_an_import_beside_a_bare_copy_of_its_rows(crowd: Cluster, tmp_path: Path, count: int, rounds: int) -> None:
    path = write_list(tmp_path / "list.csv", count)
    kept: dict[str, list[bytes]] = {}

    def ours() -> float:
        settle()
        with path.open("rb") as file:
            took = seconds_of(lambda: import_users(crowd, file) and None)
        assert EndUser.objects.count() == count
        kept.update(copied_out())
        return took

    def least() -> float:
        settle()
        took = seconds_of(lambda: copy_in(kept))
        assert EndUser.objects.count() == count
        return took

    ours()
    compare(f"import of {count:,} users, to a bare COPY of its rows", ours, least, LIMIT, rounds=rounds)


def test_the_memory_of_an_import_of_a_million_lines(crowd: Cluster, tmp_path: Path) -> None:
    path = write_list(tmp_path / "list.csv", users())
    name = connection.settings_dict["NAME"]
    database = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
    command = [sys.executable, "manage.py", "import_users", crowd.name, str(path)]
    most = int(_said_by([sys.executable, "-c", MEASURED, *command], {"DATABASE_URL": database}).splitlines()[-1])
    assert EndUser.objects.count() == users()
    print(f"\nimport of {users():,} lines: {most // 1000} MB at most")  # noqa: T201
    assert most < MOST


def _said_by(command: list[str], more: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=BASE_DIR, env=os.environ | more, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout
