import pytest

from storefront.cart.errors import InvalidQuantity, NotForSale
from storefront.cart.forms import Addition, read_addition, read_quantity

BAD = ["", " ", "-1", "+1", "1000", "1000000000", "2147483648", "9223372036854775808", "٣", "１", "1e3", "0.5", "1.0",
       "1,0", "NaN", "inf", "0x10", "1_0", "one", "1 1", "1\n", "²", "null", "1" * 5000]


@pytest.mark.parametrize("text", BAD)  # fault 53, security 34
def test_what_is_no_plain_number_is_no_quantity(text: str) -> None:
    with pytest.raises(InvalidQuantity):
        read_quantity(text, minimum=0)


@pytest.mark.parametrize(("text", "quantity"), [("1", 1), ("999", 999), ("007", 7), (" 3 ", 3)])
def test_a_plain_number_is_a_quantity(text: str, quantity: int) -> None:
    assert read_quantity(text) == quantity


def test_nothing_can_be_added_but_a_line_may_be_set_to_it() -> None:
    with pytest.raises(InvalidQuantity):
        read_quantity("0")
    assert read_quantity("0", minimum=0) == 0


@pytest.mark.parametrize("text", ["", "0", "-5", "abc", "٣", "1.0", "2147483648", "9" * 40, "1 OR 1=1"])
def test_what_is_no_id_is_not_for_sale(text: str) -> None:
    with pytest.raises(NotForSale):
        read_addition({"variant_id": text, "quantity": "1"})
    with pytest.raises(NotForSale):
        read_addition({"variant_id": "5", "quantity": "1", "option_3": text})


def test_only_known_fields_are_read() -> None:  # fault 54, security 18
    said = {"variant_id": "5", "quantity": "2", "option_3": "11", "option_4": "17", "price": "1", "unit_price": "1",
            "customer_id": "x", "cart_id": "y", "id": "z"}
    assert read_addition(said) == Addition(variant_id=5, quantity=2, option_value_ids=(11, 17))


def test_a_form_without_a_quantity_means_one() -> None:
    assert read_addition({"variant_id": "5"}).quantity == 1
