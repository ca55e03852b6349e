"""`flask pages …`: public pages as files."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict
from typing import TextIO

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from storefront.foundation import page_marks, page_views
from storefront.foundation.database import db
from storefront.foundation.page_files import page_file
from storefront.foundation.page_marks import OWN, Mark
from storefront.foundation.progress import telling
from workers.pages import rebuild, work_on_pages
from workers.pages_render import Rendered, warm_up

group = AppGroup("pages", help="Render public pages ahead, and count what is seen.")
BATCH = 200  # pages: their products are read at once; for single changes the worker is there
LOOK_SECONDS = 0.5


@group.command("render")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--all", "everything", is_flag=True, help="Every page of the shop anew, hot ones first.")
@click.option("--processes", default=min(2, os.cpu_count() or 1) if sys.platform.startswith("linux") else 1,
              show_default=True, type=click.IntRange(1, 64), help="How many render at once.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def render(paths: tuple[str, ...], everything: bool, processes: int, as_json: bool) -> None:
    """Render what waits, the PATHs given, or --all pages; exit 1 when some could not be.

    It may run beside the worker of the queue `pages`; single changes overtake a rebuild.

    \b
    Example: flask pages render --all
    Example: flask pages render / /p/red-bowl "/c/bowls?sort=price"
    """
    wrong = [path for path in paths if page_file(path) is None]
    if wrong:
        raise click.ClickException(f"{wrong[0]} can have no file: only home, /c/, /p/, /collections/, /pages/ and "
                                   "sitemap.xml do, and lists in the orders that they offer.")
    if everything:
        rebuild()
    page_marks.mark_pages(marks={path: Mark("page", OWN) for path in paths})
    began = time.monotonic()
    done = _work(processes, quiet=as_json)
    seconds = time.monotonic() - began
    if as_json:
        said = asdict(done) | {"seconds": round(seconds, 2), "pages_per_second": round(done.written / seconds, 1),
                               "processes": processes}
        click.echo(json.dumps(said))
    else:
        click.echo(f"{done.written} pages in {seconds:.1f} s ({done.written / seconds:.0f} a second), "
                   f"{done.gone} gone, {done.failed} failed")
    if done.failed:
        raise SystemExit(1)


@group.command("count")
@click.argument("access_log", type=click.File(encoding="utf-8", errors="replace"))
def count(access_log: TextIO) -> None:
    """Count the page views of nginx's ACCESS_LOG (JSON lines with `uri` and `status`), - for standard input.

    What is seen most is rendered first. Count a log once, such as when it is rotated.

    \b
    Example: flask pages count /var/log/nginx/access.log.1
    """
    views = Counter(_read_views(access_log))
    page_views.add_heat(views=views)
    click.echo(f"{views.total()} views of {len(views)} pages.")


def _read_views(lines: TextIO) -> Iterator[str]:
    for line in lines:
        try:
            said = json.loads(line)
            uri, status = str(said["uri"]), int(said["status"])
        except (ValueError, KeyError, TypeError):
            continue
        if status in (200, 304) and len(uri) <= page_marks.MAX_ADDRESS and page_file(uri) is not None:
            yield uri


def _work(processes: int, *, quiet: bool) -> Rendered:
    """Render until nothing waits, in as many processes; this one looks on and tells."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own application
    warm_up(app)
    total = page_marks.count_waiting()
    with telling("pages", is_quiet=quiet) as tell:
        if processes == 1:
            return work_on_pages(math.inf, lambda done: tell(done.written + done.gone + done.failed, total), BATCH)
        db.session.remove()
        db.engine.dispose()  # no connection is shared with a child
        with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
            parts: list[Future[Rendered]] = [pool.submit(_render_in_child) for _ in range(processes)]
            while not all(part.done() for part in parts):
                db.session.rollback()
                tell(total - page_marks.count_waiting(), total)
                time.sleep(LOOK_SECONDS)
        return sum((part.result() for part in parts), Rendered())


def _render_in_child() -> Rendered:
    """In a forked child, which has the parent's application and none of its connections."""
    db.engine.dispose(close=False)
    return work_on_pages(math.inf, batch=BATCH)
