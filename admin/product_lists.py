"""The product list: found, filtered and read for one page in a handful of statements, however many products."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import ColumnElement, CompoundSelect, Select, exists, func, select, union, union_all
from sqlalchemy.orm import joinedload

from storefront.catalog.media import Picture, picture_of
from storefront.catalog.models import (
    Brand,
    Category,
    Image,
    ImageState,
    Product,
    ProductStatus,
    Variant,
    product_category,
)
from storefront.foundation.database import db
from storefront.foundation.money import Money
from storefront.foundation.pagination import Pager
from storefront.foundation.shop import money
from storefront.inventory.models import StockLevel, StockPolicy
from storefront.inventory.queries import LOW

T = TypeVar("T")
PAGE_SIZE = 40
COUNTED = 10_000  # products; of more the list says so and is narrowed, not paged through


@dataclass(frozen=True, slots=True)
class Search:
    """What staff asked the list for; empty words and ids ask for everything."""

    words: str = ""
    status: str = ""
    brand_id: int = 0
    category_id: int = 0
    is_low: bool = False
    order: str = "newest"


# Only what an index brings in this order, however many products: by stock or the last change every one would be read.
ORDERS = {"newest": "Newest first", "name": "Name, A to Z", "-name": "Name, Z to A", "price": "Price, rising",
          "-price": "Price, falling"}


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A line of the list. `available` is None where a variant is not counted."""

    id: int
    name: str
    slug: str
    brand: str
    status: ProductStatus
    price: Money
    variant_count: int
    available: int | None
    picture: Picture | None


def read_products(search: Search, number: int) -> tuple[Pager, list[ProductRow]]:
    """Return the page of products in their order, and where it lies; the total stops at COUNTED + 1."""
    found = db.session.scalars(_select_ordered(search)).all()
    pager = Pager(number, PAGE_SIZE, len(found))
    ids = found[pager.offset:pager.offset + PAGE_SIZE]
    whole = select(Product).options(joinedload(Product.brand)).where(Product.id.in_(ids))
    rows = sorted(db.session.scalars(whole), key=lambda row: ids.index(row.id))
    pictures, stock = read_thumbs(ids), _read_stock(ids)
    return pager, [
        ProductRow(row.id, row.name, row.slug, row.brand.name if row.brand else "", row.status,
                   money(row.lowest_amount), *stock.get(row.id, (0, 0)), pictures.get(row.id))
        for row in rows
    ]


def read_thumbs(product_ids: Collection[int]) -> dict[int, Picture]:
    """Return the first picture at hand of each product that has one."""
    images = db.session.scalars(
        select(Image).where(Image.product_id.in_(product_ids), Image.state == ImageState.READY)
        .order_by(Image.position.desc(), Image.id.desc()))
    found = {image.product_id: picture_of(image) for image in images}
    return {product_id: picture for product_id, picture in found.items() if picture}


def list_brands() -> list[tuple[int, str]]:
    """Return (id, name) of every brand, for choices."""
    return [(row.id, row.name) for row in db.session.execute(select(Brand.id, Brand.name).order_by(Brand.name))]


def list_categories() -> list[tuple[int, str, str]]:
    """Return (id, path, name with the names above it) of every category, in tree order."""
    rows = db.session.execute(select(Category.id, Category.path, Category.name).order_by(Category.path)).all()
    names = {row.path: row.name for row in rows}
    return [(row.id, row.path, " › ".join(_names_above(row.path, names))) for row in rows]


def _names_above(path: str, names: dict[str, str]) -> list[str]:
    parts = path.split("/")
    return [names.get("/".join(parts[: depth + 1]), parts[depth]) for depth in range(len(parts))]


def _select_ordered(search: Search) -> Select[int]:
    """Return the statement of the first ids that fit, in their order."""
    column = {"name": Product.name, "price": Product.lowest_amount}.get(search.order.removeprefix("-"), Product.id)
    is_falling = search.order.startswith("-") or column is Product.id
    order = [one.desc() if is_falling else one.asc() for one in (column, Product.id)]
    if column is not Product.lowest_amount or search.status:
        return _filtered(select(Product.id), search).order_by(*order).limit(COUNTED + 1)
    # The index of prices begins with the status: each status is asked by itself.
    parts = [_filtered(select(Product.id), replace(search, status=status.value)).add_columns(column).order_by(*order)
             .limit(COUNTED + 1).subquery() for status in ProductStatus]
    found = union_all(*(select(part) for part in parts)).subquery().c
    order = [one.desc() if is_falling else one.asc() for one in (found.lowest_amount, found.id)]
    return select(found.id).order_by(*order).limit(COUNTED + 1)


def _filtered(statement: Select[T], search: Search) -> Select[T]:
    result = statement
    if search.words:
        result = result.where(Product.id.in_(_select_said(search.words)))
    if search.status:
        result = result.where(Product.status == ProductStatus(search.status))
    if search.brand_id:
        result = result.where(Product.brand_id == search.brand_id)
    if search.category_id:
        link = product_category.c
        result = result.where(exists().where(link.product_id == Product.id, link.category_id == search.category_id))
    if search.is_low:
        result = result.where(Product.status == ProductStatus.ACTIVE, _has_low_variant())
    return result


def _select_said(words: str) -> CompoundSelect[int]:
    """Return the statement of products whose name holds every word, or whose slug or a SKU of which begins so.

    Three questions, each of which has an index; an OR of them would read every product.
    """
    sku = func.lower(Variant.sku).startswith(words.lower(), autoescape=True)
    return union(
        select(Product.id).where(*(Product.name.icontains(word, autoescape=True) for word in words.split())),
        select(Product.id).where(Product.slug == words), select(Variant.product_id).where(sku))


def _has_low_variant() -> ColumnElement[bool]:
    """Return the SQL of whether a counted variant on offer is low or gone."""
    available = StockLevel.on_hand - StockLevel.reserved - StockLevel.allocated
    over_all = select(func.sum(available)).where(StockLevel.variant_id == Variant.id).correlate(Variant)
    # Where all are few, one is: that leaves little to add up.
    one = select(StockLevel.variant_id).where(available <= LOW, StockLevel.policy == StockPolicy.DENY)
    return Product.id.in_(select(Variant.product_id).where(
        Variant.is_archived.is_(False), Variant.id.in_(one),
        over_all.where(StockLevel.policy == StockPolicy.DENY).scalar_subquery() <= LOW))


def _read_stock(product_ids: Collection[int]) -> dict[int, tuple[int, int | None]]:
    """Return (variants on offer, units available or None where they are not counted) by product."""
    available = func.coalesce(func.sum(StockLevel.on_hand - StockLevel.reserved - StockLevel.allocated), 0)
    uncounted = func.count(StockLevel.id).filter(StockLevel.policy == StockPolicy.UNTRACKED)
    rows = db.session.execute(
        select(Variant.product_id, func.count(Variant.id.distinct()), available, uncounted)
        .outerjoin(StockLevel, StockLevel.variant_id == Variant.id)
        .where(Variant.product_id.in_(product_ids), Variant.is_archived.is_(False)).group_by(Variant.product_id)
    ).all()
    return {row[0]: (row[1], None if row[3] else int(row[2])) for row in rows}
