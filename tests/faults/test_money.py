"""Codes, gift cards and refunds wanted by many at once: never more than there is."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront.cart.codes import enter_code
from storefront.checkout.errors import TotalChanged
from storefront.checkout.services import add_gift_card
from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.orders.refunds import refund_order
from storefront.payments.gift_cards import issue_gift_card
from storefront.payments.models import DemoIntent, GiftCard, GiftCardEntry
from storefront.promotions.errors import CodeUsedUp
from storefront.promotions.models import PromotionCode
from storefront.promotions.queries import Shopper
from tests.factories.catalog import make_product
from tests.factories.checkout import make_checkout, make_world, read_total
from tests.factories.orders import make_order
from tests.factories.promotions import make_code
from tests.faults.walks import at_once, only, orders, payments, start_paying
from tests.storefront.inventory.test_services import stock

pytestmark = pytest.mark.usefixtures("sound")


@pytest.mark.parametrize("limits", [{"usage_limit": 1}, {"per_customer_limit": 1}], ids=["in total", "each"])
def test_last_use_of_a_code(app: Flask, rounds: Callable[[int, int], int], limits: dict[str, int]) -> None:
    """# fault 48. Red when _redeem leaves out its condition: the losers get the CHECK's error, no sentence."""
    make_world()
    bowl = make_product(slug="bowl", stock=100).variant_id
    make_code("LAST", **limits)
    carts = [make_checkout({bowl: 1}) for _ in range(rounds(10, 50))]  # all of one address
    for cart_id in carts:
        enter_code(cart_id=cart_id, text="last", shopper=Shopper())
    total = read_total(carts[0])
    results = at_once(app, [partial(start_paying, cart_id, total) for cart_id in carts])
    won = [result for result in results if isinstance(result, str)]
    assert len(won) == 1, results
    assert all(isinstance(result, str | CodeUsedUp | TotalChanged) for result in results), results
    db.session.rollback()
    assert only(db.session.scalars(select(PromotionCode)).all()).used_count == 1
    assert (len(orders()), stock(bowl)) == (1, (100, 1, 0))


def test_one_gift_card_in_many_checkouts(app: Flask, rounds: Callable[[int, int], int]) -> None:
    """# fault 49. Red when hold_gift_cards leaves out its condition: the losers get the CHECK's error, no sentence."""
    make_world()
    bowl = make_product(slug="bowl", stock=100).variant_id
    code = issue_gift_card(amount=6000, note="", recipient_email="", expires_at=None, actor="staff:1")
    carts = [make_checkout({bowl: 1}) for _ in range(rounds(8, 50))]
    for cart_id in carts:
        add_gift_card(cart_id=cart_id, code=code)
    assert read_total(carts[0]) == 0  # €60.00 on the card, €28.50 to pay
    results = at_once(app, [partial(start_paying, cart_id, 0) for cart_id in carts])
    won = [result for result in results if isinstance(result, str)]
    assert len(won) == 2, results
    assert all(isinstance(result, str | ShopError) for result in results), results
    db.session.rollback()
    card = only(db.session.scalars(select(GiftCard)).all())
    assert card.balance == 6000 - 2 * 2850 == db.session.scalar(select(func.sum(GiftCardEntry.amount)))
    assert [str(order.state) for order in orders()] == ["placed"] * 2


def test_refunds_at_once_and_one_pressed_again(app: Flask, run_jobs: Callable[[], int]) -> None:
    """# fault 50. Red when the form's key is not looked up: pressed again it is an error or a second refund."""
    make_world()
    bowl = make_product(slug="bowl").variant_id
    order_id = make_order({bowl: 1})
    pressed = uuid.uuid4()
    refund = partial(refund_order, order_id=order_id, quantities={}, goodwill_amount=1000, reason="", actor="staff:1")
    assert at_once(app, [partial(refund, refund_id=pressed)] * 4) == [1000] * 4
    assert only(payments()).refunded_amount == 1000
    results = at_once(app, [partial(refund, refund_id=uuid.uuid4()) for _ in range(6)])
    assert [result for result in results if isinstance(result, int)] == [1000]
    assert all(result == 1000 or isinstance(result, ShopError) for result in results), results
    payment, order = only(payments()), only(orders())
    assert (payment.refunded_amount, order.refunded_amount) == (2000, 2000)
    run_jobs()
    run_jobs()
    db.session.rollback()
    assert only(db.session.scalars(select(DemoIntent)).all()).refunded_amount == 2000
