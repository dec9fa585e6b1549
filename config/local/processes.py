"""Starting and ending child processes so that none is ever left behind.

Standard library only: the supervisor, the tests and manage.py use it before Django is there.
"""

import ctypes
import functools
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_LINUX = sys.platform.startswith("linux")
_libc = ctypes.CDLL(None, use_errno=True)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll a condition until it holds; answer whether it did within that many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _unshare_user(inner: pwd.struct_passwd) -> None:
    """Enter a user namespace in which we are `inner`; files stay those of the outer user."""
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{inner.pw_uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{inner.pw_gid} {gid} 1")


def _become(user: pwd.struct_passwd) -> None:
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


@functools.cache
def can_unshare() -> bool:
    """Whether this kernel lets us open a user namespace (many containers forbid it)."""
    if not _LINUX:
        return False
    account = pwd.getpwnam("nobody")
    try:
        subprocess.run(["true"], check=True, preexec_fn=lambda: _unshare_user(account))
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def child_setup(death_signal: int, *, unprivileged: bool = False) -> Callable[[], None]:
    """What a child does between fork and exec, for `preexec_fn`.

    The kernel sends it `death_signal` when this process dies, however it dies. With `unprivileged`, a child of
    root is not root: a namespace where one can be had, else the user “nobody”. Call it from the main thread:
    the signal comes when the starting thread ends.
    """
    parent = os.getpid()
    drop = _drop_privileges() if unprivileged else None

    def setup() -> None:
        if drop is not None:
            drop()
        if _LINUX:
            # After the change of user, which clears it; and the parent may have died before this line.
            _libc.prctl(_PR_SET_PDEATHSIG, death_signal)
            if os.getppid() != parent:
                os._exit(1)

    return setup


def _drop_privileges() -> Callable[[], None] | None:
    if os.geteuid() != 0:
        return None
    account = pwd.getpwnam("nobody")
    enter = _unshare_user if can_unshare() else _become
    return lambda: enter(account)


def runs_as_nobody() -> bool:
    """Whether unprivileged children really change user, so that their files must be given to “nobody”."""
    return os.geteuid() == 0 and not can_unshare()


def started_at(pid: int) -> str | None:
    """When a live process was started, in a form only fit for comparing; None when there is none (or a zombie)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None if _LINUX else _started_at_by_ps(pid)
    return None if fields[0] in "ZX" else fields[19]


def _started_at_by_ps(pid: int) -> str | None:
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], check=False, capture_output=True, text=True)
    state, _, start = shown.stdout.strip().partition(" ")
    return start.strip() if start and not state.startswith("Z") else None


def command_line(pid: int) -> str:
    """The command line of a process, or nothing."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        if _LINUX:
            return ""
        command = ["ps", "-o", "command=", "-p", str(pid)]
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    return started_at(pid) is not None


def signal_group(pid: int, number: int) -> None:
    """Send a signal to a child's whole process group, or to it alone when it leads none."""
    for send in (os.killpg, os.kill):
        try:
            send(pid, number)
            return
        except ProcessLookupError:
            continue


def processes_with(variable: str, value: str) -> list[int]:
    """Our user's live processes that have this in their environment (Linux; elsewhere none is found)."""
    wanted = f"{variable}={value}".encode()
    processes = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            marked = wanted in (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if marked and (pid := int(entry.name)) != os.getpid() and is_alive(pid):
            processes.append(pid)
    return processes


def end_process(pid: int, steps: list[tuple[int, float]]) -> bool:
    """End a process that is not our child: each signal in turn, each with its seconds to work."""
    for number, seconds in steps:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        if wait_until(lambda: not is_alive(pid), seconds):
            return True
    return False


def stop_child(child: subprocess.Popen[bytes], number: int, seconds: float) -> None:
    """End our child politely, then its whole group by force."""
    if child.poll() is None:
        child.send_signal(number)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            signal_group(child.pid, signal.SIGKILL)
    child.wait()
