"""The embedded data services: found, started, shared by commands, and gone afterwards."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.local import binaries, keeper, processes, state
from config.local.embedded import Postgres, make_services, running_services
from config.local.processes import is_alive, wait_until
from config.local.state import (
    BASE_DIR,
    Kept,
    ServiceError,
    data_dir,
    database_url,
    is_owned,
    keep_secret_key,
    read_state,
    redis_url,
)

BOTH = ["postgres", "valkey"]
SHOW = (
    "from django.db import connection as c; u = c.cursor(); "
    "u.execute('SELECT pg_postmaster_start_time(), (SELECT count(*) FROM django_migrations)'); print(*u.fetchone())"
)


def environment(where: Path, **more: str) -> dict[str, str]:
    """The environment of a person whose data are there; nothing of the tests' own services."""
    ours = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DATABASE_POOL", "HOMENODE_LOCAL", "PORT"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {"HOMENODE_DATA": str(where)} | more


def manage(where: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=BASE_DIR,
        env=environment(where, **more),
        capture_output=True,
        text=True,
        timeout=120,
    )


def postgres_pid(where: Path) -> int:
    return int((where / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def test_services_start_answer_and_end(tmp_path):
    with running_services(tmp_path, BOTH):
        with psycopg.connect(database_url(tmp_path)) as connection:
            connection.execute("CREATE EXTENSION pg_trgm")
            asked = "SELECT current_setting('server_encoding'), current_user, current_database()"
            assert connection.execute(asked).fetchone() == ("UTF8", "homenode", "homenode")
        assert redis.Redis.from_url(redis_url(tmp_path)).ping()
        pid = postgres_pid(tmp_path)
    assert not is_alive(pid)
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()


def test_letters_beyond_ascii_fold(tmp_path):
    with running_services(tmp_path, ["postgres"]), psycopg.connect(database_url(tmp_path)) as connection:
        assert connection.execute("SELECT lower('ÅSA')").fetchone() == ("åsa",)


def test_data_ports_and_passwords_survive_a_restart(tmp_path):
    with running_services(tmp_path, BOTH):
        first = database_url(tmp_path), redis_url(tmp_path)
        with psycopg.connect(first[0]) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    with running_services(tmp_path, BOTH):
        assert (database_url(tmp_path), redis_url(tmp_path)) == first
        with psycopg.connect(first[0]) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_a_port_taken_meanwhile_is_replaced(tmp_path):
    with running_services(tmp_path, ["valkey"]):
        # Its own port is in use now: whoever makes the services again must get another.
        before = read_state(tmp_path).services["valkey"].port
        make_services(tmp_path, ["valkey"])
        assert read_state(tmp_path).services["valkey"].port != before


def test_nobody_without_the_password(tmp_path):
    with running_services(tmp_path, BOTH):
        state = read_state(tmp_path)
        wrong = database_url(tmp_path).replace(state.services["postgres"].password, "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=state.services["valkey"].port, retry=Retry(NoBackoff(), 0)).ping()
        lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
        assert not any(kept.password in lines for kept in state.services.values())


def test_the_state_file_is_private(tmp_path):
    make_services(tmp_path, ["valkey"])
    assert stat.S_IMODE((tmp_path / "services.json").stat().st_mode) == 0o600


def test_looking_up_starts_and_writes_nothing(tmp_path):
    assert database_url(tmp_path / "none").startswith("postgresql://homenode:none@127.0.0.1:1/")
    assert redis_url(tmp_path / "none") == "redis://:none@127.0.0.1:1/0"
    assert not list(tmp_path.iterdir())


def test_two_processes_keep_one_secret_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: _key_in_a_process(tmp_path / "secret_key"), range(8)))
    assert keys == {keep_secret_key(tmp_path / "secret_key")}
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def _key_in_a_process(path: Path) -> str:
    program = f"from config.local.state import *; print(keep_secret_key(Path({str(path)!r})))"
    return subprocess.run(
        [sys.executable, "-c", program], cwd=BASE_DIR, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize("whose", ["of another program", "of nobody"])
def test_a_stale_pid_file_does_not_block(tmp_path, whose):
    with running_services(tmp_path, ["postgres"]):
        pass
    ended = subprocess.Popen(["true"])
    ended.wait()
    pid = os.getpid() if whose == "of another program" else ended.pid
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{pid}\n{tmp_path}/postgres\n0\n1\n\n127.0.0.1\n")
    with running_services(tmp_path, ["postgres"]), psycopg.connect(database_url(tmp_path)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_pid_file_of_a_zombie_does_not_block(tmp_path):
    with running_services(tmp_path, ["postgres"]):
        pass
    zombie = subprocess.Popen(["true"])
    assert wait_until(lambda: not is_alive(zombie.pid), 5)
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{zombie.pid}\n{tmp_path}/postgres\n0\n1\n\n127.0.0.1\n")
    with running_services(tmp_path, ["postgres"]):
        assert postgres_pid(tmp_path) != zombie.pid
    zombie.wait()


def test_a_creation_killed_half_way_is_begun_again(tmp_path):
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    with running_services(tmp_path, ["postgres"]):
        assert not (tmp_path / "postgres.new").exists()


def test_services_die_with_a_killed_parent(tmp_path):
    program = (
        "import sys; from config.local.embedded import *\n"
        f"with running_services(Path({str(tmp_path)!r}), ['postgres', 'valkey']): print('up', flush=True); input()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"up\n"
    pid, port = postgres_pid(tmp_path), read_state(tmp_path).services["valkey"].port
    parent.kill()
    parent.communicate()
    assert wait_until(lambda: not is_alive(pid), 10)
    assert wait_until(lambda: state.port_is_free(port), 10)


def test_the_machines_own_servers_are_used_where_no_wheel_fits(tmp_path, monkeypatch):
    monkeypatch.setattr(binaries, "_in_wheel", lambda *_: [])
    try:
        binary = binaries.find_postgres()
    except ServiceError:
        pytest.skip("this machine has no PostgreSQL of its own")
    assert "site-packages" not in str(binary)
    with running_services(tmp_path, ["postgres"]), psycopg.connect(database_url(tmp_path)) as connection:
        assert connection.info.server_version >= 150000
    # From now on these data belong to that version, wheel or no wheel.
    major = binaries.postgres_version(binary)
    monkeypatch.undo()
    kept = read_state(tmp_path).services["postgres"]
    assert binaries.postgres_version(Postgres(tmp_path, kept).binary) == major


def test_no_server_at_all_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(binaries, "_postgres_candidates", lambda: iter(()))
    monkeypatch.setattr(binaries, "_in_wheel", lambda *_: [])
    monkeypatch.setattr(binaries, "_on_machine", lambda *_: [])
    with pytest.raises(ServiceError, match="PostgreSQL 15 or newer was not found: install it, or set DATABASE_URL"):
        make_services(tmp_path, ["postgres"])
    with pytest.raises(ServiceError, match="install one, or set REDIS_URL"):
        make_services(tmp_path, ["valkey"])


def test_data_of_a_version_that_is_not_here_says_so(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(ServiceError, match="PostgreSQL 12, which wrote the kept data, was not found"):
        Postgres(tmp_path, Kept(1, "none"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change user")
def test_root_without_user_namespaces_runs_postgresql_as_nobody(monkeypatch):
    if subprocess.run(["test", "-x", binaries.find_postgres()], user="nobody").returncode:
        pytest.skip("nobody cannot reach the binaries here")
    monkeypatch.setattr(processes, "can_unshare", lambda: False)
    # Not below tmp_path, whose parents another pytest closes for everybody else when it starts.
    with TemporaryDirectory(prefix="homenode-nobody-") as name:
        where = Path(name)
        where.chmod(0o711)
        with running_services(where, ["postgres"]), psycopg.connect(database_url(where)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
            assert Path(f"/proc/{postgres_pid(where)}").stat().st_uid == 65534


# Single commands


def test_a_command_starts_services_and_they_go_with_it(tmp_path):
    done = manage(tmp_path, "shell", "--no-imports", "-c", SHOW)
    assert done.returncode == 0, done.stderr
    # A new database was brought up to date first.
    assert int(done.stdout.split()[-1]) > 10
    assert wait_until(lambda: not is_owned(tmp_path), 15)
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()


@pytest.mark.slow
def test_commands_at_once_share_one_pair(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: manage(tmp_path, "shell", "--no-imports", "-c", SHOW), range(4)))
    assert [done.returncode for done in answers] == [0] * 4, [done.stderr for done in answers]
    assert wait_until(lambda: not is_owned(tmp_path), 15)


@pytest.mark.slow
def test_the_services_stay_while_another_command_needs_them(tmp_path):
    program = f"{SHOW}; import sys; sys.stdout.flush(); input()"
    waiting = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", program],
        cwd=BASE_DIR,
        env=environment(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert waiting.stdout is not None
    begun = waiting.stdout.readline().decode().split("+")[0]
    assert manage(tmp_path, "shell", "--no-imports", "-c", SHOW).stdout.split("+")[0] == begun
    assert is_owned(tmp_path)
    waiting.kill()
    waiting.communicate()
    assert wait_until(lambda: not is_owned(tmp_path), 15)


@pytest.mark.slow
def test_a_killed_keeper_is_replaced(tmp_path):
    assert manage(tmp_path, "migrate", "--verbosity", "0").returncode == 0
    with keeper.try_lock(tmp_path / "users.lock", shared=True, wait=True):
        assert manage(tmp_path, "shell", "--no-imports", "-c", SHOW).returncode == 0
        first = read_state(tmp_path).owner["pid"]
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: not is_owned(tmp_path), 10)
        assert manage(tmp_path, "shell", "--no-imports", "-c", SHOW).returncode == 0
        assert read_state(tmp_path).owner["pid"] != first
    assert wait_until(lambda: not is_owned(tmp_path), 15)


@pytest.mark.parametrize("words", [["check"], ["help"], ["--version"], ["migrate", "--help"], ["help", "up"]])
def test_commands_without_data_start_nothing(tmp_path, words):
    done = manage(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "postgres").exists()


def test_a_given_database_and_redis_are_used(tmp_path):
    given = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    program = "from django.conf import settings; print(settings.REDIS_URL)"
    done = manage(tmp_path, "shell", "--no-imports", "-c", program, **given)
    assert done.stdout.strip() == given["REDIS_URL"]
    assert not (tmp_path / "services.json").exists()


def test_another_engine_is_refused(tmp_path):
    done = manage(tmp_path, "check", DATABASE_URL="sqlite:///x.db")
    assert "Homenode needs postgresql://" in done.stderr


def test_the_data_directory_is_named_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("HOMENODE_DATA", str(tmp_path))
    assert data_dir() == tmp_path
    monkeypatch.setenv("HOMENODE_DATA", "")
    assert data_dir() == BASE_DIR / ".data"


def test_a_torn_state_file_counts_as_none(tmp_path):
    (tmp_path / "services.json").write_text(json.dumps({"services": {}})[:-1])
    assert read_state(tmp_path).services == {}


def requirements(name: str) -> dict[str, str]:
    """The pinned lines of a file, by package: version, marker and hashes as one string."""
    text = (BASE_DIR / "requirements" / name).read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "-c"))]
    pinned = [re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==([\w.]+)(.*)", line) for line in lines]
    assert all(pinned), f"{name}: each line is package==version"
    return {m[1].lower().replace("_", "-"): m[2] + m[3] for m in pinned if m}


@pytest.mark.parametrize("name", ["product", "local", "dev", "audit"])
def test_requirements_are_compiled_with_hashes(name):
    compiled = requirements(f"{name}.txt")
    assert all("--hash=sha256:" in rest for rest in compiled.values())
    for package, rest in requirements(f"{name}.in").items():
        version = rest.split(";")[0].strip()
        assert compiled.get(package, "").startswith(version), f"{package} {version}: run `make lock`"


def test_no_address_of_a_registry_stands_in_the_requirements():
    texts = [path.read_text() for path in (BASE_DIR / "requirements").iterdir()]
    assert not any("://" in text or "--index-url" in text for text in texts)
