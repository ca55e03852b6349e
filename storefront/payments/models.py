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
    PENDING = "pending"  # the provider waits for the shopper or the bank, or staff for the money
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
    gift_card_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payments_gift_card.id"), index=True)
    redirect_url: Mapped[str] = mapped_column(Text, default="")
    instructions: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # what a page of ours shows: a QR code, …
    state: Mapped[PaymentState] = mapped_column(enum_column(PaymentState), default=PaymentState.CREATED)
    amount: Mapped[int]
    captured_amount: Mapped[int] = mapped_column(default=0)
    refunded_amount: Mapped[int] = mapped_column(default=0)  # promised back, whether or not it has arrived
    currency: Mapped[str] = mapped_column(String(3))
    problem: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    poll_count: Mapped[int] = mapped_column(default=0)
    next_poll_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: nobody is to be asked
    __table_args__ = (
        UniqueConstraint("order_id", "attempt"),
        UniqueConstraint("gateway", "gateway_reference"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("refunded_amount >= 0 AND refunded_amount <= captured_amount", name="refunded"),
        Index("ix_payments_payment_open", "state", "next_poll_at"),
    )


class RefundState(enum.StrEnum):
    """Where money on its way back stands."""

    REQUESTED = "requested"  # our row exists; the provider may not know of it yet
    REFUNDED = "refunded"  # the provider has sent it back
    FAILED = "failed"  # the provider will not; staff send it another way and say so


class Refund(Model):
    """Part or all of a captured payment going back. Its id is the provider's idempotency key."""

    __tablename__ = "payments_refund"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payments_payment.id"), index=True)
    order_refund_id: Mapped[uuid.UUID | None] = mapped_column(index=True)  # orders_order_refund.id
    gateway_reference: Mapped[str | None] = mapped_column(String(200))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[RefundState] = mapped_column(enum_column(RefundState), default=RefundState.REQUESTED)
    reason: Mapped[str] = mapped_column(String(300), default="")
    actor: Mapped[str] = mapped_column(String(80), default="system")  # "provider": made in its dashboard
    problem: Mapped[str] = mapped_column(Text, default="")
    try_count: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=now)  # None: nothing more to do
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    refunded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)


class DisputeState(enum.StrEnum):
    """What the bank says of a chargeback."""

    OPEN = "open"
    WON = "won"  # the money came back to us
    LOST = "lost"


class Dispute(Model):
    """A chargeback: the shopper's bank took the money back and the shop may answer at the provider."""

    __tablename__ = "payments_dispute"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payments_payment.id"), index=True)
    gateway_reference: Mapped[str] = mapped_column(String(200), unique=True)
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[DisputeState] = mapped_column(enum_column(DisputeState), default=DisputeState.OPEN)
    reason: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)


class LedgerTransfer(Model):
    """Money from one account to another, append-only: each row is a debit and a credit of the same amount.

    Accounts are named in ledger.py. `key` says what caused the row, so nothing is booked twice.
    """

    __tablename__ = "payments_ledger_transfer"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    debit: Mapped[str] = mapped_column(String(60))
    credit: Mapped[str] = mapped_column(String(60))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    order_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    payment_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(80))
    booked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    __table_args__ = (CheckConstraint("amount > 0 AND debit <> credit", name="transfer"),)


class GiftCard(Model):
    """Stored money that pays for whoever knows its code; only the code's hash is kept."""

    __tablename__ = "payments_gift_card"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_uuid)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    last_letters: Mapped[str] = mapped_column(String(4))
    currency: Mapped[str] = mapped_column(String(3))
    issued_amount: Mapped[int]
    balance: Mapped[int]
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_blocked: Mapped[bool] = mapped_column(default=False)
    recipient_email: Mapped[str] = mapped_column(String(254), default="")
    note: Mapped[str] = mapped_column(String(300), default="")
    actor: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    __table_args__ = (CheckConstraint("balance >= 0 AND balance <= issued_amount", name="balance"),)


class GiftCardEntry(Model):
    """One change of a gift card's balance, append-only: the sum of the amounts is the balance."""

    __tablename__ = "payments_gift_card_entry"
    id: Mapped[int] = mapped_column(primary_key=True)
    gift_card_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payments_gift_card.id"), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)  # issued:<card>, held:<payment>, refunded:<refund>, …
    amount: Mapped[int]
    payment_id: Mapped[uuid.UUID | None]
    actor: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class PaymentEvent(Model):
    """A verified webhook, stored once by the provider's event id."""

    __tablename__ = "payments_payment_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(String(40))
    provider_event_id: Mapped[str] = mapped_column(String(200))
    gateway_reference: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(80), default="")
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (UniqueConstraint("gateway", "provider_event_id"),)


class DemoIntent(Model):
    """The demo provider's own record of a payment: the shop reads it through the gateway only."""

    __tablename__ = "payments_demo_intent"
    reference: Mapped[str] = mapped_column(String(64), primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    order_number: Mapped[str] = mapped_column(String(40))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    # open, processing, authorized, captured, declined, voided
    state: Mapped[str] = mapped_column(String(20), default="open")
    refunded_amount: Mapped[int] = mapped_column(default=0)
    refund_keys: Mapped[list[str]] = mapped_column(JSON, default=list)  # idempotency keys that were seen
    return_url: Mapped[str] = mapped_column(Text)
    settles_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # processing becomes captured then
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
