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
