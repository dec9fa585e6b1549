"""Benchmarks compare times, so they run alone and only when asked for: `make bench`."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the benchmarks out unless their folder or one of them was named."""
    asked = any(HERE in (path := Path(arg.split("::")[0]).resolve()).parents or path == HERE for arg in config.args)
    return None if asked else True
