"""An import from beginning to end: batches of products, each one transaction, each product its own savepoint.

Killed at any moment, the catalog holds whole products only; the next run, or `--resume`, does the rest. What staff
decided in the shop stays where the file says nothing new: category, status and stock are taken from the file only
for a new product, or when the file's own words for them differ from those of the last import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from slugify import slugify
from sqlalchemy import func, select
from sqlalchemy.exc import DataError, IntegrityError

from storefront.catalog.choices import match_variants
from storefront.catalog.entries import ImageEntry, ProductEntry, SaveResult
from storefront.catalog.errors import DuplicateSku, InvalidPicture
from storefront.catalog.importer import shopify
from storefront.catalog.importer.groups import Group, check_file, read_groups
from storefront.catalog.importer.progress import Progress
from storefront.catalog.importer.reader import Table, UnreadableFile, open_table
from storefront.catalog.importer.report import Rejection, Report
from storefront.catalog.importer.shopify import ShopifyProduct
from storefront.catalog.importer.stock import CountStock, wanted_count
from storefront.catalog.media import store_picture
from storefront.catalog.models import Category, Image, ImageState, Product
from storefront.catalog.saving import find_product
from storefront.catalog.services import save_category, save_product
from storefront.foundation.database import db, transactional
from storefront.foundation.errors import ShopError
from storefront.foundation.shop import facts

BATCH = 50
FORMATS = ("auto", "shopify")


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was asked for."""

    path: Path
    count_stock: CountStock
    actor: str
    source_format: str = "auto"
    is_dry_run: bool = False
    images_dir: Path | None = None
    resumes: bool = False


@dataclass
class Saved:
    """What became of one product."""

    outcome: str = "rejected"
    slug: str = ""
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    variants: int = 0
    images: int = 0
    images_to_fetch: int = 0
    images_taken: int = 0
    stock_counted: int = 0
    rejections: list[Rejection] = field(default_factory=list)


class _Undo(Exception):
    """Ends a dry run's transaction, carrying what would have happened."""

    def __init__(self, saved: list[Saved]) -> None:
        super().__init__()
        self.saved = saved


def import_file(order: Order, on_batch: Callable[[int, Report], None]) -> Report:
    """Import the file and return the report; `on_batch` hears the bytes read after each batch.

    Importing the same file again changes nothing. Raises UnreadableFile, before anything was written, when the
    file as a whole cannot be read.
    """
    table = open_table(order.path)
    source_format = find_format(table, order.source_format)
    scattered = check_file(table, shopify.KEY)
    progress = Progress(order.path)
    report = _begin(order, progress, source_format)
    used_skus: dict[str, int] = {}
    batch: list[ShopifyProduct | Rejection] = []
    for number, item in enumerate(read_groups(table, shopify.KEY, scattered)):
        read = shopify.read_product(item, facts().currency, used_skus) if isinstance(item, Group) else item
        if number < report.resumed_at:
            continue  # only its SKUs count, for the rows after it
        batch.append(read)
        if len(batch) == BATCH:
            _save(batch, order, report, progress)
            batch = []
            on_batch(table.position, report)
    _save(batch, order, report, progress)
    on_batch(table.position, report)
    if not order.is_dry_run:
        progress.forget()
    return report


def find_format(table: Table, said: str) -> str:
    """Return the format of the file; raises UnreadableFile naming the columns that it lacks."""
    missing = [column for column in shopify.REQUIRED if column not in table.header]
    if missing:
        raise UnreadableFile(f"Line 1 has no column {', '.join(missing)}: this is not a product export of Shopify.")
    return "shopify" if said == "auto" else said


def _begin(order: Order, progress: Progress, source_format: str) -> Report:
    report = Report(order.path.name, source_format, order.is_dry_run)
    kept = None if order.is_dry_run else progress.read()
    if kept is not None and order.resumes:
        kept.resumed_at = kept.position
        kept.notes.append(f"Resumed after {kept.done} products.")
        return kept
    if order.resumes:
        report.notes.append("There was nothing to resume: the file was imported from its beginning.")
    return report


def _save(batch: list[ShopifyProduct | Rejection], order: Order, report: Report, progress: Progress) -> None:
    """Commit the batch, add it to the report and note how far we are."""
    if not batch:
        return
    products = [_with_local_images(item, order) for item in batch if isinstance(item, ShopifyProduct)]
    try:
        saved = _save_batch(products=products, order=order)
    except _Undo as undone:
        saved = undone.saved
    report.rejections += [item for item in batch if isinstance(item, Rejection)]
    for one in saved:
        _add(one, report)
    report.position += len(batch)
    report.rejections.sort(key=lambda rejection: rejection.line)
    if not order.is_dry_run:
        progress.keep(report)


@transactional
def _save_batch(*, products: list[ShopifyProduct], order: Order) -> list[Saved]:
    saved = [_save_one(product, order) for product in products]
    if order.is_dry_run:
        raise _Undo(saved)
    return saved


