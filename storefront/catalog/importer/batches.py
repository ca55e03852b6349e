"""A batch of products saved: what is new in one statement per table, what is known one by one, each its own savepoint.

A product that cannot be saved is rejected, and the others of the batch do not notice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.exc import DataError, IntegrityError

from storefront.catalog.bulk import save_new_products
from storefront.catalog.choices import match_variants
from storefront.catalog.entries import ProductEntry, check_entry
from storefront.catalog.errors import DuplicateSku
from storefront.catalog.import_models import ImportKey
from storefront.catalog.importer.formats import Format, ReadProduct
from storefront.catalog.importer.index import FileIndex
from storefront.catalog.importer.made import read_brands, slug_of_brand
from storefront.catalog.importer.matching import Matches, load_products, read_present
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.places import CategoryPath, ensure_categories
from storefront.catalog.importer.remembering import Present, reconcile
from storefront.catalog.importer.report import Saved, count_of
from storefront.catalog.importer.sameness import is_same
from storefront.catalog.importer.stock import Count
from storefront.catalog.models import ImageState, Product, Redirect
from storefront.catalog.services import save_found
from storefront.foundation.csv_files import Rejection
from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.foundation.failpoints import failpoint

REFUSALS = (ShopError, IntegrityError, DataError)
Change = dict[str, Any]  # a row of ImportChange


@dataclass
class Batch:
    """Products that were read together, on their way into the catalog within one transaction."""

    order: Order
    source: Format
    index: FileIndex
    header: tuple[str, ...]
    saved: list[Saved] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    categories: dict[CategoryPath, str] = field(default_factory=dict)  # those that are known to be there, by now
    made: dict[str, str] = field(default_factory=dict)  # names of new categories by path
    brands: dict[str, str] = field(default_factory=dict)  # names of new brands by slug

    def begin(self, categories: Mapping[CategoryPath, str]) -> None:
        """Forget what an earlier try saved; `categories` are in the shop already."""
        self.saved, self.changes, self.categories, self.made, self.brands = [], [], dict(categories), {}, {}

    def save(self, products: Sequence[ReadProduct]) -> None:
        """Save the products; `saved` and `changes` tell what became of them."""
        matches = Matches(products, self.source, self.index)
        wanted = {slug_of_brand(read.entry.brand) for read in products if read.entry and read.entry.brand}
        wanted -= read_brands(wanted).keys()
        meant = {id(read): matches.find(read, read.entry) for read in products if read.entry}
        known = load_products({product_id for product_id in meant.values() if product_id})
        presents = read_present(list(known.values()), self.order.stock)
        new: list[tuple[ReadProduct, ProductEntry]] = []
        ids: dict[str, int] = {}
        for read in products:
            if read.entry is None:
                self.saved.append(Saved(read.line, notes=tuple(read.notes), rejections=tuple(read.rejections)))
            elif product := known.get(meant[id(read)] or 0):
                self._save_known(read, read.entry, product, presents.get(product.id), matches)
                ids[read.key] = product.id
            else:
                new.append((read, matches.with_free_slug(read, read.entry)))
        ids |= self._save_new(new, matches)
        self.brands = read_brands(wanted)
        _remember_keys(self.source, ids, matches.keys)
        _remember_slugs(products, ids)

    def _save_new(self, new: Sequence[tuple[ReadProduct, ProductEntry]], matches: Matches) -> dict[str, int]:
        """Write what is new all at once; where the database refuses, one by one."""
        ready: list[tuple[ReadProduct, ProductEntry]] = []
        single: list[tuple[ReadProduct, ProductEntry]] = []
        slugs: set[str] = set()
        for read, said in new:
            try:
                entry = replace(said, categories=self._paths(read) or None)
                check_entry(entry)
            except ShopError as error:
                self._reject(read, error)
                continue
            is_free = entry.slug not in slugs and matches.owners.keys().isdisjoint(v.sku for v in entry.variants)
            (ready if is_free else single).append((read, entry))
            slugs.add(entry.slug)
        ids = {}
        try:
            with db.session.begin_nested():
                ids = self._plant(ready)
        except REFUSALS:
            single = ready + single
        for read, entry in single:
            ids |= self._save_single(read, entry)
        return ids

    def _plant(self, ready: Sequence[tuple[ReadProduct, ProductEntry]]) -> dict[str, int]:
        planted = save_new_products(entries=[entry for _, entry in ready]) if ready else []
        counts: dict[int, Count] = {}
        changes, saved = [], []
        for (read, entry), one in zip(ready, planted, strict=True):
            failpoint("product-imported")
            counted = dict(zip(one.variant_ids, read.counts, strict=True))
            counts |= counted
            rows = [[variant_id, count.available or 0, "deny", count.policy] for variant_id, count in counted.items()]
            changes.append(_change(one.product_id, None, rows, one.at, is_new=True))
            saved.append(_created(read, entry))
        self.order.stock.count_new(counts={variant_id: (count.available, count.policy)
                                           for variant_id, count in counts.items()},
                                   actor=self.order.actor, reason="imported")
        self.changes += changes
        self.saved += saved
        return {read.key: one.product_id for (read, _), one in zip(ready, planted, strict=True)}

    def _save_single(self, read: ReadProduct, entry: ProductEntry) -> dict[str, int]:
        """Save one new product by itself; two rows of a file may come to mean the same one."""
        try:
            with db.session.begin_nested():
                again = Matches([read], self.source, self.index)
                meant = again.find(read, entry)
                product = load_products({meant})[meant] if meant else None
                if product is not None:
                    present = read_present([product], self.order.stock).get(product.id)
                    self._write(read, entry, product, present, again)
                    return {read.key: product.id}
                again.refuse_foreign_skus(entry)
                product_id = save_found(entry=entry, product=None, actor=self.order.actor).product_id
                row = load_products({product_id})[product_id]
                counted = self._count(row, entry, read.counts, {})
                db.session.flush()
                self.changes.append(_change(row.id, None, counted, row.updated_at, is_new=True))
                self.saved.append(_created(read, entry))
                return {read.key: row.id}
        except REFUSALS as error:
            self._reject(read, error)
            return {}

    def _save_known(self, read: ReadProduct, entry: ProductEntry, product: Product, present: Present | None,
                    matches: Matches) -> None:
        failpoint("product-imported")
        categories, made = dict(self.categories), dict(self.made)
        try:
            if present is not None and read.entry and self._leave(read, entry, product, present, matches):
                return
            with db.session.begin_nested():
                self._write(read, entry, product, present, matches)
        except REFUSALS as error:
            self.categories, self.made = categories, made  # what was made for it went with it
            self._reject(read, error)

    def _leave(self, read: ReadProduct, entry: ProductEntry, product: Product, present: Present,
               matches: Matches) -> bool:
        """Tell whether the file says what is so: then nothing is asked of the database."""
        wanted, counts = self._aim(read, entry, product, present, matches)
        if any(counts) or wanted.categories is not None or not is_same(wanted, present):
            return False
        self.saved.append(_told(read, wanted, product, "unchanged"))
        return True

    def _aim(self, read: ReadProduct, entry: ProductEntry, product: Product, present: Present | None,
             matches: Matches) -> tuple[ProductEntry, tuple[Count | None, ...]]:
        """Return what the product is to become, without the categories' paths, and the counts to make."""
        if entry.slug != product.slug and not matches.is_renaming(read, entry):
            entry = replace(entry, slug=product.slug)
        if present is None:
            return entry, read.counts
        return reconcile(read, entry, self.source, self.header, present)

    def _write(self, read: ReadProduct, entry: ProductEntry, product: Product, present: Present | None,
               matches: Matches) -> None:
        entry, counts = self._aim(read, entry, product, present, matches)
        if entry.categories is not None:
            entry = replace(entry, categories=self._paths(read) or None)
        check_entry(entry)
        before = _snapshot(product, present) if present else None
        name, slug = product.name, product.slug
        result = save_found(entry=entry, product=product, actor=self.order.actor)
        counted = self._count(product, entry, counts, present.levels if present else {})
        db.session.flush()
        changes = sorted((word for word in result.changes if word != "name"), key=lambda word: "price of" not in word)
        said = (*_say_renaming(product, name, slug), *changes)
        outcome = "updated" if counted or said else result.outcome
        if outcome == "updated":
            changed = before if said else {}
            self.changes.append(_change(product.id, changed, counted, product.updated_at))
        self.saved.append(replace(_told(read, entry, product, outcome), changes=said,
                                  notes=(*read.notes, *result.notes),
                                  stock_counted=sum(one is not None and one.available is not None for one in counts)))

    def _count(self, product: Product, entry: ProductEntry, counts: Sequence[Count | None],
               levels: Any) -> list[list[Any]]:
        counted = []
        for variant, count in zip(match_variants(product.variants, entry.variants), counts, strict=True):
            if variant is None or count is None:
                continue
            level = levels.get(variant.id)
            self.order.stock.count_stock(variant_id=variant.id, available=count.available, policy=count.policy,
                                         actor=self.order.actor, reason="imported")
            units = 0 if count.available is None else count.available - (level.available if level else 0)
            counted.append([variant.id, units, level.policy if level else "deny", count.policy])
        return counted

    def _paths(self, read: ReadProduct) -> tuple[str, ...]:
        return ensure_categories(read.categories, self.categories, self.made)

    def _reject(self, read: ReadProduct, error: Exception) -> None:
        reason = str(error) if isinstance(error, ShopError) else "The database refuses a value of this product."
        column = "Variant SKU" if isinstance(error, DuplicateSku) else ""
        self.saved.append(Saved(read.line, rejections=(*read.rejections, Rejection(read.line, column, reason))))


