"""The whole catalog as plain values without ids and moments, to be held against another."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select

from storefront.catalog.models import Category, PriceChange, Product, Redirect
from storefront.catalog.portrait import entry_of
from storefront.foundation.database import db
from storefront.inventory.models import StockLevel, StockMovement

LEDGERS = ("catalog_price_change", "inventory_stock_movement")


def dump(*, with_ledgers: bool = True) -> dict[str, Any]:
    """Return every product as the entry that it is, with its stock; also prices and movements as they were written."""
    db.session.rollback()
    products = db.session.scalars(select(Product).order_by(Product.slug)).all()
    shown = [product for product in products if any(not variant.is_archived for variant in product.variants)]
    return {
        "products": {product.slug: _product(product) for product in shown},
        "categories": sorted(db.session.scalars(select(Category.path))),
        "redirects": sorted(db.session.scalars(select(Redirect.slug))),
        "ledgers": _ledgers(shown) if with_ledgers else None,
    }


def _product(product: Product) -> dict[str, Any]:
    entry: dict[str, Any] = msgspec.to_builtins(entry_of(product))
    return entry | {"status": product.status.value, "lowest": product.lowest_amount,
                    "levels": [_level(variant.id) for variant in product.variants if not variant.is_archived]}


def _level(variant_id: int) -> list[Any]:
    return [(row.policy.value, row.on_hand, row.reserved, row.allocated) for row in db.session.scalars(
        select(StockLevel).where(StockLevel.variant_id == variant_id).order_by(StockLevel.location_id))]


def _ledgers(products: list[Product]) -> list[Any]:
    return [
        (variant.sku, variant.title,
         [(row.amount, row.compare_at_amount) for row in db.session.scalars(
             select(PriceChange).where(PriceChange.variant_id == variant.id).order_by(PriceChange.id))],
         [(row.on_hand, row.reason) for row in db.session.scalars(
             select(StockMovement).where(StockMovement.variant_id == variant.id).order_by(StockMovement.id))])
        for product in products for variant in product.variants]


def all_rows() -> dict[str, list[str]]:
    """Return every row of every table, with ids and moments, but for what an import says of itself."""
    db.session.rollback()
    return {table.name: sorted(repr(tuple(row)) for row in db.session.execute(table.select()))
            for table in db.metadata.sorted_tables if table.name not in ("catalog_import", "catalog_import_line")}


def empty_catalog() -> None:
    """Empty the catalog, its stock and what was recorded, the append-only ledgers too, as nobody but a test does."""
    db.session.rollback()
    connection = db.session.connection()
    for name in LEDGERS:
        if connection.dialect.name == "sqlite":
            for deed in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}_{deed}")
            connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608  # our own words
        else:
            connection.exec_driver_sql(f"TRUNCATE {name}")
    connection.execute(Category.__table__.update().values(parent_id=None))
    for table in reversed(db.metadata.sorted_tables):
        if table.name.startswith(("catalog_", "inventory_", "foundation_outbox_")) and table.name not in LEDGERS:
            connection.execute(table.delete())
    db.session.commit()
    db.session.remove()
