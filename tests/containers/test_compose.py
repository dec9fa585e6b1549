"""What compose.yml says, installed, used, restarted, backed up and restored by the commands of operations.md."""

import http.client
import json
import re
import secrets
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from config.local.processes import wait_until
from config.local.state import BASE_DIR, free_port
from tests import tools
from tests.browser.hands import drag, row, toast
from tests.containers.engine import HOME, Engine

NAME = "console.example.org"
OPERATIONS = (BASE_DIR / "docs" / "operations.md").read_text()
HTTPS, HTTP = free_port(), free_port()
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def block(heading: str) -> str:
    """The commands below a heading of operations.md."""
    section = OPERATIONS.partition(f"\n### {heading}\n")[2]
    found = re.search(r"^```sh\n(.*?)^```$", section, re.M | re.S)
    assert found, f"operations.md has no commands below {heading}"
    return found[1]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The project's folder as someone who installs it has it, with docker/.env filled in; everything removed after."""
    engine = Engine(tmp_path_factory.mktemp("homenode"))
    engine.prepare()
    example = (engine.project / "docker" / "env.example").read_text()
    given = {"SECRET_KEY": secrets.token_urlsafe(64), "POSTGRES_PASSWORD": "pg-1", "REDIS_PASSWORD": "redis-1"}
    given |= {"TLS": "internal", "BIND": "127.0.0.1", "HTTPS_PORT": str(HTTPS), "HTTP_PORT": str(HTTP)}
    for name, value in given.items():
        assert f"\n{name}=" in example
        example = re.sub(rf"^{name}=.*$", f"{name}={value}", example, flags=re.M)
    example = example.replace(f"CSRF_TRUSTED_ORIGINS=https://{NAME}", f"CSRF_TRUSTED_ORIGINS=https://{NAME}:{HTTPS}")
    (engine.project / "docker" / ".env").write_text(example)
    engine.remove()
    yield engine
    engine.remove()


def start(engine: Engine) -> None:
    """`up -d` of the document; the image is built already, and health is waited for by hand (engine.WAITED_FOR)."""
    engine.compose("up", "-d", "postgres", "redis")
    engine.wait_healthy()
    engine.compose("up", "-d")
    engine.wait_healthy(["web", "worker", "beat", "proxy"])


def manage(engine: Engine, *words: str) -> str:
    return engine.compose("exec", "-T", "web", "python", "manage.py", *words).strip()


class Console:
    """The API behind the proxy, by its name and TLS, with a token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer as JSON. Raises AssertionError for what is not a success."""
        context = ssl._create_unverified_context()  # the proxy made its own authority
        connection = http.client.HTTPSConnection(NAME, HTTPS, context=context, timeout=30)
        connection.sock = context.wrap_socket(
            socket.create_connection(("127.0.0.1", HTTPS), timeout=30), server_hostname=NAME
        )
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        connection.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status < 300, f"{method} {path}: {answer.status} {text[:500]}"
        return json.loads(text)


@pytest.fixture(scope="module")
def running(engine: Engine) -> Engine:
    """Everything up, with the demo's clusters."""
    start(engine)
    manage(engine, "load_demo")
    return engine


@pytest.fixture(scope="module")
def console(running: Engine) -> Console:
    return Console(manage(running, "token", "create", "containers", "--role", "administrator"))


@pytest.fixture(scope="module")
def page(running: Engine) -> Iterator[Page]:
    """A browser that signed in by the link of the document."""
    printed = running.shell(block("Install").splitlines()[-1])
    link = printed.strip().splitlines()[-1].replace(f"https://{NAME}/", f"https://{NAME}:{HTTPS}/")
    with sync_playwright() as playwright:
        rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
        browser = playwright.chromium.launch(
            executable_path=tools.need("chromium"), args=["--no-sandbox", rules, "--ignore-certificate-errors"]
        )
        opened = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900}).new_page()
        opened.set_default_timeout(60_000)
        opened.goto(link)
        opened.get_by_role("button", name=re.compile("Sign in", re.I)).click()
        yield opened
        browser.close()


def test_what_compose_says_is_running(running: Engine) -> None:
    counts = {name: len(running.containers(name)) for name in ("postgres", "redis", "web", "worker", "beat", "proxy")}
    assert counts == {"postgres": 1, "redis": 1, "web": 2, "worker": 2, "beat": 1, "proxy": 1}


