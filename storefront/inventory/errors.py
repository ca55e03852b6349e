"""Refusals of inventory."""

from __future__ import annotations

from collections.abc import Mapping

from storefront.foundation.errors import ShopError


class OutOfStock(ShopError):
    """Fewer are available than were asked for; `available` maps variant id to what is left."""

    status = 409

    def __init__(self, available: Mapping[int, int]) -> None:
        super().__init__("Some of these have just been bought by someone else.")
        self.available = dict(available)


class StockTooLow(ShopError):
    """A correction would promise units that do not exist."""
