"""`flask catalog …`: import products, undo that, export them, and ask again for their pictures."""

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

from storefront.catalog.exporter import Export
from storefront.catalog.images import requeue_images
from storefront.catalog.import_models import LineKind
from storefront.catalog.importer.importing import FORMATS, ImportOvertaken, import_file
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.report import Report, count_of, read_lines
from storefront.catalog.importer.undo import count_undone, read_gone, say_undone, undo_import
from storefront.foundation.csv_files import UnreadableFile
from storefront.foundation.errors import ShopError
from storefront.foundation.progress import telling

group = AppGroup("catalog", help="Products: import them from a file, export them, fetch their pictures.")


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "source_format", type=click.Choice(FORMATS), default="auto", help="What wrote the file.")
@click.option("--dry-run", is_flag=True, help="Say what would change and change nothing.")
@click.option("--images", "images_dir", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Take pictures from this folder by the last part of their address.")
@click.option("--resume", "resumes", is_flag=True, help="Go on after the last committed batch of this file.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def import_products(*, file: Path, as_json: bool, **options: Any) -> None:
    """Import products from FILE, a product export of Shopify or WooCommerce (CSV, at most 64 MB).

    Importing a file twice changes nothing the second time. What cannot be taken is listed by line and column and
    keeps nothing else out; the exit code is then 1. `flask catalog undo` puts back what it changed.

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
    except ImportOvertaken as error:
        _give_up(file, str(error), as_json=as_json)
    except (OperationalError, ProgrammingError) as error:
        _give_up(file, f"The database refuses: {error.orig}. `flask db upgrade` makes its tables; what was committed "
                 "before stays, and --resume goes on from there.", as_json=as_json)
    except KeyboardInterrupt:
        _give_up(file, "Stopped. What was committed stays; --resume goes on from there.", as_json=as_json)
    if not report.is_dry_run and not as_json and report.outcomes["created"] + report.outcomes["updated"]:
        report.hints.append(f"`flask catalog undo {report.import_id}` puts back what this import changed.")
    if as_json:
        click.echo(json.dumps(report.as_json() | {"seconds": round(time.monotonic() - began, 2)}, indent=2))
    else:
        for line in (*report.changes, *report.lines()):
            click.echo(line)
    sys.exit(1 if report.rejections else 0)


@group.command("undo")
@click.argument("import_id", type=click.IntRange(1, 2**31 - 1))
@click.option("--json", "as_json", is_flag=True, help="Print what was put back and what stays as JSON.")
def undo(*, import_id: int, as_json: bool) -> None:
    """Put back what the import IMPORT_ID changed, where nobody changed it since; what stays is listed with its reason.

    Example: flask catalog undo 3
    """
    _keep_quiet()
    try:
        with telling("Products put back", is_quiet=as_json) as tell:
            undo_import(import_id=import_id, stock=current_app.extensions["stock"], actor="system", tell=tell)
    except ShopError as error:
        click.echo(json.dumps({"import_id": import_id, "error": str(error)}) if as_json else str(error),
                   err=not as_json)
        sys.exit(1)
    kept = read_lines(import_id, LineKind.KEPT)
    if as_json:
        gone = [{"what": line.column.lower(), "name": line.name} for line in read_gone(import_id)]
        put_back, stayed = count_undone(import_id)
        click.echo(json.dumps({"import_id": import_id, "put_back": put_back, "left": stayed, "gone": gone, "kept": [
            {"what": line.column.lower() or "product", "slug": line.slug, "name": line.name, "reason": line.text}
            for line in kept]}, indent=2))
    else:
        for sentence in say_undone(import_id):
            click.echo(sentence)
        for line in kept:
            what = f"{line.column.lower()} {line.name}" if line.column else line.slug or "a product"
            click.echo(f"  {what}: {line.text}")
    sys.exit(1 if kept else 0)


@group.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "target_format", type=click.Choice(["shopify"]), default="shopify", help="What will read it.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def export_products(*, file: Path, target_format: str, as_json: bool) -> None:
    """Write every product with all its variants to FILE, a CSV in Shopify's format; importing it changes nothing.

    Example: flask catalog export products.csv
    """
    export = Export(current_app.extensions["stock"])
    try:
        with file.open("w", encoding="utf-8", newline="") as target:
            for piece in export.pieces():
                target.write(piece)
                if sys.stdout.isatty() and not as_json:
                    click.echo(f"\r{count_of(export.products, 'product')}", nl=False)
    except OSError as error:
        _give_up(file, f"{error.strerror}.", as_json=as_json)
    if as_json:
        click.echo(json.dumps({"file": file.name, "format": target_format, "products": export.products,
                               "rows": export.rows, "notes": export.notes}, indent=2))
        return
    click.echo(f"{'' if not sys.stdout.isatty() else chr(13)}{count_of(export.products, 'product')} in "
               f"{count_of(export.rows, 'row')} written to {file.name}, for {target_format.capitalize()}.")
    for note in export.notes:
        click.echo(f"  {note}")


@group.command("images")
@click.option("--retry", is_flag=True, help="Ask again for every picture that is not at hand.")
@click.option("--json", "as_json", is_flag=True, help="Print the number as JSON.")
def images(*, retry: bool, as_json: bool) -> None:
    """Ask again for pictures that could not be fetched; the worker of the queue `images` fetches them.

    Example: flask catalog images --retry
    """
    count = requeue_images(includes_failed=retry)
    click.echo(json.dumps({"images": count}) if as_json
               else f"{count_of(count, 'picture')} will be fetched by the worker.")


def _give_up(file: Path, reason: str, *, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"file": file.name, "error": reason}))
    else:
        click.echo(f"{file.name}: {reason}", err=True)
    sys.exit(1)


def _keep_quiet() -> None:
    """The report names what was saved; two records of each product beside it tell nothing more."""
    logging.getLogger("storefront.catalog.services").setLevel(logging.WARNING)


def _run(order: Order, *, is_quiet: bool) -> Report:
    """Import with a bar of bytes on a terminal, a line per batch in a pipe, nothing for a machine."""
    _keep_quiet()
    if is_quiet:
        return import_file(order, lambda position, report: None)
    if not sys.stdout.isatty():
        return import_file(order, lambda position, report: click.echo(
            f"{report.done} products, {position} bytes read, {report.outcomes['rejected']} not taken"))
    size = order.path.stat().st_size if order.path.is_file() else 0
    with click.progressbar(length=size, label=order.path.name) as bar:
        return import_file(order, lambda position, report: bar.update(position - bar.pos))
