"""A product on sale with everything its page shows but stock: four queries, a fifth when it is reduced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import contains_eager

from storefront.catalog.addresses import product_url
from storefront.catalog.cards import Stars, count_stars
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
    is_sent: bool = True  # by post; else it is downloaded, or done for the shopper


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
    stars: Stars | None = None


def load_product(slug: str, currency: str) -> ProductDetail | None:
    """Return the product; None when it is unknown, not active or nothing of it has a price."""
    return load_products([slug], currency).get(slug)


def load_products(slugs: Collection[str], currency: str) -> dict[str, ProductDetail]:
    """Return those of the products that are on sale by their slugs, in as many queries as one of them."""
    products = db.session.scalars(
        select(Product).outerjoin(Product.brand).options(contains_eager(Product.brand))
        .where(Product.slug.in_(slugs), Product.status == ProductStatus.ACTIVE)
    ).all()
    ids = [product.id for product in products]
    if not ids:
        return {}
    pictures = _load_pictures(ids)
    options, values_of = _load_options(ids)
    places = {image_id: place for found in pictures.values() for place, (image_id, _) in enumerate(found)}
    variants = _load_variants(ids, currency, values_of, places)
    return {
        product.slug: _describe(product, pictures[product.id], options[product.id], variants[product.id])
        for product in products if variants[product.id]
    }


def _describe(product: Product, pictures: list[tuple[int, Picture]], options: list[OptionDetail],
              variants: list[VariantDetail]) -> ProductDetail:
    return ProductDetail(
        id=product.id, slug=product.slug, url=product_url(product.slug), name=product.name,
        subtitle=product.subtitle, brand=product.brand.name if product.brand else "",
        description=product.description, facts=[(fact[0], fact[1]) for fact in product.facts if len(fact) == 2],
        tags=product.tags, tax_category=product.tax_category, seo_title=product.seo_title,
        seo_description=product.seo_description, category_id=product.category_id, updated_at=product.updated_at,
        pictures=[picture for _, picture in pictures], options=_offered(options, variants), variants=variants,
        stars=count_stars(product.rating, product.review_count),
    )


def _load_pictures(product_ids: Collection[int]) -> dict[int, list[tuple[int, Picture]]]:
    """Return product id → its (image id, picture) in their order."""
    images = db.session.scalars(
        select(Image).where(Image.product_id.in_(product_ids), Image.state == ImageState.READY)
        .order_by(Image.position, Image.id)
    )
    found: dict[int, list[tuple[int, Picture]]] = defaultdict(list)
    for image in images:
        picture = picture_of(image)
        if picture is not None:
            found[image.product_id].append((image.id, picture))
    return found


def _load_options(product_ids: Collection[int]) -> tuple[dict[int, list[OptionDetail]], dict[int, dict[int, int]]]:
    """Return product id → options, and variant id → {option id: value id}."""
    pair = variant_option_value.c
    rows = db.session.execute(
        select(Option.product_id, Option.id, Option.name, OptionValue.id, OptionValue.value, OptionValue.swatch,
               pair.variant_id)
        .join(OptionValue, OptionValue.option_id == Option.id)
        .outerjoin(variant_option_value, pair.option_value_id == OptionValue.id)
        .where(Option.product_id.in_(product_ids))
        .order_by(Option.position, Option.id, OptionValue.position, OptionValue.id)
    )
    names: dict[int, tuple[int, str]] = {}
    values: dict[int, dict[int, ValueDetail]] = defaultdict(dict)
    values_of: dict[int, dict[int, int]] = defaultdict(dict)
    for product_id, option_id, name, value_id, value, swatch, variant_id in rows:
        names[option_id] = product_id, name
        values[option_id][value_id] = ValueDetail(value_id, value, swatch)
        if variant_id is not None:
            values_of[variant_id][option_id] = value_id
    options: dict[int, list[OptionDetail]] = defaultdict(list)
    for option_id, (product_id, name) in names.items():
        options[product_id].append(OptionDetail(option_id, name, list(values[option_id].values())))
    return options, values_of


def _load_variants(product_ids: Collection[int], currency: str, values_of: dict[int, dict[int, int]],
                   places: dict[int, int]) -> dict[int, list[VariantDetail]]:
    """Return product id → its variants on sale in their order."""
    rows = db.session.execute(
        select(Variant, Price)
        .join(Price, and_(Price.variant_id == Variant.id, Price.currency == currency))
        .where(Variant.product_id.in_(product_ids), Variant.is_archived.is_(False))
        .order_by(Variant.position, Variant.id)
    ).all()
    reduced = [variant.id for variant, price in rows if _compare_at(price) is not None]
    lowest = read_lowest_prices(reduced)
    found: dict[int, list[VariantDetail]] = defaultdict(list)
    for variant, price in rows:
        compare_at = _compare_at(price)
        found[variant.product_id].append(VariantDetail(
            id=variant.id, sku=variant.sku or "", gtin=variant.gtin, title=variant.title,
            price=Money(price.amount, currency),
            compare_at=Money(compare_at, currency) if compare_at is not None else None,
            values=values_of.get(variant.id, {}),
            picture=places.get(variant.image_id) if variant.image_id is not None else None,
            lowest_before=Money(lowest[variant.id], currency) if variant.id in lowest else None,
            is_sent=variant.needs_shipping,
        ))
    return found


def _compare_at(price: Price) -> int | None:
    """Return the former price where it is one: above the present."""
    amount = price.compare_at_amount
    return amount if amount is not None and amount > price.amount else None


def _offered(options: list[OptionDetail], variants: list[VariantDetail]) -> list[OptionDetail]:
    """Leave out answers that no variant on sale has."""
    used = {value for variant in variants for value in variant.values.values()}
    kept = [OptionDetail(option.id, option.name, [value for value in option.values if value.id in used])
            for option in options]
    return [option for option in kept if option.values]
