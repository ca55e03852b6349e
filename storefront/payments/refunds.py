"""Money that goes back: promised in one transaction, sent by a job, booked when the provider has it.

The promise raises `refunded_amount` by a statement that holds its own condition, and a CHECK stands
behind it, so no race and no second click sends back more than was captured.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.failpoints import failpoint
from storefront.foundation.money import Money
from storefront.foundation.outbox import record
from storefront.payments.errors import RefundTooLarge
from storefront.payments.events import RefundRequested
from storefront.payments.gateways.port import RefundSaid
from storefront.payments.gateways.registry import find_gateway
from storefront.payments.ledger import ORDERS, REFUNDS_DUE, UNASSIGNED, book, clearing
from storefront.payments.models import Payment, PaymentState, Refund, RefundState

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=12)
BY_HAND = "clearing:by_hand"  # sent another way than the payment came
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RefundInfo:
    """A refund of one payment as other contexts read it."""

    id: uuid.UUID
    payment_id: uuid.UUID
    order_refund_id: uuid.UUID | None
    gateway: str
    money: Money
    state: RefundState
    reason: str
    problem: str
    actor: str
    created_at: datetime
    refunded_at: datetime | None


@transactional
def request_refunds(*, order_id: uuid.UUID, amount: int, order_refund_id: uuid.UUID | None, reason: str,
                    actor: str) -> list[uuid.UUID]:
    """Promise `amount` minor units of what an order's payments captured; returns the refunds' ids.

    Provider payments go back first, the newest first, then gift cards. Raises RefundTooLarge,
    and nothing is promised then.
    """
    rows = db.session.scalars(
        select(Payment).where(Payment.order_id == order_id, Payment.state == PaymentState.CAPTURED)
        .order_by(Payment.gift_card_id.is_not(None), Payment.attempt.desc())
        .execution_options(populate_existing=True)).all()
    made, left = [], amount
    for row in rows:
        part = min(left, row.captured_amount - row.refunded_amount)
        if part > 0:
            made.append(promise_refund(payment_id=row.id, amount=part, order_refund_id=order_refund_id,
                                       reason=reason, actor=actor, debit=ORDERS))
            left -= part
    if amount <= 0 or left:
        raise RefundTooLarge("That is more than was paid and not given back yet.")
    return made


@transactional
def promise_refund(*, payment_id: uuid.UUID, amount: int, reason: str, actor: str, debit: str = UNASSIGNED,
                   order_refund_id: uuid.UUID | None = None) -> uuid.UUID:
    """Promise part of one captured payment; `debit` is the ledger account that gives it. Raises RefundTooLarge."""
    promised = execute_counted(
        update(Payment).where(Payment.id == payment_id, Payment.refunded_amount + amount <= Payment.captured_amount)
        .values(refunded_amount=Payment.refunded_amount + amount))
    if amount <= 0 or not promised:
        raise RefundTooLarge("That is more than was paid and not given back yet.")
    payment = db.session.get_one(Payment, payment_id, populate_existing=True)
    row = Refund(payment_id=payment_id, order_refund_id=order_refund_id, amount=amount, currency=payment.currency,
                 reason=reason[:300], actor=actor)
    db.session.add(row)
    db.session.flush()
    book(key=f"promised:{row.id}", debit=debit, credit=REFUNDS_DUE, money=Money(amount, payment.currency), actor=actor,
         order_id=payment.order_id, payment_id=payment_id)
    record(RefundRequested(refund_id=row.id))
    return row.id


def send_refund(*, refund_id: uuid.UUID) -> RefundState:
    """Tell the provider of a promised refund, under its own key however often; returns how it stands.

    Not transactional: the provider is called between two short transactions. Raises GatewayUnavailable.
    """
    row = db.session.get(Refund, refund_id, populate_existing=True)
    if row is None:
        raise NotFound("We know no such refund.")
    if row.state != RefundState.REQUESTED:
        return row.state
    payment = db.session.get_one(Payment, row.payment_id)
    gateway, reference, amount, total = payment.gateway, payment.gateway_reference, row.amount, payment.captured_amount
    wait = min(FIRST_WAIT * 2 ** min(row.try_count, 12), LONGEST_WAIT)
    _count_try(refund_id=refund_id, next_try_at=now() + wait)
    said = find_gateway(gateway).refund(reference or "", key=refund_id, amount=amount, total=total)
    failpoint("refund-sent")
    return _note_sent(refund_id=refund_id, said=said)


def send_due_refunds() -> int:
    """Send again what was promised and has not arrived; returns how many are done now."""
    due = db.session.scalars(select(Refund.id).where(Refund.state == RefundState.REQUESTED, Refund.next_try_at <= now())
                             .order_by(Refund.next_try_at).limit(100)).all()
    done = 0
    for refund_id in due:
        try:
            done += send_refund(refund_id=refund_id) == RefundState.REFUNDED
        except Exception:  # one provider that is down keeps no other refund waiting
            logger.warning("refund not sent", extra={"refund_id": str(refund_id)}, exc_info=True)
            db.session.rollback()
    return done


@transactional
def retry_refund(*, refund_id: uuid.UUID, actor: str) -> uuid.UUID:
    """Ask once more, under a new key, for a refund that the provider refused; returns the new one's id."""
    row = db.session.get(Refund, refund_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != RefundState.FAILED or row.next_try_at is not None:
        raise ShopError("Only a refund that the provider refused can be sent again, and once.")
    again = Refund(payment_id=row.payment_id, order_refund_id=row.order_refund_id, amount=row.amount,
                   currency=row.currency, reason=row.reason, actor=actor)
    row.next_try_at = now()  # marks it as followed by another one
    db.session.add(again)
    db.session.flush()
    record(RefundRequested(refund_id=again.id))
    return again.id


@transactional
def close_refund(*, refund_id: uuid.UUID, note: str, actor: str) -> None:
    """Note that staff sent the money of a refused refund another way, such as by bank transfer."""
    changed = execute_counted(
        update(Refund).where(Refund.id == refund_id, Refund.state == RefundState.FAILED, Refund.next_try_at.is_(None))
        .values(state=RefundState.REFUNDED, refunded_at=now(), problem=note[:2000], actor=actor))
    if not changed:
        raise ShopError("Only a refund that the provider refused can be sent by hand, and once.")
    row = db.session.get_one(Refund, refund_id, populate_existing=True)
    _book_sent(row, credit=BY_HAND, actor=actor)


def list_refunds(order_id: uuid.UUID) -> list[RefundInfo]:
    """Return what went back or is on its way for an order, oldest first."""
    rows = db.session.execute(
        select(Refund, Payment.gateway).join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.order_id == order_id).order_by(Refund.created_at, Refund.id)
        .execution_options(populate_existing=True)).all()
    return [_info(row, gateway) for row, gateway in rows]


