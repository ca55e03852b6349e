"""Promotions in words: what a benefit is reckoned from, and what is missing until it counts."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.foundation.money import Money, format_money
from storefront.promotions.terms import AmountOff, Benefit, BuyGet, Goods, PercentOff, ShippingOff, UnitAmountOff


@dataclass(frozen=True, slots=True)
class Words:
    """The currency and the locale (as Babel names it) that amounts are written in."""

    currency: str
    locale: str

    def money(self, amount: int) -> str:
        return format_money(Money(amount, self.currency), self.locale)


def percent(basis_points: int) -> str:
    """Return `10 %` or `12.5 %`."""
    return f"{basis_points / 100:g} %"


def say_benefit(benefit: Benefit, base: int, words: Words) -> str:
    """Return what is taken off and from what, such as `10 % of €40.00`; `base` in minor units."""
    match benefit:
        case PercentOff(points):
            return f"{percent(points)} of {words.money(base)}"
        case AmountOff(off):
            return f"{words.money(off)} off {words.money(base)}"
        case UnitAmountOff(off):
            return f"{words.money(off)} off each"
        case ShippingOff(points):
            return f"{percent(points)} of {words.money(base)} for the delivery"
        case BuyGet(buy, get, points, reward):
            what = "free" if points == 10_000 else f"{percent(points)} less"  # all of it
            whole = "" if reward else f" of {buy + get}"
            return f"the cheapest {get}{whole} {what}"


def say_missing_amount(missing: int, goods: Goods, words: Words) -> str:
    """Return what to add until the minimum is reached."""
    return f"Add {words.money(missing)} more{_of(goods)} and it counts."


def say_missing_quantity(missing: int, goods: Goods) -> str:
    """Return how many to add until the minimum is reached."""
    return f"Add {missing} more{_of(goods)} and it counts."


def say_beaten(title: str) -> str:
    """Return that another promotion counts instead."""
    return f"“{title}” counts instead: the two do not add up."


def _of(goods: Goods) -> str:
    return "" if goods.is_everything else " of what it is for"
