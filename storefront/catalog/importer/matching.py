"""Which products of the shop a batch of read ones means: found and loaded in a handful of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from storefront.catalog.entries import ProductEntry
from storefront.catalog.errors import DuplicateSku, InvalidProduct
from storefront.catalog.import_models import ImportKey
from storefront.catalog.importer.formats import Format, ReadProduct
from storefront.catalog.importer.index import FileIndex
from storefront.catalog.importer.remembering import Present
from storefront.catalog.importer.stock import Stock, read_levels
from storefront.catalog.models import Option, Product, Redirect, Variant
from storefront.catalog.portrait import entry_of
from storefront.foundation.database import db

WHOLE = (
    selectinload(Product.options).selectinload(Option.values), selectinload(Product.categories),
    selectinload(Product.images), selectinload(Product.variants).selectinload(Variant.prices),
    selectinload(Product.variants).selectinload(Variant.option_values), joinedload(Product.brand),
)


class Matches:
    """The products that a batch means by key, by address, by a former address, or by their SKUs, all of them."""

    def __init__(self, batch: Sequence[ReadProduct], source: Format, index: FileIndex) -> None:
        self._source, self._index = source, index
        entries = [read.entry for read in batch if read.entry]
        self.keys: dict[str, int] = dict(db.session.execute(
            select(ImportKey.key, ImportKey.product_id)
            .where(ImportKey.source == source.name, ImportKey.key.in_([read.key for read in batch]))).all())
        slugs = [entry.slug for entry in entries]
        self._by_slug = dict(db.session.execute(select(Product.slug, Product.id).where(Product.slug.in_(slugs))).all())
        self._by_former = {slug: (product_id, present) for slug, product_id, present in db.session.execute(
            select(Redirect.slug, Redirect.product_id, Product.slug)
            .join(Product, Product.id == Redirect.product_id).where(Redirect.slug.in_(slugs)))}
        self.owners = dict(db.session.execute(
            select(Variant.sku, Variant.product_id).where(Variant.sku.in_(
                [variant.sku for entry in entries for variant in entry.variants if variant.sku]))).all())
        self._skus: dict[int, set[str]] = defaultdict(set)
        self._offered: dict[int, set[str]] = defaultdict(set)  # of the variants that are not archived; "" is none
        self._read_skus()

    def find(self, read: ReadProduct, entry: ProductEntry) -> int | None:
        """Return the id of the product that is meant."""
        if read.key in self.keys:
            return self.keys[read.key]
        if read.says_slug and entry.slug in self._by_slug:
            return self._by_slug[entry.slug]
        former = self._by_former.get(entry.slug)
        if read.says_slug and former and not self._is_another(former, entry):
            return former[0]
        return self._of_skus(entry) or self._of_derived_slug(read, entry)

    def is_renaming(self, read: ReadProduct, entry: ProductEntry) -> bool:
        """Tell whether the file gives the product an address that leads nowhere yet."""
        return read.says_slug and entry.slug not in self._by_slug and entry.slug not in self._by_former

    def with_free_slug(self, read: ReadProduct, entry: ProductEntry) -> ProductEntry:
        """Return the entry of a new product; an address that was made of its name is numbered where it is taken."""
        number, slug = 1, entry.slug
        while not read.says_slug and _is_taken(slug):
            number += 1
            slug = f"{entry.slug[:190]}-{number}"
        return replace(entry, slug=slug) if number > 1 else entry

    def _is_another(self, former: tuple[int, str], entry: ProductEntry) -> bool:
        """Tell whether the address that a product once had is another product's in this file."""
        if self._index.line_of(former[1]):
            return True  # the renamed one stands in the file itself
        return self._differs(former[0], entry)

    def _differs(self, product_id: int, entry: ProductEntry) -> bool:
        skus = {variant.sku for variant in entry.variants if variant.sku}
        return bool(skus and self._skus[product_id]) and skus.isdisjoint(self._skus[product_id])

    def refuse_foreign_skus(self, entry: ProductEntry) -> None:
        """Raise DuplicateSku where a new product would take an SKU that the shop has."""
        sku = next((variant.sku for variant in entry.variants if variant.sku in self.owners), None)
        if sku is not None:
            name, slug = db.session.execute(
                select(Product.name, Product.slug).where(Product.id == self.owners[sku])).one()
            raise DuplicateSku(f"SKU {sku} belongs to {name} (/p/{slug}); a product of another address is taken for it "
                               "only with exactly its SKUs. Give it that address or another SKU.")

    def _of_skus(self, entry: ProductEntry) -> int | None:
        """Return the one product that has all of the entry's SKUs, and on offer no other: one in common says little."""
        skus = {variant.sku for variant in entry.variants}
        owners = {self.owners.get(sku) for sku in skus}
        found = next(iter(owners)) if len(owners) == 1 else None
        return found if found is not None and self._offered[found] <= skus else None

    def _of_derived_slug(self, read: ReadProduct, entry: ProductEntry) -> int | None:
        """An address that was made of the name means a product only where no SKU says otherwise."""
        product_id = None if read.says_slug else self._by_slug.get(entry.slug)
        return None if product_id is None or self._differs(product_id, entry) else product_id

    def _read_skus(self) -> None:
        ids = {*(product_id for product_id, _ in self._by_former.values()), *self._by_slug.values(),
               *self.owners.values()}
        if ids:
            for product_id, sku, is_archived in db.session.execute(
                    select(Variant.product_id, Variant.sku, Variant.is_archived).where(Variant.product_id.in_(ids))):
                self._skus[product_id] |= {sku} if sku else set()
                self._offered[product_id] |= set() if is_archived else {sku or ""}


def _is_taken(slug: str) -> bool:
    return any(db.session.scalar(select(table.slug).where(table.slug == slug)) is not None
               for table in (Product, Redirect))


def load_products(ids: set[int]) -> dict[int, Product]:
    """Return the products with all that an entry speaks of, in one statement per table."""
    if not ids:
        return {}
    return {product.id: product for product in db.session.scalars(
        select(Product).options(*WHOLE).where(Product.id.in_(ids)).order_by(Product.id))}


def read_present(products: Sequence[Product], stock: Stock) -> dict[int, Present]:
    """Return each product as it stands; one without a price in the shop's currency is left out."""
    levels = read_levels(stock, [variant.id for product in products for variant in product.variants])
    found = {}
    for product in products:
        try:
            entry = entry_of(product)
        except InvalidProduct:
            continue
        found[product.id] = Present(product, entry, levels)
    return found
