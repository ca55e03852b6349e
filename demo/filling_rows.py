"""The rows of made-up products, and how they are written: COPY on PostgreSQL, many at once on SQLite."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product as combinations
from typing import Any

from slugify import slugify
from sqlalchemy import func, select, text

from demo.filling_words import ADJECTIVES, COLORS, ORIGINS, Shelf
from storefront.catalog.models import Option, OptionValue, Product, Variant
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.shop import facts
from storefront.inventory.models import StockLocation

SINCE = timedelta(days=900)  # over which the goods came on sale
COLUMNS = {
    "catalog_product": (
        "id", "slug", "name", "subtitle", "description", "facts", "tags", "status", "brand_id", "category_id",
        "tax_category", "seo_title", "seo_description", "extra", "lowest_amount", "rating", "review_count",
        "view_count", "sales_count", "created_at", "updated_at", "published_at"),
    "catalog_product_category": ("product_id", "category_id"),
    "catalog_option": ("id", "product_id", "name", "position"),
    "catalog_option_value": ("id", "option_id", "value", "swatch", "position"),
    "catalog_variant": ("id", "product_id", "sku", "gtin", "title", "position", "weight_grams", "needs_shipping",
                        "is_archived", "extra"),
    "catalog_variant_option_value": ("variant_id", "option_value_id"),
    "catalog_price": ("variant_id", "currency", "amount", "compare_at_amount"),
    "catalog_price_change": ("variant_id", "currency", "amount", "compare_at_amount", "at"),
    "inventory_stock_level": ("variant_id", "location_id", "policy", "on_hand", "reserved", "allocated"),
    "inventory_stock_movement": ("variant_id", "location_id", "on_hand", "reserved", "allocated", "reason", "actor",
                                 "created_at"),
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A lowest category and what its goods are made from; heavier ones hold more of them."""

    id: int
    name: str
    shelf: Shelf
    brands: Sequence[tuple[int, str]]
    colors: Sequence[str]
    weight: float


@dataclass(frozen=True, slots=True)
class Goods:
    """One made-up product; a variant for each combination of its options' values."""

    name: str
    brand_id: int
    brand: str
    material: str
    origin: str
    options: dict[str, list[str]]
    cents: int

    @classmethod
    def of(cls, leaf: Leaf, chance: random.Random) -> Goods:
        """Make one up that could stand on the leaf."""
        brand_id, brand = leaf.brands[min(int(chance.expovariate(0.09)), len(leaf.brands) - 1)]
        material = chance.choice(leaf.shelf.materials)
        name, values = leaf.shelf.options
        options = {}
        if chance.random() < 0.55:
            options["Color"] = chance.sample(leaf.colors, chance.choice((2, 2, 3, 4)))
        if chance.random() < 0.45:
            many = chance.randint(2, min(3, len(values)))
            start = chance.randint(0, len(values) - many)
            options[name] = list(values[start:start + many])
        thing = leaf.name[:-1] if leaf.name.endswith("s") else leaf.name
        euros = max(int(leaf.shelf.cents * chance.lognormvariate(0, 0.6)) // 100, 2)
        return cls(f"{chance.choice(ADJECTIVES)} {material.lower()} {thing.lower()}", brand_id, brand, material,
                   chance.choice(ORIGINS), options, euros * 100 + chance.choice((0, 50, 90)))


@dataclass
class Rows:
    """The rows of a batch by table."""

    of: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))


class Ids:
    """The next free ids; the catalog is filled by one process at a time."""

    def __init__(self) -> None:
        columns = {"product": Product.id, "option": Option.id, "value": OptionValue.id, "variant": Variant.id}
        self._last = {name: db.session.scalar(select(func.max(column))) or 0 for name, column in columns.items()}
        self.location = db.session.scalars(select(StockLocation.id).order_by(StockLocation.id)).first() or 0
        self.currency, self.now = facts().currency, now()

    def next(self, kind: str) -> int:
        """Return one that nothing has."""
        self._last[kind] += 1
        return self._last[kind]


