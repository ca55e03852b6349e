"""How the shop fares with a million variants: `python -m bench.scale --products 300000`, or as a group of `bench`.

Fills a database of its own (PostgreSQL unless DATABASE_URL names one that is filled already) and asks for what pages
ask for: lists under two filters with all counts, far pages, product pages nobody looked at before, the panel's list.
Milliseconds of the whole answer short of HTML; for product pages also those spent in SQL.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, func, select

from admin.product_lists import Search, read_products
from app import create_app
from bench.stage import Found, Row, Stage
from demo.filling import fill
from storefront.browse import listings, queries
from storefront.browse.choice import Wish
from storefront.browse.filters import ListQuery
from storefront.catalog.models import Product, Variant
from storefront.catalog.queries import read_tree
from storefront.foundation.database import db
from storefront.search.facets import Chosen, Place, read_index
from storefront.search.facets_saving import rebuild_facets
from storefront.search.models import FacetState
from tests.postgres import start_cluster
from workers.valkey import start_valkey

TITLE = "A large catalog"
ASKED = 60  # questions of each kind in a round
ROUNDS = 3
TWO = Chosen({"color": frozenset({"moss", "rust"}),
              "material": frozenset({"linen", "oak", "glass", "stoneware", "brass", "cotton", "steel"})})
GOALS = {"list": 50.0, "product_sql": 15.0}


def measure(stage: Stage) -> Found:
    """Fill a shop of its own with `stage.products` and measure: the run's shop would answer from its cache."""
    with large_shop() as app, app.app_context():
        upgrade()
        figures = measure_shop(stage.products)
        db.session.remove()
        db.engine.dispose()
    return Found(list_rows(figures), [], [], figures)