def list_failed_refunds(limit: int = 100) -> Sequence[tuple[RefundInfo, uuid.UUID]]:
    """Return refunds that providers refused and nobody has followed up, each with its order's id."""
    rows = db.session.execute(
        select(Refund, Payment.gateway, Payment.order_id).join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.state == RefundState.FAILED, Refund.next_try_at.is_(None))
        .order_by(Refund.created_at).limit(limit)).all()
    return [(_info(row, gateway), order_id) for row, gateway, order_id in rows]


@transactional
def _count_try(*, refund_id: uuid.UUID, next_try_at: datetime) -> None:
    execute_counted(update(Refund).where(Refund.id == refund_id, Refund.state == RefundState.REQUESTED)
                    .values(try_count=Refund.try_count + 1, next_try_at=next_try_at))


@transactional
def _note_sent(*, refund_id: uuid.UUID, said: RefundSaid) -> RefundState:
    if said.state == "processing":
        return RefundState.REQUESTED
    state = RefundState.REFUNDED if said.state == "refunded" else RefundState.FAILED
    changed = execute_counted(
        update(Refund).where(Refund.id == refund_id, Refund.state == RefundState.REQUESTED)
        .values(state=state, gateway_reference=said.reference[:200], problem=said.problem[:2000], next_try_at=None,
                refunded_at=now() if state == RefundState.REFUNDED else None))
    row = db.session.get_one(Refund, refund_id, populate_existing=True)
    if changed and state == RefundState.REFUNDED:
        _book_sent(row, credit="", actor=row.actor)
    elif changed:
        logger.error("refund refused by the provider", extra={"refund_id": str(refund_id), "problem": said.problem})
    return row.state


def _book_sent(row: Refund, *, credit: str, actor: str) -> None:
    payment = db.session.get_one(Payment, row.payment_id)
    book(key=f"refunded:{row.id}", debit=REFUNDS_DUE, credit=credit or clearing(payment.gateway),
         money=Money(row.amount, row.currency), actor=actor, order_id=payment.order_id, payment_id=payment.id)


def _info(row: Refund, gateway: str) -> RefundInfo:
    return RefundInfo(row.id, row.payment_id, row.order_refund_id, gateway, Money(row.amount, row.currency), row.state,
                      row.reason, row.problem, row.actor, row.created_at, row.refunded_at)
