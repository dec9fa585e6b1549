#!/usr/bin/env python
"""Django's command line for Homenode; finds or starts the embedded data services that a command needs."""

import os
import sys

OURS = ("config", "topology", "assignments", "demo")
STOPPED = 130  # as a shell says of Ctrl-C


def main() -> int | str | None:
    """Run the command; where a package of this version is not installed, say how to install it."""
    try:
        return _main()
    except ModuleNotFoundError as error:
        if not error.name or error.name.partition(".")[0] in OURS:
            raise
        fix = "Run make setup-run, which installs what this version needs; then .venv/bin/python manage.py."
        print(f"The package {error.name} is not installed. {fix}", file=sys.stderr)  # noqa: T201
        return 1


def _ended(status: int | str | None) -> int | str | None:
    """The exit status of a command that ends with this one, once all that it says is written."""
    from config.local.pipes import lost_output

    return status if isinstance(status, str) else lost_output(status or 0)


def _main() -> int | str | None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.local.keeper import services_for
    from config.local.pipes import outlive_readers
    from config.local.state import ServiceError

    outlive_readers()
    if sys.argv[1:] in (["version"], ["--version"]):  # Django would print its own
        from config.version import VERSION

        print(f"Homenode {VERSION}")  # noqa: T201
        return _ended(0)
    if sys.argv[1:] == ["up"]:
        # The supervisor needs no Django of its own: its children do.
        from config.local.supervisor import main as up

        return up()
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError
    from django.db import OperationalError

    try:
        with services_for(sys.argv) as new_database:
            _run(sys.argv, migrate_first=new_database)
    except (ServiceError, ImproperlyConfigured, CommandError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return _ended(1)
    except OperationalError as error:  # of Django's own commands: ours refuse with a code
        print(f"The database does not answer: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201
        return _ended(1)
    except SystemExit as end:
        return _ended(end.code)
    except KeyboardInterrupt as stop:
        print(" ".join(["Stopped: what was not done by then stays undone.", *stop.args]), file=sys.stderr)  # noqa: T201
        return _ended(STOPPED)
    return _ended(0)


def _run(argv: list[str], *, migrate_first: bool) -> None:
    from django.core.management import execute_from_command_line

    from config.local.keeper import needs_services

    if migrate_first and argv[1] not in {"migrate", "makemigrations", "showmigrations", "sqlmigrate"}:
        import django

        django.setup()
        from config.local.prepare import migrate_once

        migrate_once()
    if argv[1:2] == ["migrate"] and needs_services(argv):
        import django

        django.setup()
        from config.local.prepare import refuse_newer

        refuse_newer()
    execute_from_command_line(argv)


if __name__ == "__main__":
    sys.exit(main())
