"""`flask catalog …`: import products, and ask again for their pictures."""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from storefront.catalog.images import requeue_images
from storefront.catalog.importer.importing import FORMATS, import_file
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.report import Report
from storefront.foundation.csv_files import UnreadableFile

group = AppGroup("catalog", help="Products: import them from a file, fetch their pictures.")


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "source_format", type=click.Choice(FORMATS), default="auto", help="What wrote the file.")
@click.option("--dry-run", is_flag=True, help="Say what would change and change nothing.")
@click.option("--images", "images_dir", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Take pictures from this folder by the last part of their address.")
@click.option("--resume", "resumes", is_flag=True, help="Go on after the last committed batch of this file.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def import_products(*, file: Path, as_json: bool, **options: Any) -> None:
    """Import products from FILE, a product export of Shopify (CSV, UTF-8, at most 64 MB).

    Importing a file twice changes nothing the second time. What cannot be taken is listed by line and column and
    keeps nothing else out; the exit code is then 1.

    Example: flask catalog import products.csv --dry-run
    """
    order = Order(path=file, stock=current_app.extensions["stock"], actor="system",
                  source_format=options["source_format"], is_dry_run=options["dry_run"],
                  images_dir=options["images_dir"], resumes=options["resumes"])
    began = time.monotonic()
    try:
        report = _run(order, is_quiet=as_json)
    except UnreadableFile as error:
        _give_up(file, f"{error} Nothing was changed.", as_json=as_json)
    except (OperationalError, ProgrammingError) as error:
        _give_up(file, f"The database refuses: {error.orig}. `flask db upgrade` makes its tables; what was committed "
                 "before stays, and --resume goes on from there.", as_json=as_json)
    except KeyboardInterrupt:
        _give_up(file, "Stopped. What was committed stays; --resume goes on from there.", as_json=as_json)
    if as_json:
        click.echo(json.dumps(report.as_json() | {"seconds": round(time.monotonic() - began, 2)}, indent=2))
    else:
        for line in (*report.changes, *report.lines()):
            click.echo(line)
    sys.exit(1 if report.rejections else 0)


@group.command("images")
@click.option("--retry", is_flag=True, help="Ask again for every picture that is not at hand.")
def images(*, retry: bool) -> None:
    """Ask again for pictures that could not be fetched; the worker of the queue `images` fetches them.

    Example: flask catalog images --retry
    """
    count = requeue_images(includes_failed=retry)
    click.echo(f"{count} picture{'' if count == 1 else 's'} will be fetched by the worker.")


def _give_up(file: Path, reason: str, *, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"file": file.name, "error": reason}))
    else:
        click.echo(f"{file.name}: {reason}", err=True)
    sys.exit(1)


def _run(order: Order, *, is_quiet: bool) -> Report:
    """Import with a bar of bytes on a terminal, a line per batch in a pipe, nothing for a machine."""
    logging.getLogger("storefront.catalog.services").setLevel(logging.WARNING)  # the report names what was saved
    if is_quiet:
        return import_file(order, lambda position, report: None)
    if not sys.stdout.isatty():
        return import_file(order, lambda position, report: click.echo(
            f"{report.done} products, {position} bytes read, {len(report.rejections)} rejections"))
    size = order.path.stat().st_size if order.path.is_file() else 0
    with click.progressbar(length=size, label=order.path.name) as bar:
        return import_file(order, lambda position, report: bar.update(position - bar.pos))
