"""Reads of payments."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from storefront.foundation.database import db
from storefront.foundation.errors import NotFound
from storefront.foundation.money import Money
from storefront.payments.gateways.port import Offer
from storefront.payments.gateways.registry import find_gateway, offered_gateways
from storefront.payments.models import Dispute, DisputeState, Payment, PaymentState

OPEN = (PaymentState.CREATED, PaymentState.PENDING)


@dataclass(frozen=True, slots=True)
class Method:
    """A way to pay, as the checkout offers it."""

    code: str
    name: str
    detail: str
    is_selected: bool
    pays_now: bool = True  # False: the order comes first and the money later, without a provider


@dataclass(frozen=True, slots=True)
class PaymentInfo:
    """A payment as other contexts read it."""

    id: uuid.UUID
    order_id: uuid.UUID
    attempt: int
    gateway: str
    gateway_name: str
    gateway_reference: str | None
    redirect_url: str
    instructions: Mapping[str, str]
    state: PaymentState
    money: Money
    captured: Money
    refunded: Money  # promised back, whether or not it has arrived
    gift_card_id: uuid.UUID | None
    problem: str
    created_at: datetime

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_by_hand(self) -> bool:
        """Whether staff record the money: a bank transfer, cash on delivery."""
        return self.is_provider and not find_gateway(self.gateway).is_polled

    @property
    def is_provider(self) -> bool:
        """Whether a provider knows of it, or staff record it: everything but a gift card."""
        return self.gift_card_id is None


def list_methods(selected: str = "", offer: Offer | None = None) -> list[Method]:
    """Return the methods that this shop offers; with an offer, those that take its currency, country and amount."""
    return [Method(g.code, g.name, g.detail, g.code == selected, g.is_polled) for g in offered_gateways(offer)]


def read_payment(payment_id: uuid.UUID) -> PaymentInfo:
    """Return the payment; raises NotFound."""
    row = db.session.get(Payment, payment_id, populate_existing=True)
    if row is None:
        raise NotFound("We know no such payment.")
    return _info(row)


def find_payment(gateway: str, reference: str) -> PaymentInfo | None:
    """Return the payment that the provider knows by the reference, or that our key names."""
    named = [Payment.gateway_reference == reference]
    if (key := _read_uuid(reference)) is not None:
        named.append(Payment.id == key)
    row = db.session.scalar(select(Payment).where(Payment.gateway == gateway, or_(*named))
                            .execution_options(populate_existing=True))
    return _info(row) if row else None


def _read_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def list_payments(order_id: uuid.UUID) -> list[PaymentInfo]:
    """Return an order's payments, first attempt first."""
    rows = db.session.scalars(select(Payment).where(Payment.order_id == order_id).order_by(Payment.attempt)
                              .execution_options(populate_existing=True))
    return [_info(row) for row in rows]


def list_payments_since(gateway: str, since: datetime) -> list[uuid.UUID]:
    """Return the ids of a gateway's payments that ended since then, oldest first."""
    return list(db.session.scalars(select(Payment.id).where(Payment.gateway == gateway, Payment.settled_at >= since)
                                   .order_by(Payment.settled_at, Payment.id)))


def list_parked_payments(limit: int = 100) -> list[PaymentInfo]:
    """Return payments that wait for a decision of staff, oldest first."""
    rows = db.session.scalars(select(Payment).where(Payment.state == PaymentState.REVIEW)
                              .order_by(Payment.created_at, Payment.id).limit(limit))
    return [_info(row) for row in rows]


def list_disputes(order_id: uuid.UUID | None = None, limit: int = 100) -> list[Dispute]:
    """Return chargebacks, newest first: an order's, or all that are open."""
    found = select(Dispute).order_by(Dispute.created_at.desc(), Dispute.id).limit(limit)
    if order_id is None:
        return list(db.session.scalars(found.where(Dispute.state == DisputeState.OPEN)))
    return list(db.session.scalars(found.join(Payment, Payment.id == Dispute.payment_id)
                                   .where(Payment.order_id == order_id)))


def read_captured(order_id: uuid.UUID) -> int:
    """Return what the order's payments captured and did not promise back, in minor units."""
    kept = func.coalesce(func.sum(Payment.captured_amount - Payment.refunded_amount), 0)
    return int(db.session.scalar(select(kept).where(Payment.order_id == order_id,
                                                    Payment.state == PaymentState.CAPTURED)) or 0)


def _info(row: Payment) -> PaymentInfo:
    return PaymentInfo(
        row.id, row.order_id, row.attempt, row.gateway, find_gateway(row.gateway).name, row.gateway_reference,
        row.redirect_url, dict(row.instructions), row.state, Money(row.amount, row.currency),
        Money(row.captured_amount, row.currency), Money(row.refunded_amount, row.currency), row.gift_card_id,
        row.problem, row.created_at)
