"""How many units of each line a "buy X, get Y" gives: always the cheapest that qualify."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from storefront.promotions.terms import BuyGet


def count_rewarded(
    benefit: BuyGet, *, bought: Sequence[int], eligible: Sequence[int], unit_left: Sequence[Fraction]
) -> list[int]:
    """Return per line how many units are rewarded.

    `bought` and `eligible` count the units of each line that trigger and that can be had for less; of the same
    goods without a reward of its own. `unit_left` is what one unit still costs.
    """
    if benefit.reward is None:
        times = sum(bought) // (benefit.buy + benefit.get)
    else:
        times = sum(n for n, can in zip(bought, eligible, strict=True) if not can) // benefit.buy
    if benefit.limit:
        times = min(times, benefit.limit)
    open_count = times * benefit.get
    counts = [0] * len(eligible)
    for at in sorted(range(len(eligible)), key=lambda at: (unit_left[at], at)):
        counts[at] = min(eligible[at], open_count)
        open_count -= counts[at]
    return counts
