"""Whether the tables of the database are those of this code: not of an older version, nor of a newer one.

Migrations do not go back. Code of the version before would run on tables that it does not know: it finds no migration
to apply, and every second page fails.
"""

from __future__ import annotations

from pathlib import Path

from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from topology import reasons
from topology.reasons import Refused

APPS = ("topology", "assignments")
Keys = set[tuple[str, str]]


def demand_schema() -> None:
    """Raise Refused unless the database has all migrations of this code, and no others of these apps."""
    applied, here = _applied(), _here()
    _demand_known(applied - here)
    if missing := sorted(here - applied):
        raise Refused(reasons.SCHEMA_OLD, missing=len(missing), first=".".join(missing[0]))


def demand_known() -> None:
    """Raise Refused where a newer version has been at the database."""
    _demand_known(_applied() - _here())


def _demand_known(unknown: Keys) -> None:
    if unknown:
        raise Refused(reasons.SCHEMA_NEW, unknown=len(unknown), first=".".join(min(unknown)))


def _applied() -> Keys:
    return {key for key in MigrationRecorder(connection).applied_migrations() if key[0] in APPS}


def _here() -> Keys:
    """Those of the files, which are read without the packages of what they change."""
    folders = {app: Path(apps.get_app_config(app).path) / "migrations" for app in APPS}
    return {(app, file.stem) for app, folder in folders.items() for file in folder.glob("0*.py")}
