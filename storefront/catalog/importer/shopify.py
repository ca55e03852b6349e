"""Shopify's product export as entries.

A product is the rows of one Handle: the first carries its words, each may carry a variant, an image, or both.
`Title / Default Title` is Shopify's way to say that there is no choice. Columns that have no place of their own
stay in `extra` under their names, as does what the next import compares: Type, Status, Published and the
inventory columns (see importing.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from slugify import slugify

from storefront.catalog.entries import SLUG, ImageEntry, OptionEntry, OptionValueEntry, ProductEntry, VariantEntry
from storefront.catalog.importer.cells import (
    CellProblem,
    read_amount,
    read_flag,
    read_grams,
    read_quantity,
    read_url,
    read_words,
)
from storefront.catalog.importer.groups import Group
from storefront.catalog.importer.reader import Row
from storefront.catalog.importer.report import Rejection
from storefront.catalog.models import ProductStatus

KEY = "Handle"
REQUIRED = ("Handle", "Title", "Variant Price")
STATUSES = {"active": ProductStatus.ACTIVE, "draft": ProductStatus.DRAFT, "archived": ProductStatus.DISCONTINUED,
            "unlisted": ProductStatus.APPROVED}
PLACES = (1, 2, 3)
# Columns with a place of their own; every other one is kept in extra as it is.
PLACED = frozenset({
    "Handle", "Title", "Body (HTML)", "Vendor", "Tags", "Variant SKU", "Variant Grams", "Variant Price",
    "Variant Compare At Price", "Variant Requires Shipping", "Variant Barcode", "Image Src", "Image Position",
    "Image Alt Text", "SEO Title", "SEO Description", "Variant Image",
    *(f"Option{place} {part}" for place in PLACES for part in ("Name", "Value")),
})
OF_VARIANT = re.compile(r"Variant .+|Cost per item|(Price|Compare At Price|Included) / .+")
GTIN = re.compile(r"\d{8,14}", re.ASCII)


@dataclass
class ShopifyProduct:
    """What a group of rows says; `entry` is None when nothing of it can be sold."""

    line: int
    entry: ProductEntry | None
    type: str = ""
    rejections: list[Rejection] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What all rows of a product share: its options' names, its pictures' addresses, the currency."""

    names: list[str]
    urls: list[str]
    currency: str


def read_product(group: Group, currency: str, used_skus: dict[str, int]) -> ShopifyProduct:
    """Turn the rows into an entry; `used_skus` maps the SKUs of the file so far to their lines and is added to."""
    first = group.rows[0]
    product = ShopifyProduct(first.line, None, rejections=list(group.problems))
    if not first["Title"]:
        for row in group.rows:
            product.rejections.append(Rejection(row.line, "Title", f"“{group.key[:60]}” has no title in its first row, "
                                                "so its rows cannot be a product."))
        return product
    names = _option_names(group.rows)
    images = _read_images(group.rows, product)
    variants = _read_variants(group.rows, _Shape(names, [image.source_url for image in images], currency), used_skus,
                              product)
    if not variants:
        product.rejections.append(Rejection(first.line, "", f"“{group.key[:60]}” has no variant that can be taken."))
        return product
    facts = _read_facts(first, product)
    if facts is None:
        return product
    product.type = first["Type"]
    product.entry = ProductEntry(
        slug=_slug(group.key), variants=tuple(variants), options=_options(names, variants), images=tuple(images),
        is_complete=not product.rejections, keeps_uploads=True, extra=_extra_of_product(first), **facts,
    )
    return product


def _slug(handle: str) -> str:
    return handle if SLUG.fullmatch(handle) else slugify(handle)[:200]


def _option_names(rows: list[Row]) -> list[str]:
    """Return what the product lets people choose; `Title / Default Title` is no choice."""
    names = [rows[0][f"Option{place} Name"] for place in PLACES]
    is_single = names == ["Title", "", ""] and all(row["Option1 Value"] in ("", "Default Title") for row in rows)
    return ["", "", ""] if is_single else names


def _options(names: list[str], variants: list[VariantEntry]) -> tuple[OptionEntry, ...]:
    """Return the options with their values in the order in which the variants name them."""
    return tuple(
        OptionEntry(name=name, values=tuple(
            OptionValueEntry(value=value) for value in dict.fromkeys(variant.values[place] for variant in variants)))
        for place, name in enumerate(name for name in names if name)
    )


def _read_facts(first: Row, product: ShopifyProduct) -> dict[str, Any] | None:
    """Return the words of the product; None, with a rejection, when they cannot be taken."""
    try:
        if not _slug(first[KEY]):
            raise CellProblem(KEY, f"“{first[KEY][:60]}” cannot be an address.")
        return {
            "name": read_words(first, "Title", 300), "description": first["Body (HTML)"],
            "brand": read_words(first, "Vendor", 120), "tags": _tags(first["Tags"]),
            "seo_title": read_words(first, "SEO Title", 300), "seo_description": first["SEO Description"],
            "status": _status(first, product),
        }
    except CellProblem as problem:
        product.rejections.append(Rejection(first.line, problem.column, str(problem)))
        return None


def _tags(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for tag in (piece.strip() for piece in text.split(",")) if tag))


