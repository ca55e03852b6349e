"""An import from beginning to end: batches of products, each one transaction that also notes how far we are.

Killed at any moment, the catalog holds whole products only, and the import's row says where to go on. What staff
decided in the shop stays where the file says nothing new (remembering.py).
"""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import and_, or_, select, update

from storefront.catalog.import_models import Import, ImportChange, ImportLine, ImportState
from storefront.catalog.importer.batches import Batch
from storefront.catalog.importer.formats import Format, ReadProduct
from storefront.catalog.importer.groups import Group, Item, Position, read_groups
from storefront.catalog.importer.index import FileIndex
from storefront.catalog.importer.kept import keep_file, let_file_go
from storefront.catalog.importer.made import lines_of_made
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.pictures import take_pictures
from storefront.catalog.importer.places import CategoryPath
from storefront.catalog.importer.report import Report, Saved, add_counts, line_of, lines_of, read_report
from storefront.catalog.importer.shopify import SHOPIFY
from storefront.catalog.importer.woocommerce import WOOCOMMERCE
from storefront.foundation.clock import now
from storefront.foundation.csv_files import Rejection, Table, UnreadableFile, open_table
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.errors import ShopError
from storefront.foundation.failpoints import failpoint
from storefront.foundation.inserts import insert_rows
from storefront.foundation.shop import facts

BATCH = 500  # products
BATCH_ROWS = 1_000
SWEEP_EACH = 50_000  # new objects, between two looks of the collector of garbage (700 otherwise)
SOURCES = {source.name: source for source in (SHOPIFY, WOOCOMMERCE)}
FORMATS = ("auto", *SOURCES)
OF_TAXES = ("Country Code", "Rate %")
KNOWN = frozenset(OF_TAXES).union(*(source.required for source in SOURCES.values()))


class ImportOvertaken(ShopError):
    """Another process went on with the import meanwhile."""


@dataclass(frozen=True)
class _Run:
    """An import under way over the file of `table`."""

    import_id: int
    order: Order
    source: Format
    index: FileIndex
    table: Table
    categories: dict[CategoryPath, str]  # in the shop, committed


def import_file(order: Order, on_batch: Callable[[int, Report], None] = lambda position, report: None) -> Report:
    """Import the file and return the report; `on_batch` hears the bytes that are behind us after each batch.

    Importing the same file again changes nothing. With `order.seconds` the report may say that it is not finished.
    Raises UnreadableFile, before anything was written, when the file as a whole cannot be read.
    """
    with _few_sweeps(), open_products(order.path) as table:
        source = find_format(table, order.source_format)
        until = time.monotonic() + order.seconds if order.seconds else None
        with FileIndex(table, source, order.index, until) as index:
            if order.keep_index is not None and index.has_read:
                order.keep_index(index.keep())
            report, position = _begin(order=order, source=source, digest=_digest(order), size=table.size)
            if not index.is_whole:
                return report
            run = _Run(report.import_id, order, source, index, table, {})
            resumed_at, hints = report.resumed_at, report.hints
            for batch, following in _batches(read_groups(table, source, index, position)):
                report = _save(run, batch, position, following)
                position = following
                on_batch(position.offset, report)
                if until is not None and time.monotonic() > until:
                    return report
    report = finish_import(import_id=report.import_id)
    return replace(report, resumed_at=resumed_at, hints=hints)


