"""What orders tells."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from storefront.foundation.outbox import Event


@dataclass(frozen=True, slots=True)
class OrderPlaced(Event):
    """An order is paid and binding."""

    order_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class OrderCanceled(Event):
    """An order was called off after it was placed."""

    order_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class OrderFulfilled(Event):
    """Goods have left."""

    order_id: uuid.UUID
    fulfillment_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class OrderExpired(Event):
    """A pending order's time ran out before the money came."""

    order_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class OrderRefunded(Event):
    """Money goes back for an order that is not canceled; a cancellation tells of its own."""

    order_id: uuid.UUID
    refund_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class ReturnMoved(Event):
    """A return was asked for, approved, rejected, received or called off."""

    return_id: uuid.UUID
    state: str


@dataclass(frozen=True, slots=True)
class WithdrawalStated(Event):
    """Somebody withdrew from a contract; they are owed a receipt."""

    withdrawal_id: uuid.UUID
