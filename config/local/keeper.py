"""Data services for single commands: found where they run, else started for as long as a command needs them.

A command holds a shared lock on `users.lock` while it lives. The services belong to a small process of their own,
the keeper, which ends them when it gets that lock alone, that is when the last command is gone, however it went.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from config.local.embedded import running_services
from config.local.processes import is_alive, wait_until
from config.local.state import (
    BASE_DIR,
    ServiceError,
    data_dir,
    is_owned,
    keep_private,
    owner_lock,
    read_state,
    try_lock,
    usable,
    wanted_services,
    write_private,
    write_state,
)

# These never ask the database, or (up) run it themselves.
WITHOUT_DATABASE = {
    "up",
    "help",
    "version",
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "makemessages",
    "startapp",
    "startproject",
}


def needs_services(argv: list[str]) -> bool:
    """Whether a command line of manage.py will ask the database or Valkey."""
    if len(argv) < 2 or argv[1].startswith("-") or {"-h", "--help", "--version"} & set(argv[2:]):
        return False
    return argv[1] not in WITHOUT_DATABASE or "--database" in argv


@contextlib.contextmanager
def services_for(argv: list[str]) -> Iterator[bool]:
    """Have the data services that a command needs for the block; answer whether the database is a new, empty one."""
    names = wanted_services() if needs_services(argv) else []
    if not names:
        yield False
        return
    where = data_dir()
    keep_private(where)
    with try_lock(where / "users.lock", shared=True, wait=True):
        _find_or_start(where, names)
        yield "postgres" in names and not read_state(where).migrated


def _find_or_start(where: Path, names: list[str]) -> None:
    """Wait for services that another process runs or begins to run; where there is none, start a keeper.

    Raises ServiceError when they do not come up within 60 s.
    """
    keeper: subprocess.Popen[bytes] | None = None

    def ready() -> bool:
        nonlocal keeper
        if is_owned(where):
            owner = read_state(where).owner
            # The facts of an owner that was killed stay behind until the next one writes its own.
            return bool(owner.get("ready")) and is_alive(owner["pid"])
        if keeper is None or keeper.poll() is not None:
            if keeper is not None and keeper.returncode:
                raise ServiceError((where / "keeper.error").read_text(errors="replace").strip())
            keeper = _start_keeper(where, names)
        return False

    if not wait_until(ready, 60):
        raise ServiceError(f"The data services in {where} do not start; see the logs there.")
    if missing := set(names) - set(read_state(where).owner.get("services", [])):
        raise ServiceError(
            f"The services that run in {where} lack {', '.join(sorted(missing))}: "
            "give this command the same DATABASE_URL and REDIS_URL as the console that runs."
        )


def _start_keeper(where: Path, names: list[str]) -> subprocess.Popen[bytes]:
    write_private(where / "keeper.error", "The data services ended at once.\n")
    with usable(where), (where / "keeper.error").open("a") as error:  # what it did not expect stands below
        return subprocess.Popen(
            [sys.executable, "-m", "config.local.keeper", str(where), *names],
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=error,
            start_new_session=True,
        )


def announce_services(where: Path, kind: str, names: list[str], *, ready: bool = False, **facts: object) -> None:
    """Write down who runs the services; call it under the owner's lock."""
    state = read_state(where)
    state.owner = {"kind": kind, "pid": os.getpid(), "services": names, "ready": ready, **facts}
    write_state(where, state)


def mark_migrated(where: Path, fingerprint: str) -> None:
    """Remember which migrations the embedded database has seen."""
    state = read_state(where)
    state.migrated = fingerprint
    write_state(where, state)


def keep(where: Path, names: list[str]) -> None:
    """Run the services until no command holds the shared lock; does nothing when another process runs them."""
    with try_lock(owner_lock(where)) as ours:
        if not ours:
            return
        announce_services(where, "command", names)
        with running_services(where, names):
            announce_services(where, "command", names, ready=True)
            # Held to the end of the stop: a new command waits for it and then starts afresh.
            users = (where / "users.lock").open("a")
            fcntl.flock(users, fcntl.LOCK_EX)
            announce_services(where, "command", [])


def main() -> int:
    """The keeper's own process: `python -m config.keeper DIRECTORY SERVICE…`."""
    where, names = Path(sys.argv[1]), sys.argv[2:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # A Ctrl-C is meant for the command in the foreground.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        keep(where, names)
    except ServiceError as error:
        write_private(where / "keeper.error", str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
