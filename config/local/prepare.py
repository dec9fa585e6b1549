"""What stands between running data services and a console that can be opened: migrations, demo data, a sign-in link."""

import hashlib
import json
import os
import sys
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError

from config import environment
from config.local.keeper import mark_migrated
from config.local.state import BASE_DIR, ServiceError, data_dir, read_state, try_lock, wanted_services


def fingerprint() -> str:
    """A digest of all migrations of this code, cheap enough to compare on every start."""
    files = [path for app in ("topology", "assignments") for path in (BASE_DIR / app / "migrations").glob("*.py")]
    digest = hashlib.sha256(django.__version__.encode())
    for path in sorted(files):
        digest.update(str(path.relative_to(BASE_DIR)).encode() + path.read_bytes())
    return digest.hexdigest()


def needs_migration(where: Path) -> bool:
    """Whether the database may lack migrations; that of somebody else is always asked."""
    return "postgres" not in wanted_services() or read_state(where).migrated != fingerprint()


def refuse_newer() -> None:
    """Raise CommandError on the database of a newer version: `migrate` would find nothing to do and say all is well."""
    from topology.live.schema import demand_known
    from topology.reasons import Refused

    try:
        demand_known()
    except Refused as refusal:
        raise CommandError(f"{refusal.code}: {refusal.message} {refusal.fix}") from refusal


def migrate_once() -> None:
    """Bring the database up to date; of two processes at once the second finds nothing to do."""
    from django.core.management import call_command

    where = data_dir()
    with try_lock(where / "migrate.lock", wait=True):
        if not needs_migration(where):
            return
        refuse_newer()
        call_command("migrate", verbosity=0, interactive=False)
        if "postgres" in wanted_services():
            mark_migrated(where, fingerprint())


def main() -> None:
    """Prepare everything; on the last line, as JSON, whom a link signs in once as administrator, and its path."""
    django.setup()
    from django.core.management import call_command

    if needs_migration(data_dir()):
        sys.stdout.write("Bringing the database up to date\n")
        sys.stdout.flush()
        migrate_once()
    if environment.switch("DEMO", default=True):
        call_command("load_demo", first_start=True)
    from topology.accounts.sign_in import issue_link_at_start

    name, link = issue_link_at_start()
    sys.stdout.write(json.dumps({"sign_in": link, "name": name}) + "\n")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        main()
    except (CommandError, ImproperlyConfigured, ServiceError) as error:
        sys.exit(str(error))  # it says what to do; where in the code it was raised helps no one
