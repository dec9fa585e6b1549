"""The console under a prefix, behind a real nginx and a real Caddy with TLS, HTTP/2 and their default buffering."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import Browser, expect

from config.local.processes import child_setup, stop_child, wait_until
from config.local.state import BASE_DIR, HOST, free_port
from tests import tools
from tests.support import torture
from tests.support.documents import block_with
from tests.support.worlds import make_acme
from topology.accounts.sign_in import issue_sign_in_link
from topology.live import events
from topology.models import Node

# What stands around the blocks of docs/operations.md; the port of a test belongs to the name, as is said below them.
NGINX = """
daemon off; error_log {where}/error.log; pid {where}/pid;
events {{}}
http {{
  access_log off; client_body_temp_path {where}/body; proxy_temp_path {where}/proxy;
  fastcgi_temp_path {where}/f; uwsgi_temp_path {where}/u; scgi_temp_path {where}/s;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {where}/cert.pem; ssl_certificate_key {where}/key.pem;
    {block}
  }}
}}
"""
CADDY = """
{{
  admin off
  auto_https disable_redirects
  storage file_system {where}/caddy
}}
{block}
"""
PROXIES = {
    "nginx": (NGINX, ("-p", "{where}", "-c", "{where}/nginx.conf")),
    "caddy": (CADDY, ("run", "--adapter", "caddyfile", "--config", "{where}/caddy.conf")),
}


def settings_of(proxy: str, where: Path, port: int, web: int) -> str:
    """The settings of a proxy, with what docs/operations.md prints for it."""
    if proxy == "nginx":
        block = block_with("operations.md", "location /console/").replace("Host $host;", "Host $http_host;")
    else:
        site = f"https://{HOST}:{port} {{\n    tls {where}/cert.pem {where}/key.pem"
        block = block_with("operations.md", "handle /console/*").replace("console.example.org {", site)
    assert "127.0.0.1:8000" in block
    block = block.replace("127.0.0.1:8000", f"{HOST}:{web}")
    return PROXIES[proxy][0].format(where=where, port=port, block=block)


@dataclass
class Console:
    """A console behind its proxy."""

    address: str
    environment: dict[str, str]


@pytest.fixture(params=torture.part(list(PROXIES), 2))
def behind(request: pytest.FixtureRequest, tmp_path: Path, transactional_db: None) -> Iterator[Console]:
    program, port, web = tools.need(request.param), free_port(), free_port()
    names = ("-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem"))
    host = ("-subj", "/CN=localhost", "-addext", f"subjectAltName=IP:{HOST},DNS:localhost")
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *host, *names]
    subprocess.run(make, check=True, capture_output=True)
    arguments = PROXIES[request.param][1]
    (tmp_path / f"{request.param}.conf").write_text(settings_of(request.param, tmp_path, port, web))
    static = {"STATIC_ROOT": str(tmp_path / "static"), "DJANGO_SETTINGS_MODULE": "config.settings"}
    environment = (
        os.environ
        | static
        | {
            "DATABASE_URL": f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}",
            "DATABASE_POOL": "4",
            "HOMENODE_LOCAL": "0",
            "URL_PREFIX": "/console",
            "ALLOWED_HOSTS": HOST,
        }
    )
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(collect, cwd=BASE_DIR, env=environment, check=True, capture_output=True)
    serve = ("-m", "granian", "--interface", "asginl", "--host", HOST, "--port", str(web), "config.asgi:application")
    with (tmp_path / "log").open("wb") as log:
        children = [
            subprocess.Popen(
                command,
                cwd=BASE_DIR,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=child_setup(signal.SIGTERM),
            )
            for command in (
                [sys.executable, *serve],
                [program, *(part.format(where=tmp_path) for part in arguments)],
            )
        ]
    try:
        yield Console(f"https://{HOST}:{port}/console", environment)
    finally:
        for child in children:
            stop_child(child, signal.SIGTERM, 8)


def answers(address: str) -> bool:
    import ssl
    import urllib.request

    careless = ssl.create_default_context()
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(f"{address}/livez", timeout=10, context=careless) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_signing_in_living_and_moving_under_a_prefix(behind: Console, browser: Browser) -> None:
    acme = make_acme(imp1a=5)
    assert wait_until(lambda: answers(behind.address), 60)
    path = issue_sign_in_link(username="anna", role="administrator")
    page = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900}).new_page()
    strays: list[str] = []
    page.on("request", lambda asked: None if asked.url.startswith(f"{behind.address}/") else strays.append(asked.url))
    failures: list[str] = []
    page.on("response", lambda got: failures.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page.goto(behind.address + path)
    page.get_by_role("button").filter(has_text="Sign in").click()
    expect(page).to_have_url(f"{behind.address}/clusters/acme/")
    assert {cookie["path"] for cookie in page.context.cookies()} == {"/console/"}
    expect(page.locator("#live")).to_have_text("Live")
    protocol = "() => performance.getEntriesByType('navigation')[0].nextHopProtocol"
    assert page.evaluate(protocol) == "h2"
    Node.objects.filter(cluster=acme, name__startswith="imp1b").update(capacity_users=4321)
    events.publish([f"node-{node.pk}" for node in acme.nodes.all()])  # the stream gets through the proxy's buffers
    expect(page.locator(".map")).to_contain_text("4,321")
    for name in ("Operations", "Checks", "What-if", "History", "Topology"):
        page.get_by_role("navigation", name="Pages of the cluster").get_by_role("link", name=name).click()
        expect(page.locator("main h1").first).to_be_attached()
    page.locator("#live").wait_for()
    page.goto(f"{behind.address}/users/")
    page.locator("button.header-account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{behind.address}/sign-in/")
    assert strays == []
    assert failures == []
    page.context.close()
