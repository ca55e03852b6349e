"""What inventory tells."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.foundation.outbox import Event


@dataclass(frozen=True, slots=True)
class StockChanged(Event):
    """Staff or an import changed how many there are."""

    variant_id: int
