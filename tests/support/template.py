"""One migrated database, of which the test databases of all xdist workers are copies: migrating takes ten seconds."""

import fcntl
import os
from pathlib import Path

from django.conf import settings
from django.db import connection

NAME = "homenode_template"


def use_template() -> None:
    """Let the test database of this process be a copy, which the first process to come here makes.

    Only where tests.services started PostgreSQL: what it leaves goes with its folder.
    """
    if "HOMENODE_TEST_SERVICES" not in os.environ:
        return
    with (Path(os.environ["HOMENODE_DATA"]) / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _exists():
            _make()
    connection.settings_dict["TEST"]["TEMPLATE"] = NAME


def _exists() -> bool:
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
        return cursor.fetchone() is not None


def _make() -> None:
    """As Django makes a test database, and then back to the settings of before."""
    kept, test = connection.settings_dict["NAME"], connection.settings_dict["TEST"]
    name, test["NAME"] = test["NAME"], NAME
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    finally:
        connection.close()
        test["NAME"] = name
        settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = kept
