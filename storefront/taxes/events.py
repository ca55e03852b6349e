"""What happens to taxes."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.foundation.outbox import Event


@dataclass(frozen=True, slots=True)
class TaxesChanged(Event):
    """A rate or a tax category changed: product pages say which tax their prices hold."""
