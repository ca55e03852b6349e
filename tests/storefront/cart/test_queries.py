import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import delete, update

from storefront.cart.models import CartLine
from storefront.cart.queries import VANISHED, count_items, find_cart_id, find_guest_cart_id, find_removed, read_cart
from storefront.cart.services import change_line, merge_carts, remove_line, take_bought
from storefront.catalog.models import Product, Variant
from storefront.catalog.services import change_price
from storefront.foundation.database import db
from storefront.foundation.money import Money
from storefront.foundation.redis import client
from storefront.inventory.services import correct_stock
from storefront.taxes.models import TaxCategory, TaxRate
from tests.factories.cart import line_of, make_cart
from tests.factories.catalog import make_product

pytestmark = pytest.mark.usefixtures("app")


def euros(amount: int) -> Money:
    return Money(amount, "EUR")


def test_no_cart_is_an_empty_cart() -> None:
    for cart in (read_cart(None), read_cart(uuid.uuid4())):
        assert cart.is_empty
        assert not cart.is_orderable
        assert (cart.count, list(cart.lines), list(cart.totals), cart.goods) == (0, [], [], euros(0))


def test_a_cart_shows_live_prices_in_the_order_of_adding() -> None:
    bowl = make_product(name="Oat Bowl", amount=2400)
    cup = make_product(slug="cup", name="Moss Cup", amount=1850, options={"Size": ["Small"]}, compare_at_amount=2100)
    cart_id = make_cart({bowl.variant_id: 2, cup.variant_id: 1})
    change_price(variant_id=bowl.variant_id, currency="EUR", amount=2500, compare_at_amount=None, actor="staff:1")
    cart = read_cart(cart_id)
    first, second = cart.lines
    assert (first.name, first.variant_title, first.url, first.unit_price, first.total, first.quantity) == (
        "Oat Bowl", "", f"/p/bowl?variant={bowl.variant_id}", euros(2500), euros(5000), 2)
    assert (second.name, second.variant_title, second.compare_at, second.total) == (
        "Moss Cup", "Small", euros(2100), euros(1850))
    assert (cart.count, cart.goods, cart.is_orderable) == (3, euros(6850), True)
    assert (first.maximum, first.problem) == (10, "")


def test_tax_is_that_of_the_country_asked_for() -> None:
    bowl = make_product(amount=2460)
    db.session.add_all([
        TaxCategory(code="standard", name="Standard"),
        TaxRate(country="IE", tax_category="standard", basis_points=2300, is_inclusive=True),
        TaxRate(country="DE", tax_category="standard", basis_points=1900, is_inclusive=True),
        TaxRate(country="US", tax_category="standard", basis_points=500, is_inclusive=False, name="Sales tax"),
    ])
    db.session.commit()
    cart_id = make_cart({bowl.variant_id: 1})
    assert [row.note for row in read_cart(cart_id).totals] == ["", "", "including €4.60 VAT"]
    assert [row.note for row in read_cart(cart_id, "DE").totals] == ["", "", "including €3.93 VAT"]
    assert [row.amount for row in read_cart(cart_id, "US").totals] == [euros(2460), None, euros(123), euros(2583)]


def test_a_line_with_too_few_left_says_how_many() -> None:
    bowl = make_product(stock=5, amount=1000)
    cart_id = make_cart({bowl.variant_id: 4})
    correct_stock(variant_id=bowl.variant_id, delta=-3, actor="staff:1", reason="broken")
    cart = read_cart(cart_id)
    assert cart.lines[0].problem == "There are 2 left. Please choose 2 or fewer."
    assert (cart.lines[0].quantity, cart.lines[0].maximum, cart.is_orderable) == (4, 2, False)
    correct_stock(variant_id=bowl.variant_id, delta=-2, actor="staff:1", reason="broken")
    assert read_cart(cart_id).lines[0].problem == "This one has just sold out. Please take it out to go on."


@pytest.mark.parametrize("way", ["archived", "inactive", "deleted"])
def test_a_line_whose_variant_vanished_says_so_and_is_not_counted(way: str) -> None:
    bowl, cup = make_product(amount=2400), make_product(slug="cup", amount=1000)
    cart_id = make_cart({bowl.variant_id: 2, cup.variant_id: 1})
    if way == "archived":
        db.session.execute(update(Variant).where(Variant.id == bowl.variant_id).values(is_archived=True))
    elif way == "inactive":
        db.session.execute(update(Product).where(Product.id == bowl.id).values(status="inactive"))
    else:
        db.session.execute(delete(Product).where(Product.id == bowl.id))
    db.session.commit()
    cart = read_cart(cart_id)
    gone, kept = cart.lines
    assert (gone.problem, gone.is_counted, gone.total) == (VANISHED, False, euros(0))
    assert (kept.problem, kept.total) == ("", euros(1000))
    assert (cart.goods, cart.count, cart.is_orderable) == (euros(1000), 3, False)


