"""WooCommerce's product export as entries.

Each product is a row; the variations of a variable one are rows of their own that name it by SKU or `id:12`,
wherever in the file they stand. Columns that have no place of their own stay in `extra` behind a prefix, because
Shopify has columns of the same names.
"""

from __future__ import annotations

from dataclasses import replace

from storefront.catalog.entries import ImageEntry, ProductEntry, VariantEntry
from storefront.catalog.importer import woo_cells
from storefront.catalog.importer.cells import CellProblem, read_words
from storefront.catalog.importer.formats import Format, Lookup, Place, ReadProduct
from storefront.catalog.importer.groups import Group
from storefront.catalog.importer.places import slugify
from storefront.catalog.importer.stock import Count
from storefront.catalog.importer.woo_cells import (
    WEIGHTS,
    plain,
    read_addresses,
    read_attributes,
    read_categories,
    read_html,
    read_kinds,
    read_list,
    read_prices,
    read_slug,
    read_weight,
)
from storefront.catalog.importer.woo_variations import Variations, gtin_of, read_variations, remember, variant_extra
from storefront.catalog.media import find_own_key
from storefront.catalog.models import ProductStatus
from storefront.foundation.csv_files import Rejection, Row

OF_VARIANT = frozenset({"Stock", "In stock?", "Backorders allowed?", "Low stock amount"})
PLACED = frozenset({"Name", "Short description", "Description", "Sale price", "Regular price", "Tags", "Images",
                    "GTIN, UPC, EAN, or ISBN", "Brands", "Parent", *WEIGHTS})
STATUSES = {"1": ProductStatus.ACTIVE, "": ProductStatus.ACTIVE, "0": ProductStatus.APPROVED,
            "-1": ProductStatus.DRAFT}
# What the shop cannot sell as it is meant, with what becomes of it.
UNSOLD = {
    "grouped": "is a group of other products ({Grouped products}), which the shop does not sell as one; it is kept as "
               "a draft without a price",
    "external": "is sold elsewhere ({External URL}); it is kept as a draft",
}


def read_product(group: Group, currency: str, lookup: Lookup) -> ReadProduct:
    """Turn the rows into an entry: the product's own first, then its variations."""
    row = group.rows[0]
    read = ReadProduct(row.line, group.key, rejections=list(group.problems))
    try:
        _read(read, group, currency, lookup)
    except CellProblem as problem:
        read.entry = None
        read.rejections.append(Rejection(row.line, problem.column, str(problem)))
    if read.entry is not None and read.rejections:
        read.entry = replace(read.entry, is_complete=False)
    return read


def _read(read: ReadProduct, group: Group, currency: str, lookup: Lookup) -> None:
    row, kinds = group.rows[0], read_kinds(group.rows[0])
    if not slugify(row["Name"]):
        raise CellProblem("Name", "The product has no name that could be its address.")
    images = _read_images(group.rows, read)
    variations = read_variations(group.rows, list(images), currency, lookup, read) if kinds[0] == "variable" else \
        _alone(row, kinds, currency, lookup, read)
    if not variations.entries:
        raise CellProblem("Type", "None of its variations can be taken: none is in the file, or all are refused.")
    read.counts = variations.counts
    read.categories = read_categories(row)
    said_slug = read_slug(row)
    read.says_slug = bool(said_slug)
    read.former_slugs = tuple(slug for slug in map(slugify, read_list(row["Meta: _wp_old_slug"])) if slug)
    short, long = read_html(row, "Short description"), read_html(row, "Description")
    is_line = len(plain(short)) <= 300
    read.entry = ProductEntry(
        slug=lookup.free_slug(said_slug or slugify(row["Name"])[:200], row.line), name=read_words(row, "Name", 300),
        subtitle=plain(short) if is_line else "", description=long if is_line else f"{short}\n\n{long}",
        brand=(read_list(row["Brands"]) or ("",))[0], tags=read_list(row["Tags"]), status=_status(row, kinds, read),
        variants=variations.entries, options=variations.options, facts=variations.facts,
        images=tuple(images.values()) if "Images" in row else None, tax_category=_tax(row),
        is_complete=not lookup.unreadable, keeps_uploads=True,
        extra=remember("Woo: ", row, PLACED | (OF_VARIANT if kinds[0] != "variable" else frozenset()),
                       leaves_sku=kinds[0] != "variable"))


