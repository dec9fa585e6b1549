"""The console behind PgBouncer in transaction mode: locks, imports, exports and runs."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from assignments.models import Assignment
from config.local.processes import child_setup, stop_child, wait_until
from config.local.state import BASE_DIR, HOST, free_port
from config.settings import PLANNING
from tests import tools
from tests.directory import conftest
from tests.directory.persons import many
from tests.directory.relay import relay
from tests.support.crowd import make_crowd
from tests.support.documents import block_with

CONFIG = """
[databases]
* = host={host} port={port} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
auth_type = any
pool_mode = transaction
default_pool_size = 2
unix_socket_dir =
{user_line}
"""


slapd, directory = conftest.slapd, conftest.directory


@pytest.fixture
def pooled(tmp_path: Path, transactional_db: None) -> Iterator[dict[str, str]]:
    """The environment of a program whose database stands behind PgBouncer."""
    import signal

    program, own = tools.need("pgbouncer"), free_port()
    database = urlsplit(os.environ["DATABASE_URL"])
    tmp_path.chmod(0o755)
    config = tmp_path / "pgbouncer.ini"
    config.write_text(
        CONFIG.format(
            host=database.hostname,
            port=database.port,
            user=database.username,
            password=unquote(database.password or ""),
            own=own,
            user_line="user = nobody" if os.geteuid() == 0 else "",
        )
    )
    config.chmod(0o644)
    for parent in tmp_path.parents:  # pytest keeps its folders to the user who made them
        if parent.name.startswith("pytest-") and os.geteuid() == 0:
            parent.chmod(0o755)
    with (tmp_path / "log").open("wb") as log:
        child = subprocess.Popen([program, str(config)], stdout=log, stderr=log, preexec_fn=child_setup(signal.SIGTERM))
    name = connection.settings_dict["NAME"]
    url = f"postgresql://{database.username}@{HOST}:{own}/{name}"
    environment = os.environ | {"DATABASE_URL": url, "DATABASE_PGBOUNCER": "1"}
    try:
        assert wait_until(lambda: manage(environment, "check").returncode == 0, 20), (tmp_path / "log").read_text()
        yield environment
    finally:
        stop_child(child, signal.SIGINT, 5)


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True)


def test_everything_works_in_transaction_mode(pooled: dict[str, str], tmp_path: Path) -> None:
    make_crowd(40, 0)
    file = tmp_path / "users.csv"
    file.write_text("user_id,name\n" + "".join(f"new-{n},Person {n}\n" for n in range(200)))
    for arguments in (
        ("import_users", "crowd", str(file), "--json"),
        ("rebalance", "crowd", "--json"),
        ("show_topology", "crowd", "--json"),
        ("export_assignments", "crowd"),
        ("check_topology", "crowd", "--json"),
    ):
        done = manage(pooled, *arguments)
        assert done.returncode == 0 or arguments[0] == "check_topology", (arguments, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr, (arguments, done.stderr)
    assert Assignment.objects.count() == 240


def test_a_directory_is_tried_while_others_take_the_connections(
    pooled: dict[str, str], directory: conftest.Directory
) -> None:
    """What was read lies in a table of the connection, which is another one after each transaction."""
    directory.add(*many(0, 3))
    make_crowd(0, 0, capacity=1000)
    with ExitStack() as others:

        def take(page: int) -> bool:
            """Between two pages somebody else has the connection of before."""
            other = others.enter_context(psycopg.connect(pooled["DATABASE_URL"], prepare_threshold=None))
            other.execute("SELECT 1")
            return True

        with relay(directory.slapd.port, take, first=True) as slow:
            directory.agree(servers=[slow.url])
            # The key of passwords stands in the folder of this test.
            environment = pooled | {"HOMENODE_DATA": str(settings.DATA_DIR)}
            done = manage(environment, "sync_directory", "crowd", "--dry-run", "--json")
            assert slow.pages
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["new"] == 3


def test_without_the_setting_the_message_says_which(pooled: dict[str, str]) -> None:
    done = manage(pooled | {"DATABASE_PGBOUNCER": "0"}, "show_topology", "crowd")
    assert done.returncode != 0
    assert "unsupported startup parameter" in done.stderr
    assert "unsupported startup parameter" in (BASE_DIR / "docs" / "operations.md").read_text()


def test_the_document_sets_what_the_console_would_have_sent(pooled: dict[str, str]) -> None:
    sent = sorted(f"{name}={value}" for name, value in re.findall(r"-c (\w+)=(\S+)", PLANNING))
    with psycopg.connect(pooled["DATABASE_URL"], autocommit=True, prepare_threshold=None) as owner:
        database = f'DATABASE "{owner.info.dbname}"'
        try:
            owner.execute(block_with("operations.md", "ALTER DATABASE").replace("DATABASE homenode", database))
            kept = "SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
            assert [sorted(row[0]) for row in owner.execute(f"{kept} WHERE d.datname = current_database()")] == [sent]
        finally:
            owner.execute(f"ALTER {database} RESET ALL")
