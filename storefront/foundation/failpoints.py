"""Named places where a test may break the shop: `STOREFRONT_FAILPOINT=<name>:kill|raise|sleep`.

Refused outside of tests: the setting is read only together with STOREFRONT_TESTS=1, and a shop that
has the one without the other does not start (foundation/config.py).
"""

from __future__ import annotations

import os
import signal
import time

SLEEP_SECONDS = 3.0


class FailpointHit(RuntimeError):
    """A test asked for a failure here."""


def failpoint(name: str) -> None:
    """Do what a test asked for at this place; nothing in a shop that sells.

    `kill` ends the process at once (SIGKILL), `raise` raises FailpointHit, `sleep` waits three seconds, or
    as many as `sleep=<seconds>` says. With STOREFRONT_FAILPOINT_FILE the place breaks once: the file is
    removed when it is hit, and without the file nothing happens.
    """
    asked = os.environ.get("STOREFRONT_FAILPOINT")
    if asked is None or os.environ.get("STOREFRONT_TESTS") != "1":
        return
    where, _, what = asked.partition(":")
    if where != name or not _is_armed():
        return
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "raise":
        raise FailpointHit(name)
    time.sleep(float(what.partition("=")[2] or SLEEP_SECONDS))


def _is_armed() -> bool:
    once = os.environ.get("STOREFRONT_FAILPOINT_FILE")
    if once is None:
        return True
    try:
        os.unlink(once)
    except FileNotFoundError:
        return False
    return True