def _alone(row: Row, kinds: tuple[str, ...], currency: str, lookup: Lookup, read: ReadProduct) -> Variations:
    """Return the one variant of a product without choices; its attributes are facts."""
    amount, compare_at = read_prices(row, currency)
    if amount is None and kinds[0] == "grouped":
        amount = 0
    if amount is None:
        raise CellProblem("Regular price", "The product has no price.")
    sku = read_words(row, "SKU", 120)
    if sku and lookup.line_of_sku(sku, row.line) != row.line:
        raise CellProblem("SKU", f"The SKU {sku} is already used in line {lookup.line_of_sku(sku, row.line)}.")
    entry = VariantEntry(amount=amount, compare_at_amount=compare_at, sku=sku, weight_grams=read_weight(row),
                         gtin=gtin_of(row), needs_shipping="virtual" not in kinds,
                         extra=variant_extra(row, OF_VARIANT))
    if "downloadable" in kinds:
        read.notes.append(f"“{row['Name'][:60]}” is a download, which the shop does not deliver by itself; its files "
                          "are named in the columns that were kept.")
    count = woo_cells.read_stock(row) if kinds[0] not in UNSOLD else Count(None, "untracked")
    facts = tuple((item.name, ", ".join(item.values)) for item in read_attributes(row) if item.is_visible)
    return Variations((entry,), (count,), (), facts)


def _status(row: Row, kinds: tuple[str, ...], read: ReadProduct) -> ProductStatus:
    """Return where the product stands: on sale only when it is published, shown, and of a kind that can be sold."""
    name = row["Name"][:60]
    if row["Published"] not in STATUSES:
        raise CellProblem("Published", f"“{row['Published'][:40]}” is none of 1, 0, -1.")
    if kinds[0] in UNSOLD:
        reason = UNSOLD[kinds[0]].format_map({column: row[column] for column in ("Grouped products", "External URL")})
        read.notes.append(f"“{name}” {reason}.")
        return ProductStatus.DRAFT
    if kinds[0] not in ("simple", "variable"):
        read.notes.append(f"“{name}” is of the type {kinds[0][:40]}, which the shop does not know; it is kept as a "
                          "draft.")
        return ProductStatus.DRAFT
    if row["Published"] in ("1", "") and row["Visibility in catalog"] == "hidden":
        read.notes.append(f"“{name}” is hidden from the catalog there; here it is approved and not on sale.")
        return ProductStatus.APPROVED
    return STATUSES[row["Published"]]


def _tax(row: Row) -> str:
    if row["Tax status"] == "none":
        return "zero-rate"
    return slugify(row["Tax class"])[:40] or "standard"


def _read_images(rows: list[Row], read: ReadProduct) -> dict[str, ImageEntry]:
    """Return each picture once by its address, those of the product first."""
    images: dict[str, ImageEntry] = {}
    for row in rows:
        addresses, problems = read_addresses(row)
        read.rejections += [Rejection(row.line, problem.column, str(problem)) for problem in problems]
        for address in addresses:
            key = find_own_key(address)
            images.setdefault(address, ImageEntry(key=key) if key else ImageEntry(source_url=address))
    return images


def _place(row: Row) -> Place:
    if "variation" in read_kinds(row):
        return Place(row["Parent"].replace("id: ", "id:"), is_part=True)
    names = tuple(name for name in (row["SKU"], f"id:{row['ID']}" if row["ID"] else "") if name)
    return Place(*_named(names or (f"name:{slugify(row['Name'])}",)))


def _named(names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    return names[0], names


def _skus(row: Row) -> tuple[str, ...]:
    return (row["SKU"],) if row["SKU"] and "variable" not in read_kinds(row) else ()


def _derive_slug(row: Row) -> str:
    return read_slug(row) or slugify(row["Name"])[:200]


WOOCOMMERCE = Format(
    name="woocommerce", title="a product export of WooCommerce", required=("Type", "Name", "Regular price"),
    key_column="Parent", joins_rows=False, place=_place, skus=_skus, derive_slug=_derive_slug, read=read_product,
    decimals=("Regular price", "Sale price", *WEIGHTS),
    of_status=("Woo: Type", "Woo: Published", "Woo: Visibility in catalog"), of_categories=("Woo: Categories",),
    of_stock=("Variant Woo: In stock?", "Variant Woo: Stock", "Variant Woo: Backorders allowed?"),
    fields={"description": ("Description", "Short description"), "subtitle": ("Short description",),
            "brand": ("Brands",), "tags": ("Tags",), "facts": ("Attribute 1 name",),
            "tax_category": ("Tax class", "Tax status"), "seo_title": (), "seo_description": (), "swatches": ()},
    variant_fields={"sku": ("SKU",), "gtin": ("GTIN, UPC, EAN, or ISBN",), "weight_grams": tuple(WEIGHTS),
                    "needs_shipping": ("Type",), "compare_at_amount": ("Sale price",)},
    prefix="Woo: ", variant_prefix="Variant Woo: ",
)
