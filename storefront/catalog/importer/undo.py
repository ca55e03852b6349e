"""An import undone: what it changed is put back, product by product, as long as nobody changed the product since.

A product that the import made cannot go: carts, orders and ledgers may know it. It is discontinued, and gives its
address and SKUs back, so that the next import makes it anew (retiring.py). Categories and brands that
it made go while nobody uses them (made.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, func, select

from storefront.catalog.entries import ProductEntry
from storefront.catalog.errors import UnknownImport
from storefront.catalog.events import CategoryChanged, ProductChanged
from storefront.catalog.import_models import Import, ImportChange, ImportLine, ImportState, LineKind
from storefront.catalog.importer.kept import let_file_go
from storefront.catalog.importer.made import undo_made
from storefront.catalog.importer.matching import load_products
from storefront.catalog.importer.report import SHOWN, count_of, read_lines
from storefront.catalog.importer.retiring import REFUSALS, CannotUndo, refuse, retire, tell
from storefront.catalog.importer.stock import Stock, read_levels
from storefront.catalog.models import Product
from storefront.catalog.services import rename_product, save_found
from storefront.foundation.cache import invalidate
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.failpoints import failpoint
from storefront.foundation.inserts import insert_rows
from storefront.foundation.outbox import record
from storefront.foundation.progress import Progress

BATCH = 100


@transactional
def begin_undo(*, import_id: int, actor: str) -> None:
    """Mark the import as being undone by `actor`; one that still runs stops by it. A second call changes nothing.

    Raises UnknownImport, and CannotUndo where there is nothing to undo.
    """
    row = db.session.get(Import, import_id, with_for_update=True)
    if row is None:
        raise UnknownImport("There is no such import.")
    if row.state is ImportState.UNDOING:
        return
    if row.is_dry_run or row.state not in (ImportState.RUNNING, ImportState.FINISHED, ImportState.FAILED):
        raise CannotUndo("There is nothing to undo: the import changed nothing, or was undone before.")
    row.state, row.undone_by = ImportState.UNDOING, actor


def undo_import(*, import_id: int, stock: Stock, actor: str, seconds: float | None = None,
                tell: Progress = lambda done, total: None) -> bool:
    """Put back what the import changed, newest first, and return whether all of it was looked at.

    What it writes is in the name of who asked first. Killed, or after `seconds`, a further call goes on; the import's
    lines tell what was put back and what stays. `tell` hears after each batch how many products were looked at.
    """
    until = time.monotonic() + seconds if seconds else None
    begin_undo(import_id=import_id, actor=actor)
    total = count_changes(import_id)
    while _undo_some(import_id=import_id, stock=stock):
        tell(total - count_changes(import_id), total)
        if until is not None and time.monotonic() > until:
            return False
    return True


def count_undone(import_id: int) -> tuple[int, int]:
    """Return how many products were put back, and how many stay as they are."""
    counts = dict(db.session.execute(
        select(ImportLine.kind, func.count()).where(ImportLine.import_id == import_id, ImportLine.column == "")
        .group_by(ImportLine.kind)).all())
    return counts.get(LineKind.UNDONE, 0), counts.get(LineKind.KEPT, 0)


def say_undone(import_id: int) -> list[str]:
    """Return in sentences how much was put back."""
    put_back, kept = count_undone(import_id)
    said = [f"{count_of(put_back, 'product')} put back, {kept} left as {'it is' if kept == 1 else 'they are'}."]
    gone = [f"{line.column.lower()} {line.name}" for line in read_gone(import_id)]
    more = f" and {len(gone) - SHOWN} more" if len(gone) > SHOWN else ""
    return [*said, f"Gone with them: {', '.join(gone[:SHOWN])}{more}."] if gone else said


def read_gone(import_id: int) -> list[ImportLine]:
    """Return the lines of the categories and brands that the undo took away."""
    return [line for line in read_lines(import_id, LineKind.UNDONE) if line.column]


def count_changes(import_id: int) -> int:
    """Return how many products of the import could still be put back."""
    return db.session.scalar(select(func.count()).where(ImportChange.import_id == import_id)) or 0


@transactional
def _undo_some(*, import_id: int, stock: Stock) -> bool:
    row = db.session.get_one(Import, import_id, with_for_update=True)
    changes = db.session.scalars(select(ImportChange).where(ImportChange.import_id == import_id)
                                 .order_by(ImportChange.id.desc()).limit(BATCH)).all()
    if not changes:
        db.session.add_all(undo_made(import_id))
        row.state, row.finished_at = ImportState.UNDONE, now()
        let_file_go(import_id)
        return False
    actor = row.undone_by or row.actor
    _write_lines(retire([change for change in changes if change.is_new], stock, actor))
    changed = [change for change in changes if not change.is_new]
    products = load_products({change.product_id for change in changed})
    _write_lines([_put_back(change, products.get(change.product_id), stock, actor) for change in changed])
    execute_counted(delete(ImportChange).where(ImportChange.id.in_([change.id for change in changes])))
    row.updated_at = now()
    return True


def _write_lines(lines: Iterable[ImportLine]) -> None:
    insert_rows(ImportLine, [{"import_id": line.import_id, "kind": line.kind, "line": 0, "column": "",
                              "slug": line.slug, "name": line.name, "text": line.text} for line in lines])


def _put_back(change: ImportChange, product: Product | None, stock: Stock, actor: str) -> ImportLine:
    line = tell(change, product.slug if product else "", product.name if product else "")
    failpoint("product-put-back")
    try:
        with db.session.begin_nested():
            _put_back_whole(change, product, stock, actor)
    except REFUSALS as error:
        refuse(line, error)
    return line


def _put_back_whole(change: ImportChange, product: Product | None, stock: Stock, actor: str) -> None:
    if product is None:
        raise CannotUndo("The product is not there any more.")
    if product.updated_at != change.after_at:
        raise CannotUndo("It was changed after the import.")
    if change.before is None:
        raise CannotUndo("It had no price before, so there is no state that could be put back.")
    if change.before:
        _restore(product, change.before, actor)
    for variant_id, units, before, after in change.counted:
        level = read_levels(stock, [variant_id]).get(variant_id)
        policy = before if level is None or level.policy == after else level.policy
        stock.take_back(variant_id=variant_id, units=units, policy=policy, actor=actor)


def _restore(product: Product, before: dict[str, Any], actor: str) -> None:
    """Write the entry, and by hand what an entry may not: a way back to any status."""
    published = before.get("published_at")
    entry = msgspec.convert({name: value for name, value in before.items() if name != "published_at"}, ProductEntry)
    status = entry.status
    if product.slug != entry.slug:
        rename_product(product_id=product.id, slug=entry.slug, actor=actor)
    save_found(entry=replace(entry, status=None, published_at=None), product=product, actor=actor)
    if status is not None:
        product.status = status
    product.published_at = datetime.fromisoformat(str(published)) if published else None
    _tell(product)


def _tell(product: Product) -> None:
    db.session.flush()
    invalidate("catalog")
    record(ProductChanged(product.id))
    for category in product.categories:
        record(CategoryChanged(category.id))
