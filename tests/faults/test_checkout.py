"""Buttons pressed fifty times, forms sent again, carts and prices that change meanwhile: one order, as confirmed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from storefront.foundation.database import db
from storefront.payments.models import DemoIntent
from tests.factories.accounts import PASSWORD, make_customer
from tests.factories.cart import make_cart, rows_of
from tests.factories.catalog import make_product
from tests.faults.visitor import Visitor
from tests.faults.walks import (
    answer_provider,
    cart_of,
    count,
    only,
    orders,
    payments,
    reach_bank,
    reach_review,
    states,
    together,
)
from tests.faults.world import World
from tests.journeys.walk import form_of, path_of, put_in_cart
from tests.storefront.inventory.test_services import stock

PAID = ("placed", "captured")


def test_pay_pressed_in_many_tabs_at_once(world: World, rounds: Callable[[int, int], int]) -> None:
    """# fault 42. Red when an order is not one per checkout and a press does not find its twin's payment."""
    bowl = make_product(slug="bowl").variant_id
    world.start_web(workers=2, threads=8)
    visitor = world.visitor()
    button = reach_review(visitor)
    presses = rounds(16, 50)
    answers = together([partial(visitor.twin().post, "/checkout/order", button) for _ in range(presses)])
    banks = {path_of(answer.location) for answer in answers}  # type: ignore[union-attr]
    assert {answer.status_code for answer in answers} == {303}  # type: ignore[union-attr]
    assert (len(banks), len(orders()), len(payments()), count(DemoIntent)) == (1, 1, 1, 1)
    back = answer_provider(visitor, banks.pop())
    returns = together([partial(visitor.twin().get, back) for _ in range(presses)])
    assert len({path_of(answer.location) for answer in returns}) == 1  # type: ignore[union-attr]
    assert (states(), stock(bowl)) == ([PAID], (10, 0, 1))


def test_button_sent_again_when_all_is_done(world: World) -> None:
    """# fault 43. Red without find_completed in the view: a stranger's empty cart, or a new order for the owner."""
    make_product(slug="bowl")
    world.start_web()
    visitor, stranger = world.visitor(), world.visitor()
    button = reach_review(visitor)
    bank = path_of(visitor.post("/checkout/order", data=button).location)
    own = visitor.get(answer_provider(visitor, bank)).location
    number = only(orders()).number
    again = [visitor.post("/checkout/order", data=button) for _ in range(2)]
    assert all(answer.status_code == 303 and number in answer.location for answer in again)
    assert number in own
    theirs = stranger.post("/checkout/order", data=button)
    assert (theirs.status_code, path_of(theirs.location)) == (303, "/cart")
    assert number not in theirs.text + stranger.get("/cart").text
    put_in_cart(visitor, "bowl")  # a new cart is no reason for a second order from the old form
    assert number in visitor.post("/checkout/order", data=button).location
    assert (states(), len(payments())) == ([PAID], 1)


def test_cart_changed_after_the_payment_began(world: World) -> None:
    """# fault 44. Red when placing empties the cart instead of taking out what was bought."""
    bowl, cup = make_product(slug="bowl").variant_id, make_product(slug="cup", amount=1600).variant_id
    world.start_web()
    tab_a = world.visitor()
    bank = reach_bank(tab_a)
    tab_b = tab_a.twin()
    put_in_cart(tab_b, "bowl", quantity="2")  # type: ignore[arg-type]
    put_in_cart(tab_b, "cup")  # type: ignore[arg-type]
    tab_a.get(answer_provider(tab_a, bank))
    order = only(orders())
    assert [(line.variant_id, line.quantity) for line in order.lines] == [(bowl, 1)]
    assert (order.total_amount, order.paid_amount) == (2850, 2850)
    assert rows_of(order.cart_id) == {bowl: 2, cup: 1}