def _say_renaming(product: Product, name: str, slug: str) -> list[str]:
    """Say what a product was called: it may be another one than the file's author meant."""
    said = [f"{name} becomes {product.name}"] if name != product.name else []
    return [*said, f"/p/{slug} leads to /p/{product.slug}"] if slug != product.slug else said


def _created(read: ReadProduct, entry: ProductEntry) -> Saved:
    images = entry.images or ()
    return Saved(
        read.line, "created", entry.slug, entry.name,
        (count_of(len(entry.variants), "variant"), count_of(len(images), "image")),
        tuple(read.notes), tuple(read.rejections), len(entry.variants), len(images),
        images_to_fetch=sum(not image.key for image in images),
        images_taken=sum(bool(image.key and image.source_url) for image in images),
        stock_counted=sum(count.available is not None for count in read.counts))


def _told(read: ReadProduct, entry: ProductEntry, product: Product, outcome: str) -> Saved:
    return Saved(
        read.line, outcome, product.slug, product.name, (), tuple(read.notes), tuple(read.rejections),
        len(entry.variants), len(entry.images or ()),
        sum(image.state is not ImageState.READY for image in product.images),
        sum(bool(image.key and image.source_url) for image in entry.images or ()))


def _snapshot(product: Product, present: Present) -> dict[str, Any]:
    """Return what undo needs: the entry, and what an entry cannot put back."""
    published = product.published_at.isoformat() if product.published_at else None
    entry: dict[str, Any] = msgspec.to_builtins(replace(present.entry, status=product.status))
    return entry | {"published_at": published}


def _change(product_id: int, before: dict[str, Any] | None, counted: list[list[Any]], at: datetime, *,
            is_new: bool = False) -> Change:
    return {"product_id": product_id, "is_new": is_new, "before": before, "counted": counted, "after_at": at}


def _remember_keys(source: Format, ids: dict[str, int], known: Collection[str]) -> None:
    rows = [{"source": source.name, "key": key, "product_id": product_id}
            for key, product_id in ids.items() if key not in known and not source.joins_rows]
    if rows:
        db.session.execute(insert(ImportKey), rows)


def _remember_slugs(products: Sequence[ReadProduct], ids: dict[str, int]) -> None:
    """Let the addresses that a product had elsewhere lead to it, unless something lies there."""
    wanted = {slug: ids[read.key] for read in products if read.key in ids for slug in read.former_slugs}
    if not wanted:
        return
    taken = {*db.session.scalars(select(Product.slug).where(Product.slug.in_(wanted))),
             *db.session.scalars(select(Redirect.slug).where(Redirect.slug.in_(wanted)))}
    rows = [{"slug": slug, "product_id": product_id} for slug, product_id in wanted.items() if slug not in taken]
    if rows:
        db.session.execute(insert(Redirect), rows)
