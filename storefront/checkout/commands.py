"""`flask payments …`: stands here because comparing ledgers settles what differs, which payments cannot."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from flask.cli import AppGroup

from storefront.checkout.reconciling import reconcile_payments

group = AppGroup("payments", help="Compare our ledger with the providers'.")


@group.command("reconcile")
@click.option("--days", default=3, show_default=True, help="How far back to look.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
def reconcile(days: int, as_json: bool) -> None:
    """Compare payments with every provider, both ways, and settle what differs; exit 1 when something is left.

    \b
    Example: flask payments reconcile --days 7
    """
    findings = reconcile_payments(days=days)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], default=str))
    else:
        for finding in findings:
            click.echo(f"{'settled' if finding.is_settled else 'open':<8} {finding.gateway:<9} {finding.sentence}")
        left = sum(not finding.is_settled for finding in findings)
        click.echo(f"{len(findings)} differences, {len(findings) - left} settled, {left} left.")
    if any(not finding.is_settled for finding in findings):
        raise SystemExit(1)
