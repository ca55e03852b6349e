"""Writes of the checkout: its steps, the order that it becomes, and `settle`.

No provider is called inside a transaction. Return page, webhook job, poll and sweeper all
end in `settle`, which may be called any number of times.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select, update

from storefront.accounts.addresses import format_lines
from storefront.cart.queries import read_cart, read_quantities
from storefront.cart.services import take_bought
from storefront.checkout.errors import StepMissing, TotalChanged
from storefront.checkout.models import CheckoutSession
from storefront.checkout.queries import (
    CheckoutInfo,
    find_checkout,
    first_open_step,
    list_quotes,
)
from storefront.checkout.snapshot import take_snapshot
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.money import Money
from storefront.foundation.shop import facts
from storefront.inventory.errors import OutOfStock
from storefront.inventory.services import release_reservations
from storefront.orders.queries import OrderView, find_by_checkout, list_unpaid, read_bought, read_order_view
from storefront.orders.services import expire_order, place_order, write_order
from storefront.orders.states import IllegalMove, OrderState
from storefront.payments.gateways.port import Said
from storefront.payments.gateways.registry import find_gateway
from storefront.payments.queries import (
    PaymentInfo,
    find_payment,
    list_methods,
    list_open_payments,
    list_payments,
    read_payment,
)
from storefront.payments.services import (
    create_payment,
    mark_captured,
    mark_failed,
    open_payment,
    park_payment,
    void_open_payments,
)

POLL_AFTER = timedelta(seconds=20)


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
    _require(cart_id, "payment")
    if code not in {method.code for method in list_methods()}:
        raise StepMissing("payment", "Please choose one of the ways to pay below.")
    _open_row(cart_id).payment_method = code


def start_payment(*, cart_id: uuid.UUID, confirmed_total: int, actor: str) -> str:
    """Write the order, reserve its stock and open the payment; returns the URL where the shopper goes next.

    The same press of the button twice, at once or later, makes one order and one payment.
    Raises StepMissing, TotalChanged, OutOfStock and GatewayUnavailable; after each the cart
    and all that was said are still there.
    """
    checkout = _require(cart_id, "review")
    before = find_by_checkout(checkout.id)
    if before is not None:
        onward = _resume(before, checkout, confirmed_total)
        if onward:
            return onward
    order_id, payment_id = _write_order(cart_id=cart_id, confirmed_total=confirmed_total, actor=actor)
    order = read_order_view(order_id)
    if payment_id is None:
        return order.url
    return _open(payment_id, order)


def settle(*, payment_id: uuid.UUID) -> PaymentInfo:
    """Ask the provider what became of the payment and apply it to the order, once.

    A mismatch of order, amount or currency is parked for staff and never fulfilled; so is
    money for an order whose goods are gone. Raises GatewayUnavailable.
    """
    payment = read_payment(payment_id)
    if not payment.is_open or payment.gateway_reference is None:
        return payment
    order = read_order_view(payment.order_id)
    db.session.rollback()  # no read transaction stays open while the provider answers
    said = find_gateway(payment.gateway).fetch(payment.gateway_reference)
    if (said.order_number, said.amount, said.currency) != (order.number, payment.money.amount, payment.money.currency):
        park_payment(payment_id=payment_id, problem=_mismatch(said))
    elif said.state == "failed":
        _drop_payment(payment=payment)
    elif said.state == "captured":
        try:
            _take_payment(payment=payment)
        except (OutOfStock, IllegalMove) as error:
            park_payment(payment_id=payment_id, problem=f"Paid, but the order could not be placed: {error}")
    return read_payment(payment_id)


def settle_event(*, gateway: str, gateway_reference: str) -> None:
    """Settle the payment that a stored webhook is about; one that we do not know changes nothing."""
    payment = find_payment(gateway, gateway_reference)
    if payment is not None:
        settle(payment_id=payment.id)


def settle_pending() -> int:
    """Poll open payments that nobody told us of; returns how many ended."""
    ended = 0
    for payment in list_open_payments(older_than=now() - POLL_AFTER):
        ended += not settle(payment_id=payment.id).is_open
    return ended


def expire_orders() -> int:
    """End pending orders whose reservation is over, unless their money came; returns how many."""
    expired = 0
    for order_id in list_unpaid(now()):
        paid = void_open_payments(order_id=order_id)
        for payment in paid:
            settle(payment_id=payment.id)
        if not paid:
            expired += expire_order(order_id=order_id)
    return expired


def _open(payment_id: uuid.UUID, order: OrderView) -> str:
    back = f"{facts().site_url}/checkout/return/{payment_id}"
    return open_payment(payment_id=payment_id, order_number=order.number, return_url=back).redirect_url


def _resume(order: OrderView, checkout: CheckoutInfo, confirmed_total: int) -> str:
    """Return where an earlier press of the button leads, or "" when a new attempt is due.

    An open payment for the very same order is taken up again. One for another cart,
    address or method is called off at its provider first, so that it cannot charge as well.
    """
    for payment in list_payments(order.id):
        if settle(payment_id=payment.id).is_open and _is_same(order, checkout, payment, confirmed_total):
            return _open(payment.id, order)
    for payment in void_open_payments(order_id=order.id):
        settle(payment_id=payment.id)
    order = read_order_view(order.id)
    if order.placed_at is not None:
        return order.url
    if order.status != OrderState.PENDING:
        _renew(checkout_id=checkout.id)
    return ""


def _is_same(order: OrderView, checkout: CheckoutInfo, payment: PaymentInfo, confirmed_total: int) -> bool:
    _, quantities = read_bought(order.id)
    return (
        order.total.amount == confirmed_total and payment.gateway == checkout.payment_method
        and quantities == read_quantities(checkout.cart_id) and order.email == checkout.email
        and order.shipping_lines == format_lines(checkout.shipping_address)
    )


@transactional
def _write_order(*, cart_id: uuid.UUID, confirmed_total: int, actor: str) -> tuple[uuid.UUID, uuid.UUID | None]:
    """Write order and payment in one transaction; a twin call finds what the first one wrote."""
    db.session.scalar(select(CheckoutSession.id).where(CheckoutSession.cart_id == cart_id,
                                                       CheckoutSession.completed_at.is_(None)).with_for_update())
    checkout = _require(cart_id, "review")
    twin = find_by_checkout(checkout.id)
    if twin is not None:
        opened = [payment for payment in list_payments(twin.id) if payment.is_open]
        if opened:
            return twin.id, opened[-1].id
    cart = read_cart(cart_id, checkout.country)
    draft = take_snapshot(cart, checkout)
    if draft.totals.total != confirmed_total:
        raise TotalChanged
    order_id = write_order(draft=draft, actor=actor)
    if draft.totals.total == 0:
        _place(order_id=order_id, checkout_id=checkout.id, actor=actor)
        return order_id, None
    total = Money(draft.totals.total, draft.currency)
    return order_id, create_payment(order_id=order_id, gateway=checkout.payment_method, money=total)


@transactional
def _take_payment(*, payment: PaymentInfo) -> None:
    """The money is ours: place the order in the same transaction."""
    if mark_captured(payment_id=payment.id):
        _place(order_id=payment.order_id, checkout_id=None, actor=f"payment:{payment.id}")


@transactional
def _drop_payment(*, payment: PaymentInfo) -> None:
    """No money comes from this attempt: its stock is free again, the order waits for another."""
    if mark_failed(payment_id=payment.id, problem="Declined by the provider."):
        release_reservations(order_id=payment.order_id, actor=f"payment:{payment.id}")


def _place(*, order_id: uuid.UUID, checkout_id: uuid.UUID | None, actor: str) -> None:
    if not place_order(order_id=order_id, actor=actor):
        return
    cart_id, quantities = read_bought(order_id)
    take_bought(cart_id=cart_id, quantities=quantities)
    execute_counted(update(CheckoutSession).where(CheckoutSession.cart_id == cart_id).values(completed_at=now()))


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
        shipping_code=old.shipping_code, payment_method=old.payment_method))


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
                              payment_method="")
        db.session.add(row)
    return row


def _mismatch(said: Said) -> str:
    return f"The provider says {said.amount} {said.currency} for order {said.order_number}."
