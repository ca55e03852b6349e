"""How far a command is: a bar on a terminal, a line now and then in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

LINE_SECONDS = 5.0  # between two lines
Progress = Callable[[int, int], object]


@contextmanager
def telling(what: str, *, is_quiet: bool = False) -> Iterator[Progress]:
    """Give what is to be told (done, total) as often as one likes; says nothing when quiet, as for machines."""
    if is_quiet:
        yield lambda done, total: None
    elif sys.stdout.isatty():
        with click.progressbar(length=1, label=what, show_pos=True) as bar:
            def draw(done: int, total: int) -> None:
                bar.length = max(total, 1)
                bar.update(max(0, done - bar.pos))

            yield draw
    else:
        said_at = time.monotonic()

        def say(done: int, total: int) -> None:
            nonlocal said_at
            if time.monotonic() - said_at >= LINE_SECONDS:
                said_at = time.monotonic()
                click.echo(f"{what}: {max(0, done)} of {total}")

        yield say