def _status(first: Row, product: ShopifyProduct) -> ProductStatus:
    """Return where the product stands: on sale only when it is both active and published."""
    said = first["Status"].lower() or "active"
    if said not in STATUSES:
        raise CellProblem("Status", f"“{said[:40]}” is none of active, draft, archived, unlisted.")
    is_published = read_flag(first, "Published", default=True)
    if read_flag(first, "Gift Card", default=False):
        product.notes.append(f"line {first.line}: “{first['Title'][:60]}” is a gift card, which this shop does not "
                             "sell yet; it is kept as a draft.")
        return ProductStatus.DRAFT
    status = STATUSES[said]
    if status is ProductStatus.ACTIVE and not is_published:
        return ProductStatus.APPROVED if first["Status"] else ProductStatus.DRAFT
    return status


def _read_images(rows: list[Row], product: ShopifyProduct) -> list[ImageEntry]:
    """Return each picture once, by Image Position; those of variants that stand nowhere else come last."""
    found: list[tuple[int, ImageEntry]] = []
    for row in rows:
        try:
            url = read_url(row, "Image Src")
            position = read_quantity(row, "Image Position") if row["Image Position"] else len(found) + 1
            alt = read_words(row, "Image Alt Text", 500)
        except CellProblem as problem:
            product.rejections.append(Rejection(row.line, problem.column, str(problem)))
            continue
        if url and all(image.source_url != url for _, image in found):
            found.append((position, ImageEntry(source_url=url, alt=alt)))
    images = [image for _, image in sorted(found, key=lambda pair: pair[0])]
    for row in rows:
        try:
            url = read_url(row, "Variant Image")
        except CellProblem as problem:
            product.rejections.append(Rejection(row.line, problem.column, str(problem)))
            continue
        if url and all(image.source_url != url for image in images):
            images.append(ImageEntry(source_url=url))
    return images


def _read_variants(rows: list[Row], shape: _Shape, used_skus: dict[str, int],
                   product: ShopifyProduct) -> list[VariantEntry]:
    """Return the variants; a row that cannot be one is rejected and the others count."""
    found: dict[tuple[str, ...], tuple[int, VariantEntry]] = {}
    for place, row in enumerate(rows):
        if place and not any(row[column] for column in ("Variant SKU", "Variant Price", "Option1 Value")):
            continue  # a row for an image alone
        try:
            variant = _read_variant(row, shape)
            if variant.values in found:
                raise CellProblem("Option1 Value", f"Line {found[variant.values][0]} has the same options: "
                                  f"{' / '.join(variant.values) or 'none'}.")
            if variant.sku and variant.sku in used_skus:
                raise CellProblem("Variant SKU", f"The SKU {variant.sku} is already used in line "
                                  f"{used_skus[variant.sku]}.")
        except CellProblem as problem:
            product.rejections.append(Rejection(row.line, problem.column, str(problem)))
            continue
        if variant.sku:
            used_skus[variant.sku] = row.line
        found[variant.values] = row.line, variant
    return [variant for _, variant in found.values()]


def _read_variant(row: Row, shape: _Shape) -> VariantEntry:
    amount = read_amount(row, "Variant Price", shape.currency)
    if amount is None:
        raise CellProblem("Variant Price", "The variant has no price.")
    compare_at = read_amount(row, "Variant Compare At Price", shape.currency)
    extra = {column: cell.strip() for column, cell in row.cells.items()
             if cell.strip() and column not in PLACED and OF_VARIANT.fullmatch(column)}
    if compare_at is not None and compare_at <= amount:  # Shopify shows none then; nor do we
        extra["Variant Compare At Price"], compare_at = row["Variant Compare At Price"], None
    barcode = row["Variant Barcode"].lstrip("'")
    if barcode and not GTIN.fullmatch(barcode):
        extra["Variant Barcode"], barcode = barcode, ""
    read_quantity(row, "Variant Inventory Qty")
    if row["Variant Inventory Policy"].lower() not in ("", "deny", "continue"):
        raise CellProblem("Variant Inventory Policy", f"“{row['Variant Inventory Policy'][:40]}” is neither deny nor "
                          "continue.")
    picture = row["Variant Image"]
    return VariantEntry(
        amount=amount, compare_at_amount=compare_at, sku=read_words(row, "Variant SKU", 120),
        values=_values(row, shape.names), weight_grams=read_grams(row), gtin=barcode, extra=extra,
        needs_shipping=read_flag(row, "Variant Requires Shipping", default=True),
        image_index=shape.urls.index(picture) if picture in shape.urls else None,
    )


def _values(row: Row, names: list[str]) -> tuple[str, ...]:
    """Return the answers to the product's options; a missing one is a problem of its column."""
    values = []
    for place, name in zip(PLACES, names, strict=True):
        column = f"Option{place} Value"
        value = read_words(row, column, 120)
        if name and not value:
            raise CellProblem(column, f"The variant says no {name[:60]}.")
        if value and not name and value != "Default Title":
            raise CellProblem(column, f"“{value[:60]}” answers an option that the product's first row does not name.")
        if name:
            values.append(value)
    return tuple(values)


def _extra_of_product(first: Row) -> dict[str, str]:
    return {column: cell.strip() for column, cell in first.cells.items()
            if cell.strip() and column not in PLACED and not OF_VARIANT.fullmatch(column)}

