"""The sums of an order: pure functions of lines, rates and shipping, in minor units.

Tax is rounded half up once per line (docs/money.md). The total is the sum of the lines'
gross amounts and the shipping's by construction, so it cannot differ from what is listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storefront.taxes.rates import NO_TAX, Rate, tax_of


@dataclass(frozen=True, slots=True)
class LineInput:
    """A line before tax is looked at: `unit_amount` is the price as shown."""

    quantity: int
    unit_amount: int
    tax_category: str


@dataclass(frozen=True, slots=True)
class LineTotal:
    """A line's amounts: `total` as shown, `tax` held in it or added to it, `gross` to pay."""

    total: int
    tax: int
    gross: int
    rate: Rate


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """An order's amounts; `total == sum(line.gross) + shipping.gross`."""

    lines: tuple[LineTotal, ...]
    subtotal: int
    shipping: LineTotal
    tax: int
    total: int
    is_tax_inclusive: bool
    tax_name: str


def total_order(
    lines: Sequence[LineInput], *, shipping_amount: int, shipping_tax_category: str, rates: Mapping[str, Rate]
) -> OrderTotals:
    """Return the sums of the lines and the shipping under the destination's rates."""
    totals = tuple(_line(line.quantity * line.unit_amount, rates.get(line.tax_category, NO_TAX)) for line in lines)
    shipping = _line(shipping_amount, rates.get(shipping_tax_category, NO_TAX))
    every = (*totals, shipping)
    names = [line.rate.name for line in every if line.rate.name]
    return OrderTotals(
        lines=totals,
        subtotal=sum(line.total for line in totals),
        shipping=shipping,
        tax=sum(line.tax for line in every),
        total=sum(line.gross for line in every),
        is_tax_inclusive=all(line.rate.is_inclusive for line in every),
        tax_name=names[0] if names else "",
    )


def _line(amount: int, rate: Rate) -> LineTotal:
    split = tax_of(amount, rate.basis_points, rate.is_inclusive)
    return LineTotal(total=amount, tax=split.tax, gross=split.gross, rate=rate)
