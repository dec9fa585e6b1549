"""The programs from outside that tests drive: finding them, or installing them once (`python -m tests.tools`).

    path = tools.need("nginx")

answers the path of the program. Where it is missing it is installed, if this is Debian and we are root; where that
cannot be, the test is skipped with the reason, and with CI=true it fails. An environment variable names another
program: NGINX=/opt/nginx/sbin/nginx. NO_BROWSER=1 says that this machine is meant to have no browser.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True)
class Tool:
    """A program: the names it has on different systems, and Debian's package of it."""

    package: str
    programs: tuple[str, ...]
    is_browser: bool = False
    is_required: bool = False  # its tests are never skipped for want of it, unless that is said
    better: tuple[str, ...] = ()  # programs that do the same and are taken where they are

    @property
    def variable(self) -> str:
        return self.programs[0].upper().replace("-", "_")


MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", MAC_CHROME)
# The same engine, without what draws windows: tests take half of the processor time.
HEADLESS_SHELL = ("chromium-headless-shell",)
TOOLS = {
    "chromium": Tool("chromium", CHROMIUM, is_browser=True, is_required=True, better=HEADLESS_SHELL),
    "headless-shell": Tool("chromium-headless-shell", HEADLESS_SHELL, is_browser=True),
    "firefox": Tool("firefox-esr", ("firefox", "firefox-esr"), is_browser=True),
    "webkit": Tool("webkit2gtk-driver", ("WebKitWebDriver",), is_browser=True),
    "xvfb": Tool("xvfb", ("Xvfb",), is_browser=True),
    "nginx": Tool("nginx", ("nginx",)),
    "caddy": Tool("caddy", ("caddy",)),
    "slapd": Tool("slapd", ("slapd",)),
    "dnsmasq": Tool("dnsmasq-base", ("dnsmasq",)),
    "pgbouncer": Tool("pgbouncer", ("pgbouncer",)),
    "promtool": Tool("prometheus", ("promtool",)),
    "faketime": Tool("faketime", ("faketime",)),
}
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # where servers are, and people's PATH is not
POLICY = Path("/usr/sbin/policy-rc.d")


def is_waived(tool: Tool) -> bool:
    """Whether NO_BROWSER=1 says that this machine is meant to have no such program."""
    return tool.is_browser and os.environ.get("NO_BROWSER", "") not in ("", "0")


def need(name: str) -> str:
    """The path of a tool of TOOLS, installed now if need be; skips the test, or fails it with CI=true."""
    import pytest  # what installs the tools runs also where no package is installed yet

    tool = TOOLS[name]
    if is_waived(tool):
        pytest.skip("NO_BROWSER=1")
    if path := find(tool) or _find_after_install(name):
        return path
    missing = f"{name} was not found and could not be installed (Debian: apt-get install {tool.package})"
    is_failure = tool.is_required or os.environ.get("CI", "").lower() in ("true", "1")
    raise (pytest.fail if is_failure else pytest.skip).Exception(missing)


def find(tool: Tool) -> str | None:
    """The path of an installed tool, of the one its variable names if there is one, else None."""
    named = os.environ.get(tool.variable)
    places = os.pathsep.join((os.environ.get("PATH", os.defpath), *SBIN))
    for program in (named,) if named else (*tool.better, *tool.programs):
        if path := shutil.which(program, path=places):
            return path
    return _playwright_chromium() if tool is TOOLS["chromium"] and not named else None


@cache
def _find_after_install(name: str) -> str | None:
    """As `find`, after one try to install it: what failed once is not tried by each test again."""
    install([name])
    return find(TOOLS[name])


def install(names: Iterable[str]) -> list[str]:
    """Install what is missing of these tools, one process at a time; answers those that are still missing."""
    lock = Path(tempfile.gettempdir()) / f"homenode-tools-{os.geteuid()}.lock"
    with lock.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        missing = _missing(names)
        if missing and may_install():
            _apt_get([TOOLS[name].package for name in missing])
        if "chromium" in _missing(missing) and find_spec("playwright"):
            _run([sys.executable, "-m", "playwright", "install", "chromium"])
        return _missing(missing)


def may_install() -> bool:
    """Whether packages can be installed here: root on Debian or a descendant of it."""
    return os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None


def _missing(names: Iterable[str]) -> list[str]:
    return [name for name in names if not is_waived(TOOLS[name]) and not find(TOOLS[name])]


def _apt_get(packages: list[str]) -> None:
    """Install packages together; one by one if that fails, as when a release has no package of one name."""
    sys.stderr.write(f"Installing for the tests (once): {', '.join(packages)}\n")
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
    _run(["apt-get", "update", "-qq"])
    with _no_service_starts():
        if not _run([*command, *packages]) and len(packages) > 1:
            for package in packages:
                _run([*command, package])


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Keep Debian from starting the servers it installs: tests start their own, on ports of their own."""
    if POLICY.exists():  # the machine has a rule already, as containers do
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


@cache
def _playwright_folder() -> Path:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def _playwright_chromium() -> str | None:
    """The path of the browser that Playwright downloaded, if it did."""
    if not find_spec("playwright"):
        return None
    return str(path) if (path := _playwright_folder()).exists() else None


def _run(command: list[str]) -> bool:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.stderr.write(f"{' '.join(command)} failed:\n{done.stdout[-1500:]}\n")
    return not done.returncode


if __name__ == "__main__":
    if left := install(TOOLS):
        # Their tests are skipped or fail, and say so; the others are still worth running.
        sys.stderr.write(f"Missing, and not installed: {', '.join(left)}\n")
