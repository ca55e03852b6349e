"""The catalog in Shopify's format, so that importing the file again changes nothing.

What Shopify has no column for goes into metafield columns, what an import kept in `extra` back under its own name;
words that the last import brought are said again while they are still true (importer/remembering.py). No cell is a
formula to a spreadsheet (foundation/csv_files.py).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import select

from storefront.catalog.entries import ProductEntry, VariantEntry
from storefront.catalog.importer import columns
from storefront.catalog.importer.matching import load_products, read_present
from storefront.catalog.importer.remembering import OF_EVERY_VARIANT, Present, say_product, say_variant
from storefront.catalog.importer.shopify import home_of
from storefront.catalog.importer.stock import Stock
from storefront.catalog.media import picture_url
from storefront.catalog.models import Image, Product, Variant
from storefront.catalog.portrait import offered
from storefront.foundation.csv_files import guard
from storefront.foundation.database import db
from storefront.foundation.money import Money, decimal_text
from storefront.foundation.shop import facts

BATCH = 200
MAX_OPTIONS = 3
COLUMNS = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Published",
    *(f"Option{place} {part}" for place in (1, 2, 3) for part in ("Name", "Value")), "Variant SKU", "Variant Grams",
    "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy", "Variant Fulfillment Service",
    "Variant Price", "Variant Compare At Price", "Variant Requires Shipping", "Variant Taxable", "Variant Barcode",
    "Image Src", "Image Position", "Image Alt Text", "Gift Card", "SEO Title", "SEO Description", "Variant Image",
    "Variant Weight Unit", columns.SUBTITLE, columns.FACTS, columns.OPTIONS, columns.TAX, columns.CATEGORIES,
    columns.TAGS, "Status",
)
Cells = dict[str, str]


@dataclass
class Export:
    """The file, piece by piece; `products` and `notes` tell what was written so far and what was left out."""

    stock: Stock
    products: int = 0
    rows: int = 0
    notes: list[str] = field(default_factory=list)

    def pieces(self) -> Iterator[str]:
        """Return the file's text in pieces, a batch of products each; reads the catalog twice and keeps none of it."""
        target = io.StringIO()
        header = [*COLUMNS, *sorted(_read_extra_columns())]
        writer = csv.writer(target, lineterminator="\r\n")
        writer.writerow(map(guard, header))
        for rows in self._batches():
            writer.writerows([guard(row.get(column, "")) for column in header] for row in rows)
            yield target.getvalue()
            target.seek(0)
            target.truncate()
        yield target.getvalue()

    def _batches(self) -> Iterator[list[Cells]]:
        last = 0
        while ids := db.session.scalars(
                select(Product.id).where(Product.id > last).order_by(Product.id).limit(BATCH)).all():
            last = ids[-1]
            products = list(load_products(set(ids)).values())
            presents = read_present(products, self.stock)
            yield [row for product in products for row in self._rows(product, presents.get(product.id))]
            db.session.rollback()  # no snapshot is held open while a slow reader takes the piece
            db.session.expunge_all()

    def _rows(self, product: Product, present: Present | None) -> list[Cells]:
        if not offered(product):
            return []  # nothing of it can be bought
        if present is None or len(present.entry.options) > MAX_OPTIONS:
            reason = "has no price" if present is None else "has more options than the three that the format knows"
            self.notes.append(f"“{product.slug}” {reason}; it was left out.")
            return []
        rows = rows_of(present)
        self.products += 1
        self.rows += len(rows)
        return rows


def rows_of(present: Present) -> list[Cells]:
    """Return the product's rows: its words in the first, then a variant and a picture in each while there are any."""
    entry = present.entry
    pictures = [_picture(image) for image in present.product.images]
    variants = [_variant_cells(entry, said, row, pictures, present)
                for said, row in zip(entry.variants, offered(present.product), strict=True)]
    images = [{"Image Src": url, "Image Position": str(place), "Image Alt Text": image.alt}
              for place, (url, image) in enumerate(zip(pictures, entry.images or (), strict=True), start=1) if url]
    rows = []
    for place in range(max(len(variants), len(images))):
        row = {"Handle": entry.slug} | (_product_cells(present) if place == 0 else {})
        for cells in (variants, images):
            row |= cells[place] if place < len(cells) else {}
        rows.append(row)
    return rows


def _product_cells(present: Present) -> Cells:
    entry, extra = present.entry, present.product.extra
    names = [option.name for option in entry.options] or ["Title"]
    kept = {column: str(word) for column, word in extra.items() if home_of(column) == "product"}
    undecided = dict.fromkeys(("Status", "Published", "Gift Card", "Type", columns.CATEGORIES), "")
    return kept | undecided | {
        "Title": entry.name, "Body (HTML)": entry.description, "Vendor": entry.brand, "Tags": ", ".join(entry.tags),
        "SEO Title": entry.seo_title, "SEO Description": entry.seo_description,
        **columns.say_own(entry), **say_product(present),
        **{f"Option{place} Name": name for place, name in enumerate(names, start=1)},
    }


def _variant_cells(entry: ProductEntry, said: VariantEntry, row: Variant, pictures: list[str],
                   present: Present) -> Cells:
    currency = facts().currency
    kept = {column: str(word) for column, word in said.extra.items() if home_of(column) == "variant"}
    values = said.values if entry.options else ("Default Title",)
    compare_at = said.compare_at_amount
    of_import = {column: word for column, word in kept.items() if column in OF_EVERY_VARIANT}
    cells = {
        "Variant SKU": said.sku, "Variant Grams": str(said.weight_grams),
        "Variant Price": decimal_text(Money(said.amount, currency)),
        "Variant Compare At Price": "" if compare_at is None else decimal_text(Money(compare_at, currency)),
        "Variant Requires Shipping": "true" if said.needs_shipping else "false",
        "Variant Barcode": said.gtin or kept.get("Variant Barcode", ""),
        "Variant Image": pictures[said.image_index] if said.image_index is not None else "",
        "Variant Inventory Tracker": "",
    }
    answers = {f"Option{place} Value": value for place, value in enumerate(values, start=1)}
    return kept | cells | say_variant(row, present.levels.get(row.id)) | of_import | answers


def _picture(image: Image) -> str:
    """Return where the picture can be fetched: where it came from, else the widest of the shop's own files."""
    if image.source_url or not image.renditions:
        return image.source_url
    extension = next(kind for kind in ("jpg", "webp", "avif") if image.renditions.get(kind))
    return facts().site_url + picture_url(image.key, max(image.renditions[extension]), extension)


def _read_extra_columns() -> set[str]:
    """Return the columns that any import kept."""
    found: set[str] = set()
    for column, home in ((Product.extra, "product"), (Variant.extra, "variant")):
        for extra in db.session.scalars(select(column).execution_options(yield_per=1_000)):
            found.update(name for name in extra if name not in found and home_of(name) == home)
    return found - set(COLUMNS)
