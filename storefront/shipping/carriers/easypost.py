"""EasyPost, who follows parcels of more than a hundred carriers (docs.easypost.com/docs/trackers, /webhooks).

Each webhook carries the tracker with all that is known of the parcel so far, so messages may come late, twice or in
any order. They are signed with HMAC-SHA256 over the raw body under the NFKD-normalized webhook secret.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from storefront.foundation.shop import facts
from storefront.shipping.carriers.port import (
    CarrierUnavailable,
    InvalidTracking,
    ParcelStatus,
    Sighting,
    TrackingSaid,
)

T = TypeVar("T")
SECRET = "EASYPOST_WEBHOOK_SECRET"  # noqa: S105  # the setting's name
SIGNATURE = "X-Hmac-Signature"
API = "https://api.easypost.com/v2"
TIMEOUT_SECONDS = 10
MAX_ANSWER = 1_000_000  # bytes; a tracker with hundreds of details is a tenth of it
# tracker.status in their words; "unknown" is what they say before the carrier has answered
STATUSES = {
    "unknown": ParcelStatus.ANNOUNCED, "pre_transit": ParcelStatus.ANNOUNCED, "in_transit": ParcelStatus.IN_TRANSIT,
    "out_for_delivery": ParcelStatus.OUT_FOR_DELIVERY, "available_for_pickup": ParcelStatus.READY_FOR_PICKUP,
    "delivered": ParcelStatus.DELIVERED, "return_to_sender": ParcelStatus.RETURNED,
    "failure": ParcelStatus.PROBLEM, "cancelled": ParcelStatus.PROBLEM, "error": ParcelStatus.PROBLEM,
}


class Location(msgspec.Struct):
    """Where something was seen."""

    city: str | None = None
    state: str | None = None
    country: str | None = None


class Detail(msgspec.Struct):
    """One line of the carrier's own tracking."""

    datetime: datetime
    status: str | None = None
    message: str | None = None
    tracking_location: Location | None = None


class EasyPostTracker(msgspec.Struct):
    """A parcel as they know it."""

    tracking_code: str
    carrier: str | None = None
    status: str | None = None
    updated_at: datetime | None = None
    tracking_details: list[Detail] | None = None


class Kind(msgspec.Struct):
    """The part of an event that every one has."""

    id: str
    description: str = ""


class Event(Kind, kw_only=True):
    """An event about a tracker."""

    result: EasyPostTracker


class EasyPost:
    """The tracker that speaks with EasyPost."""

    code = "easypost"
    name = "EasyPost"

    def missing_settings(self) -> Sequence[str]:
        return () if facts().providers.get(SECRET) else (SECRET,)

    def verify_webhook(self, body: bytes, headers: Mapping[str, str]) -> str:
        if not hmac.compare_digest(sign(body).encode(), headers.get(SIGNATURE, "").encode()):
            raise InvalidTracking("The signature does not fit the body.")
        self.read_webhook(body)
        return _decode(body, Kind).id

    def read_webhook(self, body: bytes) -> TrackingSaid | None:
        if _decode(body, Kind).description not in ("tracker.updated", "tracker.created"):
            return None
        said = _decode(body, Event).result
        if not said.tracking_code.strip():
            raise InvalidTracking("The tracker has no tracking code.")
        return TrackingSaid(said.carrier or "", said.tracking_code, _sightings(said))

    def follow(self, carrier: str, tracking_number: str) -> str:
        key = facts().providers.get("EASYPOST_API_KEY", "")
        if not key:
            return ""
        wanted = {"tracking_code": tracking_number} | ({"carrier": carrier} if carrier else {})
        answer = _post("/trackers", key, msgspec.json.encode({"tracker": wanted}))
        try:
            return msgspec.json.decode(answer, type=Kind).id
        except msgspec.DecodeError:
            raise CarrierUnavailable("EasyPost answered in a way that cannot be read.") from None


def sign(body: bytes) -> str:
    """Return the signature header as EasyPost makes it."""
    secret = unicodedata.normalize("NFKD", facts().providers[SECRET]).encode()
    return "hmac-sha256-hex=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidTracking("The body is not an event of EasyPost.") from None


def _sightings(said: EasyPostTracker) -> list[Sighting]:
    details = said.tracking_details or []
    if not details and said.updated_at is not None:
        details = [Detail(said.updated_at, said.status)]
    return [_sighting(said.tracking_code, detail) for detail in details if detail.datetime.tzinfo is not None]


def _sighting(tracking_code: str, detail: Detail) -> Sighting:
    """Their details have no ids: what is said, where and when, is what makes one."""
    where = detail.tracking_location or Location()
    place = ", ".join(part for part in (where.city, where.state, where.country) if part)
    text = detail.message or ""
    said = "|".join((tracking_code, detail.status or "", detail.datetime.isoformat(), text, place))
    key = "easypost:" + hashlib.sha256(said.encode()).hexdigest()
    return Sighting(key, STATUSES.get(detail.status or "", ParcelStatus.IN_TRANSIT), text, place, detail.datetime)


def _post(path: str, key: str, body: bytes) -> bytes:
    base = urlsplit(facts().providers.get("EASYPOST_API_BASE") or API)
    kind = HTTPSConnection if base.scheme == "https" else HTTPConnection
    connection = kind(base.hostname or "", base.port, timeout=TIMEOUT_SECONDS)
    headers = {"Content-Type": "application/json", "Accept": "application/json",
               "Authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}
    try:
        connection.request("POST", base.path.rstrip("/") + path, body, headers)
        answer = connection.getresponse()
        said = answer.read(MAX_ANSWER)
    except (OSError, HTTPException) as error:
        raise CarrierUnavailable(f"EasyPost did not answer: {type(error).__name__}.") from None
    finally:
        connection.close()
    if answer.status >= 300:
        raise CarrierUnavailable(f"EasyPost answered {answer.status}.")
    return said
