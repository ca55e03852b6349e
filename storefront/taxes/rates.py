"""Tax of an amount, in exact integers. The rounding rule is docs/money.md's: half up, once per line."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.foundation.money import round_half_up

WHOLE = 10_000  # basis points in one


@dataclass(frozen=True, slots=True)
class Rate:
    """A country's rate for a tax category; inclusive means that shown prices already hold it."""

    basis_points: int
    is_inclusive: bool
    name: str


@dataclass(frozen=True, slots=True)
class TaxSplit:
    """An amount taken apart in minor units: `net + tax == gross`, always."""

    net: int
    tax: int
    gross: int


NO_TAX = Rate(basis_points=0, is_inclusive=True, name="")


def tax_of(amount: int, basis_points: int, is_inclusive: bool) -> TaxSplit:
    """Split an inclusive amount into net and tax, or add tax to an exclusive one."""
    if is_inclusive:
        tax = round_half_up(amount * basis_points, WHOLE + basis_points)
        return TaxSplit(amount - tax, tax, amount)
    tax = round_half_up(amount * basis_points, WHOLE)
    return TaxSplit(amount, tax, amount + tax)
