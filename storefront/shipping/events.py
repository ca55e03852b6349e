"""What shipping tells."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from storefront.foundation.outbox import Event


@dataclass(frozen=True, slots=True)
class ShippingChanged(Event):
    """Staff changed zones, methods or rates."""


@dataclass(frozen=True, slots=True)
class ParcelRegistered(Event):
    """A parcel with a tracking number has left; someone may be asked to follow it."""

    parcel_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class TrackingReceived(Event):
    """Somebody told where a parcel is; the message was verified and stored."""

    message_id: int


@dataclass(frozen=True, slots=True)
class ParcelMoved(Event):
    """A parcel's status is another one than before."""

    parcel_id: uuid.UUID
    status: str
