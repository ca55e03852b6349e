"""A shop in which everything has happened once: bought, split, shipped, returned, called off, late, disputed."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import Flask
from sqlalchemy import Update, select, update

from storefront.checkout.reviews import record_money
from storefront.checkout.services import add_gift_card, save_payment_method, start_payment
from storefront.checkout.settling import expire_orders, settle
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.orders.cancellations import cancel_order, cancel_rest
from storefront.orders.fulfillments import fulfill_order
from storefront.orders.models import Order
from storefront.orders.queries import read_order_view
from storefront.orders.refunds import refund_order
from storefront.orders.returns import approve_return, receive_return, refund_return, request_return
from storefront.orders.states import OrderState
from storefront.payments.gateways.demo import decide_intent
from storefront.payments.gateways.port import DisputeSaid
from storefront.payments.gift_cards import issue_gift_card
from storefront.payments.models import DemoIntent
from storefront.payments.queries import PaymentInfo, list_payments
from storefront.payments.refunds import send_due_refunds
from storefront.payments.services import note_dispute
from storefront.promotions.redemptions import redeem_codes, release_redemptions
from storefront.promotions.services import add_code, save_promotion
from storefront.promotions.terms import Conditions, PercentOff
from tests.factories.catalog import make_product
from tests.factories.checkout import make_checkout, make_world, pay
from tests.providers.settings import set_up

STAFF = "staff:1"


def make_lively_shop(app: Flask, run_jobs: Callable[[], int]) -> None:
    """Let all of it happen through the shop's own services, and its workers come to rest."""
    set_up(app, "demo", "cash", CASH_COUNTRIES="IE")
    make_world()
    bowl = make_product(slug="bowl", amount=2400, stock=30).variant_id
    send_back(paid(bowl, 3))
    call_off(bowl)
    pay(make_checkout({bowl: 1}))  # waits for its money
    bring_late_money(bowl)
    park(bowl)
    pay_cash(bowl)
    dispute(bowl)
    use_codes()
    run_jobs()
    db.session.rollback()


def paid(variant_id: int, quantity: int) -> uuid.UUID:
    """Buy by the demo provider; returns the order's id."""
    return decide(begin(variant_id, quantity), "accept").order_id


def begin(variant_id: int, quantity: int) -> PaymentInfo:
    return last_payment(make_checkout({variant_id: quantity}))


def last_payment(cart_id: uuid.UUID) -> PaymentInfo:
    pay(cart_id)
    return provider_payment(order_of(cart_id))


def order_of(cart_id: uuid.UUID) -> uuid.UUID:
    return db.session.scalars(select(Order.id).where(Order.cart_id == cart_id)).one()


def provider_payment(order_id: uuid.UUID) -> PaymentInfo:
    return next(payment for payment in list_payments(order_id) if payment.is_provider)


def decide(payment: PaymentInfo, decision: str) -> PaymentInfo:
    decide_intent(reference=payment.gateway_reference or "", decision=decision)
    return settle(payment_id=payment.id, is_told=True)


def send_back(order_id: uuid.UUID) -> None:
    """One unit leaves and comes back, one more goes, the rest is called off, some goodwill is paid."""
    line_id = read_order_view(order_id).lines[0].id
    fulfill_order(order_id=order_id, carrier="Post", tracking_number="", actor=STAFF, quantities={line_id: 2})
    cancel_rest(order_id=order_id, reason="none left", actor=STAFF)
    return_id = uuid.uuid4()
    request_return(return_id=return_id, order_id=order_id, quantities={line_id: 1}, reason="blue", actor="guest")
    approve_return(return_id=return_id, actor=STAFF)
    receive_return(return_id=return_id, restocked={line_id: 1}, actor=STAFF)
    refund_return(return_id=return_id, refund_id=uuid.uuid4(), actor=STAFF, shipping_amount=50)
    refund_order(refund_id=uuid.uuid4(), order_id=order_id, quantities={}, goodwill_amount=100, reason="late",
                 actor=STAFF)


def call_off(variant_id: int) -> None:
    """A gift card pays a part; the order is canceled and all of it goes back."""
    code = issue_gift_card(amount=1000, note="", recipient_email="", expires_at=None, actor=STAFF)
    for is_kept in (True, False):
        cart_id = make_checkout({variant_id: 1})
        add_gift_card(cart_id=cart_id, code=code)
        start_payment(cart_id=cart_id, confirmed_total=2850 - 1000, actor="guest")
        order_id = decide(provider_payment(order_of(cart_id)), "accept").order_id
        cancel_order(order_id=order_id, reason="changed my mind", actor="guest")
        if is_kept:  # the card's money must be back before it can pay again
            send_due_refunds()


def bring_late_money(variant_id: int) -> None:
    """An order expires; its provider captures all the same, and the goods are still there."""
    payment = begin(variant_id, 1)
    _write(update(Order).where(Order.id == payment.order_id).values(expires_at=now().replace(year=2020)))
    assert expire_orders() == 1
    _write(update(DemoIntent).where(DemoIntent.reference == payment.gateway_reference).values(state="open"))
    decide(payment, "accept")


def park(variant_id: int) -> None:
    """The provider captured another sum than was asked for: staff decide."""
    payment = begin(variant_id, 1)
    _write(update(DemoIntent).where(DemoIntent.reference == payment.gateway_reference).values(amount=1))
    decide(payment, "accept")


def pay_cash(variant_id: int) -> None:
    """Two orders to be paid at the door; the money of one has come."""
    for is_here in (True, False):
        cart_id = make_checkout({variant_id: 1})
        save_payment_method(cart_id=cart_id, code="cash")
        payment = last_payment(cart_id)
        if is_here:
            record_money(payment_id=payment.id, actor=STAFF)


def dispute(variant_id: int) -> None:
    payment = list_payments(paid(variant_id, 1))[0]
    for state in ("open", "lost"):
        note_dispute(payment_id=payment.id, said=DisputeSaid("dp_1", state, payment.money.amount, "fraud"))


def use_codes() -> None:
    """A code is used by two customers, once given back."""
    promotion_id = save_promotion(promotion_id=None, name="Welcome", title="Welcome", conditions=Conditions(),
                                  benefit=PercentOff(basis_points=1000), actor=STAFF, needs_code=True)
    code_id = add_code(promotion_id=promotion_id, code="WELCOME", usage_limit=3, per_customer_limit=1, actor=STAFF)
    orders = db.session.scalars(select(Order.id).where(Order.state == OrderState.PLACED).order_by(Order.id)).all()
    for number, order_id in enumerate(orders[:3]):
        redeem_codes(order_id=order_id, code_ids=[code_id], customer_key=f"customer-{number}")
    release_redemptions(order_id=orders[0])


def _write(statement: Update) -> None:
    db.session.execute(statement)
    db.session.commit()

