"""What a parcel costs: pure arithmetic over tiers, in grams and minor units."""

from __future__ import annotations

from collections.abc import Sequence

# The top tier of a flat rate: heavier than anything a parcel service takes.
MAX_GRAMS = 100_000_000


def rate_of(*, tiers: Sequence[tuple[int, int]], grams: int, goods_amount: int, free_from: int | None) -> int | None:
    """Return the price of the first tier that carries the weight; 0 from `free_from` on; None when too heavy.

    `tiers` holds (up to grams, amount).
    """
    fitting = [amount for up_to, amount in sorted(tiers) if grams <= up_to]
    if not fitting:
        return None
    if free_from is not None and goods_amount >= free_from:
        return 0
    return fitting[0]