def test_cart_changed_while_the_order_is_written(world: World) -> None:
    """# fault 44. Red when the payment's amount is read from the cart again instead of from the snapshot."""
    bowl = make_product(slug="bowl").variant_id
    world.start_web()
    tab_a = world.visitor()
    button = reach_review(tab_a)
    tab_b = tab_a.twin()
    world.aim("before-commit:hold")
    answers = []
    order_a = threading.Thread(target=lambda: answers.append(tab_a.post("/checkout/order", button)))
    order_a.start()
    world.wait_until_held()
    fields = form_of(tab_b.get("/p/bowl").text, "/cart/lines")
    add_b = threading.Thread(target=lambda: tab_b.post("/cart/lines", {**fields, "quantity": "3"}))
    add_b.start()
    world.let_go()
    order_a.join()
    add_b.join()
    tab_a.get(answer_provider(tab_a, path_of(only(answers).location)))
    order = only(orders())
    assert ([(line.variant_id, line.quantity) for line in order.lines], order.paid_amount) == ([(bowl, 1)], 2850)
    assert only(payments()).amount == 2850
    assert rows_of(order.cart_id) == {bowl: 3}


def change_price(amount: int) -> None:
    make_product(slug="bowl", stock=0, amount=amount)
    db.session.remove()


def test_price_raised_between_review_and_pay(world: World) -> None:
    """# fault 45. Red without TotalChanged in _write_order: the shopper is charged what nobody confirmed."""
    make_product(slug="bowl")
    world.start_web()
    visitor = world.visitor()
    button = reach_review(visitor)
    change_price(9900)
    answer = visitor.post("/checkout/order", data=button)
    assert answer.status_code == 409
    assert "Please look at the new total" in answer.text
    assert "€99.00" in answer.text
    assert payments() == []
    confirmed = form_of(answer.text, "/checkout/order")
    visitor.get(answer_provider(visitor, path_of(visitor.post("/checkout/order", data=confirmed).location)))
    assert only(payments()).captured_amount == int(confirmed["total"]) == only(orders()).total_amount
    assert only(payments()).captured_amount > 9900 - 1


def test_price_raised_while_the_order_is_written(world: World) -> None:
    """# fault 45. Red when the amount to pay is priced again after the order was written."""
    make_product(slug="bowl")
    world.start_web()
    visitor = world.visitor()
    button = reach_review(visitor)
    world.aim("before-commit:hold")
    answers = []
    pressing = threading.Thread(target=lambda: answers.append(visitor.post("/checkout/order", button)))
    pressing.start()
    world.wait_until_held()
    raising = world.call("tests.faults.deeds.change_price", slug="bowl", amount=9900)
    world.let_go()
    pressing.join()
    assert raising.wait() == 0
    visitor.get(answer_provider(visitor, path_of(only(answers).location)))
    assert only(payments()).captured_amount == int(button["total"]) == 2850
    assert only(orders()).total_amount == 2850


def test_sign_in_with_a_cart_in_many_tabs(world: World) -> None:
    """# fault 52. Red when merge_carts adds the quantities up, or does not take the guest's cart away."""
    bowl, cup = make_product(slug="bowl").variant_id, make_product(slug="cup").variant_id
    make_cart({bowl: 1}, customer_id=make_customer())
    world.start_web(workers=2, threads=4)
    guest = world.visitor()
    put_in_cart(guest, "bowl", quantity="3")  # type: ignore[arg-type]
    put_in_cart(guest, "cup", quantity="2")  # type: ignore[arg-type]
    tabs: list[Visitor] = [guest.twin() for _ in range(8)]
    fields = {"email": "ada@example.com", "password": PASSWORD}
    answers = together([partial(tab.post, "/account/sign-in", fields) for tab in tabs])
    assert {answer.status_code for answer in answers} == {303}  # type: ignore[union-attr]
    assert rows_of(cart_of("ada@example.com")) == {bowl: 3, cup: 2}
    for tab in tabs:
        assert 'value="3"' in tab.get("/cart").text
