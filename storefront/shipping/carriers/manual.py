"""Staff, who read a carrier's own page or answer the telephone, and write down what they learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storefront.shipping.carriers.port import InvalidTracking, TrackingSaid


class ManualTracker:
    """Tells through the panel only (orders.fulfillments.tell_sighting), never by a webhook."""

    code = "manual"
    name = "Staff"

    def missing_settings(self) -> Sequence[str]:
        return ()

    def verify_webhook(self, body: bytes, headers: Mapping[str, str]) -> str:
        raise InvalidTracking("Staff tell of parcels in the panel.")

    def read_webhook(self, body: bytes) -> TrackingSaid | None:
        return None

    def follow(self, carrier: str, tracking_number: str) -> str:
        return ""