def measure_shop(products: int) -> dict[str, Any]:
    """Fill the shop up to so many products unless it has an index, and return milliseconds by name.

    Each kind of question is asked in ROUNDS; the round whose p95 lies in the middle counts.
    """
    found: dict[str, Any] = {}
    missing = products - (db.session.scalar(select(func.count()).select_from(Product)) or 0)
    if not _has_index():
        if missing > 0:
            found["fill_seconds"] = _seconds(lambda: sum(variants for _, variants in fill(missing)))
        found["rebuild_seconds"] = _seconds(rebuild_facets)
    found["variants"] = db.session.scalar(select(func.count()).select_from(Variant))
    before = _megabytes()
    found["cold_seconds"] = _seconds(read_index)
    found["index_megabytes"] = _megabytes() - before
    rounds = [_ask(random.Random(seed)) for seed in range(ROUNDS)]  # noqa: S311  # the same questions in every run
    for name in rounds[0]:
        found[name] = sorted((one[name] for one in rounds), key=lambda said: said["p95"])[ROUNDS // 2]
    found["megabytes"] = _megabytes()
    return found


def _ask(chance: random.Random) -> dict[str, dict[str, float]]:
    """Ask each kind of question; returns median, p95 and computing of each."""
    found, tree = {}, read_tree()
    for depth, name in enumerate(("top", "middle", "lowest")):
        nodes = [node for node in tree if node.path.count("/") == depth] or tree
        paths = [chance.choice(nodes).path for _ in range(ASKED)]
        found[f"list_{name}"] = time_each(lambda path: listings.read_category_page(path, ListQuery(chosen=TWO)), paths)
        found[f"plain_{name}"] = time_each(lambda path: listings.read_category_page(path, ListQuery()), paths)
    deep = ListQuery(sort="price", after=Place(90_00, 5))
    found["far"] = time_each(lambda path: listings.read_category_page(path, deep), [tree[0].path] * ASKED)
    slugs = chance.sample(db.session.scalars(select(Product.slug).order_by(Product.id).limit(50_000)).all(), ASKED)
    with _sql_time() as spent:
        found["product"] = time_each(lambda slug: queries.read_product_page(slug, Wish()), slugs)
    found["product_sql"] = _tell([sum(spent) / ASKED])
    for name, words, times in (("panel", "", ASKED), ("panel_words", "linen", 10), ("panel_sku", "f000012", 10)):
        found[name] = time_each(lambda said: read_products(Search(words=said), 1), [words] * times)
    found["panel_low"] = time_each(lambda _: read_products(Search(is_low=True), 1), [""] * 5)
    return found


def _has_index() -> bool:
    generation = db.session.scalar(select(FacetState.generation))
    db.session.rollback()
    return bool(generation)


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def list_rows(found: dict[str, Any]) -> list[Row]:
    """The table: milliseconds, median and 95th percentile."""
    names = {"list_top": "top category, two filters, all counts", "list_middle": "middle category, the same",
             "list_lowest": "lowest category, the same", "plain_top": "top category, no filter",
             "far": "far page from a place", "product": "product page, cold", "panel": "panel's product list",
             "panel_words": "the same, by a word", "panel_sku": "the same, by the beginning of a SKU",
             "panel_low": "the same, what is low"}
    rows = []
    for name, what in names.items():
        goal = GOALS["list"] if name.startswith("list") else None
        p95 = found[name]["p95"]
        rows.append(Row(what, f"{found[name]['median']:.1f} ms, p95 {p95:.1f}, computing {found[name]['cpu']:.1f}",
                        f"{found['variants']:,} variants", "",
                        f"p95 ≤ {goal:g} ms" if goal else "", p95 <= goal if goal else None))
    spent = found["product_sql"]["median"]
    return [*rows, Row("of a cold product page, in SQL", f"{spent:.1f} ms", "", "", "≤ 15 ms", spent <= 15)]


def main() -> None:
    """Measure in a database of its own, or in the one that DATABASE_URL names, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--products", type=int, default=300_000,
                        help="default 300,000: about a million variants; a shop with an index is measured as it is")
    found = measure(Stage(0, 0, parser.parse_args().products))
    print(json.dumps(found.figures, indent=1))
    sys.stderr.write("\n".join(f"{row.what}: {row.ours} {row.goal}" for row in found.rows) + "\n")


@contextmanager
def large_shop() -> Iterator[Flask]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as ends:
        valkey = start_valkey(Path(folder) / "valkey")
        ends.callback(valkey.stop)
        url = os.environ.get("DATABASE_URL")
        if url is None:
            cluster = start_cluster(is_durable=True)
            ends.callback(cluster.stop)
            cluster.sql("CREATE DATABASE shop")
            url = cluster.url("shop")
        app = create_app({
            "STOREFRONT_VAR": folder, "STOREFRONT_DEMO": "1", "SECRET_KEY": "only-for-measuring-" + "x" * 32,
            "REDIS_URL": valkey.url, "SITE_URL": "http://localhost", "DATABASE_URL": url})
        gc.collect()
        gc.freeze()  # as gunicorn.conf.py does
        yield app


@contextmanager
def _sql_time() -> Iterator[list[float]]:
    """Collect the milliseconds of every statement."""
    began, spent = [0.0], list[float]()

    def start(*args: object) -> None:
        began[0] = time.perf_counter()

    def end(*args: object) -> None:
        spent.append((time.perf_counter() - began[0]) * 1000)

    event.listen(db.engine, "before_cursor_execute", start)
    event.listen(db.engine, "after_cursor_execute", end)
    yield spent
    event.remove(db.engine, "before_cursor_execute", start)
    event.remove(db.engine, "after_cursor_execute", end)


def time_each(question: Callable[[str], object], said: Sequence[str]) -> dict[str, float]:
    """Return median and p95, and `cpu`: what this process computed for each, which other load does not lengthen."""
    began = time.process_time()
    taken = _tell([_seconds(lambda: question(one)) * 1000 for one in said])  # noqa: B023  # called at once
    return taken | {"cpu": round((time.process_time() - began) * 1000 / len(said), 2)}


def _seconds(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    db.session.rollback()
    return round(time.perf_counter() - began, 4)


def _tell(milliseconds: Sequence[float]) -> dict[str, float]:
    ranked = sorted(milliseconds)
    return {"median": round(statistics.median(ranked), 2), "p95": round(ranked[int(len(ranked) * 0.95) - 1], 2)}


if __name__ == "__main__":
    main()
