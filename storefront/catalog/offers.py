"""What is on sale of products, told apart by its answers to their options."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, select

from storefront.catalog.media import Picture, picture_of
from storefront.catalog.models import Image, Option, OptionValue, Price, Variant, variant_option_value
from storefront.foundation.database import db
from storefront.foundation.shop import facts


@dataclass(slots=True)
class Offer:
    """A variant on sale; `values` are (option, value) as staff wrote them, amounts are minor units."""

    variant_id: int
    codes: tuple[str, ...]  # SKU and GTIN, where it has them
    amount: int
    compare_at: int | None  # only where it is above the amount
    values: list[tuple[str, str]] = field(default_factory=list)
    title: str = ""


def read_offers(product_ids: Collection[int]) -> dict[int, list[Offer]]:
    """Return what is on sale of each product in its order, in one query; products without any are absent.

    Not cached: lists that shoppers have narrowed show prices by it.
    """
    if not product_ids:
        return {}
    rows = db.session.execute(_select_offers(), {"ids": list(product_ids), "currency": facts().currency})
    offers: dict[int, Offer] = {}
    found: dict[int, list[Offer]] = {}
    for product_id, variant_id, title, sku, gtin, amount, compare_at, option, value in rows:
        if variant_id not in offers:
            is_reduced = compare_at is not None and compare_at > amount
            offers[variant_id] = Offer(variant_id, tuple(code for code in (sku, gtin) if code), amount,
                                       compare_at if is_reduced else None, title=title)
            found.setdefault(product_id, []).append(offers[variant_id])
        if option is not None:
            offers[variant_id].values.append((option, value))
    return found


def read_own_pictures(variant_ids: Collection[int]) -> dict[int, Picture]:
    """Return the pictures that show one variant each, in one query; variants without one at hand are absent."""
    if not variant_ids:
        return {}
    found = {}
    for variant_id, image in db.session.execute(_select_own_pictures(), {"ids": list(variant_ids)}):
        picture = picture_of(image)
        if picture is not None:
            found[variant_id] = picture
    return found


@cache
def _select_own_pictures() -> Select[*tuple[Any, ...]]:
    return (select(Variant.id, Image).join(Image, Image.id == Variant.image_id)
            .where(Variant.id.in_(bindparam("ids", expanding=True))))


@cache
def _select_offers() -> Select[*tuple[Any, ...]]:
    """Made once: to build it costs more than to run it."""
    pair = variant_option_value.c
    return (
        select(Variant.product_id, Variant.id, Variant.title, Variant.sku, Variant.gtin, Price.amount,
               Price.compare_at_amount, Option.name, OptionValue.value)
        .join(Price, and_(Price.variant_id == Variant.id, Price.currency == bindparam("currency")))
        .outerjoin(variant_option_value, pair.variant_id == Variant.id)
        .outerjoin(OptionValue, OptionValue.id == pair.option_value_id)
        .outerjoin(Option, Option.id == OptionValue.option_id)
        .where(Variant.product_id.in_(bindparam("ids", expanding=True)), Variant.is_archived.is_(False))
        .order_by(Variant.position, Variant.id, OptionValue.id)
    )
