"""A bar on the terminal for what takes seconds."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

BAR = 30


@contextmanager
def progress(label: str, seconds: float) -> Iterator[None]:
    """Draw a bar that fills in so many seconds, on standard error."""
    over = threading.Event()

    def draw() -> None:
        passed = 0.0
        while not over.wait(0.5):
            passed += 0.5
            filled = min(int(BAR * passed / max(seconds, 0.5)), BAR)
            sys.stderr.write(f"\r{label:<52} [{'#' * filled:<{BAR}}] {passed:5.1f} s")
            sys.stderr.flush()

    drawer = threading.Thread(target=draw)
    drawer.start()
    try:
        yield
    finally:
        over.set()
        drawer.join()
        sys.stderr.write(f"\r{label:<52} [{'#' * BAR}]{'':<9}\n")
