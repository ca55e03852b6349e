"""Named places where a test may break the shop: `STOREFRONT_FAILPOINT=<name>:kill|raise|sleep|hold`.

Refused outside of tests: the setting is read only together with STOREFRONT_TESTS=1, and a shop that
has the one without the other does not start (foundation/config.py).
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

SLEEP_SECONDS = 3.0
HOLD_SECONDS = 60.0  # a test that forgets to let go fails, and does not hang


class FailpointHit(RuntimeError):
    """A test asked for a failure here."""


def failpoint(name: str) -> None:
    """Do what a test asked for at this place; nothing in a shop that sells.

    `kill` ends the process at once (SIGKILL), `raise` raises FailpointHit, `sleep` waits three seconds, or
    as many as `sleep=<seconds>` says, `hold` makes the file `<file>.held` and waits until `<file>.free` exists.
    With STOREFRONT_FAILPOINT_ONCE the place breaks once: the file is removed when it is hit, and without the
    file nothing happens. What the file holds stands for STOREFRONT_FAILPOINT, so that a test can aim at a
    running process; `<name>:kill@3` passes over two hits, and the name `*` is any place.
    """
    if os.environ.get("STOREFRONT_TESTS") != "1":
        return
    asked = _asked()
    where, _, what = asked.partition(":")
    if where not in (name, "*"):
        return
    what, _, hits = what.partition("@")
    if not _is_armed(f"{where}:{what}", int(hits or 1)):
        return
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "raise":
        raise FailpointHit(name)
    if what == "hold":
        _hold()
    else:
        time.sleep(float(what.partition("=")[2] or SLEEP_SECONDS))


def _asked() -> str:
    asked = os.environ.get("STOREFRONT_FAILPOINT", "")
    once = os.environ.get("STOREFRONT_FAILPOINT_ONCE")
    if once is None:
        return asked
    try:
        return Path(once).read_text() or asked
    except FileNotFoundError:
        return ""


def _is_armed(asked: str, hits: int) -> bool:
    """Take the file away, or count down in it; of two processes at one place one gets it."""
    once = os.environ.get("STOREFRONT_FAILPOINT_ONCE")
    if once is None:
        return True
    mine = f"{once}.{os.getpid()}"
    try:
        os.rename(once, mine)
    except FileNotFoundError:
        return False
    if hits > 1:
        Path(mine).write_text(f"{asked}@{hits - 1}")
        os.rename(mine, once)
        return False
    os.unlink(mine)
    return True


def _hold() -> None:
    file = os.environ["STOREFRONT_FAILPOINT_ONCE"]
    Path(f"{file}.held").touch()
    deadline = time.monotonic() + HOLD_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{file}.free")
            return
        time.sleep(0.01)
