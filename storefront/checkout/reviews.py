"""What staff decide about money: record what came by hand, end what was parked.

Each decision is a conditional statement, so two members of staff cannot both decide.
"""

from __future__ import annotations

import uuid

from storefront.checkout.settling import assign_money, take_payment
from storefront.foundation.database import db, transactional
from storefront.foundation.errors import ShopError
from storefront.foundation.outbox import record
from storefront.payments.events import PaymentReturned
from storefront.payments.gateways.registry import find_gateway
from storefront.payments.ledger import ORDERS, UNASSIGNED, book
from storefront.payments.models import PaymentState
from storefront.payments.queries import PaymentInfo, read_payment
from storefront.payments.refunds import promise_refund
from storefront.payments.services import close_review

DECISIONS = {"accept": "Accept it: the order is placed", "refund": "Send the money back",
             "close": "Close: no money came"}


@transactional
def record_money(*, payment_id: uuid.UUID, actor: str) -> None:
    """Note that the money of a bank transfer or of cash on delivery is here; a second call changes nothing.

    A pending order is placed by it. Money for an order that is gone is promised back, to be sent by hand.
    """
    payment = read_payment(payment_id)
    gateway = find_gateway(payment.gateway)
    if gateway.is_polled or not payment.is_provider:
        raise ShopError("The provider says itself when this money comes.")
    if payment.state == PaymentState.REVIEW:
        raise ShopError("This payment waits for a decision first.")
    take_payment(payment_id=payment_id, actor=actor)


def resolve_payment(*, payment_id: uuid.UUID, decision: str, reason: str, actor: str) -> None:
    """End a parked payment: `accept` places its order, `refund` sends the money back, `close` says none came.

    Not transactional: for `close` the provider is asked to call the payment off first. Raises ShopError in
    words when the decision does not fit, and GatewayUnavailable.
    """
    payment = read_payment(payment_id)
    if payment.state != PaymentState.REVIEW:
        raise ShopError("This payment waits for no decision any more.")
    if decision == "accept":
        _accept(payment_id=payment_id, reason=reason, actor=actor)
    elif decision == "refund":
        _send_back(payment_id=payment_id, reason=reason, actor=actor)
    elif decision == "close":
        _close(payment, reason=reason, actor=actor)
    else:
        raise ShopError("Choose one of the decisions.")


@transactional
def _accept(*, payment_id: uuid.UUID, reason: str, actor: str) -> None:
    payment = read_payment(payment_id)
    if payment.captured != payment.money:
        raise ShopError("What came is not what was asked for, so it cannot pay the order. Send it back.")
    _end(payment_id, PaymentState.CAPTURED, f"Accepted: {reason}")
    assign_money(payment_id=payment_id, actor=actor)
    _book_over(payment, actor)


@transactional
def _send_back(*, payment_id: uuid.UUID, reason: str, actor: str) -> None:
    payment = read_payment(payment_id)
    if not payment.captured:
        raise ShopError("No money that we know of came with it. Close it instead.")
    _end(payment_id, PaymentState.CAPTURED, f"Sent back: {reason}")
    promise_refund(payment_id=payment_id, amount=payment.captured.amount, reason=reason, actor=actor)
    record(PaymentReturned(payment_id=payment_id))


def _close(payment: PaymentInfo, *, reason: str, actor: str) -> None:
    if payment.captured:
        raise ShopError("Money came with it: accept it or send it back.")
    gateway = find_gateway(payment.gateway)
    if gateway.is_polled and payment.gateway_reference:
        db.session.rollback()
        gateway.void(payment.gateway_reference)
    _end(payment.id, PaymentState.FAILED, f"Closed: {reason}")


def _end(payment_id: uuid.UUID, state: PaymentState, note: str) -> None:
    if not close_review(payment_id=payment_id, state=state, note=note):
        raise ShopError("Somebody else has decided a moment ago.")


def _book_over(payment: PaymentInfo, actor: str) -> None:
    book(key=f"accepted:{payment.id}", debit=UNASSIGNED, credit=ORDERS, actor=actor, order_id=payment.order_id,
         money=payment.captured, payment_id=payment.id)
