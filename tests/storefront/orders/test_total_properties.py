"""An order's sums against exact fractions, in currencies with no, two and three decimals, tax within and on top."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.orders.totals import LineInput, WrittenLine, recompute_total, total_order
from storefront.promotions.engine import Line, Offer, Situation, apply_promotions
from storefront.promotions.labels import Words
from storefront.promotions.terms import AmountOff, Conditions, PercentOff, ShippingOff, UnitAmountOff
from storefront.taxes.rates import Rate

CURRENCIES = {"JPY": 1, "EUR": 100, "KWD": 1000}  # minor units in one
CATEGORIES = ("standard", "reduced", "exempt")


@dataclass(frozen=True)
class Bought:
    line: Line
    tax_category: str


bought = st.lists(
    st.builds(Bought, st.builds(Line, st.integers(1, 5), st.integers(1, 99), st.integers(0, 10**7)),
              st.sampled_from(CATEGORIES)), min_size=1, max_size=10)
benefits = st.one_of(
    st.builds(PercentOff, st.integers(0, 10_000)), st.builds(AmountOff, st.integers(0, 10**7)),
    st.builds(UnitAmountOff, st.integers(0, 10**5)), st.builds(ShippingOff, st.integers(0, 10_000)))
offers = st.lists(st.builds(Offer, st.integers(1, 9), st.just("n"), st.just("t"), st.integers(1, 9), st.just(0),
                            st.just(Conditions()), benefits), max_size=4)


def half_up(value: Fraction) -> int:
    """The published rule, for amounts that are not negative, in exact numbers."""
    return int(value + Fraction(1, 2))


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("is_inclusive", [True, False])
@settings(max_examples=60)
@given(things=bought, offered=offers, delivery=st.integers(0, 5000), standard=st.integers(1, 10_000),
       reduced=st.integers(0, 10_000))
def test_every_amount_is_what_exact_fractions_say(
    *, currency: str, is_inclusive: bool, things: list[Bought], offered: list[Offer], delivery: int, standard: int,
    reduced: int,
) -> None:
    delivery *= CURRENCIES[currency] // 10 or 1
    rates = {"standard": Rate(standard, is_inclusive, "VAT"), "reduced": Rate(reduced, is_inclusive, "VAT")}
    found = apply_promotions([thing.line for thing in things], offered,
                             Situation(Words(currency, "en_US"), delivery))
    totals = total_order(
        [LineInput(thing.line.quantity, thing.line.unit_amount, thing.tax_category, discount)
         for thing, discount in zip(things, found.lines, strict=True)],
        shipping_amount=delivery, shipping_discount=found.shipping, shipping_tax_category="standard", rates=rates)

    paid = [thing.line.quantity * thing.line.unit_amount - off
            for thing, off in zip(things, found.lines, strict=True)]
    expected = 0
    for amount, category, line in zip([*paid, delivery - found.shipping],
                                      [*(thing.tax_category for thing in things), "standard"],
                                      [*totals.lines, totals.shipping], strict=True):
        share = Fraction(rates[category].basis_points if category in rates else 0, 10_000)
        tax = half_up(amount * share / (1 + share)) if is_inclusive else half_up(amount * share)
        assert (line.total, line.tax, line.gross) == (amount, tax, amount if is_inclusive else amount + tax)
        expected += line.gross
    assert totals.total == expected
    assert totals.tax == sum(line.tax for line in totals.lines) + totals.shipping.tax
    assert totals.subtotal - totals.discount == sum(paid)
    shown = totals.subtotal - totals.discount + totals.shipping.total
    assert totals.total == shown + (0 if is_inclusive else totals.tax)
    assert recompute_total(
        lines=[WrittenLine(thing.line.quantity, thing.line.unit_amount, line.discount, line.rate.basis_points)
               for thing, line in zip(things, totals.lines, strict=True)],
        shipping_amount=totals.shipping.total, shipping_tax_amount=totals.shipping.tax,
        is_tax_inclusive=totals.is_tax_inclusive) == totals.total


@pytest.mark.parametrize("discount", [-1, 2001])
def test_a_discount_that_does_not_fit_its_line_is_refused(discount: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        total_order([LineInput(2, 1000, "standard", discount)], shipping_amount=0, shipping_tax_category="standard",
                    rates={})


def test_tax_is_of_what_the_discount_leaves() -> None:
    vat = {"standard": Rate(2300, True, "VAT")}
    totals = total_order([LineInput(2, 2400, "standard", 480)], shipping_amount=450, shipping_discount=450,
                         shipping_tax_category="standard", rates=vat)
    assert (totals.subtotal, totals.discount, totals.total) == (4800, 480, 4320)
    assert totals.tax == 808  # 4320 × 23 / 123 = 807.80
    assert (totals.shipping.total, totals.shipping.discount) == (0, 450)
