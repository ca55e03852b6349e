"""The product list: found, filtered and read for one page in a handful of statements, however many products."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Select, exists, func, or_, select
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
    """Return the page of products, newest first, and where it lies; the total stops at COUNTED + 1."""
    found = _filtered(select(Product), search)
    counted = _filtered(select(Product.id), search).limit(COUNTED + 1).subquery()
    pager = Pager(number, PAGE_SIZE, db.session.scalar(select(func.count()).select_from(counted)) or 0)
    rows = db.session.scalars(
        found.options(joinedload(Product.brand)).order_by(Product.id.desc()).limit(PAGE_SIZE).offset(pager.offset)
    ).all()
    ids = [row.id for row in rows]
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


def select_low_variants() -> Select[int]:
    """Return the statement of counted variants on offer that are low or gone."""
    available = StockLevel.on_hand - StockLevel.reserved - StockLevel.allocated
    return (
        select(Variant.id).join(StockLevel, StockLevel.variant_id == Variant.id)
        .where(Variant.is_archived.is_(False), StockLevel.policy == StockPolicy.DENY)
        .group_by(Variant.id, Variant.product_id).having(func.sum(available) <= LOW)
    )


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


def _filtered(statement: Select[T], search: Search) -> Select[T]:
    result = statement
    if search.words:
        has_sku = exists().where(Variant.product_id == Product.id,
                                 Variant.sku.istartswith(search.words, autoescape=True))
        result = result.where(or_(Product.name.icontains(search.words, autoescape=True), Product.slug == search.words,
                                  has_sku))
    if search.status:
        result = result.where(Product.status == ProductStatus(search.status))
    if search.brand_id:
        result = result.where(Product.brand_id == search.brand_id)
    if search.category_id:
        link = product_category.c
        result = result.where(exists().where(link.product_id == Product.id, link.category_id == search.category_id))
    if search.is_low:
        result = result.where(Product.status == ProductStatus.ACTIVE, Product.id.in_(
            select_low_variants().with_only_columns(Variant.product_id)))
    return result


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
