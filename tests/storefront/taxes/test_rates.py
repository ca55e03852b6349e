from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from storefront.taxes.rates import tax_of


def test_an_inclusive_amount_is_split() -> None:
    split = tax_of(12300, 2300, True)
    assert (split.net, split.tax, split.gross) == (10000, 2300, 12300)


def test_tax_is_added_to_an_exclusive_amount() -> None:
    split = tax_of(999, 750, False)
    assert (split.net, split.tax, split.gross) == (999, 75, 1074)


@given(st.integers(0, 10**12), st.integers(0, 10_000), st.booleans())
def test_net_and_tax_make_gross_and_tax_is_exact_to_half_a_unit(amount: int, points: int, is_inclusive: bool) -> None:
    split = tax_of(amount, points, is_inclusive)
    assert split.net + split.tax == split.gross
    rate = Fraction(points, 10_000)
    exact = amount * rate / (1 + rate) if is_inclusive else amount * rate
    assert abs(split.tax - exact) <= Fraction(1, 2)
