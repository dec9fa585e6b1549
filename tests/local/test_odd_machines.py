"""A machine that is odd: folders with any name or of somebody else, a port at the end of the numbers."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from config.local import supervisor
from config.local.embedded import running_services
from config.local.state import BASE_DIR, KeptState, ServiceError, database_url, read_state, redis_url, write_state
from tests.local.test_platform import BOTH, environment, manage


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    where = tmp_path / """a "b" \\c 'd' $e ü %f #g"""
    with running_services(where, BOTH):
        with psycopg.connect(database_url(where)) as connection:
            assert connection.execute("SELECT 7").fetchone() == (7,)
        server = redis.Redis.from_url(redis_url(where))
        assert server.config_get("dir") == {"dir": str(where / "valkey")}


@pytest.mark.parametrize(
    "left", ["", '{"services": {"postg', "[1]", '{"services": {"valkey": {"port": 1, "password": "x"}}}']
)
def test_a_password_that_is_lost_is_given_anew(tmp_path: Path, left: str) -> None:
    """The file that has it may be empty after a power cut; the database was locked for ever."""
    with running_services(tmp_path, ["postgres"]), psycopg.connect(database_url(tmp_path)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    before = read_state(tmp_path).services["postgres"].password
    (tmp_path / "services.json").write_text(left)
    with running_services(tmp_path, ["postgres"]), psycopg.connect(database_url(tmp_path)) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    now = read_state(tmp_path).services["postgres"].password
    assert now != before
    assert now not in (tmp_path / "postgres.log").read_text()


@pytest.mark.parametrize("text", ["", "abc\n", "²\n"])
def test_a_database_whose_version_is_unreadable_is_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text(text)
    for words in (("up",), ("accounts",)):
        done = manage(tmp_path, *words, PORT="1024")
        said = done.stdout + done.stderr
        assert (done.returncode, "Traceback" in said) == (1, False), said
        assert f"The database in {tmp_path / 'postgres'} is damaged: " in said


def test_what_ends_the_data_services_unexpectedly_is_said(tmp_path: Path) -> None:
    (tmp_path / "valkey").touch()
    done = manage(tmp_path, "accounts")
    assert done.returncode == 1
    assert done.stderr.startswith("The data services ended at once.\n")
    assert "File exists" in done.stderr


def test_a_full_disk_keeps_the_facts_of_before_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write_state(tmp_path, KeptState(migrated="before"))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ServiceError, match="cannot be used: No space left on device"):
        write_state(tmp_path, KeptState(migrated="after"))
    assert read_state(tmp_path).migrated == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["services.json"]


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


def test_a_command_of_django_says_in_one_line_that_the_database_is_away(tmp_path: Path) -> None:
    away = {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1", "DATABASE_POOL": "0"}
    command = [sys.executable, "manage.py", "migrate"]
    asked = {"env": environment(tmp_path, **away), "cwd": BASE_DIR, "capture_output": True, "text": True}
    done = subprocess.run(command, **asked)  # type: ignore[call-overload]
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert done.stderr.startswith("The database does not answer: connection failed")


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