def test_fifty_lines_cost_no_more_queries_than_one(count_queries: Callable[[], int]) -> None:
    products = [make_product(slug=f"bowl-{at}") for at in range(12)]
    one = make_cart({products[0].variant_id: 1})
    many = make_cart({product.variant_id: 1 for product in products})
    read_cart(one)
    count_queries()
    read_cart(one)
    for_one = count_queries()
    read_cart(many)
    assert count_queries() == for_one <= 5  # lines, variants, stock, codes, and what Redis did not keep


def test_the_count_adds_quantities_and_comes_from_redis_the_second_time(count_queries: Callable[[], int]) -> None:
    bowl, cup = make_product(), make_product(slug="cup")
    cart_id = make_cart({bowl.variant_id: 2, cup.variant_id: 3})
    client().flushdb()
    assert count_items(cart_id) == 5
    assert client().hgetall(f"cart:{cart_id}") == {str(bowl.variant_id): "2", str(cup.variant_id): "3"}
    count_queries()
    assert count_items(cart_id) == 5
    assert count_queries() == 0


def test_an_empty_carts_count_is_kept_too(count_queries: Callable[[], int]) -> None:
    cart_id = make_cart({make_product().variant_id: 2})
    take_bought(cart_id=cart_id, quantities={make_product().variant_id: 2})
    client().flushdb()
    assert count_items(cart_id) == 0
    count_queries()
    assert count_items(cart_id) == 0
    assert count_queries() == 0


def test_every_change_drops_the_mirror() -> None:
    bowl, cup, customer_id = make_product(), make_product(slug="cup"), uuid.uuid4()
    cart_id = make_cart({bowl.variant_id: 2}, customer_id=customer_id)

    def after(change: Callable[[], object]) -> int:
        client().flushdb()
        count_items(cart_id)  # builds the mirror
        assert client().exists(f"cart:{cart_id}")
        change()
        assert not client().exists(f"cart:{cart_id}")
        return count_items(cart_id)

    line_id = line_of(cart_id, bowl.variant_id)
    assert after(lambda: make_cart({cup.variant_id: 1}, customer_id=customer_id)) == 3
    assert after(lambda: change_line(cart_id=cart_id, line_id=line_id, quantity=5)) == 6
    assert after(lambda: remove_line(cart_id=cart_id, line_id=line_id)) == 1
    assert after(lambda: take_bought(cart_id=cart_id, quantities={cup.variant_id: 1})) == 0
    guest = make_cart({bowl.variant_id: 4})
    assert after(lambda: merge_carts(guest_cart_id=guest, customer_id=customer_id)) == 4


def test_a_rebuild_that_read_before_a_change_does_not_bring_the_old_count_back() -> None:
    from storefront.cart import mirror

    bowl = make_product()
    cart_id = make_cart({bowl.variant_id: 2})
    client().flushdb()
    mark = mirror.begin_rebuild(cart_id)
    change_line(cart_id=cart_id, line_id=line_of(cart_id, bowl.variant_id), quantity=7)
    mirror.keep(cart_id, {bowl.variant_id: 2}, mark=mark)  # what a slow reader had read before
    assert count_items(cart_id) == 7


def test_with_redis_away_the_rows_are_counted_and_carts_go_on(app: Flask) -> None:
    app.config["REDIS_URL"] = "unix:///nowhere/r.sock"
    app.extensions.pop("redis", None)
    bowl = make_product()
    cart_id = make_cart({bowl.variant_id: 2})
    change_line(cart_id=cart_id, line_id=line_of(cart_id, bowl.variant_id), quantity=3)
    assert count_items(cart_id) == 3


def test_a_guests_cart_and_a_customers_are_found_by_different_doors() -> None:
    bowl, customer_id = make_product(), uuid.uuid4()
    guest, own = make_cart({bowl.variant_id: 1}), make_cart({bowl.variant_id: 1}, customer_id=customer_id)
    assert (find_guest_cart_id(guest), find_guest_cart_id(own)) == (guest, None)
    assert (find_cart_id(customer_id), find_cart_id(uuid.uuid4())) == (own, None)


def test_a_removed_line_is_found_by_name_in_its_own_cart_only() -> None:
    bowl = make_product(name="Oat Bowl")
    cart_id, other = make_cart({bowl.variant_id: 1}), make_cart({bowl.variant_id: 1})
    line_id = line_of(cart_id, bowl.variant_id)
    assert find_removed(cart_id, line_id) is None
    remove_line(cart_id=cart_id, line_id=line_id)
    found = find_removed(cart_id, line_id)
    assert found is not None
    assert (found.id, found.name) == (line_id, "Oat Bowl")
    assert find_removed(other, line_id) is None


def test_the_cart_remembers_no_price() -> None:
    assert not {"price", "amount", "unit_price"} & set(CartLine.__table__.columns.keys())
