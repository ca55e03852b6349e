"""Stripe's own minor units, against what its documentation gives as examples."""

from __future__ import annotations

import pytest

from storefront.payments.gateways.stripe_amounts import NotChargeable, as_ours, as_sent, is_chargeable


@pytest.mark.parametrize(("ours", "currency", "sent"), [
    (1099, "EUR", 1099), (500, "JPY", 500), (5, "ISK", 500), (5, "UGX", 500), (5, "MGA", 5), (5120, "KWD", 5120),
    (800, "RSD", 80000), (175, "HUF", 175), (123456, "XOF", 123456)])
def test_an_amount_is_sent_as_stripe_counts_it(ours: int, currency: str, sent: int) -> None:
    assert as_sent(ours, currency) == sent
    assert as_ours(sent, currency) == ours


@pytest.mark.parametrize(("amount", "currency"), [(5124, "KWD"), (1, "BHD"), (12345, "CLF")])
def test_what_cannot_be_sent_exactly_is_not_sent(amount: int, currency: str) -> None:
    with pytest.raises(NotChargeable):
        as_sent(amount, currency)
    assert not is_chargeable(amount, currency)


def test_half_a_krona_does_not_exist() -> None:
    with pytest.raises(NotChargeable):
        as_ours(550, "ISK")


@pytest.mark.parametrize(("amount", "currency", "may_be"), [
    (49, "EUR", False), (50, "EUR", True), (29, "GBP", False), (30, "GBP", True), (49, "JPY", False),
    (99_999_999, "EUR", True), (100_000_000, "EUR", False), (999_999_999_999, "IDR", True),
    (1_000_000_000_000, "IDR", False), (999_999, "ISK", True), (1_000_000, "ISK", False),
    (0, "XAF", False), (0, "EUR", False), (-100, "EUR", False)])
def test_the_least_and_the_most_that_stripe_takes(amount: int, currency: str, may_be: bool) -> None:
    assert is_chargeable(amount, currency) is may_be
