"""A console whose parts are killed in the middle of a rebalance, a failover and a failback: it ends right by itself.

Everything is real: `manage.py up`, its supervisor, SIGKILL. What happened is read from the database by a connection of
the test's own, which is made anew for each question because PostgreSQL is killed too.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.local.processes import signal_group, wait_until
from config.local.state import database_url
from tests.local.test_platform import manage, postgres_pid
from tests.local.test_platform_up import Up
from tests.support import torture

USERS = 1500
TOPOLOGY = """
cluster: hurt
mode: manual
model: balanced_non_redundant
policy: {clock_speed: 60, enable_automatic_fallback: false}
subclusters:
  - name: sc-1
    ha: true
    nodes:
      - {name: one.example.org, profile: 5000, publisher: true}
      - {name: two.example.org, profile: 5000}
"""
# A person's call of the service, by the shell: the command `rebalance` would drive the run itself.
START = """
from assignments.planning import plans
from assignments.runs import operations
from topology.models import Cluster
plan = plans.make_plan(Cluster.objects.get(name="hurt"), "balance")
print(operations.start_run(plan.hash, actor="test", rate=RATE).pk)
"""
SPEED = """
from topology.models import Cluster
from topology.structure.policy import set_clock_speed
set_clock_speed(Cluster.objects.get(name="hurt"), SPEED, actor=None)
"""
VICTIMS = {"worker": " worker ", "beat": " beat ", "valkey": "valkey-server"}
# The worker is killed in a failover by default, and every part there and while a pair initializes with `make torture`.
EVERYTHING = ["worker", "beat", "valkey", "postgres"]
IN_A_FAILOVER = EVERYTHING if torture.WHOLE else ["worker"]


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A console with one pair of nodes and all users at home on the first."""
    where = tmp_path_factory.mktemp("survival")
    (where / "hurt.yaml").write_text(TOPOLOGY)
    people = "".join(f"u{n},one.example.org\n" for n in range(USERS))
    (where / "people.csv").write_text("user_id,node\n" + people)
    console = None
    try:
        for words in (("apply_topology", "hurt.yaml"), ("import_users", "hurt", "people.csv")):
            done = manage(where, *words[:-1], str(where / words[-1]))
            assert done.returncode == 0, done.stderr
        console = Up(where)
        console.says(r"Ctrl-C stops everything", 60)
        assert wait_until(lambda: states(where) == ["normal", "normal"], 30), states(where)
        yield console
    finally:
        if console and console.process.poll() is None:
            console.end()


def ask(where: Path, sql: str) -> list[tuple]:
    with psycopg.connect(database_url(where), connect_timeout=10) as connection:
        return connection.execute(sql).fetchall()


def attempt(where: Path, sql: str) -> list[tuple]:
    """The answer, or nothing while the database is down."""
    try:
        return ask(where, sql)
    except psycopg.OperationalError:
        return []


def states(where: Path) -> list[str]:
    return [state for (state,) in attempt(where, "SELECT state FROM topology_node ORDER BY number")]


def served(where: Path) -> dict[str, int]:
    """Users by the first letters of home and serving node."""
    rows = attempt(
        where,
        "SELECT h.name, s.name, p.users FROM assignments_population p JOIN topology_node h ON h.id = p.home_node_id"
        " JOIN topology_node s ON s.id = p.serving_node_id WHERE p.users > 0",
    )
    return {f"{home[:3]}-{serving[:3]}": users for home, serving, users in rows}


def hurt(console: Up, victim: str) -> None:
    """Kill a part with SIGKILL, the worker with everything it forked."""
    if victim == "postgres":
        os.kill(postgres_pid(console.where), signal.SIGKILL)
        return
    pid = console.main_process(VICTIMS[victim])
    assert pid is not None, console.children()
    signal_group(pid, signal.SIGKILL)


def nothing_is_lost(where: Path) -> None:
    """Everyone is somewhere once, and the counts that the database keeps are those of the people."""
    assert ask(where, "SELECT count(*) FROM assignments_assignment WHERE home_node_id IS NOT NULL") == [(USERS,)]
    counted = (
        "SELECT home_node_id, serving_node_id, count(*), count(*) FILTER (WHERE signed_in)"
        " FROM assignments_assignment GROUP BY 1, 2 ORDER BY 1, 2"
    )
    kept = (
        "SELECT home_node_id, serving_node_id, users, signed_in FROM assignments_population"
        " WHERE users > 0 ORDER BY 1, 2"
    )
    assert ask(where, kept) == ask(where, counted)