@contextmanager
def _few_sweeps() -> Iterator[None]:
    """Keep the collector of garbage from walking through the whole shop again and again: a fifth of an import.

    Not `gc.freeze`: what it gives back is swept in another order, sockets before those who would close them.
    """
    before = gc.get_threshold()
    gc.set_threshold(SWEEP_EACH, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def open_products(path: Path) -> Table:
    """Return the file's table, by whatever its columns are divided; raises UnreadableFile."""
    return open_table(path, KNOWN)


def find_format(table: Table, said: str) -> Format:
    """Return the format of the file; raises UnreadableFile naming the columns that it lacks."""
    if said != "auto":
        missing = [column for column in SOURCES[said].required if column not in table.header]
        if missing:
            raise UnreadableFile(f"Line 1 has no column {', '.join(missing)}: this is not {SOURCES[said].title}.")
        return SOURCES[said]
    lacking = {name: [column for column in source.required if column not in table.header]
               for name, source in SOURCES.items()}
    found = next((name for name, missing in lacking.items() if not missing), None)
    if found is not None:
        return SOURCES[found]
    if set(OF_TAXES) <= set(table.header):
        raise UnreadableFile("This is a file of tax rates, not of products: it belongs under Settings, Tax rates.")
    nearest = min(lacking, key=lambda name: len(lacking[name]))
    raise UnreadableFile(f"Line 1 has no column {', '.join(lacking[nearest])}: this is neither a product export of "
                         "Shopify nor one of WooCommerce.")


@transactional
def finish_import(*, import_id: int) -> Report:
    """Note that nothing of the file is left; raises ImportOvertaken for an import that was stopped."""
    row = db.session.get_one(Import, import_id, with_for_update=True)
    if row.state is not ImportState.RUNNING:
        raise ImportOvertaken("The import was stopped.")
    row.state, row.finished_at, row.offset = ImportState.FINISHED, now(), row.size
    if not row.is_dry_run:
        let_file_go(import_id)
    return read_report(row)


@transactional
def _begin(*, order: Order, source: Format, digest: str, size: int) -> tuple[Report, Position]:
    """Return the report as it stands and where to go on: of the order's row, of the one to resume, of a new one."""
    row = db.session.get(Import, order.import_id, with_for_update=True) if order.import_id else None
    if row is not None and row.state not in (ImportState.WAITING, ImportState.RUNNING):
        raise ImportOvertaken("The import was stopped.")
    hints: list[str] = []
    if row is None and not order.is_dry_run:
        row, hints = _find_unfinished(order, digest)
    if row is None:
        row = Import(file_name=order.path.name[:200], digest=digest, is_dry_run=order.is_dry_run, actor=order.actor,
                     size=size, offset=0, line=0, counts={})
        db.session.add(row)
        row.state, row.format = ImportState.RUNNING, source.name
        db.session.flush()
        if not order.is_dry_run:
            with order.path.open("rb") as file:  # should we be killed, a worker can go on with it
                keep_file(row.id, file)
    row.state, row.format, row.stopped_by, row.finished_at, row.updated_at = (
        ImportState.RUNNING, source.name, "", None, now())
    db.session.flush()
    return replace(read_report(row), resumed_at=row.counts.get("done", 0), hints=hints), Position(row.offset, row.line)


def _find_unfinished(order: Order, digest: str) -> tuple[Import | None, list[str]]:
    """Return the last import of the file that did not come to its end, if it is to be resumed."""
    row = db.session.scalar(
        select(Import).where(
            Import.digest == digest, Import.is_dry_run.is_(False),
            or_(Import.state == ImportState.RUNNING, and_(Import.state == ImportState.FAILED, Import.stopped_by != "")))
        .order_by(Import.id.desc()).limit(1))
    if order.resumes and row is not None:
        return row, [f"Resumed after {row.counts.get('done', 0)} products."]
    if row is not None and row.state is ImportState.RUNNING:
        row.state, row.problem = ImportState.FAILED, "It was begun anew."
        let_file_go(row.id)
    return None, ["There was nothing to resume: the file was imported from its beginning."] if order.resumes else []


def _digest(order: Order) -> str:
    with order.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _batches(items: Iterator[tuple[Item, Position]]) -> Iterator[tuple[list[Item], Position]]:
    """Return items in batches with the position after each."""
    batch: list[Item] = []
    rows = 0
    following = Position()
    for item, following in items:
        batch.append(item)
        rows += len(item.rows) if isinstance(item, Group) else 1
        if len(batch) >= BATCH or rows >= BATCH_ROWS:
            yield batch, following
            batch, rows = [], 0
    if batch:
        yield batch, following


def _save(run: _Run, items: list[Item], position: Position, following: Position) -> Report:
    """Read the products, outside of any transaction, and commit them."""
    currency = facts().currency
    products = [take_pictures(run.source.read(item, currency, run.index), run.order)
                for item in items if isinstance(item, Group)]
    rejections = [item for item in items if isinstance(item, Rejection)]
    failpoint("batch-read")
    batch = Batch(run.order, run.source, run.index, tuple(run.table.header))
    report = _commit(run=run, batch=batch, products=products, rejections=rejections, way=(position, following))
    if not run.order.is_dry_run:
        run.categories.update(batch.categories)
    return report


@transactional
def _commit(*, run: _Run, batch: Batch, products: list[ReadProduct], rejections: list[Rejection],
            way: tuple[Position, Position]) -> Report:
    """Save the batch and how far we are in one transaction; what a dry run saved is taken back within it.

    A serialization failure runs it again, from a batch that is empty again.
    """
    position, following = way
    batch.begin(run.categories)
    moved = execute_counted(
        update(Import).where(Import.id == run.import_id, Import.state == ImportState.RUNNING,
                             Import.offset == position.offset)
        .values(offset=following.offset, line=following.line, updated_at=now()))
    if not moved:
        raise ImportOvertaken("Another process goes on with this import.")
    if run.order.is_dry_run:
        attempt = db.session.begin_nested()
        batch.save(products)
        attempt.rollback()
    else:
        batch.save(products)
    _write_lines(run, batch, rejections, said=run.table.note if position.line == 0 else "")
    row = db.session.get_one(Import, run.import_id, populate_existing=True)
    counts = dict(row.counts)
    for saved in batch.saved:
        add_counts(counts, saved)
    row.counts = counts
    return read_report(row)


def _write_lines(run: _Run, batch: Batch, rejections: list[Rejection], *, said: str) -> None:
    """Write what became of the products, and once what is said of the file as a whole."""
    lines: list[dict[str, Any]] = [*map(line_of, rejections), *(lines_of(Saved(1, notes=(said,))) if said else ())]
    lines += [line for saved in batch.saved for line in lines_of(saved)]
    lines += lines_of_made(run.import_id, batch.made, batch.brands)
    insert_rows(ImportLine, [{"import_id": run.import_id, **line} for line in lines])
    if not run.order.is_dry_run:
        insert_rows(ImportChange, [{"import_id": run.import_id, **change} for change in batch.changes])
