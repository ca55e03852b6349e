"""What shipping tells."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.foundation.outbox import Event


@dataclass(frozen=True, slots=True)
class ShippingChanged(Event):
    """Staff changed zones, methods or rates."""