def act(where: Path, *words: str) -> None:
    done = manage(where, *words)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.in_turns
@pytest.mark.parametrize("victim", IN_A_FAILOVER)
def test_a_failover_and_the_way_back_end_right_whoever_is_killed(console: Up, victim: str) -> None:
    where = console.where
    before = served(where)
    homes = ask(where, "SELECT user_id, home_node_id FROM assignments_assignment ORDER BY 1")
    away = before["one-one"]
    act(where, "fault", "one.example.org", "power")
    assert wait_until(lambda: served(where).get("one-two", 0) > away // 10, 60), (served(where), console.text())
    assert served(where)["one-two"] < away, "the users came back before anything could be killed"
    hurt(console, victim)
    assert wait_until(lambda: served(where).get("one-two") == away, 90), (served(where), console.text())
    assert wait_until(lambda: states(where)[1:] == ["running_in_backup_mode"], 30), states(where)

    act(where, "fault", "one.example.org", "power", "--repair")
    assert wait_until(lambda: states(where)[:1] == ["failed_over"], 60), (states(where), console.text())
    act(where, "ha", "fallback", "one.example.org")
    assert wait_until(lambda: served(where).get("one-one", 0) > away // 10, 60), (served(where), console.text())
    assert served(where)["one-one"] < away, "the users were home before anything could be killed"
    hurt(console, victim)
    assert wait_until(lambda: states(where) == ["normal", "normal"], 90), (states(where), console.text())
    assert wait_until(lambda: served(where) == before, 30), served(where)
    nothing_is_lost(where)
    assert ask(where, "SELECT user_id, home_node_id FROM assignments_assignment ORDER BY 1") == homes
    ended = "SELECT DISTINCT state FROM assignments_operation WHERE kind IN ('failover', 'failback')"
    assert wait_until(lambda: ask(where, ended) == [("finished",)], 30), ask(where, ended)


@pytest.mark.slow
@pytest.mark.parametrize("victim", EVERYTHING)
def test_a_pair_that_initializes_becomes_normal_whoever_is_killed(console: Up, victim: str) -> None:
    where = console.where
    before = served(where)
    act(where, "shell", "--no-imports", "-c", SPEED.replace("SPEED", "2"))
    act(where, "ha", "disable", "sc-1")
    assert wait_until(lambda: states(where) == ["unknown", "unknown"], 30), states(where)
    act(where, "ha", "enable", "sc-1")
    assert wait_until(lambda: states(where) == ["initializing", "initializing"], 30), states(where)
    hurt(console, victim)
    assert wait_until(lambda: states(where) == ["normal", "normal"], 60), (states(where), console.text())
    act(where, "shell", "--no-imports", "-c", SPEED.replace("SPEED", "60"))
    assert wait_until(lambda: served(where) == before, 30), served(where)
    nothing_is_lost(where)


@pytest.mark.in_turns
def test_a_rebalance_moves_everyone_once_although_the_worker_is_killed_twice(console: Up) -> None:
    where = console.where
    done = manage(where, "shell", "--no-imports", "-c", START.replace("RATE", "2"))
    assert done.returncode == 0, done.stderr
    run = int(done.stdout.split()[-1])
    progress = f"SELECT state, done, skipped, total FROM assignments_operation WHERE id = {run}"
    moves = USERS // 2
    for part in (10, 2):
        assert wait_until(lambda part=part: ask(where, progress)[0][1] >= moves // part, 60), ask(where, progress)
        assert ask(where, progress)[0][1] < moves, "the run ended before the worker could be killed"
        hurt(console, "worker")
    assert wait_until(lambda: ask(where, progress)[0][0] == "finished", 120), (ask(where, progress), console.text())
    assert ask(where, progress) == [("finished", moves, 0, moves)]
    traced = "SELECT count(*), count(DISTINCT user_id), bool_and(done) FROM assignments_move WHERE operation_id = "
    assert ask(where, traced + str(run)) == [(moves, moves, True)]
    assert served(where) == {"one-one": USERS - moves, "two-two": moves}
    nothing_is_lost(where)
