"""How long is kept in these tests, and where the archive is."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _kept(settings: object, tmp_path: Path) -> None:
    settings.KEEP_MOVES_DAYS, settings.KEEP_SIMULATIONS_DAYS, settings.KEEP_EVENTS_DAYS = 30, 20, 60  # type: ignore[attr-defined]
    settings.ARCHIVE_DIR = tmp_path / "archive"  # type: ignore[attr-defined]
