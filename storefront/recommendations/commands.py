"""`flask recommendations …`: compute what goes with what."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
from flask.cli import AppGroup

from storefront.recommendations.queries import count_on_sale
from storefront.recommendations.services import Progress, rebuild_recommendations

group = AppGroup("recommendations", help="What goes with what: bought together, or of one kind.")
TELL_EVERY = 10_000


@group.command("rebuild")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def rebuild(as_json: bool) -> None:
    """Compute every product's recommendations anew while the old ones serve; the schedule does it each night.

    \b
    Example: flask recommendations rebuild
    """
    if as_json:
        click.echo(json.dumps(asdict(rebuild_recommendations())))
        return
    if sys.stdout.isatty():
        with click.progressbar(length=count_on_sale(), label="Products") as bar:
            rebuilt = rebuild_recommendations(progress=bar.update)
    else:
        rebuilt = rebuild_recommendations(progress=_tell())
    click.echo(f"{rebuilt.bought} products are bought with others, {rebuilt.alike} have others of their kind; "
               f"{rebuilt.changed} show others than before.")


def _tell() -> Progress:
    done = 0

    def add(count: int) -> None:
        nonlocal done
        done += count
        if done % TELL_EVERY < count:
            click.echo(f"{done} products")

    return add
