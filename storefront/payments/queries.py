"""Reads of payments."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound
from storefront.foundation.money import Money
from storefront.payments.gateways.registry import find_gateway, offered_gateways
from storefront.payments.models import Payment, PaymentState

OPEN = (PaymentState.CREATED, PaymentState.PENDING)


@dataclass(frozen=True, slots=True)
class Method:
    """A way to pay, as the checkout offers it."""

    code: str
    name: str
    detail: str
    is_selected: bool


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
    state: PaymentState
    money: Money
    problem: str
    created_at: datetime

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


def list_methods(selected: str = "") -> list[Method]:
    """Return the methods that this shop offers."""
    return [Method(g.code, g.name, g.detail, g.code == selected) for g in offered_gateways()]


def read_payment(payment_id: uuid.UUID) -> PaymentInfo:
    """Return the payment; raises NotFound."""
    row = db.session.get(Payment, payment_id, populate_existing=True)
    if row is None:
        raise NotFound("We know no such payment.")
    return _info(row)


def find_payment(gateway: str, reference: str) -> PaymentInfo | None:
    """Return the payment that the provider knows by the reference."""
    row = db.session.scalar(select(Payment).where(
        Payment.gateway == gateway, Payment.gateway_reference == reference))
    return _info(row) if row else None


def list_payments(order_id: uuid.UUID) -> list[PaymentInfo]:
    """Return an order's payments, first attempt first."""
    rows = db.session.scalars(select(Payment).where(Payment.order_id == order_id).order_by(Payment.attempt)
                              .execution_options(populate_existing=True))
    return [_info(row) for row in rows]


def list_open_payments(older_than: datetime | None = None, limit: int = 100) -> list[PaymentInfo]:
    """Return payments whose end is not known yet, oldest first."""
    before = older_than or now()
    rows = db.session.scalars(select(Payment).where(Payment.state.in_(OPEN), Payment.created_at <= before)
                              .order_by(Payment.created_at).limit(limit))
    return [_info(row) for row in rows]


def _info(row: Payment) -> PaymentInfo:
    return PaymentInfo(row.id, row.order_id, row.attempt, row.gateway, find_gateway(row.gateway).name,
                       row.gateway_reference, row.redirect_url, row.state, Money(row.amount, row.currency),
                       row.problem, row.created_at)
