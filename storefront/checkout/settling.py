"""`settle`: the one step that applies what a provider says about a payment to its order.

Return page, webhook job, poll, sweeper and reconciliation all end here, at once or days apart, any number
of times and in any order: the provider is asked for the present state, and each change of ours is a
conditional statement. No provider is called inside a transaction.
"""

from __future__ import annotations

import logging
import uuid

from sqlalchemy import update

from storefront.cart.services import take_bought
from storefront.checkout.models import CheckoutSession
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.errors import ShopError
from storefront.foundation.failpoints import failpoint
from storefront.foundation.money import Money, format_money
from storefront.foundation.outbox import record
from storefront.foundation.shop import facts
from storefront.inventory.services import release_reservations
from storefront.orders.queries import OrderBrief, list_unpaid, read_bought, read_order_brief
from storefront.orders.refunds import note_outside_refund as note_order_refund
from storefront.orders.services import expire_order, note_paid, place_order
from storefront.orders.states import OrderState
from storefront.payments.errors import GatewayUnavailable, UnknownGateway
from storefront.payments.events import PaymentReturned
from storefront.payments.gateways.port import Gateway, Said
from storefront.payments.gateways.registry import find_gateway
from storefront.payments.gift_cards import capture_gift_cards, release_gift_cards
from storefront.payments.ledger import ORDERS, UNASSIGNED
from storefront.payments.models import PaymentState
from storefront.payments.queries import PaymentInfo, find_payment, read_captured, read_payment
from storefront.payments.refunds import promise_refund
from storefront.payments.services import (
    book_capture,
    claim_due_payments,
    mark_captured,
    mark_failed,
    note_dispute,
    note_handled,
    note_outside_refund,
    open_payment,
    park_payment,
    void_open_payments,
)

logger = logging.getLogger(__name__)


def settle(*, payment_id: uuid.UUID, is_told: bool = False) -> PaymentInfo:
    """Ask the provider what became of the payment and apply it to the order, once.

    Only open payments are asked about, unless `is_told`: an event or the reconciliation says that there is
    news. What does not match our payment in order, amount, currency or account is parked for staff and never
    fulfilled. Money for an order that cannot be kept any more goes back. Raises GatewayUnavailable.
    """
    payment = read_payment(payment_id)
    gateway = find_gateway(payment.gateway)
    if not gateway.is_polled or not (payment.is_open or is_told):
        return payment
    order = read_order_brief(payment.order_id)
    if payment.gateway_reference is None:
        if not is_told:
            return payment
        payment = open_payment(payment_id=payment_id, order_number=order.number, return_url=return_url(payment_id))
    db.session.rollback()  # no read transaction stays open while the provider answers
    said = gateway.fetch(payment.gateway_reference or "")
    failpoint("settle-fetched")
    problem = _mismatch(gateway, payment, order, said)
    if not problem:
        said = _finish(gateway, payment, order, said)
    _apply(payment, order, said, problem)
    return read_payment(payment_id)


def settle_event(*, gateway: str, gateway_reference: str) -> None:
    """Settle the payment that a stored webhook is about; one that we do not know changes nothing."""
    payment = find_payment(gateway, gateway_reference) or _find_by_asking(gateway, gateway_reference)
    if payment is not None:
        settle(payment_id=payment.id, is_told=True)
    note_handled(gateway=gateway, gateway_reference=gateway_reference)


def _find_by_asking(gateway: str, reference: str) -> PaymentInfo | None:
    """Return the payment behind an event that names it in the provider's own way, such as a dispute's charge."""
    db.session.rollback()  # no read transaction stays open while the provider answers
    try:
        said = find_gateway(gateway).fetch(reference)
    except UnknownGateway:
        return None
    return find_payment(gateway, said.reference)


def settle_pending() -> int:
    """Ask about open payments whose turn it is; returns how many ended. One provider that is down delays no other."""
    ended = 0
    for payment_id in claim_due_payments():
        try:
            ended += not settle(payment_id=payment_id).is_open
        except Exception:
            logger.warning("payment not settled", extra={"payment_id": str(payment_id)}, exc_info=True)
            db.session.rollback()
    return ended


def expire_orders() -> int:
    """End pending orders whose reservation is over, unless their money came; returns how many.

    An order does not wait for a provider that is down: it expires, its payment stays open, and
    money that comes late finds its goods again or goes back.
    """
    expired = 0
    for order_id in list_unpaid(now()):
        try:
            paid = void_open_payments(order_id=order_id)
            for payment in paid:
                settle(payment_id=payment.id)
        except GatewayUnavailable:
            paid = []
        except Exception:
            logger.exception("order not expired", extra={"order_id": str(order_id)})
            db.session.rollback()
            continue
        if not paid:
            expired += expire_order(order_id=order_id)
    return expired


def return_url(payment_id: uuid.UUID) -> str:
    """Return the address to which a provider sends the browser; what it carries is never believed."""
    return f"{facts().site_url}/checkout/return/{payment_id}"