def _save_one(product: ShopifyProduct, order: Order) -> Saved:
    """Save one product or reject it; the others of the batch do not notice."""
    saved = Saved(notes=tuple(product.notes), rejections=list(product.rejections))
    if product.entry is None:
        return saved
    try:
        with db.session.begin_nested():
            return _write(product, product.entry, order, saved)
    except (ShopError, IntegrityError, DataError) as error:
        reason = str(error) if isinstance(error, ShopError) else "The database refuses a value of this product."
        column = "Variant SKU" if isinstance(error, DuplicateSku) else ""
        return Saved(rejections=[*product.rejections, Rejection(product.line, column, reason)])


def _write(product: ShopifyProduct, entry: ProductEntry, order: Order, saved: Saved) -> Saved:
    found = find_product(entry)
    before = {variant.id: variant.extra for variant in found.variants} if found else {}
    result = save_product(entry=_with_decisions(entry, found, product.type), actor=order.actor)
    row = db.session.get_one(Product, result.product_id)
    saved.stock_counted = _count_stock(row, entry, before, order)
    saved.outcome = _outcome(result, saved.stock_counted)
    saved.slug, saved.changes, saved.notes = row.slug, result.changes, (*saved.notes, *result.notes)
    saved.variants, saved.images = len(entry.variants), len(entry.images or ())
    saved.images_taken = sum(1 for image in entry.images or () if image.key)
    saved.images_to_fetch = db.session.scalar(
        select(func.count()).select_from(Image)
        .where(Image.product_id == row.id, Image.state != ImageState.READY)) or 0
    return saved


def _outcome(result: SaveResult, counted: int) -> str:
    return "updated" if result.outcome == "unchanged" and counted else result.outcome


def _with_decisions(entry: ProductEntry, found: Product | None, product_type: str) -> ProductEntry:
    """Leave category and status to the shop where the file says what it said last time."""
    before: Mapping[str, Any] = found.extra if found else {}
    if found is None or before.get("Type") != entry.extra.get("Type"):
        entry = replace(entry, categories=(_category_path(product_type),) if product_type else None)
    if found is not None and all(before.get(column) == entry.extra.get(column)
                                 for column in ("Status", "Published", "Gift Card")):
        entry = replace(entry, status=None)
    return entry


def _category_path(product_type: str) -> str:
    """Return the path of the category with the type's slug, the highest one; made when there is none."""
    slug = slugify(product_type)[:120]
    path = db.session.scalar(select(Category.path).where(Category.slug == slug)
                             .order_by(func.length(Category.path), Category.path).limit(1))
    if path is None:
        save_category(path=slug, name=product_type[:120])
    return path or slug


def _count_stock(product: Product, entry: ProductEntry, before: Mapping[int, Mapping[str, Any]],
                 order: Order) -> int:
    counted = 0
    for variant, said in zip(match_variants(product.variants, entry.variants), entry.variants, strict=True):
        assert variant is not None  # save_product made it so
        count = wanted_count(before.get(variant.id), said.extra)
        if count is not None:
            order.count_stock(variant_id=variant.id, available=count.available, policy=count.policy,
                              actor=order.actor, reason="imported")
            counted += count.available is not None
    return counted


def _with_local_images(product: ShopifyProduct, order: Order) -> ShopifyProduct:
    """Take pictures from the folder by the last part of their address; outside of any transaction, for it is slow."""
    if order.images_dir is None or product.entry is None:
        return product
    images = tuple(_from_folder(image, order, product) for image in product.entry.images or ())
    return replace(product, entry=replace(product.entry, images=images))


def _from_folder(image: ImageEntry, order: Order, product: ShopifyProduct) -> ImageEntry:
    name = unquote(urlsplit(image.source_url).path.rpartition("/")[2])
    path = (order.images_dir or Path()) / name
    if not name or Path(name).name != name or "\0" in name or not path.is_file():
        return image
    try:
        # A dry run only says that it would be taken; nothing is written.
        return image if order.is_dry_run else replace(image, key=store_picture(path.read_bytes()).key)
    except InvalidPicture as error:
        product.rejections.append(Rejection(product.line, "Image Src", f"{name}: {error}"))
        return image


def _add(saved: Saved, report: Report) -> None:
    report.done += 1
    report.outcomes[saved.outcome] += 1
    for name in ("variants", "images", "images_to_fetch", "images_taken", "stock_counted"):
        setattr(report, name, getattr(report, name) + getattr(saved, name))
    report.notes += saved.notes
    report.rejections += saved.rejections
    if report.is_dry_run and saved.outcome in ("created", "updated"):
        report.changes.append(f"{saved.slug} would be {saved.outcome}: {_few(saved.changes)}")


def _few(changes: tuple[str, ...]) -> str:
    shown = ", ".join(changes[:6]) or "stock"
    return f"{shown} and {len(changes) - 6} more" if len(changes) > 6 else shown


