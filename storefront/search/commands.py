"""`flask search …`: what search keeps, made anew from the catalog."""

from __future__ import annotations

import json
import sys
import time

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from storefront.search.services import rebuild_search

group = AppGroup("search", help="What search and filters keep of the catalog.")
LINE_SECONDS = 5.0  # between the lines that a pipe gets instead of a bar


@group.command("rebuild")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def rebuild(*, as_json: bool) -> None:
    """Read every product anew into documents and filters, while the old ones serve; they change places at the end.

    Needed after a change of DEFAULT_LOCALE, after a restore, and once for a large shop that has no index yet.

    \b
    Example: flask search rebuild
    """
    began = time.monotonic()
    try:
        count = _run(is_quiet=as_json)
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(f"The database refuses: {error.orig}. `flask db upgrade` makes its tables; "
                                   "what served before serves on.") from error
    except KeyboardInterrupt:
        raise click.ClickException("Stopped. What served before serves on.") from None
    seconds = round(time.monotonic() - began, 1)
    click.echo(json.dumps({"documents": count, "seconds": seconds}) if as_json
               else f"{count} products are found now, after {seconds} s.")


def _run(*, is_quiet: bool) -> int:
    """Rebuild with a bar on a terminal, a line now and then in a pipe, nothing for a machine."""
    if is_quiet:
        return rebuild_search()
    if not sys.stdout.isatty():
        return rebuild_search(_Lines())
    with click.progressbar(length=1, label="search") as bar:
        def draw(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        return rebuild_search(draw)


class _Lines:
    """A line every few seconds."""

    def __init__(self) -> None:
        self.said_at = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self.said_at >= LINE_SECONDS:
            self.said_at = time.monotonic()
            click.echo(f"{done} of {total}")
