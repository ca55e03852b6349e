"""`flask recommendations …`: compute what goes with what."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from flask.cli import AppGroup

from storefront.foundation.progress import telling
from storefront.recommendations.services import rebuild_recommendations

group = AppGroup("recommendations", help="What goes with what: bought together, or of one kind.")


@group.command("rebuild")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def rebuild(as_json: bool) -> None:
    """Compute every product's recommendations anew while the old ones serve; the schedule does it each night.

    \b
    Example: flask recommendations rebuild
    """
    with telling("products", is_quiet=as_json) as tell:
        rebuilt = rebuild_recommendations(progress=tell)
    click.echo(json.dumps(asdict(rebuilt)) if as_json else
               f"{rebuilt.bought} products are bought with others, {rebuilt.alike} have others of their kind; "
               f"{rebuilt.changed} show others than before.")
