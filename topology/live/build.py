"""What pages are made of in this process: two versions of the console that draw the same have the same build."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings

PARTS = (("templates", "*.html"), ("static", "*.js"), ("static", "*.css"))


@cache
def build() -> str:
    """A digest of all templates, scripts and styles; read once, when it is first asked for."""
    root = Path(settings.BASE_DIR)
    files = [path for folder, name in PARTS for path in sorted((root / folder).rglob(name))]
    digest = sha256()
    for path in files:
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
