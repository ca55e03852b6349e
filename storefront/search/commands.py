"""`flask search …`: what search keeps, made anew from the catalog."""

from __future__ import annotations

import json
import time

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from storefront.foundation.progress import telling
from storefront.search.services import rebuild_search

group = AppGroup("search", help="What search and filters keep of the catalog.")


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
        with telling("search", is_quiet=as_json) as tell:
            count = rebuild_search(tell)
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(f"The database refuses: {error.orig}. `flask db upgrade` makes its tables; "
                                   "what served before serves on.") from error
    except KeyboardInterrupt:
        raise click.ClickException("Stopped. What served before serves on.") from None
    seconds = round(time.monotonic() - began, 1)
    click.echo(json.dumps({"documents": count, "seconds": seconds}) if as_json
               else f"{count} products are found now, after {seconds} s.")
