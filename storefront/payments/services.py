"""Writes of payments. A state changes by a conditional statement, so each end is reached once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import func, select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.money import Money
from storefront.foundation.outbox import record
from storefront.payments.errors import InvalidWebhook
from storefront.payments.events import PaymentEventReceived, PaymentParked
from storefront.payments.gateways.demo import SIGNATURE, sign, webhook_body
from storefront.payments.gateways.port import Created, Intent
from storefront.payments.gateways.registry import find_gateway
from storefront.payments.models import Payment, PaymentEvent, PaymentState, Refund, RefundState
from storefront.payments.queries import OPEN, PaymentInfo, list_payments, read_payment

MAX_NAME = 200  # characters of a provider's id, as wide as its column


@transactional
def create_payment(*, order_id: uuid.UUID, gateway: str, money: Money) -> uuid.UUID:
    """Write down one more attempt at an order's money, before the provider is told; returns its id."""
    attempts = db.session.scalar(select(func.count()).select_from(Payment).where(Payment.order_id == order_id)) or 0
    row = Payment(order_id=order_id, attempt=attempts + 1, gateway=gateway, amount=money.amount,
                  currency=money.currency)
    db.session.add(row)
    db.session.flush()
    return row.id


def open_payment(*, payment_id: uuid.UUID, order_number: str, return_url: str) -> PaymentInfo:
    """Tell the provider of the payment and keep its reference; the same payment opens once, however often asked.

    Not transactional: the provider is called between two short transactions. Raises
    GatewayUnavailable, after which the same call may be repeated.
    """
    payment = read_payment(payment_id)
    if payment.gateway_reference is None and payment.is_open:
        db.session.rollback()  # no read transaction stays open while the provider answers
        intent = Intent(payment.id, order_number, payment.money.amount, payment.money.currency, return_url)
        created = find_gateway(payment.gateway).create(intent)
        _keep_reference(payment_id=payment_id, created=created)
    return read_payment(payment_id)


@transactional
def mark_captured(*, payment_id: uuid.UUID) -> bool:
    """Note that the money is ours; False when the payment had ended already."""
    return _end(payment_id, PaymentState.CAPTURED, "")


@transactional
def mark_failed(*, payment_id: uuid.UUID, problem: str) -> bool:
    """Note that no money comes; False when the payment had ended already."""
    return _end(payment_id, PaymentState.FAILED, problem)


@transactional
def park_payment(*, payment_id: uuid.UUID, problem: str) -> bool:
    """Put a payment aside for staff; False when it had ended already."""
    parked = _end(payment_id, PaymentState.REVIEW, problem)
    if parked:
        record(PaymentParked(payment_id=payment_id))
    return parked


def void_open_payments(*, order_id: uuid.UUID) -> list[PaymentInfo]:
    """Call off an order's open payments at their providers; returns those that turned out to be captured.

    Not transactional: providers are called.
    """
    captured = []
    for payment in list_payments(order_id):
        if not payment.is_open:
            continue
        if payment.gateway_reference is None:
            mark_failed(payment_id=payment.id, problem="Superseded before the provider knew of it.")
            continue
        db.session.rollback()
        if find_gateway(payment.gateway).void(payment.gateway_reference).state in ("captured", "processing"):
            captured.append(payment)
        else:
            mark_failed(payment_id=payment.id, problem="Called off.")
    return captured


def refund_order(*, order_id: uuid.UUID, reason: str) -> int:
    """Send back what was captured for the order, whole; returns how many payments went back.

    Not transactional: our row with its key comes first, then the provider, then the note
    that it is done. A call repeated after a failure uses the same key.
    """
    count = 0
    for payment in list_payments(order_id):
        if payment.state == PaymentState.CAPTURED and payment.gateway_reference and payment.money:
            key = _request_refund(payment=payment, reason=reason)
            if key is not None:
                find_gateway(payment.gateway).refund(payment.gateway_reference, key=key, amount=payment.money.amount)
                _note_refunded(refund_id=key)
                count += 1
    return count


@transactional
def receive_webhook(*, gateway: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Verify a webhook on its raw body, store it once and leave the work to a job; False for a repeat.

    Raises InvalidWebhook or UnknownGateway.
    """
    said = find_gateway(gateway).verify_webhook(body, headers)
    if not all(0 < len(name) <= MAX_NAME and name.isprintable() for name in (said.event_id, said.reference)):
        raise InvalidWebhook("The event names itself or its payment in a way that cannot be kept.")
    known = db.session.scalar(select(PaymentEvent.id).where(
        PaymentEvent.gateway == gateway, PaymentEvent.provider_event_id == said.event_id))
    if known is not None:
        return False
    db.session.add(PaymentEvent(gateway=gateway, provider_event_id=said.event_id,
                                gateway_reference=said.reference, body={"raw": body.decode("utf-8", "replace")}))
    db.session.flush()
    record(PaymentEventReceived(gateway=gateway, gateway_reference=said.reference))
    return True


def send_demo_webhook(*, reference: str) -> None:
    """Do what the demo provider's server does after a decision: call the shop's webhook, signed."""
    body = webhook_body(reference)
    receive_webhook(gateway="demo", body=body, headers={SIGNATURE: sign(body)})


@transactional
def _keep_reference(*, payment_id: uuid.UUID, created: Created) -> None:
    execute_counted(
        update(Payment).where(Payment.id == payment_id, Payment.state == PaymentState.CREATED)
        .values(gateway_reference=created.reference, redirect_url=created.redirect_url, state=PaymentState.PENDING))


def _end(payment_id: uuid.UUID, state: PaymentState, problem: str) -> bool:
    return bool(execute_counted(
        update(Payment).where(Payment.id == payment_id, Payment.state.in_(OPEN))
        .values(state=state, problem=problem, settled_at=now())))


@transactional
def _request_refund(*, payment: PaymentInfo, reason: str) -> uuid.UUID | None:
    """Return the key of the payment's refund, making the row once; None when the money is back already."""
    row = db.session.scalar(select(Refund).where(Refund.payment_id == payment.id))
    if row is None:
        row = Refund(payment_id=payment.id, amount=payment.money.amount, currency=payment.money.currency,
                     reason=reason)
        db.session.add(row)
        db.session.flush()
    return None if row.state == RefundState.REFUNDED else row.id


@transactional
def _note_refunded(*, refund_id: uuid.UUID) -> None:
    execute_counted(update(Refund).where(Refund.id == refund_id, Refund.state == RefundState.REQUESTED)
                    .values(state=RefundState.REFUNDED, refunded_at=now()))
