"""What inventory tells."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.foundation.outbox import Event


@dataclass(frozen=True, slots=True)
class StockChanged(Event):
    """What pages say of the variant's stock changed: how few are left, or whether there are any.

    Far from none nothing is recorded: a page says "In stock" of twenty as of two hundred. `shown` tells where it
    is said: `stock` on the product's own page alone ("3 left"), `variant` in every list too (sold out or not).
    """

    variant_id: int
    shown: str = "variant"
