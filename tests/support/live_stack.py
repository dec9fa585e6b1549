"""The console's own programs, started by tests on the test database of an xdist worker."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from django.db import connection

from config.local.processes import child_setup, signal_group, stop_child, wait_until
from config.local.state import BASE_DIR, HOST, free_port


class LiveStack:
    """A granian and a Celery worker with beat; each is started when first asked for and then kept."""

    def __init__(
        self, database: str, logs: Path, application: str = "config.asgi:application", workers: int = 2
    ) -> None:
        self._application, self._workers = application, workers
        self.port = free_port()
        self.address = f"http://{HOST}:{self.port}"
        self._logs = logs
        self._environment = os.environ | {
            "DATABASE_URL": f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{database}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",
        }
        self._web: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None
        self._shown: dict[str, int] = {}

    @property
    def web_pid(self) -> int:
        """The process of the web server."""
        assert self._web is not None
        return self._web.pid

    # The web server

    def start_web(self) -> None:
        """Have a web server that answers."""
        if self._web is None or self._web.poll() is not None:
            options = ["--interface", "asginl", "--host", HOST, "--port", str(self.port), "--log-level", "warning"]
            options += ["--workers-kill-timeout", "3s", self._application]
            self._web = self._start("web", "granian", *options, DATABASE_POOL="4")
            assert wait_until(self._answers, 60), f"the web server does not answer:\n{self.output('web')}"

    def stop_web(self) -> None:
        """End the web server; open streams are cut."""
        if self._web is not None:
            stop_child(self._web, signal.SIGTERM, 8)

    def _answers(self) -> bool:
        assert self._web is not None
        assert self._web.poll() is None, f"the web server ended:\n{self.output('web')}"
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=10) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            if error.code == 503:  # without a worker it says so; it answers nevertheless
                return True
            raise AssertionError(f"/healthz answers {error.code}: {error.read()[:500]!r}") from error
        except OSError:
            return False

    # The worker

    def start_worker(self) -> None:
        """Have a worker that takes tasks, with a beat."""
        if self._worker is not None and self._worker.poll() is None:
            self._control("add_consumer")
            return
        schedule = str(self._logs / "beat-schedule")
        options = ["--app", "config", "worker", "--beat", "--schedule", schedule, "--loglevel", "WARNING"]
        options += ["--concurrency", str(self._workers)]
        options += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        self._worker = self._start("worker", "celery", "-q", *options, DATABASE_POOL="0")
        assert wait_until(self._responds, 60), f"the worker does not answer:\n{self.output('worker')}"

    def kill_worker(self) -> None:
        """Kill the worker and all its processes with SIGKILL, in the middle of whatever they do."""
        assert self._worker is not None
        signal_group(self._worker.pid, signal.SIGKILL)
        self._worker.wait()

    def pause_worker(self) -> None:
        """Let the worker finish what it has and take no more."""
        if self._worker is None or self._worker.poll() is not None:
            return
        self._control("cancel_consumer")
        if not wait_until(self._is_idle, 30):
            self.kill_worker()
        from config.celery import app

        app.control.purge()

    def _control(self, order: str) -> None:
        from config.celery import app

        reply = app.control.broadcast(order, arguments={"queue": "celery"}, reply=True, timeout=10, limit=1)
        assert reply, f"the worker does not answer to {order}:\n{self.output('worker')}"

    def _responds(self) -> bool:
        from config.celery import app

        assert self._worker is not None
        assert self._worker.poll() is None, f"the worker ended:\n{self.output('worker')}"
        return bool(app.control.broadcast("ping", reply=True, timeout=0.5, limit=1))

    def _is_idle(self) -> bool:
        from config.celery import app

        inspect = app.control.inspect(timeout=2, limit=1)
        busy = [*(inspect.active() or {"": [1]}).values(), *(inspect.reserved() or {"": [1]}).values()]
        return not any(busy)

    # Both

    def _start(self, name: str, module: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        with self._log(name).open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *options],
                cwd=BASE_DIR,
                env=self._environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=child_setup(signal.SIGTERM if name == "web" else signal.SIGKILL),
            )

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def output(self, name: str) -> str:
        """What `web` or `worker` printed, its last 4,000 characters."""
        log = self._log(name)
        return log.read_text(errors="replace")[-4000:] if log.exists() else ""

    def show_output(self) -> None:
        """Print what the programs printed since the last call, for the report of a failed test."""
        for name in ("web", "worker"):
            if self._log(name).exists():
                text = self._log(name).read_text(errors="replace")
                new = text[self._shown.get(name, 0) :]
                self._shown[name] = len(text)
                if new.strip():
                    sys.stdout.write(f"--- {name} ---\n{new[-4000:]}\n")

    def end_transactions(self) -> None:
        """Wait until nobody else is inside a transaction, and end who does not come to one: the tables can be emptied.

        What a test asked for last may still be on its way when its browser is gone; emptying waits for it, it for the
        emptying, and whatever it writes later the next test would meet.
        """
        if not wait_until(lambda: not self._transactions() and not self._transactions(), 10):
            for pid in self._transactions():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
            assert wait_until(lambda: not self._transactions(), 10), "a transaction of the test does not end"

    def _transactions(self) -> list[int]:
        """The backends on the test database, other than ours, that are inside a transaction."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend' AND xact_start IS NOT NULL"
            )
            return [pid for (pid,) in cursor.fetchall()]

    def close(self) -> None:
        """End both."""
        for child in (self._worker, self._web):
            if child is not None:
                stop_child(child, signal.SIGTERM, 8)
