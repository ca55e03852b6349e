"""How fast products come in from a file, and how much memory that takes: `python -m bench.imports [rows]`."""

from __future__ import annotations

import csv
import json
import logging
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from flask_migrate import upgrade

from app import create_app
from bench.stage import Found, Row, Stage
from storefront.catalog.exporter import Export
from storefront.catalog.importer.importing import import_file
from storefront.catalog.importer.order import Order
from storefront.foundation.database import db

TITLE = "Imports and exports"
ROWS = 20_000
GOAL = 2_000  # rows in a second
DEEDS = {"new": "imported into an empty shop", "again": "the same file again", "export": "exported"}
WORDS = ("clay", "moss", "fog", "thrown", "wide", "low", "bowl", "print", "paper", "lamp", "warm", "glow", "stone",
         "oak", "linen", "wool")
COLUMNS = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value",
    "Variant SKU", "Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy",
    "Variant Fulfillment Service", "Variant Price", "Variant Compare At Price", "Variant Requires Shipping",
    "Variant Taxable", "Variant Barcode", "Image Src", "Image Position", "Image Alt Text", "Gift Card", "SEO Title",
    "SEO Description", "Variant Weight Unit", "Status",
)


def measure(stage: Stage) -> Found:
    """The same as the command, as a table."""
    figures = measure_imports()
    rows = []
    for kind, deeds in figures.items():
        for deed in ("new", "again", "export"):
            speed, goal = deeds[deed]["rows_per_second"], GOAL if deed == "new" else None
            rows.append(Row(f"{kind}, {DEEDS[deed]}: rows a second", f"{speed:,.0f}", _tell_memory(deeds[deed]),
                            f"{deeds[deed]['rows_per_processor_second']:,.0f} a second of processor time",
                            f"≥ {goal:,}" if goal else "", speed >= goal if goal else None))
    return Found(rows, [f"{ROWS:,} rows of Shopify's format on SQLite, in one process."], figures=figures)


def _tell_memory(deed: dict[str, Any]) -> str:
    said = deed.get("megabytes")
    return f"{said['at a quarter']:.0f} MB at a quarter, {said['at the end']:.0f} MB at the end" if said else ""


def measure_imports(rows: int = ROWS) -> dict[str, Any]:
    """Import a file of so many rows into an empty SQLite shop, import it again, and export it.

    Once with five variants to a product, once with one: a row of its own for each product is the hardest case.
    """
    return {f"{variants} to a product": _measure(rows, variants) for variants in (5, 1)}


def _measure(rows: int, variants: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-imports-") as name:
        folder = Path(name)
        path = write_file(folder / "products.csv", rows, variants)
        app = create_app({"STOREFRONT_VAR": str(folder), "STOREFRONT_DEMO": "1",
                          "REDIS_URL": "redis://127.0.0.1:1/0"})  # away: an import needs none
        logging.disable(logging.WARNING)
        with app.app_context():
            upgrade()
            order = Order(path=path, stock=app.extensions["stock"], actor="system")
            found = {"new": _import(order, rows), "again": _import(order, rows), "export": _export(order, rows)}
            db.session.remove()
            db.engine.dispose()
        logging.disable(logging.NOTSET)
    return found


def write_file(path: Path, rows: int, variants: int) -> Path:
    """Write a believable export; the same in every run."""
    chance = random.Random(7)  # noqa: S311  # the same goods every time
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for number in range(rows):
            product, place = divmod(number, variants)
            writer.writerow(_variant(product, place, variants, chance)
                            | (_product(product, variants, chance) if place == 0 else {}))
    return path


def _variant(product: int, place: int, variants: int, chance: random.Random) -> dict[str, str]:
    return {"Handle": f"product-{product}", "Option1 Value": f"Size {place}" if variants > 1 else "Default Title",
            "Variant SKU": f"P{product}-{place}", "Variant Grams": str(chance.randrange(2_000)),
            "Variant Inventory Tracker": "shopify", "Variant Inventory Qty": str(chance.randrange(50)),
            "Variant Inventory Policy": "deny", "Variant Fulfillment Service": "manual",
            "Variant Price": f"{chance.randrange(1, 200)}.50", "Variant Requires Shipping": "true",
            "Variant Taxable": "true", "Variant Weight Unit": "kg"}


def _product(product: int, variants: int, chance: random.Random) -> dict[str, str]:
    return {"Title": " ".join(chance.choices(WORDS, k=4)).title(), "Vendor": f"Brand {chance.randrange(50)}",
            "Body (HTML)": f"<p>{' '.join(chance.choices(WORDS, k=60))}</p>", "Type": chance.choice(WORDS).title(),
            "Tags": ", ".join(chance.choices(WORDS, k=4)), "Published": "true", "Status": "active",
            "Option1 Name": "Size" if variants > 1 else "Title", "Gift Card": "false",
            "Image Src": f"https://cdn.example/{product}.jpg", "Image Position": "1"}


def _import(order: Order, rows: int) -> dict[str, Any]:
    memory: list[float] = []
    began, worked = time.perf_counter(), time.process_time()
    report = import_file(order, lambda position, report: memory.append(_resident()))
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    quarter = memory[len(memory) // 4]
    return {"rows_per_second": rows / seconds, "rows_per_processor_second": rows / processor,
            "outcomes": report.outcomes, "rejections": len(report.rejections),
            "megabytes": {"at a quarter": quarter, "at the end": memory[-1],
                          "most": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}}


def _export(order: Order, rows: int) -> dict[str, Any]:
    began, worked = time.perf_counter(), time.process_time()
    size = sum(len(piece) for piece in Export(order.stock).pieces())
    return {"rows_per_second": rows / (time.perf_counter() - began),
            "rows_per_processor_second": rows / (time.process_time() - worked), "characters": size}


def _resident() -> float:
    """Return the process's memory in megabytes; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1_048_576
    except OSError:
        return 0.0


if __name__ == "__main__":
    print(json.dumps(measure_imports(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS), indent=2))
