"""What variants cost before: the lowest price of the 30 days before a reduction.

Directive 98/6/EC, Article 6a (by Directive (EU) 2019/2161): a reduction names the prior price, the lowest one
applied in at least the 30 days before it. CJEU C-330/23 (Aldi Süd): percentages and the like are of that price.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby, pairwise
from typing import Any

from sqlalchemy import Select, bindparam, select

from storefront.catalog.models import PriceChange, Product, Variant
from storefront.foundation.database import db
from storefront.foundation.shop import facts

DAYS = 30


@dataclass(frozen=True, slots=True)
class PricePoint:
    """A price and the moment from which it applied; `compare_at` is the former price that was shown beside it."""

    at: datetime
    amount: int
    compare_at: int | None

    @property
    def is_reduced(self) -> bool:
        return self.compare_at is not None and self.compare_at > self.amount


def read_lowest_prices(variant_ids: Collection[int], days: int = DAYS) -> dict[int, int]:
    """Return, by variant, the lowest price in minor units that applied in the `days` before the present reduction.

    In one query. A variant that is not reduced, or was never on sale before it was, is absent.
    """
    if not variant_ids:
        return {}
    rows = db.session.execute(_select_changes(), {"ids": list(variant_ids), "currency": facts().currency}).all()
    found = {}
    for variant_id, group in groupby(rows, key=lambda row: row[0]):
        changes = list(group)
        points = [PricePoint(at, amount, compare_at) for _, at, amount, compare_at, _ in changes]
        lowest = find_lowest(points, on_sale_since=changes[0][4], days=days)
        if lowest is not None:
            found[variant_id] = lowest
    return found


@cache
def _select_changes() -> Select[*tuple[Any, ...]]:
    """Made once: to build it costs more than to run it."""
    return (
        select(PriceChange.variant_id, PriceChange.at, PriceChange.amount, PriceChange.compare_at_amount,
               Product.published_at)
        .join(Variant, Variant.id == PriceChange.variant_id).join(Product, Product.id == Variant.product_id)
        .where(PriceChange.variant_id.in_(bindparam("ids", expanding=True)),
               PriceChange.currency == bindparam("currency"))
        .order_by(PriceChange.variant_id, PriceChange.at, PriceChange.id)
    )


def find_lowest(points: Sequence[PricePoint], *, on_sale_since: datetime | None, days: int = DAYS) -> int | None:
    """Return the lowest price of the `days` before the present reduction began; `points` are the oldest first.

    A further cut begins a reduction of its own, so a row of cuts does not hide the one before. What was written
    down before the product went on sale was asked of nobody and does not count. None without a reduction, or
    without a price before it.
    """
    if not points or not points[-1].is_reduced or on_sale_since is None:
        return None
    start = len(points) - 1
    while start and points[start - 1].is_reduced and points[start - 1].amount == points[-1].amount:
        start -= 1
    began = max(points[start].at, on_sale_since)
    before = [point.amount for point, following in pairwise(points[: start + 1])
              if following.at > max(began - timedelta(days=days), on_sale_since)]
    return min(before, default=None)
