"""Writes of zones, methods and rates."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from storefront.foundation.cache import invalidate
from storefront.foundation.database import db, transactional
from storefront.foundation.outbox import record
from storefront.foundation.shop import facts
from storefront.shipping.events import ShippingChanged
from storefront.shipping.models import ShippingMethod, ShippingTier, ShippingZone


@transactional
def save_zone(*, name: str, countries: Sequence[str]) -> int:
    """Create or change a zone by its name; `["*"]` serves every country in no other zone. Returns its id."""
    row = db.session.scalar(select(ShippingZone).where(ShippingZone.name == name)) or ShippingZone(name=name)
    row.countries = [code.upper() for code in countries]
    db.session.add(row)
    db.session.flush()
    tell_change()
    return row.id


@transactional
def save_method(*, zone_id: int, code: str, name: str, tiers: Sequence[tuple[int, int]], detail: str = "",
                min_days: int = 1, max_days: int = 5, free_from_amount: int | None = None, position: int = 0,
                tax_category: str = "standard", is_published: bool = True) -> int:
    """Create or change a method of a zone by its code; `tiers` holds (up to grams, minor units). Returns its id."""
    row = db.session.scalar(select(ShippingMethod).where(
        ShippingMethod.zone_id == zone_id, ShippingMethod.code == code))
    row = row or ShippingMethod(zone_id=zone_id, code=code, currency=facts().currency)
    row.name, row.detail, row.min_days, row.max_days = name, detail, min_days, max_days
    row.free_from_amount, row.position, row.tax_category = free_from_amount, position, tax_category
    row.is_published = is_published
    wanted = dict(tiers)
    kept = {tier.up_to_grams: tier for tier in row.tiers}
    row.tiers = [_tier(kept.get(up_to), up_to, amount) for up_to, amount in sorted(wanted.items())]
    db.session.add(row)
    db.session.flush()
    tell_change()
    return row.id


def tell_change() -> None:
    """Leave cached rates behind and tell who renders them; called inside a service."""
    invalidate("shipping")
    record(ShippingChanged())


def _tier(kept: ShippingTier | None, up_to_grams: int, amount: int) -> ShippingTier:
    tier = kept or ShippingTier(up_to_grams=up_to_grams)
    tier.amount = amount
    return tier
