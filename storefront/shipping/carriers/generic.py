"""Any carrier or warehouse that can send JSON and sign it.

    POST /webhooks/tracking/generic
    Tracking-Timestamp: <seconds since 1970>
    Tracking-Signature: <hex of HMAC-SHA256(CARRIER_WEBHOOK_SECRET, timestamp + "." + body)>

    {"event_id": "…", "carrier": "An Post", "tracking_number": "…", "status": "in_transit", "text": "…",
     "place": "…", "occurred_at": "2026-11-21T12:00:00Z"}

`status` is a value of ParcelStatus. A message older or younger than five minutes is refused: a copy of it
cannot be sent again later.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from storefront.foundation.clock import now
from storefront.foundation.shop import facts
from storefront.shipping.carriers.port import InvalidTracking, ParcelStatus, Sighting, TrackingSaid

SECRET = "CARRIER_WEBHOOK_SECRET"  # noqa: S105  # the setting's name
TIMESTAMP, SIGNATURE = "Tracking-Timestamp", "Tracking-Signature"
TOLERANCE_SECONDS = 300


class Message(msgspec.Struct):
    """The body."""

    event_id: str
    carrier: str
    tracking_number: str
    status: ParcelStatus
    occurred_at: datetime
    text: str = ""
    place: str = ""


class GenericTracker:
    """Signed JSON, the same for everyone who can send it."""

    code = "generic"
    name = "Signed JSON"

    def missing_settings(self) -> Sequence[str]:
        return () if facts().providers.get(SECRET) else (SECRET,)

    def verify_webhook(self, body: bytes, headers: Mapping[str, str]) -> str:
        said = headers.get(TIMESTAMP, "")
        if not hmac.compare_digest(sign(body, said).encode(), headers.get(SIGNATURE, "").encode()):
            raise InvalidTracking("The signature does not fit the body.")
        if not said.isascii() or not said.isdigit() or len(said) > 12 or (
                abs(now().timestamp() - int(said)) > TOLERANCE_SECONDS):
            raise InvalidTracking("The message is too old.")
        return _read(body).event_id

    def read_webhook(self, body: bytes) -> TrackingSaid | None:
        said = _read(body)
        sighting = Sighting(f"generic:{said.event_id}", said.status, said.text, said.place, said.occurred_at)
        return TrackingSaid(said.carrier, said.tracking_number, [sighting])

    def follow(self, carrier: str, tracking_number: str) -> str:
        return ""


def sign(body: bytes, timestamp: str) -> str:
    """Return the signature over time and body, as the sender makes it."""
    secret = facts().providers[SECRET].encode()
    return hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _read(body: bytes) -> Message:
    try:
        said = msgspec.json.decode(body, type=Message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidTracking("The body is not a message about a parcel.") from None
    if said.occurred_at.tzinfo is None or not said.tracking_number.strip():
        raise InvalidTracking("The message lacks a tracking number, or its time lacks a zone.")
    return said
