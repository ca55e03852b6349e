"""How well and how fast the shop's own search finds: PriceRunner's offers, each cluster's label a query.

Relevant is every offer of the cluster; only titles are known. The queries are 1,000 clusters of three or more offers,
drawn by a seed; what the search was tuned on are 1,000 others (`python -m bench.search --dev`).
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import insert

from app import create_app
from bench.stage import Found, Row, Stage
from storefront.catalog.models import Price, Product, ProductStatus, Variant
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.search.queries import match_products
from storefront.search.services import rebuild_documents
from tests.postgres import start_cluster
from workers.valkey import start_valkey

TITLE = "Search: PriceRunner's offers by the labels of their clusters"
OFFERS = Path(__file__).resolve().parents[2] / "shared/data/pricerunner/pricerunner_aggregate.csv"
SEED, QUERIES, LEAST_OFFERS, DEPTH = 7, 1000, 3, 10
GOAL, GOAL_WITH_SLIP = 0.82, 0.70
ENGINES = {"sqlite": "SQLite FTS5", "postgresql": "PostgreSQL full text"}
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class Query:
    """What is asked and which products answer it."""

    text: str
    relevant: frozenset[int]


@dataclass(frozen=True)
class Judgment:
    """Of one list of queries on one engine; seconds are of each query."""

    ndcg: float
    empty: float  # share of queries without any result
    seconds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds) * 1000

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.seconds, n=20)[-1] * 1000


def measure(stage: Stage) -> Found:
    """Judge both engines; skipped with a note where the offers are not at hand."""
    found = Found()
    if not OFFERS.exists():
        found.notes.append("PriceRunner's offers are not on this machine: nothing was measured.")
        return found
    for engine, label in ENGINES.items():
        with _shop(engine) as app, app.app_context():
            queries = _load(is_dev=False)
            for name, goal, asked in (("queries", GOAL, queries),
                                      ("one slip each", GOAL_WITH_SLIP, [_slip(query) for query in queries])):
                judged = judge(asked)
                found.rows.append(Row(f"{label}, {name}: NDCG@10", f"{judged.ndcg:.3f}",
                                      f"median {judged.median:.1f} ms, p95 {judged.p95:.1f} ms",
                                      f"{judged.empty:.1%} without result", f"≥ {goal}", judged.ndcg >= goal))
                found.figures[f"{engine}, {name}"] = {"ndcg": judged.ndcg, "empty": judged.empty,
                                                      "median_ms": judged.median, "p95_ms": judged.p95}
    return found


def judge(queries: Sequence[Query]) -> Judgment:
    """Ask the shop's search each query."""
    gains, seconds, empty = [], [], 0
    for query in queries:
        db.session.rollback()
        began = time.perf_counter()
        ids = match_products(query.text).ids
        seconds.append(time.perf_counter() - began)
        empty += not ids
        gains.append(_ndcg(ids, query.relevant))
    return Judgment(statistics.fmean(gains), empty / len(queries), seconds)


def _ndcg(ids: Sequence[int], relevant: frozenset[int]) -> float:
    gained = sum(1 / math.log2(place + 2) for place, found in enumerate(ids[:DEPTH]) if found in relevant)
    return gained / sum(1 / math.log2(place + 2) for place in range(min(DEPTH, len(relevant))))


def slip(text: str) -> str:
    """Return the text with one letter other, more, less or swapped; the same slip in every run."""
    rng = random.Random(f"{SEED} {text}")  # noqa: S311  # the same slips in every run
    at = rng.choice([place for place, sign in enumerate(text) if sign.isalnum()])
    kind, sign = rng.randrange(4), rng.choice(LETTERS)
    return [text[:at] + sign + text[at + 1:], text[:at] + sign + text[at:], text[:at] + text[at + 1:],
            text[:at] + text[at + 1:at + 2] + text[at] + text[at + 2:]][kind]


def _slip(query: Query) -> Query:
    return Query(slip(query.text), query.relevant)


@contextmanager
def _shop(engine: str) -> Iterator[Flask]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        cluster = start_cluster() if engine == "postgresql" else None
        valkey = start_valkey(folder / "valkey")
        try:
            if cluster:
                cluster.sql("CREATE DATABASE shop")
            app = create_app({"STOREFRONT_VAR": str(folder), "STOREFRONT_DEMO": "1", "SECRET_KEY": "x" * 40,
                              "DATABASE_URL": cluster.url("shop") if cluster else f"sqlite:///{folder}/shop.db",
                              "REDIS_URL": valkey.url})
            with app.app_context():
                upgrade()
                yield app
                db.session.remove()
                db.engine.dispose()
        finally:
            valkey.stop()
            if cluster:
                cluster.stop()


def _load(*, is_dev: bool) -> list[Query]:
    """Make each offer a product, build the index as `flask search rebuild` does, and return the queries."""
    with OFFERS.open(encoding="utf-8") as file:
        offers = list(csv.DictReader(file))
    rows = [{"id": number, "slug": f"offer-{number}", "name": offer["product_title"][:300], "facts": [], "tags": [],
             "extra": {}, "status": ProductStatus.ACTIVE, "published_at": now(), "lowest_amount": 100}
            for number, offer in enumerate(offers, start=1)]
    db.session.execute(insert(Product), rows)
    db.session.execute(insert(Variant), [{"id": row["id"], "product_id": row["id"], "extra": {}} for row in rows])
    db.session.execute(insert(Price), [{"variant_id": row["id"], "currency": "EUR", "amount": 100} for row in rows])
    db.session.commit()
    began = time.monotonic()
    rebuild_documents()
    sys.stderr.write(f"{len(rows)} offers read into the index in {time.monotonic() - began:.1f} s\n")
    clusters: dict[str, list[int]] = defaultdict(list)
    for number, offer in enumerate(offers, start=1):
        clusters[offer["cluster_id"]].append(number)
    labels = {offer["cluster_id"]: offer["cluster_label"] for offer in offers}
    chosen = sorted(name for name, ids in clusters.items() if len(ids) >= LEAST_OFFERS)
    random.Random(SEED).shuffle(chosen)  # noqa: S311  # the same queries in every run
    part = chosen[QUERIES:2 * QUERIES] if is_dev else chosen[:QUERIES]
    return [Query(labels[name], frozenset(clusters[name])) for name in part]


def main() -> None:
    """Print what was found; `--dev` asks the queries that the search was tuned on."""
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument("--dev", action="store_true", help="the queries that the search was tuned on")
    parser.add_argument("--engine", choices=list(ENGINES), default="sqlite", help="for --dev (default sqlite)")
    asked = parser.parse_args()
    if not asked.dev:
        for row in measure(Stage(0, 0)).rows:
            print(f"{row.what}: {row.ours} (goal {row.goal}), {row.beside}, {row.result}")
        return
    with _shop(asked.engine) as app, app.app_context():
        queries = _load(is_dev=True)
        for name, part in (("queries", queries), ("one slip each", [_slip(query) for query in queries])):
            judged = judge(part)
            print(f"{name}: NDCG@10 {judged.ndcg:.4f}, {judged.empty:.1%} without result, "
                  f"median {judged.median:.1f} ms, p95 {judged.p95:.1f} ms")


if __name__ == "__main__":
    main()
