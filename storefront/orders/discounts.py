"""The discounts that an order keeps, as rows under it and as an account of every cent for staff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from storefront.foundation.money import Money
from storefront.orders.models import Order
from storefront.taxes.rates import WHOLE

DiscountRow = tuple[str, Money, str]  # the promotion's title, what it takes off (below zero), how it is reckoned


def goods_discount_rows(order: Order) -> list[DiscountRow]:
    """Return a row for each promotion that took something off the lines, its amount below zero."""
    return _rows((each for line in order.lines for each in line.explanations), order.currency)


def shipping_discount_rows(order: Order) -> list[DiscountRow]:
    """Return a row for each promotion that took something off the delivery."""
    return _rows(order.shipping_explanations, order.currency)


def _rows(explanations: Iterable[Mapping[str, Any]], currency: str) -> list[DiscountRow]:
    amounts: dict[tuple[str, str], int] = {}
    for each in explanations:
        key = (each["title"], each["label"])
        amounts[key] = amounts.get(key, 0) + each["amount"]
    return [(title, Money(-amount, currency), label) for (title, label), amount in amounts.items()]


@dataclass(frozen=True, slots=True)
class DiscountStep:
    """One promotion's part in a line: `base` less `amount` is `left`. `exact` is the part before rounding."""

    title: str
    label: str
    code: str
    base: Money
    exact: str
    amount: Money
    left: Money


@dataclass(frozen=True, slots=True)
class LineAccount:
    """How a line (or the delivery) came to what it costs."""

    name: str
    quantity: int
    unit: Money
    before: Money
    steps: list[DiscountStep]
    total: Money
    tax_rate: str
    tax_exact: str
    tax: Money
    gross: Money


def explain_order(order: Order) -> list[LineAccount]:
    """Return the account of every line and of the delivery, in order; nothing is looked up but the order itself."""
    def money(amount: int) -> Money:
        return Money(amount, order.currency)

    accounts = []
    for line in order.lines:
        tax = _tax_exact(line.total_amount, line.tax_basis_points, order.is_tax_inclusive)
        accounts.append(LineAccount(
            " · ".join(filter(None, (line.name, line.variant_title))), line.quantity, money(line.unit_amount),
            money(line.quantity * line.unit_amount), _steps(line.explanations, order.currency),
            money(line.total_amount), f"{line.tax_basis_points / 100:g} %", _decimal(tax), money(line.tax_amount),
            money(line.gross_amount)))
    before = order.shipping_amount + order.shipping_discount_amount
    accounts.append(LineAccount(
        f"Delivery: {order.shipping_name}", 1, money(before), money(before),
        _steps(order.shipping_explanations, order.currency), money(order.shipping_amount), "", "",
        money(order.shipping_tax_amount),
        money(order.shipping_amount + (0 if order.is_tax_inclusive else order.shipping_tax_amount))))
    return accounts


def _steps(explanations: Iterable[Mapping[str, Any]], currency: str) -> list[DiscountStep]:
    return [DiscountStep(
        each["title"], each["label"], each["code"], Money(each["base"], currency), _decimal(Fraction(each["exact"])),
        Money(each["amount"], currency), Money(each["base"] - each["amount"], currency)) for each in explanations]


def _tax_exact(amount: int, basis_points: int, is_inclusive: bool) -> Fraction:
    return Fraction(amount * basis_points, WHOLE + basis_points if is_inclusive else WHOLE)


def _decimal(exact: Fraction) -> str:
    """Return minor units as a decimal with up to four places, marked when that is not all of it."""
    thousandths = exact * 10_000
    text = f"{int(thousandths) / 10_000:.4f}".rstrip("0").rstrip(".")
    return text if thousandths.denominator == 1 else f"{text}…"
