"""A machine that is odd: folders with any name or of somebody else, a port at the end of the numbers."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from config.local import supervisor
from config.local.embedded import running_services
from config.local.state import BASE_DIR, database_url, redis_url
from tests.local.test_platform import BOTH, environment, manage


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    where = tmp_path / """a "b" \\c 'd' $e ü %f #g"""
    with running_services(where, BOTH):
        with psycopg.connect(database_url(where)) as connection:
            assert connection.execute("SELECT 7").fetchone() == (7,)
        server = redis.Redis.from_url(redis_url(where))
        assert server.config_get("dir") == {"dir": str(where / "valkey")}


@pytest.mark.parametrize("words", [("up",), ("accounts",)])
def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    """As one that `sudo` has made, which a test of root cannot be kept out of."""
    where = tmp_path / "file"
    where.touch()
    done = manage(where, *words, PORT="1")
    said = done.stdout + done.stderr
    assert (done.returncode, "Traceback" in said) == (1, False), said
    assert f"The data directory {where} cannot be used: File exists." in said


def test_a_secret_key_that_cannot_be_kept_is_named_without_the_services(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    more = {"DATABASE_URL": "postgresql://nowhere/x", "REDIS_URL": "redis://nowhere"}
    command = [sys.executable, "manage.py", "check"]
    asked = {"env": environment(tmp_path / "file", **more), "cwd": BASE_DIR, "capture_output": True, "text": True}
    done = subprocess.run(command, **asked)  # type: ignore[call-overload]
    assert done.returncode == 1
    assert done.stderr == f"The data directory {tmp_path / 'file'} cannot be used: File exists.\n"


def test_a_port_in_other_digits_is_refused(tmp_path: Path) -> None:
    done = manage(tmp_path, "up", PORT="²")
    assert (done.returncode, "PORT=² is not a valid port" in done.stdout) == (1, True), done.stderr


def test_the_port_that_is_named_instead_of_a_taken_one_is_a_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOMENODE_DATA", str(tmp_path))
    monkeypatch.setenv("PORT", "65535")
    monkeypatch.setattr(supervisor, "port_is_free", lambda port: False)
    assert supervisor.main() == 1
    assert "Port 65535 is taken by another program: choose one, PORT=65534 make run" in capsys.readouterr().out
