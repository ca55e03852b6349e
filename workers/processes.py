"""Child processes that do not outlive their parent."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def start_child(command: Sequence[str], *, environ: Mapping[str, str] | None = None, log: Path | None = None,
                directory: Path | None = None) -> Popen[bytes]:
    """Start the command in a session of its own; on Linux it gets SIGTERM when the parent dies.

    Both its streams go to the end of the log file, or nowhere.
    """
    with log.open("ab") if log else open(os.devnull, "wb") as output:
        return Popen(
            list(command), env=dict(environ) if environ is not None else None, cwd=directory, stdin=DEVNULL,
            stdout=output, stderr=STDOUT, start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  # calls prctl, takes no lock
        )


def stop_children(children: Sequence[Popen[bytes]], *, seconds: float = 5.0) -> None:
    """End the children together: SIGTERM, again after half of the time (RQ then drops its job), then SIGKILL."""
    for pause in (seconds / 2, seconds / 2):
        for child in children:
            if child.poll() is None:
                child.terminate()
        _wait(children, pause)
    for child in children:
        kill_group(child)


def _wait(children: Sequence[Popen[bytes]], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(child.poll() is None for child in children):
        time.sleep(0.02)


def process_age() -> float:
    """Return for how many seconds this process has run, the loading of its code included where /proc tells."""
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])  # proc(5): starttime
        uptime = float(Path("/proc/uptime").read_text().split()[0])
    except OSError:
        return time.process_time()
    return uptime - ticks / os.sysconf("SC_CLK_TCK")


def kill_group(child: Popen[bytes]) -> None:
    """SIGKILL what is left of the child's process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM when only a zombie is left
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def die_with_parent(death: signal.Signals) -> Callable[[], None] | None:
    """Return what a child calls after the fork to get the signal at its parent's death; None but on Linux."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl  # loaded here: after the fork nothing may import
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, death, 0, 0, 0)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return ask
