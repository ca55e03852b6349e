"""Payments, the provider's verified events, and the demo provider's own books."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model, enum_column
from storefront.foundation.ids import new_uuid


class PaymentState(enum.StrEnum):
    """Where one attempt at an order's money stands."""

    CREATED = "created"  # our row exists; the provider may not know of it yet
    PENDING = "pending"  # the provider waits for the shopper or the bank
    CAPTURED = "captured"  # the money is ours
    FAILED = "failed"  # declined, canceled or expired at the provider
    REVIEW = "payment_review"  # what the provider says does not match; staff decide



class Payment(Model):
    """One attempt at an order's money. Its id is the attempt key: the provider's idempotency key."""

    __tablename__ = "payments_payment"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    order_id: Mapped[uuid.UUID] = mapped_column(index=True)
    attempt: Mapped[int]  # counts from 1 within the order
    gateway: Mapped[str] = mapped_column(String(40))
    gateway_reference: Mapped[str | None] = mapped_column(String(200))
    redirect_url: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[PaymentState] = mapped_column(enum_column(PaymentState), default=PaymentState.CREATED)
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    problem: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        UniqueConstraint("order_id", "attempt"),
        UniqueConstraint("gateway", "gateway_reference"),
        CheckConstraint("amount >= 0", name="amount"),
        Index("ix_payments_payment_open", "state", "created_at"),
    )


class RefundState(enum.StrEnum):
    """Where money on its way back stands."""

    REQUESTED = "requested"  # our row exists; the provider may not know of it yet
    REFUNDED = "refunded"  # the provider has sent it back


class Refund(Model):
    """A captured payment's money going back, whole. Its id is the provider's idempotency key."""

    __tablename__ = "payments_refund"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payments_payment.id"), unique=True)
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[RefundState] = mapped_column(enum_column(RefundState), default=RefundState.REQUESTED)
    reason: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    refunded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)


class PaymentEvent(Model):
    """A verified webhook, stored once by the provider's event id."""

    __tablename__ = "payments_payment_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(String(40))
    provider_event_id: Mapped[str] = mapped_column(String(200))
    gateway_reference: Mapped[str] = mapped_column(String(200))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    __table_args__ = (UniqueConstraint("gateway", "provider_event_id"),)


class DemoIntent(Model):
    """The demo provider's own record of a payment: the shop reads it through the gateway only."""

    __tablename__ = "payments_demo_intent"
    reference: Mapped[str] = mapped_column(String(64), primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    order_number: Mapped[str] = mapped_column(String(40))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    # open, processing, captured, declined, voided, refunded
    state: Mapped[str] = mapped_column(String(20), default="open")
    return_url: Mapped[str] = mapped_column(Text)
    settles_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # processing becomes captured then
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
