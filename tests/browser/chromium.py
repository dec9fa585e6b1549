"""Finding a Chromium for the browser tests, or getting one: `python -m tests.browser.chromium`."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
# As root there is no sandbox to be had; the rest keeps a test browser from calling home.
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]


class NoBrowser(Exception):
    """No Chromium can be had; the text says what was tried."""


def is_waived() -> bool:
    """Whether NO_BROWSER=1 says that this machine is meant to have none."""
    return os.environ.get("NO_BROWSER", "") not in ("", "0")


def installed() -> str | None:
    """The path of an installed Chromium or Chrome (CHROMIUM names another)."""
    named = os.environ.get("CHROMIUM")
    found = [path for name in ([named] if named else NAMES) if (path := shutil.which(name))]
    return found[0] if found else (str(MAC) if MAC.exists() else None)


def playwright_own() -> str | None:
    """The path of the browser that Playwright downloaded, if it did."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find_or_install() -> str:
    """The path of a Chromium, installed now if need be, once for all processes; raises NoBrowser."""
    if path := installed():
        return path
    with (Path(tempfile.gettempdir()) / f"homenode-chromium-{os.geteuid()}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = installed() or playwright_own() or _install()
    if not path:
        raise NoBrowser("No Chromium was found and none could be installed; NO_BROWSER=1 says that this is meant.")
    return path


def _install() -> str | None:
    on_debian = os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get")
    sys.stderr.write("Installing Chromium for the browser tests (once; about a minute)\n")
    if on_debian:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        _try(["apt-get", "update", "-qq"], quiet)
        if _try(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], quiet):
            return installed()
    _try([sys.executable, "-m", "playwright", "install", "chromium"], dict(os.environ))
    return playwright_own()


def _try(command: list[str], environment: dict[str, str]) -> bool:
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.stderr.write(f"{' '.join(command)} failed:\n{done.stdout[-1500:]}\n")
    return not done.returncode


if __name__ == "__main__":
    if not is_waived():
        try:
            find_or_install()
        except NoBrowser as error:
            # The browser tests will fail and say so; the others are still worth running.
            sys.stderr.write(f"{error}\n")
