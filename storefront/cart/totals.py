"""What a cart comes to: pure sums of live prices; tax once per line, as docs/money.md says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storefront.foundation.money import Money, format_money
from storefront.promotions.engine import Applied
from storefront.taxes.rates import NO_TAX, Rate, tax_of


@dataclass(frozen=True, slots=True)
class PricedLine:
    """How many at which unit price (minor units), taxed at which rate, and what is taken off the line."""

    quantity: int
    unit_amount: int
    rate: Rate = NO_TAX
    discount: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums in minor units. `goods` is as shown at the lines; `goods - discount + added_tax == grand`."""

    goods: int
    included_tax: int
    added_tax: int
    grand: int
    tax_name: str
    discount: int = 0


@dataclass(frozen=True, slots=True)
class TotalRow:
    """One row under a cart or an order; without an amount the next step tells it."""

    label: str
    amount: Money | None
    note: str = ""
    is_grand: bool = False


def add_up(lines: Iterable[PricedLine]) -> Totals:
    """Add rounded lines; the sums are never rounded again."""
    goods = discount = included = added = 0
    name = ""
    for line in lines:
        amount = line.quantity * line.unit_amount
        split = tax_of(amount - line.discount, line.rate.basis_points, line.rate.is_inclusive)
        goods += amount
        discount += line.discount
        if line.rate.is_inclusive:
            included += split.tax
        else:
            added += split.tax
        name = name or line.rate.name
    return Totals(goods, included, added, goods - discount + added, name, discount)


def discount_rows(applied: Sequence[Applied], currency: str) -> list[TotalRow]:
    """Return a row for each promotion that counts, its amount below zero."""
    return [TotalRow(each.offer.title, Money(-each.amount, currency), each.label) for each in applied]


def total_rows(totals: Totals, currency: str, locale: str, applied: Sequence[Applied] = ()) -> list[TotalRow]:
    """Return the rows of a cart with the promotions that count, delivery still open."""
    rows = [TotalRow("Goods", Money(totals.goods, currency)), *discount_rows(applied, currency),
            TotalRow("Delivery", None)]
    if totals.added_tax:
        rows.append(TotalRow(totals.tax_name, Money(totals.added_tax, currency)))
    note = ""
    if totals.included_tax:
        note = f"including {format_money(Money(totals.included_tax, currency), locale)} {totals.tax_name}"
    rows.append(TotalRow("Total before delivery", Money(totals.grand, currency), note, is_grand=True))
    return rows
