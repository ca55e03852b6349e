import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.foundation.money import (
    InvalidAmount,
    Money,
    decimal_text,
    format_money,
    parse_amount,
    read_typed_amount,
    round_half_up,
)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("48", "EUR", 4800), ("9.99", "EUR", 999), ("50", "JPY", 50), ("1.234", "KWD", 1234), (" 0.5 ", "EUR", 50)],
)
def test_plain_decimals_become_minor_units(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    "text", ["", "-3", "+3", "1,50", "1e9", "٣", "NaN", "0.999", "1.2.3", "0x10", "½", "9" * 40, ".", "--"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidAmount):
        parse_amount(text, "EUR")


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(5, 10, 1), (4, 10, 0), (15, 10, 2), (25, 10, 3), (-5, 10, -1), (-15, 10, -2), (0, 3, 0)],
)
def test_halves_are_rounded_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_up(numerator, denominator) == rounded


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**6))
def test_rounding_is_never_further_off_than_half(numerator: int, denominator: int) -> None:
    assert abs(2 * (round_half_up(numerator, denominator) * denominator - numerator)) <= denominator


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="EUR and JPY"):
        Money(1, "EUR") + Money(1, "JPY")


def test_money_is_written_as_the_locale_does() -> None:
    assert format_money(Money(4800, "EUR"), "en_IE") == "€48.00"
    assert format_money(Money(4800, "JPY"), "en_IE") == "JP¥4,800"
    assert decimal_text(Money(1234, "KWD")) == "1.234"


@pytest.mark.parametrize(("text", "currency", "minor"), [
    ("12.50", "EUR", 1250), ("12,5", "EUR", 1250), ("€12", "EUR", 1200), ("12 €", "EUR", 1200), ("eur 12", "EUR", 1200),
    ("1.000", "EUR", 100_000), ("1,000", "EUR", 100_000), ("1 000,50", "EUR", 100_050), ("1’234.5", "EUR", 123_450),
    ("1\u202f234,56", "EUR", 123_456), ("1,234,567.89", "EUR", 123_456_789), ("12345", "EUR", 1_234_500),
    ("7.", "EUR", 700), (".5", "EUR", 50), ("¥1,200", "JPY", 1200), ("1.250", "KWD", 1250), ("1,250", "KWD", 1_250_000),
])
def test_amounts_are_read_as_people_type_them(text: str, currency: str, minor: int) -> None:
    assert read_typed_amount(text, currency, "en_IE") == minor


@pytest.mark.parametrize("text", ["", "€", "cheap", "-5", "1.000.50", "1,00,000", "12.345,678", "0.123", "1e3", "٣",
                                  "$5", "1 2", "9" * 40])
def test_what_nobody_types_for_an_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidAmount):
        read_typed_amount(text, "EUR", "en_IE")
