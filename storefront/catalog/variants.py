"""Variants as other contexts read them, and which one a choice of option values means."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, select
from sqlalchemy.orm import aliased

from storefront.catalog.addresses import variant_url
from storefront.catalog.media import Picture, picture_of
from storefront.catalog.models import (
    Image,
    ImageState,
    OptionValue,
    Price,
    Product,
    ProductStatus,
    Variant,
    variant_option_value,
)
from storefront.foundation.money import Money

MAX_ID = 2**31 - 1  # above it PostgreSQL refuses the comparison instead of finding nothing


@dataclass(frozen=True, slots=True)
class VariantInfo:
    """A variant with what a cart, an order or a feed needs of its product."""

    id: int
    product_id: int
    slug: str
    url: str
    name: str  # of the product
    title: str  # of the variant: its option values, or nothing
    sku: str
    price: Money
    compare_at: Money | None
    tax_category: str
    weight_grams: int
    needs_shipping: bool
    is_sellable: bool  # the product is active, the variant not archived, and it has a price
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Combination:
    """The option values of one variant: {option id: option value id}."""

    variant_id: int
    is_archived: bool
    values: dict[int, int]


def first_image_id(product_id: ColumnElement[int]) -> ColumnElement[int]:
    """Return the SQL of a product's first picture that is at hand."""
    first = aliased(Image)
    return (
        select(first.id).where(first.product_id == product_id, first.state == ImageState.READY)
        .order_by(first.position, first.id).limit(1).scalar_subquery()
    )


@cache
def select_variants() -> Select[Variant, Product, Price | None, Image | None]:
    """Return the statement of variants (`:ids`) with product, price in `:currency` and picture, if there are any.

    Made once: to build it costs more than to run it, and every cart and checkout reads by it.
    """
    own = aliased(Image)
    own_id = (
        select(own.id).where(own.id == Variant.image_id, own.state == ImageState.READY)
        .correlate(Variant).scalar_subquery()
    )
    shown_id = func.coalesce(own_id, first_image_id(Variant.product_id.expression).correlate(Variant))
    return (
        select(Variant, Product, Price, Image)
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(Price, (Price.variant_id == Variant.id) & (Price.currency == bindparam("currency")))
        .outerjoin(Image, Image.id == shown_id)
        .where(Variant.id.in_(bindparam("ids", expanding=True)))
    )


def describe_variant(row: Row[Variant, Product, Price | None, Image | None], currency: str) -> VariantInfo:
    """Return the row of select_variants as others read it."""
    variant, product, price, image = row
    compare_at = price.compare_at_amount if price else None
    is_reduced = price is not None and compare_at is not None and compare_at > price.amount
    return VariantInfo(
        id=variant.id, product_id=product.id, slug=product.slug, url=variant_url(product.slug, variant.id),
        name=product.name, title=variant.title, sku=variant.sku or "",
        price=Money(price.amount if price else 0, currency),
        compare_at=Money(compare_at, currency) if is_reduced and compare_at is not None else None,
        tax_category=product.tax_category, weight_grams=variant.weight_grams, needs_shipping=variant.needs_shipping,
        is_sellable=product.status is ProductStatus.ACTIVE and not variant.is_archived and price is not None,
        picture=picture_of(image) if image else None,
    )


def select_offer() -> Select[str]:
    """Return the statement of the name under which the variant (`:variant_id`) is sold; no row when it is not.

    That is what `is_sellable` says: the product is active, the variant not archived, and it has a price in `:currency`.
    """
    priced = (Price.variant_id == Variant.id) & (Price.currency == bindparam("currency"))
    return (
        select(Product.name).select_from(Variant).join(Product, Product.id == Variant.product_id).join(Price, priced)
        .where(Variant.id == bindparam("variant_id"), Product.status == ProductStatus.ACTIVE,
               Variant.is_archived.is_(False))
    )


def select_combinations(variant_id: int) -> Select[int, bool, int | None, int | None]:
    """Return (variant, is archived, option, value) of every variant of the variant's product."""
    of_product = select(Variant.product_id).where(Variant.id == variant_id).scalar_subquery()
    pair = variant_option_value.c
    return (
        select(Variant.id, Variant.is_archived, OptionValue.option_id, OptionValue.id)
        .outerjoin(variant_option_value, pair.variant_id == Variant.id)
        .outerjoin(OptionValue, OptionValue.id == pair.option_value_id)
        .where(Variant.product_id == of_product)
        .order_by(Variant.position, Variant.id)
    )


def find_combination(combinations: Collection[Combination], variant_id: int, value_ids: Collection[int]) -> int | None:
    """Return the variant on sale with these option values; what is not named stays as `variant_id` has it.

    None when there is none, a value is not the product's, or two values answer the same option.
    """
    current = next((item for item in combinations if item.variant_id == variant_id), None)
    if current is None:
        return None
    option_of = {value: option for item in combinations for option, value in item.values.items()}
    if not all(value in option_of for value in value_ids):
        return None
    said = {option_of[value]: value for value in value_ids}
    if len(said) != len(set(value_ids)):
        return None
    wanted = {**current.values, **said}
    return next((item.variant_id for item in combinations if not item.is_archived and item.values == wanted), None)