@transactional
def take_payment(*, payment_id: uuid.UUID, actor: str) -> bool:
    """Note that the money is ours and place its order in the same transaction; False when that was done before.

    Money that no order can take (goods gone, order called off, paid twice, changed since) is promised back.
    """
    if not mark_captured(payment_id=payment_id):
        return False
    failpoint("payment-captured-before-commit")
    try:
        with db.session.begin_nested():
            assign_money(payment_id=payment_id, actor=actor)
        credit = ORDERS
    except ShopError as error:
        credit = UNASSIGNED
        problem = f"The order could not be kept: {error}"
    book_capture(payment_id=payment_id, credit=credit, actor=actor)
    if credit == UNASSIGNED:
        payment = read_payment(payment_id)
        promise_refund(payment_id=payment_id, amount=payment.captured.amount, reason=problem, actor="system")
        record(PaymentReturned(payment_id=payment_id))
        logger.warning("money goes back", extra={"payment_id": str(payment_id), "problem": problem})
    return True


@transactional
def assign_money(*, payment_id: uuid.UUID, actor: str) -> None:
    """Let a captured payment pay its order: place it, or count what was due on delivery.

    Raises a ShopError when the order cannot take this money.
    """
    payment = read_payment(payment_id)
    order = read_order_brief(payment.order_id)
    if order.placed_at is None:
        _place(order, actor=actor, is_paid=True)
    elif not note_paid(order_id=order.id, amount=payment.captured.amount):
        raise ShopError("it was paid already, or called off")


@transactional
def place(*, order_id: uuid.UUID, actor: str, is_paid: bool = True) -> None:
    """Make the order binding, spend its gift cards, and take what was bought out of the cart.

    Raises OutOfStock, GiftCardEmpty, IllegalMove, and ShopError when what was paid is not the total.
    """
    _place(read_order_brief(order_id), actor=actor, is_paid=is_paid)


def _place(order: OrderBrief, *, actor: str, is_paid: bool) -> None:
    capture_gift_cards(order_id=order.id, plan=order.gift_card_plan, actor=actor)
    paid = read_captured(order.id)
    if is_paid and paid != order.total.amount:
        raise ShopError("it is not the one that was paid for")
    if not place_order(order_id=order.id, actor=actor, paid_amount=paid):
        raise ShopError("it was paid already")
    finish_checkout(order_id=order.id)


@transactional
def finish_checkout(*, order_id: uuid.UUID) -> None:
    """Take what the order bought out of its cart and close the cart's checkout."""
    cart_id, quantities = read_bought(order_id)
    take_bought(cart_id=cart_id, quantities=quantities)
    execute_counted(update(CheckoutSession).where(CheckoutSession.cart_id == cart_id,
                                                  CheckoutSession.completed_at.is_(None)).values(completed_at=now()))


def _finish(gateway: Gateway, payment: PaymentInfo, order: OrderBrief, said: Said) -> Said:
    """Take money that is only authorized; call off what nobody waits for any more."""
    if said.state == "authorized" and order.status in (OrderState.PENDING, OrderState.EXPIRED):
        return gateway.capture(said.reference, key=payment.id)
    if said.state in ("open", "authorized") and order.status != OrderState.PENDING:
        return gateway.void(said.reference)
    return said


def _apply(payment: PaymentInfo, order: OrderBrief, said: Said, problem: str) -> None:
    if payment.state == PaymentState.REVIEW:
        return  # staff decide
    if problem:
        if payment.state == PaymentState.CAPTURED:
            logger.error("provider contradicts itself", extra={"payment_id": str(payment.id), "problem": problem})
            return
        park_payment(payment_id=payment.id, problem=problem, said=said)
    elif said.state == "failed":
        _drop_payment(payment=payment)
    elif said.state == "captured":
        take_payment(payment_id=payment.id, actor=f"payment:{payment.id}")
        if said.refunded_amount or said.disputes:
            _take_over_news(payment_id=payment.id, said=said)


@transactional
def _take_over_news(*, payment_id: uuid.UUID, said: Said) -> None:
    """Write down refunds and chargebacks that were made at the provider."""
    payment = read_payment(payment_id)
    if said.refunded_amount > payment.refunded.amount:
        is_kept = read_order_brief(payment.order_id).paid.amount >= payment.captured.amount
        made = note_outside_refund(payment_id=payment_id, refunded_amount=said.refunded_amount,
                                   debit=ORDERS if is_kept else UNASSIGNED)
        if made and is_kept:
            key, amount = made
            note_order_refund(order_id=payment.order_id, amount=amount, key=key, reason="refunded at the provider")
    for dispute in said.disputes:
        note_dispute(payment_id=payment_id, said=dispute)


@transactional
def _drop_payment(*, payment: PaymentInfo) -> None:
    """No money comes from this attempt: its stock is free again, the order waits for another."""
    if mark_failed(payment_id=payment.id, problem="Declined by the provider."):
        release_reservations(order_id=payment.order_id, actor=f"payment:{payment.id}")
        release_gift_cards(order_id=payment.order_id, actor=f"payment:{payment.id}")


def _mismatch(gateway: Gateway, payment: PaymentInfo, order: OrderBrief, said: Said) -> str:
    """Return in words how the provider's payment differs from ours; "" when it does not."""
    if said.state in ("open", "failed") and not said.order_number:
        return ""  # no money moved, and a provider may know nothing of a payment that nobody began
    told = (said.order_number, said.amount, said.currency, said.account)
    if told == (order.number, payment.money.amount, payment.money.currency, gateway.account()):
        return ""
    other = "" if said.order_number == order.number else f" for order {said.order_number}"
    account = "" if said.account == gateway.account() else f" on account {said.account}"
    return (f"The provider says {_written(Money(said.amount, said.currency))}{other}{account}; "
            f"we asked for {_written(payment.money)}.")


def _written(money: Money) -> str:
    return format_money(money, facts().locale)
