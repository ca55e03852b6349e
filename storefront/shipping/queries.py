"""Reads of zones and rates."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.accounts.addresses import country_name
from storefront.foundation.cache import cached
from storefront.foundation.database import db
from storefront.foundation.money import Money, format_money
from storefront.foundation.shop import facts
from storefront.shipping.models import ShippingMethod, ShippingZone
from storefront.shipping.rates import rate_of

EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class MethodInfo:
    """A shipping method with its tiers as (up to grams, amount)."""

    code: str
    name: str
    detail: str
    currency: str
    min_days: int
    max_days: int
    free_from_amount: int | None
    tax_category: str
    tiers: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone as checkouts read it."""

    countries: list[str]
    methods: list[MethodInfo]


@dataclass(frozen=True, slots=True)
class Quote:
    """A rate for one cart: what sending it costs, as shown before any added tax."""

    code: str
    name: str
    detail: str
    price: Money
    tax_category: str


@cached("shipping")
def read_zones() -> list[Zone]:
    """Return every zone with its published methods, in order."""
    zones = db.session.scalars(
        select(ShippingZone).order_by(ShippingZone.id)
        .options(selectinload(ShippingZone.methods).selectinload(ShippingMethod.tiers))).all()
    return [Zone(list(zone.countries), [_method(m) for m in zone.methods if m.is_published]) for zone in zones]


def read_quotes(*, country: str, goods_amount: int, grams: int) -> list[Quote]:
    """Return the rates for goods of that worth (minor units) and weight, cheapest first."""
    quotes = []
    for method in _methods_for(country):
        amount = rate_of(tiers=method.tiers, grams=grams, goods_amount=goods_amount,
                         free_from=method.free_from_amount)
        if amount is not None:
            quotes.append(Quote(method.code, method.name, method.detail or _days(method),
                                Money(amount, method.currency), method.tax_category))
    return sorted(quotes, key=lambda quote: quote.price.amount)


def read_served_countries() -> list[str] | None:
    """Return the ISO codes that are served; None when a zone serves every country."""
    codes = {code for zone in read_zones() if zone.methods for code in zone.countries}
    return None if EVERYWHERE in codes else sorted(codes)


def read_delivery_note(country: str, currency: str) -> str:
    """Return the cheapest rate in words that need no cart, such as `Delivery to Ireland: from €4.50, free from €80`.

    It names the country, for elsewhere it may cost more.
    """
    methods = [method for method in _methods_for(country) if method.tiers]
    if not methods:
        return ""
    cheapest = min(methods, key=lambda method: min(amount for _, amount in method.tiers))
    lowest = min(amount for _, amount in cheapest.tiers)
    note = f"Delivery to {country_name(country)}: "
    note += f"from {format_money(Money(lowest, currency), facts().locale)}" if lowest else "free"
    if lowest and cheapest.free_from_amount is not None:
        note += f", free from {format_money(Money(cheapest.free_from_amount, currency), facts().locale)}"
    return note


def _methods_for(country: str) -> list[MethodInfo]:
    zones = read_zones()
    named = [zone for zone in zones if country in zone.countries]
    chosen = named or [zone for zone in zones if EVERYWHERE in zone.countries]
    return [method for zone in chosen for method in zone.methods]


def _method(row: ShippingMethod) -> MethodInfo:
    return MethodInfo(row.code, row.name, row.detail, row.currency, row.min_days, row.max_days, row.free_from_amount,
                      row.tax_category, [(tier.up_to_grams, tier.amount) for tier in row.tiers])


def _days(method: MethodInfo) -> str:
    return f"{method.min_days} to {method.max_days} working days"