def product_rows(goods: Goods, leaf: Leaf, ids: Ids, rows: Rows, chance: random.Random) -> None:
    """Add every row of the product."""
    product_id = ids.next("product")
    born = ids.now - SINCE * chance.random()
    amounts = _variant_rows(goods, product_id, born, ids=ids, rows=rows, chance=chance)
    is_reviewed = chance.random() < 0.6
    words = (f"<p>{goods.name} by {goods.brand}: made of {goods.material.lower()} in {goods.origin}, one after the "
             f"other, for {leaf.name.lower()} that are used every day.</p><p>Wipe clean; it grows better with age.</p>")
    said = [["Material", goods.material], ["Origin", goods.origin], ["Number", f"{product_id:07d}"]]
    slug = f"{slugify(goods.name)}-{product_id}"
    rows.of["catalog_product"].append((
        product_id, slug, goods.name, f"{goods.material} from {goods.origin}", words, json.dumps(said),
        json.dumps([goods.material.lower(), leaf.name.lower()]), "active", goods.brand_id, leaf.id, "standard", "", "",
        "{}", min(amounts), chance.randint(240, 500) if is_reviewed else 0, chance.randint(1, 80) if is_reviewed else 0,
        0, int(chance.paretovariate(1.1)) - 1, born, born, born))
    rows.of["catalog_product_category"].append((product_id, leaf.id))


def _variant_rows(goods: Goods, product_id: int, born: datetime, *, ids: Ids, rows: Rows,
                  chance: random.Random) -> list[int]:
    """Add options, variants, prices and stock; returns the prices."""
    values, is_reduced = [], chance.random() < 0.15
    for place, (name, choices) in enumerate(goods.options.items()):
        option_id = ids.next("option")
        rows.of["catalog_option"].append((option_id, product_id, name, place))
        values.append([(ids.next("value"), choice) for choice in choices])
        rows.of["catalog_option_value"] += [
            (value_id, option_id, choice, COLORS.get(choice, "") if name == "Color" else "", at)
            for at, (value_id, choice) in enumerate(values[-1])]
    amounts = []
    for at, chosen in enumerate(combinations(*values)):
        variant_id = ids.next("variant")
        amount = goods.cents + (at % 3) * (goods.cents // 1000 * 100)
        amounts.append(amount)
        before = amount * 5 // 4 if is_reduced else None
        title = " / ".join(choice for _, choice in chosen)
        rows.of["catalog_variant"].append(
            (variant_id, product_id, f"F{product_id:07d}-{at + 1}", "", title, at, 400, True, False, "{}"))
        rows.of["catalog_variant_option_value"] += [(variant_id, value_id) for value_id, _ in chosen]
        rows.of["catalog_price"].append((variant_id, ids.currency, amount, before))
        if before:
            rows.of["catalog_price_change"] += [(variant_id, ids.currency, before, None, born),
                                                (variant_id, ids.currency, amount, before, ids.now)]
        count = 0 if chance.random() < 0.1 else chance.randint(1, 60)
        rows.of["inventory_stock_level"].append((variant_id, ids.location, "deny", count, 0, 0))
        if count:
            rows.of["inventory_stock_movement"].append(
                (variant_id, ids.location, count, 0, 0, "received", "system", born))
    return amounts


class Writer:
    """Writes rows of a batch, each table at once, in the order of COLUMNS: what is pointed to comes first."""

    def __init__(self) -> None:
        self.is_postgres = db.engine.dialect.name == "postgresql"

    def write(self, rows: Rows) -> None:
        """Write the rows into the transaction at hand."""
        driver = db.session.connection().connection.driver_connection
        assert driver is not None
        for table, columns in COLUMNS.items():
            if self.is_postgres:
                with driver.cursor() as cursor, cursor.copy(
                        f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                    for row in rows.of[table]:
                        copy.write_row(row)
            else:
                marks = ", ".join("?" * len(columns))
                driver.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608
                                   [tuple(map(_plain, row)) for row in rows.of[table]])

    def finish(self) -> None:
        """Let the database count on from the ids that were given, and know how large its tables are now."""
        if self.is_postgres:
            for table, columns in COLUMNS.items():
                if columns[0] == "id":
                    db.session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "  # noqa: S608
                                              f"(SELECT max(id) FROM {table}))"))
        for table in ("catalog_category", "catalog_brand", "inventory_stock_location", *COLUMNS):
            db.session.execute(text(f"ANALYZE {table}"))


def _plain(value: Any) -> Any:
    """Write a moment as SQLAlchemy does for SQLite."""
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value
