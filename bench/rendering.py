"""`flask pages render --all` beside bare Jinja: the same template with its data ready, in as many processes."""

from __future__ import annotations

import multiprocessing
import os
import time
from typing import Any

from flask import Flask, template_rendered

from bench.mall import Mall
from bench.progress import progress
from bench.stage import Found, Stage, compare, tell_rates
from storefront.foundation.database import db
from storefront.foundation.page_files import page_file
from workers.pages_render import render_page, warm_up

TITLE = "Rendering ahead"
PAGES = 10_000
SAMPLE = 400  # product pages whose data bare Jinja is given
PROCESSES = min(2, os.cpu_count() or 1)

Ready = list[tuple[Any, dict[str, Any]]]  # templates with all that they are given


def measure(stage: Stage) -> Found:
    """Render every page of the shop once; before and after it, bare Jinja for a few seconds each."""
    mall = stage.mall
    ready = collect(mall)
    with mall.shop.halted("pages"):  # the command alone renders
        bare = [bare_jinja(mall.shop.app, ready, stage.seconds) for _ in range(2)]
        with progress(f"rendering {PAGES:,} pages", 90):
            said = mall.render(*_pages(mall))
        bare.append(bare_jinja(mall.shop.app, ready, stage.seconds))
    middle = sorted(bare)[1]
    rate = float(said["pages_per_second"])
    found = Found(figures={"render": said, "bare": bare})
    found.rows = [compare(f"pages rendered ahead a second, {said['written']:,} pages", [rate], [middle], goal=0.6,
                          name=f"bare Jinja, data ready, {PROCESSES} processes")]
    found.notes = ["Rendering ahead is the route as a visitor asks for it, its queries, compression, fsync and the "
                   "record of what was written, once. Bare Jinja throws its text away; it ran twice before and once "
                   f"after: {tell_rates(bare)}."]
    lost = [path for path in mall.products[:PAGES] if not has_file(mall, path)]
    found.problems = [f"{said['failed']} pages could not be rendered"] * bool(said["failed"])
    found.problems += [f"{len(lost)} pages have no file, such as {lost[0]}"] if lost else []
    return found


def collect(mall: Mall) -> Ready:
    """Render product pages once and keep what their template was given."""
    ready: Ready = []

    def keep(sender: Flask, template: Any, context: dict[str, Any], **_: Any) -> None:
        ready.append((template, dict(context)))

    app = mall.shop.app
    with app.app_context(), template_rendered.connected_to(keep, app):
        for path in mall.products[:SAMPLE]:
            render_page(app, path, time.time())
        db.session.remove()
    assert len(ready) >= SAMPLE, "the product page is not one template any more"
    return ready


def bare_jinja(app: Flask, ready: Ready, seconds: float) -> float:
    """Return how many pages a second bare Jinja makes in PROCESSES forked processes."""
    warm_up(app)
    with app.app_context():
        db.engine.dispose()
    context = multiprocessing.get_context("fork")
    done = context.Queue()
    hands = [context.Process(target=_make, args=(app, ready, seconds, done)) for _ in range(PROCESSES)]
    with progress("bare Jinja", seconds):
        for hand in hands:
            hand.start()
        rates = [done.get(timeout=seconds + 60) for _ in hands]
        for hand in hands:
            hand.join()
    return float(sum(rates))


def _make(app: Flask, ready: Ready, seconds: float, done: Any) -> None:
    made, began = 0, time.perf_counter()
    with app.app_context(), app.test_request_context("/"):
        while time.perf_counter() - began < seconds:
            template, context = ready[made % len(ready)]
            template.render(context)
            made += 1
    done.put(made / (time.perf_counter() - began))


def has_file(mall: Mall, path: str) -> bool:
    """Tell whether the page lies as a file."""
    with mall.shop.app.app_context():
        file = page_file(path)
        return file is not None and file.exists()


def _pages(mall: Mall) -> list[str]:
    """The whole shop, or as many pages as the measure is about where there are more."""
    return ["--all"] if len(mall.products) <= PAGES else list(mall.products[:PAGES])
