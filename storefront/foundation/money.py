"""Money: whole minor units and an ISO 4217 currency, and the shop's one rounding rule.

The rule, published in docs/money.md: a fraction of a minor unit is rounded half up
(half away from zero), once per line; sums add rounded lines and are never rounded again.
What is one amount for several lines (a discount of an order) is rounded once as a whole and
shared out so that the lines' parts add up to it exactly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

from storefront.foundation.errors import ShopError

# Above any price or total a shop has, below what a 64-bit column holds after sums.
MAX_AMOUNT = 10**13
COUNTS = ("none", "one", "two", "three", "four")
# Thousands parted by one sign, or none; then decimals behind another one.
_TYPED = re.compile(r"([1-9]\d{0,2}(?:([.,'’\s])\d{3})(?:\2\d{3})*|\d*)(?:([.,])(\d*))?")


class InvalidAmount(ShopError):
    """A text that is no amount of the currency."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, yen, fils) of a currency."""

    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, quantity: int) -> Money:
        return Money(self.amount * quantity, self.currency)

    def __bool__(self) -> bool:
        return self.amount != 0

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return other.amount


def exponent(currency: str) -> int:
    """Return how many decimals the currency has (ISO 4217: EUR 2, JPY 0, KWD 3)."""
    return int(get_currency_precision(currency))


def round_half_up(numerator: int, denominator: int) -> int:
    """Return numerator/denominator rounded half away from zero, in exact integers."""
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    quotient, rest = divmod(abs(numerator), denominator)
    rounded = quotient + (1 if 2 * rest >= denominator else 0)
    return rounded if numerator >= 0 else -rounded


def round_parts(exact: Sequence[Fraction]) -> list[int]:
    """Round the sum of parts (none below zero) once, half up, and share it out by largest remainder.

    The parts returned add up to the rounded sum exactly, and each is its exact part rounded down or up.
    """
    whole = sum(exact, Fraction(0))
    parts = [int(part) for part in exact]
    missing = round_half_up(whole.numerator, whole.denominator) - sum(parts)
    by_remainder = sorted(range(len(exact)), key=lambda at: (parts[at] - exact[at], at))
    for at in by_remainder[:missing]:
        parts[at] += 1
    return parts


def parse_amount(text: str, currency: str) -> int:
    """Return the minor units of a plain decimal such as `9.99`.

    Raises InvalidAmount for signs, exponents, more decimals than the currency has,
    digits outside ASCII and amounts above MAX_AMOUNT.
    """
    cleaned = text.strip()
    if not cleaned.isascii() or not cleaned.replace(".", "", 1).isdigit():
        raise InvalidAmount(f"“{text[:40]}” is not an amount such as 12.50.")
    try:
        minor = Decimal(cleaned).scaleb(exponent(currency))
    except InvalidOperation:
        raise InvalidAmount(f"“{text[:40]}” is not an amount such as 12.50.") from None
    if minor != minor.to_integral_value():
        places = exponent(currency)
        example = f"{12.5:.{places}f}" if places else "1250"
        raise InvalidAmount(f"“{text[:40]}” has too many decimals: {currency} has {COUNTS[places]}, such as {example}.")
    if minor > MAX_AMOUNT:
        raise InvalidAmount(f"“{text[:40]}” is more than the shop can count.")
    return int(minor)


def read_typed_amount(text: str, currency: str, locale: str) -> int:
    """Return the minor units of an amount as people type it: `€ 12,50`, `1.000`, `1 250.00`, `12.5 EUR`.

    A point or comma before three digits parts the thousands, unless the currency has three decimals.
    Raises InvalidAmount for what is no amount of this currency.
    """
    plain = text.strip()
    for sign in (get_currency_symbol(currency, locale), get_currency_symbol(currency, "en"), currency):
        plain = re.sub(rf"^{re.escape(sign)}|{re.escape(sign)}$", "", plain, flags=re.IGNORECASE).strip()
    found = _TYPED.fullmatch(plain)
    if found is None or (found[2] and found[2] == found[3]):
        raise InvalidAmount(f"“{text[:40]}” is not an amount such as 12.50.")
    whole, group, _, decimals = found.groups("")
    if group == "." and not decimals and exponent(currency) == 3:
        return parse_amount(whole, currency)
    digits = re.sub(r"\D", "", whole)
    return parse_amount(f"{digits}.{decimals}" if decimals else digits, currency)


def decimal_text(money: Money) -> str:
    """Return the plain decimal (`48.00`), as files and forms carry it."""
    return str(Decimal(money.amount).scaleb(-exponent(money.currency)))


@lru_cache(maxsize=4096)
def format_money(money: Money, locale: str) -> str:
    """Return the amount as people of the locale write it, such as `€48.00`."""
    value = Decimal(money.amount).scaleb(-exponent(money.currency))
    return str(format_currency(value, money.currency, locale=locale))
