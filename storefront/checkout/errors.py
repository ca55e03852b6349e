"""Refusals of the checkout."""

from __future__ import annotations

from storefront.foundation.errors import ShopError


class StepMissing(ShopError):
    """An earlier step is not done; `step` says which page to show."""

    status = 409

    def __init__(self, step: str, message: str) -> None:
        super().__init__(message)
        self.step = step


class TotalChanged(ShopError):
    """The total is not the one that the shopper confirmed; the new one must be shown first."""

    status = 409

    def __init__(self) -> None:
        super().__init__("A price or the delivery changed while you were here. Please look at the new total.")
