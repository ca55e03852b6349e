"""Shopify's product export as entries.

A product is the rows of one Handle: the first carries its words, each may carry a variant, an image, or both.
`Title / Default Title` is Shopify's way to say that there is no choice. Columns that have no place of their own
stay in `extra` under their names, as does what the next import compares: Type, Status, Published and the
inventory columns (see remembering.py). What Shopify has no column for travels in metafield columns (columns.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from storefront.catalog.entries import SLUG, ImageEntry, OptionEntry, OptionValueEntry, ProductEntry, VariantEntry
from storefront.catalog.importer import columns
from storefront.catalog.importer.cells import (
    CellProblem,
    read_amount,
    read_flag,
    read_grams,
    read_quantity,
    read_url,
    read_words,
)
from storefront.catalog.importer.formats import Format, Lookup, Place, ReadProduct
from storefront.catalog.importer.groups import Group
from storefront.catalog.importer.places import CategoryPath, read_paths, slugify
from storefront.catalog.importer.stock import read_count
from storefront.catalog.media import find_own_key
from storefront.catalog.models import ProductStatus
from storefront.foundation.csv_files import Rejection, Row

KEY = "Handle"
STATUSES = {"active": ProductStatus.ACTIVE, "draft": ProductStatus.DRAFT, "archived": ProductStatus.DISCONTINUED,
            "unlisted": ProductStatus.APPROVED}
PLACES = (1, 2, 3)
# Columns with a place of their own; every other one is kept in extra as it is.
PLACED = frozenset({
    "Handle", "Title", "Body (HTML)", "Vendor", "Tags", "Variant SKU", "Variant Grams", "Variant Price",
    "Variant Compare At Price", "Variant Requires Shipping", "Image Src", "Image Position",
    "Image Alt Text", "SEO Title", "SEO Description", "Variant Image", *columns.PLACED,
    *(f"Option{place} {part}" for place in PLACES for part in ("Name", "Value")),
})
OF_VARIANT = re.compile(r"Variant .+|Cost per item|(Price|Compare At Price|Included) / .+")
GTIN = re.compile(r"\d{8,14}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What all rows of a product share: its options' names, its pictures' addresses, the currency."""

    names: list[str]
    urls: list[str]
    currency: str


def read_product(group: Group, currency: str, lookup: Lookup) -> ReadProduct:
    """Turn the rows into an entry."""
    first = group.rows[0]
    product = ReadProduct(first.line, group.key, rejections=list(group.problems))
    if not first["Title"]:
        for row in group.rows:
            product.rejections.append(Rejection(row.line, "Title", f"“{group.key[:60]}” has no title in its first row, "
                                                "so its rows cannot be a product."))
        return product
    names = _option_names(group.rows)
    images = _read_images(group.rows, product)
    variants = _read_variants(group.rows, _Shape(names, list(images), currency), lookup, product)
    if not variants:
        return product  # each of its rows was refused with a reason
    facts = _read_facts(first, names, variants, product)
    if facts is None:
        return product
    product.counts = tuple(read_count(variant.extra) for variant in variants)
    product.entry = ProductEntry(
        slug=_slug(group.key), variants=tuple(variants), is_complete=not product.rejections, keeps_uploads=True,
        images=tuple(images.values()) if "Image Src" in first else None,
        extra=_extra_of_product(first), **facts)
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


def _read_facts(first: Row, names: list[str], variants: list[VariantEntry],
                product: ReadProduct) -> dict[str, Any] | None:
    """Return the words of the product; None, with a rejection, when they cannot be taken."""
    try:
        if not _slug(first[KEY]):
            raise CellProblem(KEY, f"“{first[KEY][:60]}” cannot be an address.")
        product.categories = _categories(first)
        return {
            "name": read_words(first, "Title", 300), "description": first["Body (HTML)"],
            "brand": read_words(first, "Vendor", 120), "tags": columns.read_tags(first),
            "seo_title": read_words(first, "SEO Title", 300), "seo_description": first["SEO Description"],
            "status": _status(first, product), "subtitle": read_words(first, columns.SUBTITLE, 300),
            "options": columns.read_options(first, names, variants) or _options(names, variants),
            "facts": columns.read_facts(first), "tax_category": read_words(first, columns.TAX, 40) or "standard",
        }
    except CellProblem as problem:
        product.rejections.append(Rejection(first.line, problem.column, str(problem)))
        return None


def _categories(first: Row) -> tuple[CategoryPath, ...]:
    """Return where the product lies: by our own column, else in the category of its Type."""
    said = first["Type"]
    of_type: CategoryPath = ((slugify(said)[:120], said[:120]),) if slugify(said) else ()
    paths = read_paths(first[columns.CATEGORIES])
    if paths:
        return tuple((*path[:-1], *of_type) if of_type and path[-1][0] == of_type[0][0] else path for path in paths)
    return (of_type,) if of_type else ()


