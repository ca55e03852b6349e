"""New products by the hundred: the same rows that save_product writes, in one statement per table.

For imports, whose products are new for the most part. tests/storefront/catalog/test_bulk.py holds both ways
against each other, row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slugify import slugify
from sqlalchemy import delete, select

from storefront.catalog.collections import follow_products
from storefront.catalog.entries import ImageEntry, ProductEntry
from storefront.catalog.events import CategoryChanged, ImageAdded, ProductChanged
from storefront.catalog.media import missing_files, read_stored
from storefront.catalog.models import (
    Brand,
    Category,
    Image,
    ImageState,
    Option,
    OptionValue,
    Price,
    PriceChange,
    Product,
    ProductStatus,
    Redirect,
    Variant,
    product_category,
    variant_option_value,
)
from storefront.foundation.cache import invalidate
from storefront.foundation.clock import now
from storefront.foundation.database import db, transactional
from storefront.foundation.inserts import insert_numbered, insert_rows
from storefront.foundation.outbox import Event, record_all
from storefront.foundation.richtext import clean_html
from storefront.foundation.shop import facts

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Planted:
    """A product that was written."""

    product_id: int
    variant_ids: tuple[int, ...]  # in the entry's order
    at: datetime


@transactional
def save_new_products(*, entries: Sequence[ProductEntry]) -> list[Planted]:
    """Write products that the shop does not have and return them in order; their entries were checked.

    An address that a product once had is taken over. A slug or SKU that another product has raises IntegrityError,
    and none of them is written.
    """
    moment, currency = now(), facts().currency
    _free_slugs(entries)
    product_ids = insert_numbered(Product, _product_rows(entries, moment))
    _link_categories(entries, product_ids)
    values = _write_options(entries, product_ids)
    images, events = _write_images(entries, product_ids)
    planted = _write_variants(entries, product_ids, values, images, moment)
    _write_prices(entries, planted, currency)
    record_all([*(ProductChanged(product_id) for product_id in product_ids), *_category_events(entries), *events])
    invalidate("catalog")
    follow_products(product_ids)
    return planted


def _free_slugs(entries: Sequence[ProductEntry]) -> None:
    db.session.execute(delete(Redirect).where(Redirect.slug.in_([entry.slug for entry in entries])),
                       execution_options={"synchronize_session": False})


def _product_rows(entries: Sequence[ProductEntry], moment: datetime) -> Rows:
    brands = _brand_ids(dict.fromkeys(entry.brand for entry in entries if entry.brand))
    main = _category_ids(entries)
    rows = []
    for entry in entries:
        status = entry.status or ProductStatus.DRAFT
        rows.append({
            "slug": entry.slug, "name": entry.name.strip(), "subtitle": entry.subtitle,
            "description": clean_html(entry.description), "facts": [list(fact) for fact in entry.facts],
            "tags": list(entry.tags), "status": status, "brand_id": brands.get(entry.brand),
            "category_id": main[entry.categories[0]] if entry.categories else None,
            "tax_category": entry.tax_category, "seo_title": entry.seo_title,
            "seo_description": entry.seo_description, "extra": dict(entry.extra),
            "lowest_amount": min(variant.amount for variant in entry.variants), "rating": 0, "review_count": 0,
            "view_count": 0, "sales_count": 0, "created_at": entry.created_at or moment, "updated_at": moment,
            "published_at": entry.published_at or (moment if status is ProductStatus.ACTIVE else None)})
    return rows


def _brand_ids(names: Iterable[str]) -> dict[str, int]:
    """Return the id of each brand by its name, making those that are missing; of two spellings the first counts."""
    slugs = {name: slugify(name)[:120] or name[:120] for name in names}
    rows = db.session.execute(select(Brand.name, Brand.id).where(Brand.name.in_(slugs)).order_by(Brand.id.desc()))
    named: dict[str, int] = dict(rows.all())  # staff may have given it another address
    slugs = {name: slug for name, slug in slugs.items() if name not in named}
    known = _brands(slugs.values())
    new: dict[str, str] = {}
    for name, slug in slugs.items():
        if slug not in known:
            new.setdefault(slug, name)
    if new:
        insert_numbered(Brand, [{"slug": slug, "name": name} for slug, name in new.items()])
        known = _brands(slugs.values())
    return named | {name: known[slug] for name, slug in slugs.items()}


def _brands(slugs: Iterable[str]) -> dict[str, int]:
    return dict(db.session.execute(select(Brand.slug, Brand.id).where(Brand.slug.in_(list(slugs)))).all())


def _category_ids(entries: Sequence[ProductEntry]) -> dict[str, int]:
    paths = {path for entry in entries for path in entry.categories or ()}
    return dict(db.session.execute(select(Category.path, Category.id).where(Category.path.in_(paths))).all())


def _link_categories(entries: Sequence[ProductEntry], product_ids: Sequence[int]) -> None:
    ids = _category_ids(entries)
    insert_rows(product_category, [
        {"product_id": product_id, "category_id": ids[path]}
        for entry, product_id in zip(entries, product_ids, strict=True)
        for path in dict.fromkeys(entry.categories or ())])


def _category_events(entries: Sequence[ProductEntry]) -> list[Event]:
    shown = [entry for entry in entries if entry.status is ProductStatus.ACTIVE]
    return [CategoryChanged(category_id) for category_id in sorted(_category_ids(shown).values())]


def _write_options(entries: Sequence[ProductEntry], product_ids: Sequence[int]) -> dict[tuple[int, int, str], int]:
    """Return the id of each option value by its product, the place of its option, and its words."""
    options: Rows = []
    values: Rows = []
    for entry, product_id in zip(entries, product_ids, strict=True):
        options += [{"product_id": product_id, "name": option.name, "position": place}
                    for place, option in enumerate(entry.options)]
    option_ids = iter(insert_numbered(Option, options))
    keys = []
    for entry, product_id in zip(entries, product_ids, strict=True):
        for place, option in enumerate(entry.options):
            option_id = next(option_ids)
            for position, value in enumerate(option.values):
                values.append({"option_id": option_id, "value": value.value, "swatch": value.swatch,
                               "position": position})
                keys.append((product_id, place, value.value))
    return dict(zip(keys, insert_numbered(OptionValue, values), strict=True))


def _write_images(entries: Sequence[ProductEntry], product_ids: Sequence[int]) -> tuple[list[list[int]], list[Event]]:
    """Return the images' ids by entry, and what is to be fetched or scaled."""
    rows: Rows = []
    is_work = []
    for entry, product_id in zip(entries, product_ids, strict=True):
        for position, image in enumerate(entry.images or ()):
            row, has_work = _image_row(image)
            rows.append({"product_id": product_id, "position": position, **row})
            is_work.append(has_work)
    ids = insert_numbered(Image, rows)
    events: list[Event] = [ImageAdded(image_id) for image_id, has_work in zip(ids, is_work, strict=True) if has_work]
    left = iter(ids)
    return [[next(left) for _ in entry.images or ()] for entry in entries], events


