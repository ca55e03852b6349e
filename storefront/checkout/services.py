"""Writes of the checkout: its steps, and the order and payment that it becomes.

No provider is called inside a transaction. What becomes of a payment is applied by settling.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select

from storefront.cart.queries import read_cart, read_quantities
from storefront.checkout.errors import StepMissing, TotalChanged
from storefront.checkout.models import CheckoutSession
from storefront.checkout.queries import (
    CheckoutInfo,
    find_checkout,
    first_open_step,
    list_payment_methods,
    list_quotes,
    plan_gift_cards_of,
    read_offer,
)
from storefront.checkout.settling import finish_checkout, place, return_url, settle
from storefront.checkout.snapshot import take_snapshot
from storefront.checkout.throttle import check_attempts
from storefront.foundation.clock import now
from storefront.foundation.database import db, transactional
from storefront.foundation.money import Money
from storefront.orders.queries import OrderBrief, find_brief_by_checkout, read_bought, read_order_brief
from storefront.orders.services import write_order
from storefront.orders.states import OrderState
from storefront.payments.errors import GatewayUnavailable
from storefront.payments.gateways.port import Offer, Shopper
from storefront.payments.gateways.registry import find_gateway
from storefront.payments.gift_cards import find_gift_card, hold_gift_cards, release_gift_cards
from storefront.payments.queries import PaymentInfo, list_payments
from storefront.payments.services import create_payment, open_payment, void_open_payments

MAX_GIFT_CARDS = 10  # in one checkout


@transactional
def save_contact(*, cart_id: uuid.UUID, customer_id: uuid.UUID | None, email: str, phone: str,
                 shipping_address: Mapping[str, str], billing_address: Mapping[str, str] | None) -> None:
    """Keep who buys and where it goes; a delivery that the new country does not have is forgotten."""
    row = _open_row(cart_id)
    row.customer_id, row.email, row.phone = customer_id, email, phone
    if row.shipping_address.get("country") != shipping_address.get("country"):
        row.shipping_code = ""
    row.shipping_address = dict(shipping_address)
    row.billing_address = dict(billing_address or {})


@transactional
def save_delivery(*, cart_id: uuid.UUID, code: str) -> None:
    """Keep the chosen delivery; raises StepMissing when it cannot be had for this cart and country."""
    checkout = _require(cart_id, "delivery")
    cart = read_cart(cart_id, checkout.country)
    if code not in {quote.code for quote in list_quotes(cart, checkout)}:
        raise StepMissing("delivery", "Please choose one of the deliveries below.")
    _open_row(cart_id).shipping_code = code


@transactional
def save_payment_method(*, cart_id: uuid.UUID, code: str) -> None:
    """Keep the way to pay; raises StepMissing when it is not offered."""
    checkout = _require(cart_id, "payment")
    offer = read_offer(read_cart(cart_id, checkout.country), checkout)
    if code not in {method.code for method in list_payment_methods(checkout, offer)}:
        raise StepMissing("payment", "Please choose one of the ways to pay below.")
    _open_row(cart_id).payment_method = code


@transactional
def add_gift_card(*, cart_id: uuid.UUID, code: str) -> None:
    """Let a gift card pay this checkout, as far as it goes. Raises UnknownGiftCard, StepMissing."""
    _require(cart_id, "payment")
    card, row = find_gift_card(code), _open_row(cart_id)
    if str(card.id) not in row.gift_cards and len(row.gift_cards) < MAX_GIFT_CARDS:
        row.gift_cards = [*row.gift_cards, str(card.id)]


@transactional
def remove_gift_card(*, cart_id: uuid.UUID, gift_card_id: uuid.UUID) -> None:
    """Take a gift card out of this checkout; a second call changes nothing."""
    row = _open_row(cart_id)
    row.gift_cards = [card_id for card_id in row.gift_cards if card_id != str(gift_card_id)]


def start_payment(*, cart_id: uuid.UUID, confirmed_total: int, actor: str, shopper: Shopper | None = None) -> str:
    """Write the order, reserve its stock and open the payment; returns the URL where the shopper goes next.

    `confirmed_total` is what the button said, in minor units: the total less what gift cards pay. The same
    press of the button twice, at once or later, makes one order and one payment. Raises StepMissing,
    TotalChanged, OutOfStock, GiftCardEmpty and GatewayUnavailable; after each the cart and all that was said
    are still there.
    """
    checkout = _require(cart_id, "review")
    before = find_brief_by_checkout(checkout.id)
    if before is not None:
        onward = _resume(before, checkout, confirmed_total, shopper)
        if onward:
            return onward
    order_id, payment_id = _write_order(cart_id=cart_id, confirmed_total=confirmed_total, actor=actor)
    order = read_order_brief(order_id)
    if payment_id is None:  # gift cards paid for all of it: the same thanks as after a provider's page
        return f"{order.url}&new=1"
    return _open(payment_id, order, shopper)


def _open(payment_id: uuid.UUID, order: OrderBrief, shopper: Shopper | None) -> str:
    payment = open_payment(payment_id=payment_id, order_number=order.number, return_url=return_url(payment_id),
                           email=order.email, shopper=shopper)
    return payment.redirect_url or order.url


def _resume(order: OrderBrief, checkout: CheckoutInfo, confirmed_total: int, shopper: Shopper | None) -> str:
    """Return where an earlier press of the button leads, or "" when a new attempt is due.

    An open payment for the very same order is taken up again. One for another cart, address or method is
    called off at its provider first. When that provider is down and another one is chosen, the shopper may go
    on: should the old payment be made all the same, its money goes back by itself.
    """
    for payment in list_payments(order.id):
        if payment.is_provider and settle(payment_id=payment.id).is_open and _is_same(
                order, checkout, payment, confirmed_total):
            return _open(payment.id, order, shopper)
    try:
        for payment in void_open_payments(order_id=order.id):
            settle(payment_id=payment.id)
    except GatewayUnavailable:
        if any(payment.is_open and payment.gateway == checkout.payment_method for payment in list_payments(order.id)):
            raise
    order = read_order_brief(order.id)
    if order.placed_at is not None:
        return order.url
    if order.status != OrderState.PENDING:
        _renew(checkout_id=checkout.id)
    return ""


def _is_same(order: OrderBrief, checkout: CheckoutInfo, payment: PaymentInfo, confirmed_total: int) -> bool:
    _, quantities = read_bought(order.id)
    return (
        payment.money.amount == confirmed_total and payment.gateway == checkout.payment_method
        and order.gift_card_plan == plan_gift_cards_of(checkout, order.total.amount)
        and quantities == read_quantities(checkout.cart_id) and order.email == checkout.email
        and order.shipping_address == checkout.shipping_address
    )


@transactional
def _write_order(*, cart_id: uuid.UUID, confirmed_total: int, actor: str) -> tuple[uuid.UUID, uuid.UUID | None]:
    """Write order and payment in one transaction; a twin call finds what the first one wrote."""
    db.session.scalar(select(CheckoutSession.id).where(CheckoutSession.cart_id == cart_id,
                                                       CheckoutSession.completed_at.is_(None)).with_for_update())
    checkout = _require(cart_id, "review")
    cart = read_cart(cart_id, checkout.country)
    draft = take_snapshot(cart, checkout)
    due = draft.totals.total - sum(amount for _, amount in draft.gift_card_plan)
    twin = find_brief_by_checkout(checkout.id)
    for payment in list_payments(twin.id) if twin else ():
        if payment.is_open and payment.gateway == checkout.payment_method and payment.money.amount == due:
            return payment.order_id, payment.id
    if due != confirmed_total:
        raise TotalChanged
    check_attempts(list_payments(twin.id) if twin else ())
    offered = list_payment_methods(checkout, Offer(draft.currency, checkout.country, due))
    if due and checkout.payment_method not in {method.code for method in offered}:
        raise StepMissing("payment", "The way to pay that you chose is not to be had for this order any more.")
    if twin is not None:
        release_gift_cards(order_id=twin.id, actor=actor)
    order_id = write_order(draft=draft, actor=actor)
    hold_gift_cards(order_id=order_id, plan=draft.gift_card_plan, actor=actor)
    if due == 0:
        place(order_id=order_id, actor=actor)
        return order_id, None
    payment_id = create_payment(order_id=order_id, gateway=checkout.payment_method, money=Money(due, draft.currency))
    gateway = find_gateway(checkout.payment_method)
    if gateway.places_order:
        place(order_id=order_id, actor=actor, is_paid=False)
    elif not gateway.is_polled:
        finish_checkout(order_id=order_id)  # the order waits for days: its cart and checkout are done with
    return order_id, payment_id


@transactional
def _renew(*, checkout_id: uuid.UUID) -> None:
    """Carry what was said over to a new checkout, when the old one's order has expired or was canceled."""
    old = db.session.get_one(CheckoutSession, checkout_id)
    if old.completed_at is not None:
        return
    old.completed_at = now()
    db.session.add(CheckoutSession(
        cart_id=old.cart_id, customer_id=old.customer_id, email=old.email, phone=old.phone,
        shipping_address=dict(old.shipping_address), billing_address=dict(old.billing_address),
        shipping_code=old.shipping_code, payment_method=old.payment_method, gift_cards=list(old.gift_cards)))


def _require(cart_id: uuid.UUID, step: str) -> CheckoutInfo:
    """Return the cart's checkout when every step before `step` is done; raises StepMissing."""
    order = ("contact", "delivery", "payment", "review")
    checkout = find_checkout(cart_id)
    reached = first_open_step(checkout)
    if checkout is None or order.index(reached) < order.index(step):
        raise StepMissing(reached, "One step before this one is still missing.")
    return checkout


def _open_row(cart_id: uuid.UUID) -> CheckoutSession:
    row = db.session.scalar(
        select(CheckoutSession).where(CheckoutSession.cart_id == cart_id, CheckoutSession.completed_at.is_(None))
        .order_by(CheckoutSession.created_at.desc()).limit(1))
    if row is None:
        row = CheckoutSession(cart_id=cart_id, shipping_address={}, billing_address={}, shipping_code="",
                              payment_method="", gift_cards=[])
        db.session.add(row)
    return row

