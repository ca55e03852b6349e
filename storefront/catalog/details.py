"""A product on sale with everything its page shows but stock: four queries, a fifth when it is reduced."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import contains_eager

from storefront.catalog.addresses import product_url
from storefront.catalog.history import read_lowest_prices
from storefront.catalog.media import Picture, picture_of
from storefront.catalog.models import (
    Image,
    ImageState,
    Option,
    OptionValue,
    Price,
    Product,
    ProductStatus,
    Variant,
    variant_option_value,
)
from storefront.foundation.database import db
from storefront.foundation.money import Money


@dataclass(frozen=True, slots=True)
class ValueDetail:
    """An answer to an option; `swatch` is a #rrggbb color or empty."""

    id: int
    value: str
    swatch: str


@dataclass(frozen=True, slots=True)
class OptionDetail:
    """A choice with those answers that some variant on sale has."""

    id: int
    name: str
    values: list[ValueDetail]


@dataclass(frozen=True, slots=True)
class VariantDetail:
    """A variant on sale; `values` maps option ids to option value ids, `picture` counts from 0."""

    id: int
    sku: str
    gtin: str
    title: str
    price: Money
    compare_at: Money | None
    values: dict[int, int]
    picture: int | None
    lowest_before: Money | None = None  # of the 30 days before the reduction, see history.py


@dataclass(frozen=True, slots=True)
class ProductDetail:
    """What a product's page shows; `description` is sanitized HTML, `facts` are (label, value)."""

    id: int
    slug: str
    url: str
    name: str
    subtitle: str
    brand: str
    description: str
    facts: list[tuple[str, str]]
    tags: list[str]
    tax_category: str
    seo_title: str
    seo_description: str
    category_id: int | None
    updated_at: datetime
    pictures: list[Picture]
    options: list[OptionDetail]
    variants: list[VariantDetail]


def load_product(slug: str, currency: str) -> ProductDetail | None:
    """Return the product; None when it is unknown, not active or nothing of it has a price."""
    product = db.session.scalar(
        select(Product).outerjoin(Product.brand).options(contains_eager(Product.brand))
        .where(Product.slug == slug, Product.status == ProductStatus.ACTIVE)
    )
    if product is None:
        return None
    images = db.session.scalars(
        select(Image).where(Image.product_id == product.id, Image.state == ImageState.READY)
        .order_by(Image.position, Image.id)
    ).all()
    pictures = [(image.id, picture) for image in images if (picture := picture_of(image)) is not None]
    options, values_of = _load_options(product.id)
    places = {image_id: place for place, (image_id, _) in enumerate(pictures)}
    variants = _load_variants(product.id, currency, values_of, places)
    if not variants:
        return None
    return ProductDetail(
        id=product.id, slug=product.slug, url=product_url(product.slug), name=product.name,
        subtitle=product.subtitle, brand=product.brand.name if product.brand else "",
        description=product.description, facts=[(fact[0], fact[1]) for fact in product.facts if len(fact) == 2],
        tags=product.tags, tax_category=product.tax_category, seo_title=product.seo_title,
        seo_description=product.seo_description, category_id=product.category_id, updated_at=product.updated_at,
        pictures=[picture for _, picture in pictures], options=_offered(options, variants), variants=variants,
    )


def _load_options(product_id: int) -> tuple[list[OptionDetail], dict[int, dict[int, int]]]:
    """Return the options, and variant id → {option id: value id}."""
    pair = variant_option_value.c
    rows = db.session.execute(
        select(Option.id, Option.name, OptionValue.id, OptionValue.value, OptionValue.swatch, pair.variant_id)
        .join(OptionValue, OptionValue.option_id == Option.id)
        .outerjoin(variant_option_value, pair.option_value_id == OptionValue.id)
        .where(Option.product_id == product_id)
        .order_by(Option.position, Option.id, OptionValue.position, OptionValue.id)
    )
    names: dict[int, str] = {}
    values: dict[int, dict[int, ValueDetail]] = defaultdict(dict)
    values_of: dict[int, dict[int, int]] = defaultdict(dict)
    for option_id, name, value_id, value, swatch, variant_id in rows:
        names[option_id] = name
        values[option_id][value_id] = ValueDetail(value_id, value, swatch)
        if variant_id is not None:
            values_of[variant_id][option_id] = value_id
    options = [OptionDetail(option_id, name, list(values[option_id].values())) for option_id, name in names.items()]
    return options, values_of


def _load_variants(product_id: int, currency: str, values_of: dict[int, dict[int, int]],
                   places: dict[int, int]) -> list[VariantDetail]:
    rows = db.session.execute(
        select(Variant, Price)
        .join(Price, and_(Price.variant_id == Variant.id, Price.currency == currency))
        .where(Variant.product_id == product_id, Variant.is_archived.is_(False))
        .order_by(Variant.position, Variant.id)
    )
    found = [
        VariantDetail(
            id=variant.id, sku=variant.sku or "", gtin=variant.gtin, title=variant.title,
            price=Money(price.amount, currency),
            compare_at=(Money(price.compare_at_amount, currency)
                        if price.compare_at_amount is not None and price.compare_at_amount > price.amount else None),
            values=values_of.get(variant.id, {}),
            picture=places.get(variant.image_id) if variant.image_id is not None else None,
        )
        for variant, price in rows
    ]
    lowest = read_lowest_prices([variant.id for variant in found if variant.compare_at])
    return [replace(variant, lowest_before=Money(lowest[variant.id], currency)) if variant.id in lowest else variant
            for variant in found]


def _offered(options: list[OptionDetail], variants: list[VariantDetail]) -> list[OptionDetail]:
    """Leave out answers that no variant on sale has."""
    used = {value for variant in variants for value in variant.values.values()}
    kept = [OptionDetail(option.id, option.name, [value for value in option.values if value.id in used])
            for option in options]
    return [option for option in kept if option.values]
