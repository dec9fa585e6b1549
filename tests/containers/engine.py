"""The images built and compose.yml run without a daemon and without a registry.

    Debian's mmdebstrap --> base images under the names that Dockerfile and compose.yml ask for
    buildah              --> homenode from docker/Dockerfile; stand-ins for PostgreSQL, Valkey and Caddy
    podman-compose       --> what compose.yml says, behind a `docker` on PATH, so that the commands of the documents run

Images and volumes are kept below HOMENODE_CONTAINERS (default /var/tmp/homenode-containers); nothing of the machine's
own podman or Docker is touched.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from config.local.processes import wait_until
from config.local.state import BASE_DIR

HOME = Path(os.environ.get("HOMENODE_CONTAINERS", "/var/tmp/homenode-containers"))
DEBIAN = ["buildah", "podman", "catatonit", "runc", "netavark", "aardvark-dns", "iptables", "mmdebstrap"]
PYTHON_PACKAGES = "python3,python3-venv,python-is-python3,ca-certificates"
# Health checks by themselves need systemd, so they are run by hand where compose would wait for them.
WAITED_FOR = ("postgres", "redis")
SHIM = """#!/bin/sh
# `docker compose` of the documents.
[ "$1" = compose ] || {{ echo "only docker compose" >&2; exit 64; }}
shift
# Docker's makes containers of a new image anew; podman-compose looks at the configuration alone.
case " $* " in *" up "*" --build "*) set -- "$@" --force-recreate ;; esac
exec {compose} --podman-path {podman} "$@"
"""
# podman 4 cannot start a container whose dependency has ended, as migrate has; podman-compose keeps the order itself.
PODMAN = """#!/bin/bash
export CONTAINERS_CONF={home}/containers.conf
words=()
for word; do [[ $word == --requires=* ]] || words+=("$word"); done
# podman-compose builds the one image for each service that names it: layers are kept, so that it is built once.
[[ $1 == build ]] && words=(build {building} --layers "${{words[@]:1}}")
exec /usr/bin/podman --root {home}/store --runroot {home}/run --storage-driver overlay "${{words[@]}}"
"""
CONTAINERS_CONF = """[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "nolimits"
runtime_supports_nocgroups = ["nolimits"]
runtime_supports_json = ["nolimits", "runc"]
[engine.runtimes]
nolimits = ["{runtime}"]
"""


class Engine:
    """A copy of the project whose images need no registry, and the commands that build and run it."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.bin = HOME / "bin"
        self.environment = os.environ | {"PATH": f"{self.bin}:{os.environ['PATH']}"}

    # Building

    def prepare(self) -> None:
        """Install what builds and runs images, make the base images, and build homenode. Idempotent."""
        self._install()
        self._copy_project()
        self._base("docker.io/library/python:3.11-slim-bookworm", PYTHON_PACKAGES)
        self._base("localhost/homenode-caddy-base", "caddy,ca-certificates")
        standins = "tests/containers/standins"
        images = self.images()
        self.build(f"{standins}/Containerfile", images["postgres"], images["redis"])
        self.build(f"{standins}/Containerfile.caddy", images["proxy"])
        self.build("docker/Dockerfile", "localhost/homenode:latest", "docker.io/library/homenode:latest")

    def _install(self) -> None:
        missing = [name for name in DEBIAN if subprocess.run(["dpkg", "-s", name], capture_output=True).returncode]
        if missing:
            run(["apt-get", "update", "-qq"])
            run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing])
        self.bin.mkdir(parents=True, exist_ok=True)
        venv = HOME / "venv"
        if not (venv / "bin" / "podman-compose").exists():
            run([sys.executable, "-m", "venv", str(venv)])
            wanted = str(BASE_DIR / "requirements" / "containers.txt")
            run([str(venv / "bin" / "pip"), "install", "-q", "--require-hashes", "-r", wanted])
        runtime = Path(__file__).parent / "standins" / "runc-nolimits"
        (HOME / "containers.conf").write_text(CONTAINERS_CONF.format(runtime=runtime))
        self._script("podman", PODMAN.format(home=HOME, building=" ".join(self._building())))
        self._script("docker", SHIM.format(compose=venv / "bin" / "podman-compose", podman=self.bin / "podman"))

    def _script(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def _copy_project(self) -> None:
        """The tree as it stands, without the digests: what stands in for an image has another."""
        listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=BASE_DIR).stdout
        for name in filter(None, listed.split("\0")):
            if (BASE_DIR / name).is_file():
                (self.project / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(BASE_DIR / name, self.project / name)
        for name in ("Dockerfile", "compose.yml"):
            file = self.project / "docker" / name
            file.write_text(re.sub(r"@sha256:[0-9a-f]{64}", "", file.read_text()))

    def images(self) -> dict[str, str]:
        """The image of each service that is not ours, by its whole name."""
        import yaml

        services = yaml.safe_load((self.project / "docker" / "compose.yml").read_text())["services"]
        named = {name: service["image"] for name, service in services.items() if "homenode" not in service["image"]}
        return {name: f"docker.io/{image if '/' in image else f'library/{image}'}" for name, image in named.items()}

    def _base(self, name: str, packages: str) -> None:
        if subprocess.run([self.bin / "podman", "image", "exists", name]).returncode == 0:
            return
        archive = HOME / "base.tar"
        run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", "bookworm", str(archive)])
        run([str(self.bin / "podman"), "import", str(archive), name])
        archive.unlink()

    def build(self, file: str, *names: str) -> None:
        """Build an image from a file of the project, with this machine's settings of pip and its certificates."""
        tags = [word for name in names for word in ("-t", name)]
        # What the image of the console may copy is no matter of the stand-ins.
        whole = [] if file == "docker/Dockerfile" else ["--ignorefile", os.devnull]
        storage = ["--root", str(HOME / "store"), "--runroot", str(HOME / "run"), "--storage-driver", "overlay"]
        options = ["--layers=false", *self._building(), *whole, "-f", file, *tags]
        run(["buildah", *storage, "bud", *options, "."], cwd=self.project)

    def _building(self) -> list[str]:
        """How buildah and podman build here: nothing is pulled, and pip is told what it is told on this machine."""
        mounts = [word for path in machine_files() for word in ("-v", f"{path}:{path}:ro")]
        settings = [word for name in sorted(os.environ) if name.startswith("PIP_") for word in ("--env", name)]
        return ["--isolation", "chroot", "--pull=never", "--format", "docker", *mounts, *settings]

    # Running

    def shell(self, commands: str, **environment: str) -> str:
        """What commands of a document print, run in the project's folder with `docker` as here. Raises on failure."""
        return run(
            ["bash", "-euo", "pipefail", "-c", commands], cwd=self.project, env=self.environment | environment
        ).stdout

    def compose(self, *words: str) -> str:
        """What `docker compose` prints."""
        return self.shell(" ".join(["docker compose -f docker/compose.yml", *words]))

    def remove(self) -> None:
        """Remove all that runs and its volumes; podman-compose leaves containers that were scaled out."""
        self.podman("rm", "--all", "--force", "--time", "5")
        self.compose("down", "--volumes")

    def podman(self, *words: str) -> str:
        """What podman prints."""
        return run([str(self.bin / "podman"), *words]).stdout.strip()

    def containers(self, service: str) -> list[str]:
        """The names of the running containers of a service."""
        label = f"label=io.podman.compose.service={service}"
        return sorted(self.podman("ps", "--filter", label, "--format", "{{.Names}}").split())

    def wait_healthy(self, services: Iterable[str] = WAITED_FOR) -> None:
        """Run the health checks of services until all of their containers are well."""
        for service in services:
            for name in self.containers(service):
                check = [self.bin / "podman", "healthcheck", "run", name]
                well = wait_until(lambda check=check: subprocess.run(check, capture_output=True).returncode == 0, 300)
                assert well, f"{name} does not become healthy:\n{self.podman('logs', '--tail', '40', name)}"


def machine_files() -> list[str]:
    """The files by which pip finds packages on this machine, and its certificates."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    named = re.findall(r"(?:file://)?(/[\w./-]+)", listed)
    files = {*named, "/etc/pip.conf", "/etc/xdg/pip", "/etc/ssl/certs"}
    tops = {path.removesuffix("/simple") for path in files if Path(path).exists()}
    return sorted(path for path in tops if not any(path != other and path.startswith(f"{other}/") for other in tops))


def run(words: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. Raises AssertionError with what it printed when it fails."""
    done = subprocess.run(words, capture_output=True, text=True, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{' '.join(words)[:300]}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done  # type: ignore[no-any-return]
