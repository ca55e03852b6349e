import pytest

from storefront.taxes.queries import read_rates
from storefront.taxes.services import save_rate


@pytest.mark.usefixtures("app")
def test_the_rates_of_a_country_are_alike_within_prices_or_on_top() -> None:
    save_rate(country="IE", tax_category="standard", basis_points=2300, is_inclusive=True)
    save_rate(country="FR", tax_category="standard", basis_points=2000, is_inclusive=True)
    save_rate(country="IE", tax_category="books", basis_points=0, is_inclusive=False)
    assert {category: rate.is_inclusive for category, rate in read_rates("IE").items()} == {
        "standard": False, "books": False}
    assert read_rates("FR")["standard"].is_inclusive
