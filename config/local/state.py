"""What is kept below the data directory between starts: addresses and passwords, who owns the services, locks.

`services.json` holds ports and passwords, and only its owner may read it. Nothing here starts anything at import;
`database_url` and `redis_url` only look up.
"""

import contextlib
import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from config.local.processes import (
    runs_as_nobody,
)

BASE_DIR = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
# Nothing listens on port 1: a look-up before anything was started gives an address that refuses at once.
NOWHERE = 1
DATABASE = USER = "homenode"


class ServiceError(Exception):
    """A data service cannot be found, made or started; the text says what to do."""


def data_dir() -> Path:
    """The directory that holds everything the console keeps: HOMENODE_DATA, or `.data` beside the code."""
    return Path(os.environ.get("HOMENODE_DATA") or BASE_DIR / ".data").resolve()


def wanted_services() -> list[str]:
    """Which data services no one else provides: those whose address the environment does not give."""
    given = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}
    return [name for name, variable in given.items() if not os.environ.get(variable)]


# What is kept between starts


@dataclass
class Kept:
    """The address of one service."""

    port: int
    password: str


@dataclass
class KeptState:
    """The content of services.json; only the holder of the owner's lock writes it."""

    services: dict[str, Kept] = field(default_factory=dict)
    # Who runs the services now: "up" or "command", its process, the address of the console, and its children.
    owner: dict[str, Any] = field(default_factory=dict)
    # Which migrations the embedded database has seen, so that a later start need not ask it.
    migrated: str = ""


def read_state(where: Path) -> KeptState:
    """The kept state; an empty one where there is none yet."""
    try:
        kept = json.loads((where / "services.json").read_text())
        services = {name: Kept(**address) for name, address in kept.get("services", {}).items()}
        return KeptState(services, kept.get("owner", {}), kept.get("migrated", ""))
    except (OSError, ValueError, TypeError, AttributeError):  # none, cut off, or not what was written
        return KeptState()


@contextlib.contextmanager
def usable(where: Path) -> Iterator[None]:
    """Raise ServiceError for what the system says of a directory that is no one's, another's or none."""
    try:
        yield
    except OSError as error:
        raise ServiceError(f"The data directory {where} cannot be used: {error.strerror}.") from error


def keep_private(where: Path) -> None:
    """Make the data directory, or take it back from others: no one but its owner may look into it.

    Where PostgreSQL runs as the user “nobody”, others may pass through it, but still not list or read it.
    """
    with usable(where):
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        where.chmod(0o711 if runs_as_nobody() else 0o700)


def write_state(where: Path, state: KeptState) -> None:
    """Replace the kept state in one step, readable by its owner only."""
    write_private(where / "services.json", json.dumps(asdict(state), indent=1))


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 600 so that readers see the old or the new content, never a part, also after a power cut."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with usable(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        new.touch(mode=0o600)
        try:
            with new.open("w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            new.unlink(missing_ok=True)
            raise
        new.replace(path)


def keep_secret_key(path: Path) -> str:
    """The secret key kept in a file, made once; two processes at once get the same."""
    with usable(path.parent):
        if not path.exists():
            _make_secret_key(path)
        return path.read_text().strip()


def _make_secret_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f".{path.name}.{os.getpid()}")
    own.touch(mode=0o600)
    own.write_text(secrets.token_urlsafe(64))
    # A hard link refuses to replace: the first one stays.
    with contextlib.suppress(FileExistsError):
        os.link(own, path)
    own.unlink()


def database_url(where: Path) -> str:
    """The address of the embedded PostgreSQL."""
    kept = read_state(where).services.get("postgres", Kept(NOWHERE, "none"))
    return f"postgresql://{USER}:{kept.password}@{HOST}:{kept.port}/{DATABASE}"


def redis_url(where: Path) -> str:
    """The address of the embedded Valkey."""
    kept = read_state(where).services.get("valkey", Kept(NOWHERE, "none"))
    return f"redis://:{kept.password}@{HOST}:{kept.port}/0"


def open_lock(path: Path) -> IO[str]:
    """The file of a lock. Raises ServiceError where there can be none."""
    with usable(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a")


@contextlib.contextmanager
def try_lock(path: Path, *, shared: bool = False, wait: bool = False) -> Iterator[bool]:
    """Hold a lock on a file for the block and answer whether we got it; the kernel frees it when we die."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with open_lock(path) as file:
        try:
            fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def owner_lock(where: Path) -> Path:
    """The lock whose holder runs the services of this data directory."""
    return where / "owner.lock"


def is_owned(where: Path) -> bool:
    """Whether some live process runs the services of this data directory."""
    with try_lock(owner_lock(where), shared=True) as free:
        return not free


def free_port() -> int:
    """A loopback port that no one uses now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Whether we could listen on this loopback port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
    return True
