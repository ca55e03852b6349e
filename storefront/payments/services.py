"""Writes of payments. A state changes by a conditional statement, so each end is reached once."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import case, func, select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.failpoints import failpoint
from storefront.foundation.money import Money
from storefront.foundation.outbox import record
from storefront.payments.errors import InvalidWebhook
from storefront.payments.events import PaymentAwaited, PaymentEventReceived, PaymentParked
from storefront.payments.gateways.demo import SIGNATURE, sign, webhook_body
from storefront.payments.gateways.port import Created, DisputeSaid, Intent, Said, Shopper
from storefront.payments.gateways.registry import find_gateway
from storefront.payments.ledger import DISPUTES, UNASSIGNED, book, clearing
from storefront.payments.models import (
    Dispute,
    DisputeState,
    Payment,
    PaymentEvent,
    PaymentState,
    Refund,
    RefundState,
)
from storefront.payments.queries import OPEN, PaymentInfo, list_payments, read_payment

MAX_NAME = 200  # characters of a provider's id, as wide as its column
FIRST_POLL, LONGEST_POLL = timedelta(seconds=20), timedelta(hours=1)
logger = logging.getLogger(__name__)


@transactional
def create_payment(*, order_id: uuid.UUID, gateway: str, money: Money) -> uuid.UUID:
    """Write down one more attempt at an order's money, before the provider is told; returns its id."""
    attempts = db.session.scalar(select(func.count()).select_from(Payment).where(Payment.order_id == order_id)) or 0
    is_polled = find_gateway(gateway).is_polled
    row = Payment(order_id=order_id, attempt=attempts + 1, gateway=gateway, amount=money.amount,
                  currency=money.currency, next_poll_at=now() + FIRST_POLL if is_polled else None)
    db.session.add(row)
    db.session.flush()
    if not is_polled:
        record(PaymentAwaited(payment_id=row.id))
    return row.id


def open_payment(*, payment_id: uuid.UUID, order_number: str, return_url: str, email: str = "",
                 shopper: Shopper | None = None) -> PaymentInfo:
    """Tell the provider of the payment and keep its reference; the same payment opens once, however often asked.

    Not transactional: the provider is called between two short transactions. Raises
    GatewayUnavailable, after which the same call may be repeated.
    """
    payment = read_payment(payment_id)
    if payment.gateway_reference is None and payment.is_provider:
        db.session.rollback()  # no read transaction stays open while the provider answers
        intent = Intent(payment.id, order_number, payment.money.amount, payment.money.currency, return_url, email,
                        shopper or Shopper())
        created = find_gateway(payment.gateway).create(intent)
        failpoint("payment-created-at-provider")
        _keep_reference(payment_id=payment_id, created=created)
    return read_payment(payment_id)


@transactional
def mark_captured(*, payment_id: uuid.UUID) -> bool:
    """Note that the money is ours, also when we had given the payment up; False when it was noted before."""
    return bool(execute_counted(
        update(Payment).where(Payment.id == payment_id, Payment.state.in_([*OPEN, PaymentState.FAILED]))
        .values(state=PaymentState.CAPTURED, captured_amount=Payment.amount, problem="", settled_at=now(),
                next_poll_at=None)))


@transactional
def book_capture(*, payment_id: uuid.UUID, credit: str, actor: str) -> None:
    """Book a captured payment to the account that it belongs to: `orders`, or `unassigned` when it goes back."""
    payment = db.session.get_one(Payment, payment_id, populate_existing=True)
    book(key=f"captured:{payment_id}", debit=clearing(payment.gateway), credit=credit,
         money=Money(payment.captured_amount, payment.currency), actor=actor, order_id=payment.order_id,
         payment_id=payment_id)


@transactional
def mark_failed(*, payment_id: uuid.UUID, problem: str) -> bool:
    """Note that no money comes; False when the payment had ended already."""
    return _end(payment_id, PaymentState.FAILED, problem)


@transactional
def park_payment(*, payment_id: uuid.UUID, problem: str, said: Said) -> bool:
    """Put a payment aside for staff, with what the provider captured; False when it had ended already."""
    payment = db.session.get_one(Payment, payment_id, populate_existing=True)
    parked = execute_counted(
        update(Payment).where(Payment.id == payment_id, Payment.state.in_([*OPEN, PaymentState.FAILED]))
        .values(state=PaymentState.REVIEW, problem=problem, settled_at=now(), next_poll_at=None,
                captured_amount=said.amount if said.state == "captured" and said.currency == payment.currency else 0))
    if parked:
        book_capture(payment_id=payment_id, credit=UNASSIGNED, actor="system")
        record(PaymentParked(payment_id=payment_id))
        logger.error("payment parked for review", extra={"payment_id": str(payment_id), "problem": problem})
    return bool(parked)


@transactional
def close_review(*, payment_id: uuid.UUID, state: PaymentState, note: str) -> bool:
    """End staff's look at a parked payment; False when somebody else ended it."""
    return bool(execute_counted(
        update(Payment).where(Payment.id == payment_id, Payment.state == PaymentState.REVIEW)
        .values(state=state, problem=note)))


