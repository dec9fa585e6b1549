#!/usr/bin/env python
"""Django's command line for Homenode; finds or starts the embedded data services that a command needs."""

import os
import sys

OURS = ("config", "topology", "assignments", "demo")


def main() -> int:
    """Run the command; where a package of this version is not installed, say how to install it."""
    try:
        return _main()
    except ModuleNotFoundError as error:
        if not error.name or error.name.partition(".")[0] in OURS:
            raise
        fix = "Run make setup-run, which installs what this version needs; then .venv/bin/python manage.py."
        print(f"The package {error.name} is not installed. {fix}", file=sys.stderr)  # noqa: T201
        return 1


def _main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.local.keeper import services_for
    from config.local.pipes import outlive_readers
    from config.local.state import ServiceError

    outlive_readers()
    if sys.argv[1:] in (["version"], ["--version"]):  # Django would print its own
        from config.version import VERSION

        print(f"Homenode {VERSION}")  # noqa: T201
        return 0
    if sys.argv[1:] == ["up"]:
        # The supervisor needs no Django of its own: its children do.
        from config.local.supervisor import main as up

        return up()
    try:
        with services_for(sys.argv) as new_database:
            _run(sys.argv, migrate_first=new_database)
    except ServiceError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    finally:
        sys.stdout.flush()
    return 0


def _run(argv: list[str], *, migrate_first: bool) -> None:
    from django.core.management import execute_from_command_line

    if migrate_first and argv[1] not in {"migrate", "makemigrations", "showmigrations", "sqlmigrate"}:
        import django

        django.setup()
        from config.local.prepare import migrate_once

        migrate_once()
    execute_from_command_line(argv)


if __name__ == "__main__":
    sys.exit(main())
