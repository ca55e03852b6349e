"""How quickly a large catalog is searched: `python -m bench.finding --products 300000`, or as a group of `bench`.

Fills a database of its own, or asks the one that DATABASE_URL names and that is filled already. The questions are
drawn by a seed from the catalog's own words. Milliseconds of the whole answer short of HTML, cards and stock included.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from functools import partial
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import func, select

from bench.scale import ASKED, TWO, large_shop, time_each
from bench.search import slip
from bench.stage import Found, Row, Stage
from demo.filling import fill
from storefront.browse.filters import ListQuery
from storefront.browse.listings import read_search_page
from storefront.catalog.models import Product, Variant
from storefront.foundation.database import db
from storefront.search.queries import match_products, read_index
from storefront.search.services import rebuild_search
from storefront.search.suggestions import suggest

TITLE = "Search in a large catalog"
SEARCH_GOAL, SUGGESTIONS_GOAL = 60.0, 20.0
DRAWN = 2000  # products whose words are asked for


def measure(stage: Stage) -> Found:
    """Fill a shop of its own with `stage.products` unless it is filled, and ask it."""
    with large_shop() as app, app.app_context():
        upgrade()
        figures = measure_finding(stage.products)
        db.session.remove()
        db.engine.dispose()
    return Found(_rows(figures), [], [], figures)


def measure_finding(products: int) -> dict[str, Any]:
    """Return milliseconds by name, each with how many of its questions found nothing."""
    missing = products - (db.session.scalar(select(func.count()).select_from(Product)) or 0)
    if missing > 0:
        sys.stderr.write(f"{sum(variants for _, variants in fill(missing))} variants\n")
    if missing > 0 or read_index() is None:
        rebuild_search()
    found: dict[str, Any] = {"variants": db.session.scalar(select(func.count()).select_from(Variant))}
    asked = draw_questions()
    suggest(asked["begun"][0])  # what a process reads once: the tree of categories
    read_search_page(ListQuery(asked["one word"][0], chosen=TWO))
    for name, texts in asked.items():
        if name == "begun":
            found[name] = time_each(suggest, texts) | {"empty": sum(not suggest(text).count for text in texts)}
            continue
        found[name] = time_each(partial(_search, ListQuery()), texts)
        found[name]["empty"] = sum(not match_products(text).ids for text in texts)
    found["filtered"] = time_each(partial(_search, ListQuery(chosen=TWO)), asked["two words"])
    return found


def draw_questions() -> dict[str, list[str]]:
    """Return what is asked, by kind: from names and codes of the catalog itself, the same in every run."""
    chance = random.Random(7)  # noqa: S311  # the same questions in every run
    drawn = db.session.execute(select(Product.id, Product.name).where(Product.id % 97 == 0)
                               .order_by(Product.id).limit(DRAWN)).all()
    skus = db.session.scalars(select(Variant.sku).where(Variant.product_id.in_([row.id for row in drawn[:ASKED]]))
                              .order_by(Variant.id)).all()
    names = [row.name.split() for row in drawn if len(row.name.split()) > 1]
    words = sorted({word for name in names for word in name if len(word) > 3 and word.isalpha()})
    one = [chance.choice(words) for _ in range(ASKED)]
    two = [" ".join(chance.sample(chance.choice(names), 2)) for _ in range(ASKED)]
    return {
        "one word": one, "two words": two, "code": [sku for sku in skus if sku][:ASKED],
        "slip": [slip(text) for text in two],
        "nonsense": ["".join(chance.choices("qxzjvk", k=9)) for _ in range(ASKED)],
        "begun": [word[:chance.randint(2, 3)].lower() for word in one] + [text[:-2] for text in two],
    }


def _search(query: ListQuery, text: str) -> object:
    return read_search_page(ListQuery(text, chosen=query.chosen))


def _rows(found: dict[str, Any]) -> list[Row]:
    names = {"one word": "search, one word", "two words": "search, two words",
             "filtered": "the same, two filters, all counts",
             "code": "search, a SKU", "slip": "search, two words with a slip", "nonsense": "search, nothing such",
             "begun": "suggestions, begun words"}
    rows = []
    for name, what in names.items():
        goal = SUGGESTIONS_GOAL if name == "begun" else SEARCH_GOAL
        spent = found[name]
        empty = f"{spent['empty']} without result" if "empty" in spent else ""
        rows.append(Row(what, f"{spent['median']:.1f} ms, p95 {spent['p95']:.1f}, computing {spent['cpu']:.1f}",
                        f"{found['variants']:,} variants", empty, f"p95 ≤ {goal:g} ms", spent["p95"] <= goal))
    return rows


def main() -> None:
    """Measure in a database of its own, or in the one that DATABASE_URL names, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.finding", description=__doc__)
    parser.add_argument("--products", type=int, default=300_000, help="default 300,000: about a million variants")
    found = measure(Stage(0, 0, parser.parse_args().products))
    print(json.dumps(found.figures, indent=1))
    sys.stderr.write("\n".join(f"{row.what}: {row.ours} {row.result} {row.goal}" for row in found.rows) + "\n")


if __name__ == "__main__":
    main()