def _image_row(image: ImageEntry) -> tuple[dict[str, Any], bool]:
    row: dict[str, Any] = {"alt": image.alt, "source_url": image.source_url, "state": ImageState.PENDING, "key": "",
                           "width": 0, "height": 0, "renditions": {}, "problem": "", "attempts": 0}
    if not image.key:
        return row, True
    stored = read_stored(image.key)
    return row | {"state": ImageState.READY, "key": stored.key, "width": stored.width, "height": stored.height,
                  "renditions": stored.renditions}, bool(missing_files(stored))


def _write_variants(entries: Sequence[ProductEntry], product_ids: Sequence[int],
                    values: Mapping[tuple[int, int, str], int], images: Sequence[Sequence[int]],
                    moment: datetime) -> list[Planted]:
    rows: Rows = []
    for entry, product_id, image_ids in zip(entries, product_ids, images, strict=True):
        for position, variant in enumerate(entry.variants):
            rows.append({
                "product_id": product_id, "sku": variant.sku or None, "gtin": variant.gtin,
                "title": " / ".join(variant.values), "position": position, "weight_grams": variant.weight_grams,
                "needs_shipping": variant.needs_shipping, "is_archived": False, "extra": dict(variant.extra),
                "image_id": image_ids[variant.image_index]
                if variant.image_index is not None and entry.images is not None else None})
    left = iter(insert_numbered(Variant, rows))
    planted = [Planted(product_id, tuple(next(left) for _ in entry.variants), moment)
               for entry, product_id in zip(entries, product_ids, strict=True)]
    insert_rows(variant_option_value, [
        {"variant_id": variant_id, "option_value_id": values[one.product_id, place, value]}
        for entry, one in zip(entries, planted, strict=True)
        for variant, variant_id in zip(entry.variants, one.variant_ids, strict=True)
        for place, value in enumerate(variant.values)])
    return planted


def _write_prices(entries: Sequence[ProductEntry], planted: Sequence[Planted], currency: str) -> None:
    rows = [{"variant_id": variant_id, "currency": currency, "amount": variant.amount,
             "compare_at_amount": variant.compare_at_amount}
            for entry, one in zip(entries, planted, strict=True)
            for variant, variant_id in zip(entry.variants, one.variant_ids, strict=True)]
    insert_rows(Price, rows)
    moment = now()
    insert_rows(PriceChange, [{**row, "at": moment} for row in rows])
