"""What payments tells."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from storefront.foundation.outbox import Event


@dataclass(frozen=True, slots=True)
class PaymentEventReceived(Event):
    """A provider told something about a payment; the body was verified and stored."""

    gateway: str
    gateway_reference: str


@dataclass(frozen=True, slots=True)
class DemoIntentDecided(Event):
    """Somebody answered on the demo provider's page; the provider will call the webhook."""

    reference: str


@dataclass(frozen=True, slots=True)
class PaymentParked(Event):
    """What the provider says does not match our payment; staff decide."""

    payment_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class PaymentAwaited(Event):
    """An order waits for money that the shopper sends without a provider; they are to be told how."""

    payment_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class RefundRequested(Event):
    """Money is promised back; the provider is still to be told."""

    refund_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class PaymentReturned(Event):
    """Money came for an order that cannot be kept any more, and goes back by itself."""

    payment_id: uuid.UUID