def _status(first: Row, product: ReadProduct) -> ProductStatus:
    """Return where the product stands: on sale only when it is both active and published."""
    said = first["Status"].lower() or "active"
    if said not in STATUSES:
        raise CellProblem("Status", f"“{said[:40]}” is none of active, draft, archived, unlisted.")
    is_published = read_flag(first, "Published", default=True)
    if read_flag(first, "Gift Card", default=False):
        product.notes.append(f"“{first['Title'][:60]}” is a gift card, which this shop does not "
                             "sell yet; it is kept as a draft.")
        return ProductStatus.DRAFT
    status = STATUSES[said]
    if status is ProductStatus.ACTIVE and not is_published:
        return ProductStatus.APPROVED if first["Status"] else ProductStatus.DRAFT
    return status


def _read_images(rows: list[Row], product: ReadProduct) -> dict[str, ImageEntry]:
    """Return each picture once by its address, by Image Position; those of variants alone come last."""
    found: dict[str, tuple[int, ImageEntry]] = {}
    for row in rows:
        try:
            url = read_url(row, "Image Src")
            position = read_quantity(row, "Image Position") if row["Image Position"] else len(found) + 1
            alt = read_words(row, "Image Alt Text", 500)
        except CellProblem as problem:
            product.rejections.append(Rejection(row.line, problem.column, str(problem)))
            continue
        if url and url not in found:
            found[url] = position, _image(url, alt)
    images = {url: image for url, (_, image) in sorted(found.items(), key=lambda item: item[1][0])}
    for row in rows:
        try:
            url = read_url(row, "Variant Image")
        except CellProblem as problem:
            product.rejections.append(Rejection(row.line, problem.column, str(problem)))
            continue
        if url and url not in images:
            images[url] = _image(url, "")
    return images


def _image(url: str, alt: str) -> ImageEntry:
    """Return the picture; one of this shop's own is at hand already."""
    key = find_own_key(url)
    return ImageEntry(key=key, alt=alt) if key else ImageEntry(source_url=url, alt=alt)


def _read_variants(rows: list[Row], shape: _Shape, lookup: Lookup, product: ReadProduct) -> list[VariantEntry]:
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
            if variant.sku and lookup.line_of_sku(variant.sku, row.line) != row.line:
                raise CellProblem("Variant SKU", f"The SKU {variant.sku} is already used in line "
                                  f"{lookup.line_of_sku(variant.sku, row.line)}.")
        except CellProblem as problem:
            product.rejections.append(Rejection(row.line, problem.column, str(problem)))
            continue
        found[variant.values] = row.line, variant
    return [variant for _, variant in found.values()]


def _read_variant(row: Row, shape: _Shape) -> VariantEntry:
    amount = read_amount(row, "Variant Price", shape.currency)
    if amount is None:
        raise CellProblem("Variant Price", "The variant has no price.")
    compare_at = read_amount(row, "Variant Compare At Price", shape.currency)
    extra = {column: cell for column, cell in row.items() if cell and home_of(column) == "variant"}
    if compare_at is not None and compare_at <= amount:  # Shopify shows none then; nor do we
        compare_at = None
    barcode = extra.pop("Variant Barcode", "").lstrip("'")
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
    return {column: cell for column, cell in first.items() if cell and home_of(column) == "product"}


@lru_cache(maxsize=2048)
def home_of(column: str) -> str:
    """Return whose `extra` keeps the column; nothing where it has a place of its own."""
    if column in PLACED:
        return ""
    return "variant" if OF_VARIANT.fullmatch(column) else "product"


def _place(row: Row) -> Place:
    handle = row[KEY]
    return Place(handle, (handle,))


def _skus(row: Row) -> tuple[str, ...]:
    sku = row["Variant SKU"]
    return (sku,) if sku else ()


SHOPIFY = Format(
    name="shopify", title="a product export of Shopify", required=("Handle", "Title", "Variant Price"), key_column=KEY,
    joins_rows=True, place=_place, skus=_skus, derive_slug=lambda row: "", read=read_product,
    decimals=("Variant Price", "Variant Compare At Price", "Variant Weight", "Variant Grams"),
    of_status=("Status", "Published", "Gift Card"), of_categories=("Type", columns.CATEGORIES),
    of_stock=("Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy"),
    fields={"description": ("Body (HTML)",), "brand": ("Vendor",), "tags": ("Tags",), "seo_title": ("SEO Title",),
            "seo_description": ("SEO Description",), "subtitle": (columns.SUBTITLE,), "facts": (columns.FACTS,),
            "tax_category": (columns.TAX,), "swatches": (columns.OPTIONS,)},
    variant_fields={"sku": ("Variant SKU",), "gtin": ("Variant Barcode",),
                    "weight_grams": ("Variant Grams", "Variant Weight"),
                    "needs_shipping": ("Variant Requires Shipping",),
                    "compare_at_amount": ("Variant Compare At Price",)},
    says_now=True,
)
