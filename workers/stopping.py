"""How a loop hears SIGTERM and Ctrl-C: it finishes its round and ends."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType


class StopRequest:
    """Set by SIGTERM or SIGINT; `wait` returns early when it comes.

    A pipe and not threading.Event: a handler that sets an Event can deadlock the very thread that waits on it.
    """

    def __init__(self) -> None:
        self.is_set = False
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)

    def wait(self, seconds: float) -> None:
        """Sleep for the seconds or until a stop is asked for."""
        if not self.is_set:
            select.select([self._reader], [], [], max(seconds, 0))

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.is_set = True
        os.write(self._writer, b"x")
