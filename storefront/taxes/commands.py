"""`flask taxes …`: import rates."""

from __future__ import annotations

import sys
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
def import_tax_rates(*, file: Path, dry_run: bool, is_on_top: bool | None) -> None:
    """Import tax rates from FILE, WooCommerce's export of them (CSV).

    Example: flask taxes import tax_rates.csv --dry-run
    """
    try:
        report = import_rates(file, is_on_top=is_on_top, is_dry_run=dry_run)
    except UnreadableFile as error:
        click.echo(f"{file.name}: {error} Nothing was changed.", err=True)
        sys.exit(1)
    for rate in report.saved:
        click.echo(f"{rate.country} {rate.tax_category}: {rate.basis_points / 100:g} % {rate.name}")
    click.echo(f"{len(report.saved)} rates {'would be ' if dry_run else ''}set, {report.unchanged} unchanged.")
    if report.rejections:
        click.echo(f"Not taken ({len(report.rejections)}):")
        for rejection in report.rejections:
            click.echo(f"  {rejection}")
    sys.exit(1 if report.rejections else 0)
