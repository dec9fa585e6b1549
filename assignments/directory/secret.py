"""The passwords of directories at rest: encrypted with a key from the environment, or one made once beside the data."""

from __future__ import annotations

import os
import tempfile
from base64 import urlsafe_b64encode
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from topology import reasons
from topology.reasons import Refused

FILE = "directory_key"


def encrypt(password: str) -> bytes:
    """What may be stored of a password; b"" for none."""
    return _cipher().encrypt(password.encode()) if password else b""


def decrypt(stored: bytes | memoryview) -> str:
    """The password; "" for none. Raises Refused when the key is another one than it was encrypted with."""
    if not stored:
        return ""
    try:
        return _cipher().decrypt(bytes(stored)).decode()
    except InvalidToken:
        raise Refused(reasons.DIRECTORY_PASSWORD_LOST) from None


def is_readable(stored: bytes | memoryview) -> bool:
    """Whether the key still fits."""
    try:
        decrypt(stored)
    except Refused:
        return False
    return True


def _cipher() -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(_key()).digest()))


def _key() -> bytes:
    if given := settings.DIRECTORY_KEY:
        return str(given).encode()
    path = settings.DATA_DIR / FILE
    try:
        if not path.exists():
            _make(path)
        return path.read_bytes()
    except OSError as error:
        raise Refused(reasons.DIRECTORY_KEY_MISSING, why=error.strerror) from error


def _make(path: Path) -> None:
    """Store a new key whole; of two processes that make one at once, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, new = tempfile.mkstemp(dir=path.parent)  # readable by its owner only
    with open(handle, "wb") as file:
        file.write(Fernet.generate_key())
    with suppress(FileExistsError):
        os.link(new, path)
    os.unlink(new)
