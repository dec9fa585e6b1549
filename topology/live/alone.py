"""Work that waits for others for long: done by one process of a machine at a time, so that the rest go on."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from django.conf import settings
from django.db import connection

log = logging.getLogger(__name__)


@contextmanager
def alone(what: str) -> Iterator[bool]:
    """Whether no other process of this machine is at it. The kernel lets go when the process dies."""
    path = settings.DATA_DIR / f"{what}-{quote(connection.settings_dict['NAME'], safe='')}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    except OSError as error:  # a folder that cannot be written is no reason to leave work undone
        log.warning("%s: %s; more than one process may be at it", path, error)
        yield True
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
