from storefront.cart.totals import PricedLine, TotalRow, Totals, add_up, total_rows
from storefront.foundation.money import Money
from storefront.taxes.rates import Rate

VAT = Rate(2300, is_inclusive=True, name="VAT")
BOOKS = Rate(900, is_inclusive=True, name="VAT")
SALES_TAX = Rate(825, is_inclusive=False, name="Sales tax")


def test_an_empty_cart_comes_to_nothing() -> None:
    assert add_up([]) == Totals(goods=0, included_tax=0, added_tax=0, grand=0, tax_name="")


def test_included_tax_is_taken_out_of_each_line_once_and_not_added() -> None:
    # 3 × 33.33 = 99.99, of which 18.697… is tax; 2 × 4.99 = 9.98 at 9 %, of which 0.824…
    totals = add_up([PricedLine(3, 3333, VAT), PricedLine(2, 499, BOOKS)])
    assert totals == Totals(goods=10997, included_tax=1870 + 82, added_tax=0, grand=10997, tax_name="VAT")


def test_added_tax_comes_on_top() -> None:
    totals = add_up([PricedLine(1, 1999, SALES_TAX)])  # 164.9175 cents
    assert totals == Totals(goods=1999, included_tax=0, added_tax=165, grand=2164, tax_name="Sales tax")


def test_lines_without_a_rate_are_not_taxed() -> None:
    assert add_up([PricedLine(2, 150)]) == Totals(goods=300, included_tax=0, added_tax=0, grand=300, tax_name="")


def test_the_rows_name_the_tax_inside_and_leave_delivery_open() -> None:
    rows = total_rows(Totals(9600, 1795, 0, 9600, "VAT"), "EUR", "en_IE")
    assert rows == [
        TotalRow("Goods", Money(9600, "EUR")),
        TotalRow("Delivery", None),
        TotalRow("Total before delivery", Money(9600, "EUR"), "including €17.95 VAT", is_grand=True),
    ]


def test_the_rows_show_a_tax_that_is_added() -> None:
    rows = total_rows(Totals(1999, 0, 165, 2164, "Sales tax"), "USD", "en_US")
    assert rows == [
        TotalRow("Goods", Money(1999, "USD")),
        TotalRow("Delivery", None),
        TotalRow("Sales tax", Money(165, "USD")),
        TotalRow("Total before delivery", Money(2164, "USD"), "", is_grand=True),
    ]
