"""What everyone does who tells where parcels are. Nobody is called inside a transaction."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storefront.foundation.errors import NotFound, ShopError


class ParcelStatus(enum.StrEnum):
    """Where a parcel is, in the steps that a customer thinks in."""

    ANNOUNCED = "announced"  # the carrier knows of it and does not have it yet
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    READY_FOR_PICKUP = "ready_for_pickup"
    PROBLEM = "problem"  # it needs somebody's hand
    RETURNED = "returned"  # on its way back to us
    DELIVERED = "delivered"


LABELS = {
    ParcelStatus.ANNOUNCED: "Announced to the carrier",
    ParcelStatus.IN_TRANSIT: "On its way",
    ParcelStatus.OUT_FOR_DELIVERY: "Out for delivery",
    ParcelStatus.READY_FOR_PICKUP: "Ready to be picked up",
    ParcelStatus.PROBLEM: "Held up",
    ParcelStatus.RETURNED: "On its way back to us",
    ParcelStatus.DELIVERED: "Delivered",
}


class InvalidTracking(ShopError):
    """A message that its carrier did not sign, or that says nothing we can read."""

    status = 400


class UnknownCarrier(NotFound):
    """Nobody of that name tells this shop about parcels."""


class CarrierUnavailable(ShopError):
    """The tracking service did not answer; asking again is safe."""

    status = 503


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing that was said of a parcel. `key` is unique to it: the same one twice is one line of the timeline."""

    key: str
    status: ParcelStatus
    text: str
    place: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class TrackingSaid:
    """What a message says of one parcel."""

    carrier: str
    tracking_number: str
    sightings: Sequence[Sighting]


class Tracker(Protocol):
    """Someone who tells where parcels are: a service for many carriers, one carrier, or staff."""

    code: str
    name: str

    def missing_settings(self) -> Sequence[str]:
        """Return the names of the settings that are needed before its messages can be believed."""

    def verify_webhook(self, body: bytes, headers: Mapping[str, str]) -> str:
        """Check the signature over the raw body and return the event's id. Raises InvalidTracking."""

    def read_webhook(self, body: bytes) -> TrackingSaid | None:
        """Return what a verified body says of a parcel; None when it is about something else."""

    def follow(self, carrier: str, tracking_number: str) -> str:
        """Ask to be told of the parcel; returns its id there, "" when nobody need be asked.

        The same parcel twice is one. Raises CarrierUnavailable.
        """