def test_a_user_is_dragged_behind_the_proxy_and_another_page_sees_it(page: Page) -> None:
    page.goto(f"https://{NAME}:{HTTPS}/clusters/acme/")
    page.locator("article.node[data-name^='imp1a.'] [data-shows-users]").first.click()
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    watcher = page.context.new_page()
    watcher.goto(f"https://{NAME}:{HTTPS}/clusters/acme/")
    expect(watcher.locator("#live")).to_have_attribute("data-state", "live")
    user = page.locator(".users [data-user-id]").first.get_attribute("data-user-id")
    assert user
    before = watcher.locator("article.node[data-name^='imp1b.']").inner_text()
    drag(page, row(page, user), "imp1b", "allowed")
    expect(toast(page)).to_contain_text("Moved 1 user to imp1b")
    expect(watcher.locator("article.node[data-name^='imp1b.']")).not_to_have_text(before, use_inner_text=True)
    watcher.close()


def test_a_second_beat_does_no_harm(running: Engine, console: Console) -> None:
    running.compose("run", "-d", "--no-deps", "--name", "second-beat", "beat")
    try:
        events = console.ask("GET", "/events?cluster=acme&limit=1")
        assert events["items" if "items" in events else "events"] is not None
        assert wait_until(lambda: "second-beat" in running.podman("ps", "--format", "{{.Names}}"), 20)
    finally:
        running.podman("rm", "-f", "-t", "2", "second-beat")


def test_web_and_worker_restart_under_a_run_that_ends_whole(running: Engine, console: Console) -> None:
    plan = console.ask("POST", "/clusters/acme/plans", {"goal": "evacuate", "node": "imp1a.example.org"})
    run = console.ask("POST", f"/plans/{plan['hash']}/run", {"rate": 100})
    path = f"/operations/{run['id']}"
    assert wait_until(lambda: console.ask("GET", path)["done"] > 0, 60)
    for service in ("web", "worker"):
        for name in running.containers(service):
            running.podman("restart", "-t", "20", name)
            if service == "web":
                running.wait_healthy(["web"])
            assert console.ask("GET", path)["state"] in {"running", "finished"}
    assert wait_until(lambda: console.ask("GET", path)["state"] == "finished", 300), console.ask("GET", path)
    ended = console.ask("GET", path)
    assert ended["done"] + ended["skipped"] == ended["total"] == plan["moves"]
    assert homes(running).count(",imp1a.example.org,") == 0


def homes(engine: Engine) -> str:
    return manage(engine, "export_assignments", "acme")


def test_backed_up_destroyed_and_restored_everyone_is_at_home(running: Engine) -> None:
    before = homes(running)
    assert before.count("\n") > 29_000
    running.shell(block("Back up"))
    running.compose("down", "--volumes")
    restore = block("Restore")
    first, rest = re.split(r"(?<=redis\n)", restore, maxsplit=1)
    running.shell(first)
    running.wait_healthy()
    running.shell(rest)
    running.wait_healthy(["web", "worker", "beat", "proxy"])
    assert homes(running) == before


def test_more_web_processes_are_found_by_the_proxy(running: Engine, console: Console) -> None:
    running.shell(block("Scale out"))
    assert len(running.containers("web")) == 4
    running.wait_healthy(["web"])
    assert console.ask("GET", "/clusters/acme")["cluster"] == "acme"
    running.podman("rm", "--force", "--time", "5", *running.containers("web")[2:])  # podman-compose scales up only


def test_upgraded_the_new_code_runs_and_everyone_is_at_home(running: Engine) -> None:
    before, mark = homes(running), f"# {secrets.token_hex(8)}"
    code = running.project / "manage.py"
    code.write_text(f"{code.read_text()}{mark}\n")
    running.shell(block("Upgrade"))
    running.wait_healthy(["web", "worker", "beat", "proxy"])
    for service in ("web", "worker", "beat"):
        assert mark in running.compose("exec", "-T", service, "tail", "-1", "manage.py"), service
    assert homes(running) == before


def test_the_logs_are_those_of_every_process(running: Engine) -> None:
    """Who has nothing to say prints nothing, so that Redis is taken away."""
    redis = running.containers("redis")[0]

    def silent() -> list[str]:
        who = [line.partition("|")[0] for line in running.shell(block("Logs")).splitlines()]
        return [service for service in ("web", "worker", "beat") if not any(service in name for name in who)]

    running.podman("stop", "--time", "5", redis)
    try:
        assert wait_until(lambda: not silent(), 120), silent()
    finally:
        running.podman("start", redis)
    running.wait_healthy(["redis", "web", "worker", "beat"])


def test_removed_nothing_is_left(running: Engine) -> None:
    """The images and volumes of the test are its own, below one folder."""
    assert Path(running.podman("info", "--format", "{{.Store.GraphRoot}}")) == HOME / "store"
    images = set(running.podman("images", "--format", "{{.Repository}}").splitlines())
    running.shell(block("Remove"))
    assert running.podman("ps", "--all", "--quiet") == ""
    assert running.podman("volume", "ls", "--quiet") == ""
    left = set(running.podman("images", "--format", "{{.Repository}}").splitlines())
    assert {name.rpartition("/")[2] for name in images - left} >= {"homenode", "postgres", "valkey", "caddy"}