def void_open_payments(*, order_id: uuid.UUID) -> list[PaymentInfo]:
    """Call off an order's open payments at their providers; returns those that turned out to be paid or under way.

    Not transactional: providers are called. Raises GatewayUnavailable when one does not answer: nothing is known
    of that payment then, and it stays open.
    """
    paid = []
    for payment in list_payments(order_id):
        if not payment.is_open or not payment.is_provider:
            continue
        if payment.gateway_reference is None:
            mark_failed(payment_id=payment.id, problem="Superseded before the provider knew of it.")
            continue
        db.session.rollback()
        if find_gateway(payment.gateway).void(payment.gateway_reference).state in ("captured", "processing"):
            paid.append(payment)
        else:
            mark_failed(payment_id=payment.id, problem="Called off.")
    return paid


@transactional
def claim_due_payments(*, limit: int = 100) -> list[uuid.UUID]:
    """Return the open payments that are due to be asked about, and put their next turn off, twice as far each time."""
    rows = db.session.scalars(
        select(Payment).where(Payment.state.in_(OPEN), Payment.next_poll_at <= now())
        .order_by(Payment.next_poll_at, Payment.id).limit(limit).with_for_update(skip_locked=True)).all()
    for row in rows:
        row.poll_count += 1
        row.next_poll_at = now() + min(FIRST_POLL * 2 ** min(row.poll_count, 12), LONGEST_POLL)
    return [row.id for row in rows]


@transactional
def note_outside_refund(*, payment_id: uuid.UUID, refunded_amount: int, debit: str) -> tuple[uuid.UUID, int] | None:
    """Take over a refund that was made at the provider itself; returns its id and amount, None when there is no news.

    `refunded_amount` is all that went back of the payment, as the provider says.
    """
    payment = db.session.get_one(Payment, payment_id, populate_existing=True)
    before = payment.refunded_amount
    amount = min(refunded_amount, payment.captured_amount) - before
    if payment.state != PaymentState.CAPTURED or amount <= 0 or not execute_counted(
            update(Payment).where(Payment.id == payment_id, Payment.refunded_amount == before)
            .values(refunded_amount=before + amount)):
        return None
    row = Refund(payment_id=payment_id, amount=amount, currency=payment.currency, state=RefundState.REFUNDED,
                 reason="refunded at the provider", actor="provider", refunded_at=now(), next_try_at=None)
    db.session.add(row)
    db.session.flush()
    book(key=f"refunded:{row.id}", debit=debit, credit=clearing(payment.gateway),
         money=Money(amount, payment.currency), actor="provider", order_id=payment.order_id, payment_id=payment_id)
    return row.id, amount


@transactional
def note_dispute(*, payment_id: uuid.UUID, said: DisputeSaid) -> None:
    """Write down a chargeback and what became of it, each once; a bank that takes money back is booked as that."""
    payment = db.session.get_one(Payment, payment_id)
    row = db.session.scalar(select(Dispute).where(Dispute.gateway_reference == said.reference).with_for_update())
    if row is None:
        row = Dispute(payment_id=payment_id, gateway_reference=said.reference, amount=said.amount,
                      currency=payment.currency, reason=said.reason[:200])
        db.session.add(row)
        db.session.flush()
        logger.warning("payment disputed", extra={"payment_id": str(payment_id)})
    money, bank = Money(row.amount, row.currency), clearing(payment.gateway)
    order_id = payment.order_id
    book(key=f"disputed:{row.id}", debit=DISPUTES, credit=bank, money=money, actor="provider", order_id=order_id,
         payment_id=payment_id)
    if said.state == "won":
        book(key=f"won:{row.id}", debit=bank, credit=DISPUTES, money=money, actor="provider", order_id=order_id,
             payment_id=payment_id)
    if row.state != DisputeState.WON and said.state != "open":  # a lost one may still be won; never the other way
        row.state = DisputeState(said.state)


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
                                gateway_reference=said.reference, kind=said.kind[:80],
                                body={"raw": body.decode("utf-8", "replace")}))
    db.session.flush()
    record(PaymentEventReceived(gateway=gateway, gateway_reference=said.reference))
    return True


@transactional
def note_handled(*, gateway: str, gateway_reference: str) -> None:
    """Note that the events about a payment were applied."""
    execute_counted(update(PaymentEvent).where(
        PaymentEvent.gateway == gateway, PaymentEvent.gateway_reference == gateway_reference,
        PaymentEvent.handled_at.is_(None)).values(handled_at=now()))


def send_demo_webhook(*, reference: str) -> None:
    """Do what the demo provider's server does after a decision: call the shop's webhook, signed."""
    body = webhook_body(reference)
    receive_webhook(gateway="demo", body=body, headers={SIGNATURE: sign(body)})


@transactional
def _keep_reference(*, payment_id: uuid.UUID, created: Created) -> None:
    execute_counted(
        update(Payment).where(Payment.id == payment_id, Payment.gateway_reference.is_(None))
        .values(gateway_reference=created.reference, redirect_url=created.redirect_url,
                instructions=dict(created.instructions),
                state=case((Payment.state == PaymentState.CREATED, PaymentState.PENDING), else_=Payment.state)))


def _end(payment_id: uuid.UUID, state: PaymentState, problem: str) -> bool:
    return bool(execute_counted(
        update(Payment).where(Payment.id == payment_id, Payment.state.in_(OPEN))
        .values(state=state, problem=problem, settled_at=now(), next_poll_at=None)))
