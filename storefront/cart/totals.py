"""What a cart comes to: pure sums of live prices; tax once per line, as docs/money.md says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from storefront.foundation.money import Money, format_money
from storefront.taxes.rates import NO_TAX, Rate, tax_of


@dataclass(frozen=True, slots=True)
class PricedLine:
    """How many at which unit price (minor units), taxed at which rate."""

    quantity: int
    unit_amount: int
    rate: Rate = NO_TAX


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums in minor units. `goods` is as shown at the lines; `goods + added_tax == grand`."""

    goods: int
    included_tax: int
    added_tax: int
    grand: int
    tax_name: str


@dataclass(frozen=True, slots=True)
class TotalRow:
    """One row under a cart or an order; without an amount the next step tells it."""

    label: str
    amount: Money | None
    note: str = ""
    is_grand: bool = False


def add_up(lines: Iterable[PricedLine]) -> Totals:
    """Add rounded lines; the sums are never rounded again."""
    goods = included = added = 0
    name = ""
    for line in lines:
        amount = line.quantity * line.unit_amount
        split = tax_of(amount, line.rate.basis_points, line.rate.is_inclusive)
        goods += amount
        if line.rate.is_inclusive:
            included += split.tax
        else:
            added += split.tax
        name = name or line.rate.name
    return Totals(goods, included, added, goods + added, name)


def total_rows(totals: Totals, currency: str, locale: str) -> list[TotalRow]:
    """Return the rows of a cart, delivery still open."""
    rows = [TotalRow("Goods", Money(totals.goods, currency)), TotalRow("Delivery", None)]
    if totals.added_tax:
        rows.append(TotalRow(totals.tax_name, Money(totals.added_tax, currency)))
    note = ""
    if totals.included_tax:
        note = f"including {format_money(Money(totals.included_tax, currency), locale)} {totals.tax_name}"
    rows.append(TotalRow("Total before delivery", Money(totals.grand, currency), note, is_grand=True))
    return rows
