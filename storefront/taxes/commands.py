"""`flask taxes …`: import rates."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup

from storefront.foundation.csv_files import UnreadableFile
from storefront.taxes.importing import import_rates

group = AppGroup("taxes", help="Tax rates: import them from a file.")


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would change and change nothing.")
@click.option("--on-top/--in-the-price", "is_on_top", default=None,
              help="Whether prices come without the tax; a country that is known stays as it is.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def import_tax_rates(*, file: Path, dry_run: bool, is_on_top: bool | None, as_json: bool) -> None:
    """Import tax rates from FILE, WooCommerce's export of them (CSV).

    Example: flask taxes import tax_rates.csv --dry-run
    """
    try:
        report = import_rates(file, is_on_top=is_on_top, is_dry_run=dry_run)
    except UnreadableFile as error:
        reason = f"{error} Nothing was changed."
        click.echo(json.dumps({"file": file.name, "error": reason}) if as_json else f"{file.name}: {reason}",
                   err=not as_json)
        sys.exit(1)
    if as_json:
        click.echo(json.dumps({"file": file.name, "is_dry_run": dry_run} | asdict(report), indent=2))
        sys.exit(1 if report.rejections else 0)
    for rate in report.saved:
        click.echo(f"{rate.country} {rate.tax_category}: {rate.basis_points / 100:g} % {rate.name}")
    click.echo(f"{len(report.saved)} rates {'would be ' if dry_run else ''}set, {report.unchanged} unchanged.")
    if report.note:
        click.echo(report.note)
    if report.rejections:
        click.echo(f"Not taken ({len(report.rejections)}):")
        for rejection in report.rejections:
            click.echo(f"  {rejection}")
    sys.exit(1 if report.rejections else 0)
