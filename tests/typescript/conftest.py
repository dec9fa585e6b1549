"""The TypeScript client is made only when asked for: `make typescript`, which needs npm and the network."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave it out unless its folder or a file in it was named."""
    asked = any(HERE in (path := Path(arg.split("::")[0]).resolve()).parents or path == HERE for arg in config.args)
    return None if asked else True
