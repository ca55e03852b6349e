"""The sums of an order: pure functions of lines, discounts, rates and shipping, in minor units.

Discounts come first; tax is of what is left, rounded half up once per line (docs/money.md). The
total is the sum of the lines' gross amounts and the shipping's by construction, so it cannot
differ from what is listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storefront.taxes.rates import NO_TAX, Rate, tax_of


@dataclass(frozen=True, slots=True)
class LineInput:
    """A line before tax is looked at: `unit_amount` is the price as shown, `discount` is taken off the line."""

    quantity: int
    unit_amount: int
    tax_category: str
    discount: int = 0


@dataclass(frozen=True, slots=True)
class LineTotal:
    """A line's amounts: `total` as shown, less `discount`; `tax` held in it or added to it; `gross` to pay."""

    total: int
    tax: int
    gross: int
    rate: Rate
    discount: int = 0


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """An order's amounts; `total == sum(line.gross) + shipping.gross`.

    `subtotal` is what the lines cost before discounts, `discount` what is taken off them together.
    """

    lines: tuple[LineTotal, ...]
    subtotal: int
    discount: int
    shipping: LineTotal
    tax: int
    total: int
    is_tax_inclusive: bool
    tax_name: str


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """A line's own facts as an order keeps them."""

    quantity: int
    unit_amount: int
    discount_amount: int
    tax_basis_points: int


def total_order(
    lines: Sequence[LineInput], *, shipping_amount: int, shipping_tax_category: str, rates: Mapping[str, Rate],
    shipping_discount: int = 0,
) -> OrderTotals:
    """Return the sums of the lines and the shipping, each less its discount, under the destination's rates."""
    totals = tuple(_line(line.quantity * line.unit_amount, line.discount, rates.get(line.tax_category, NO_TAX))
                   for line in lines)
    shipping = _line(shipping_amount, shipping_discount, rates.get(shipping_tax_category, NO_TAX))
    every = (*totals, shipping)
    names = [line.rate.name for line in every if line.rate.name]
    return OrderTotals(
        lines=totals,
        subtotal=sum(line.total + line.discount for line in totals),
        discount=sum(line.discount for line in totals),
        shipping=shipping,
        tax=sum(line.tax for line in every),
        total=sum(line.gross for line in every),
        is_tax_inclusive=all(line.rate.is_inclusive for line in every),
        tax_name=names[0] if names else "",
    )


def recompute_total(
    *, lines: Sequence[WrittenLine], shipping_amount: int, shipping_tax_amount: int, is_tax_inclusive: bool
) -> int:
    """Return what an order must come to by the facts it keeps: the audit compares it with what it says.

    `shipping_amount` is the delivery after its discount, as shown; its tax is taken as it was written down.
    All rates of a country are alike inclusive or exclusive (taxes.services), so one flag tells for the order.
    """
    amounts = [(line.quantity * line.unit_amount - line.discount_amount, line.tax_basis_points) for line in lines]
    gross = sum(tax_of(amount, points, is_tax_inclusive).gross for amount, points in amounts)
    return gross + shipping_amount + (0 if is_tax_inclusive else shipping_tax_amount)


def _line(amount: int, discount: int, rate: Rate) -> LineTotal:
    if not 0 <= discount <= amount:
        raise ValueError(f"a discount of {discount} does not fit an amount of {amount}")
    split = tax_of(amount - discount, rate.basis_points, rate.is_inclusive)
    return LineTotal(total=amount - discount, tax=split.tax, gross=split.gross, rate=rate, discount=discount)
