from hypothesis import given
from hypothesis import strategies as st

from storefront.orders.totals import LineInput, total_order
from storefront.taxes.rates import Rate

VAT = {"standard": Rate(2300, True, "VAT"), "reduced": Rate(1350, True, "VAT")}
SALES = {"standard": Rate(825, False, "Sales tax")}


def test_inclusive_lines_add_up_to_what_was_shown() -> None:
    totals = total_order([LineInput(2, 2400, "standard"), LineInput(1, 999, "reduced")],
                         shipping_amount=450, shipping_tax_category="standard", rates=VAT)
    assert totals.subtotal == 5799
    assert totals.total == 6249
    assert [line.tax for line in totals.lines] == [898, 119]
    assert totals.shipping.tax == 84
    assert totals.tax == 1101
    assert totals.is_tax_inclusive
    assert totals.tax_name == "VAT"


def test_exclusive_tax_is_added_line_by_line() -> None:
    totals = total_order([LineInput(3, 333, "standard"), LineInput(1, 6, "standard")],
                         shipping_amount=100, shipping_tax_category="standard", rates=SALES)
    assert [line.gross for line in totals.lines] == [999 + 82, 6 + 0]
    assert totals.total == 1081 + 6 + 108
    assert not totals.is_tax_inclusive


def test_a_country_without_rates_pays_no_tax() -> None:
    totals = total_order([LineInput(1, 1000, "standard")], shipping_amount=0, shipping_tax_category="standard",
                         rates={})
    assert (totals.tax, totals.total, totals.tax_name) == (0, 1000, "")


lines = st.lists(st.builds(LineInput, st.integers(1, 999), st.integers(0, 10**9), st.just("standard")), max_size=20)


@given(lines, st.integers(0, 10**6), st.integers(0, 10_000), st.booleans())
def test_the_total_is_the_sum_of_what_is_listed(
    listed: list[LineInput], shipping: int, points: int, is_inclusive: bool
) -> None:
    totals = total_order(listed, shipping_amount=shipping, shipping_tax_category="standard",
                         rates={"standard": Rate(points, is_inclusive, "VAT")})
    assert totals.total == sum(line.gross for line in totals.lines) + totals.shipping.gross
    expected = totals.subtotal + shipping + (0 if is_inclusive else totals.tax)
    assert totals.total == expected
