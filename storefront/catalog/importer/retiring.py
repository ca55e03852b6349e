"""Products that an import made, taken out of the shop again by its undo: by the hundred, in a statement per table.

They are discontinued and give their addresses and SKUs back. Where one of them was touched meanwhile, they are
taken one by one, so that it alone stays, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, literal, select, update
from sqlalchemy.exc import DataError, IntegrityError

from storefront.catalog.addresses import product_url
from storefront.catalog.collections import follow_products
from storefront.catalog.events import CategoryChanged, ProductChanged, ProductRenamed
from storefront.catalog.import_models import ImportChange, ImportKey, ImportLine, LineKind
from storefront.catalog.importer.made import RETIRED
from storefront.catalog.importer.stock import Level, Stock, read_levels
from storefront.catalog.models import Product, ProductStatus, Redirect, Variant, product_category
from storefront.catalog.services import drop_pages
from storefront.foundation.cache import invalidate
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, gather_after_commit
from storefront.foundation.errors import ShopError
from storefront.foundation.failpoints import failpoint
from storefront.foundation.outbox import record_all

REFUSALS = (ShopError, IntegrityError, DataError)


class CannotUndo(ShopError):
    """Why a product, or an import, stays as it is."""


class _Found(NamedTuple):
    """A product as it stands."""

    id: int
    slug: str
    name: str
    updated_at: datetime


def retire(changes: Sequence[ImportChange], stock: Stock, actor: str) -> list[ImportLine]:
    """Take the products of these changes out of the shop, and return a line for each that tells of it."""
    if not changes:
        return []
    found = {row.id: _Found(*row) for row in db.session.execute(
        select(Product.id, Product.slug, Product.name, Product.updated_at)
        .where(Product.id.in_([change.product_id for change in changes])))}
    levels = read_levels(stock, [variant_id for change in changes for variant_id, *_ in change.counted])
    lines = []
    ready: list[tuple[ImportChange, ImportLine]] = []
    for change in changes:
        failpoint("product-put-back")
        product = found.get(change.product_id)
        line = tell(change, product.slug if product else "", product.name if product else "")
        lines.append(line)
        try:
            _check(change, product, levels)
            ready.append((change, line))
        except CannotUndo as error:
            refuse(line, error)
    _take_out(ready, found, stock, actor)
    return lines


def tell(change: ImportChange, slug: str, name: str) -> ImportLine:
    """Return the line of a product that is put back."""
    return ImportLine(import_id=change.import_id, kind=LineKind.UNDONE, slug=slug, name=name,
                      text="The import had made it; it is discontinued." if change.is_new
                      else "It is as it was before the import.")


def refuse(line: ImportLine, error: Exception) -> None:
    """Let the line say why the product stays as it is."""
    line.kind = LineKind.KEPT
    line.text = str(error) if isinstance(error, ShopError) else "The database refuses what was there before."


def _check(change: ImportChange, product: _Found | None, levels: Mapping[int, Level]) -> None:
    if product is None:
        raise CannotUndo("The product is not there any more.")
    if product.updated_at != change.after_at:
        raise CannotUndo("It was changed after the import.")
    for variant_id, units, *_ in change.counted:
        level = levels.get(variant_id)
        if level is None or level.promised or level.available != units:
            raise CannotUndo("It was sold or counted after the import.")


def _take_out(ready: Sequence[tuple[ImportChange, ImportLine]], found: Mapping[int, _Found], stock: Stock,
              actor: str) -> None:
    if not ready:
        return
    try:
        with db.session.begin_nested():
            _write([change for change, _ in ready], found, stock, actor)
    except REFUSALS as error:
        if len(ready) == 1:
            refuse(ready[0][1], error)
            return
        for one in ready:
            _take_out([one], found, stock, actor)


def _write(changes: Sequence[ImportChange], found: Mapping[int, _Found], stock: Stock, actor: str) -> None:
    ids = [change.product_id for change in changes]
    stock.take_back_new(units={variant_id: units for change in changes for variant_id, units, *_ in change.counted},
                        actor=actor)
    # Judged by the database once more: somebody may have changed one since it was read.
    given_back = func.substr(Product.slug, 1, 170) + literal(RETIRED) + bindparam("number")
    done = db.session.connection().execute(
        update(Product).where(Product.id == bindparam("product"), Product.updated_at == bindparam("after"))
        .values(status=ProductStatus.DISCONTINUED, slug=given_back, updated_at=now()),
        [{"product": change.product_id, "after": change.after_at, "number": str(change.product_id)}
         for change in changes], execution_options={"preserve_rowcount": True})
    if done.rowcount != len(changes):
        raise CannotUndo("It was changed after the import.")
    execute_counted(update(Variant).where(Variant.product_id.in_(ids)).values(is_archived=True, sku=None))
    for table in (Redirect, ImportKey):
        execute_counted(delete(table).where(table.product_id.in_(ids)))
    categories = db.session.scalars(select(product_category.c.category_id).distinct()
                                    .where(product_category.c.product_id.in_(ids))
                                    .order_by(product_category.c.category_id))
    record_all([*(ProductRenamed(product_id, found[product_id].slug) for product_id in ids),
                *(ProductChanged(product_id) for product_id in ids), *map(CategoryChanged, categories)])
    invalidate("catalog")
    follow_products(ids)
    for product_id in ids:
        gather_after_commit("pages", product_url(found[product_id].slug), drop_pages)
