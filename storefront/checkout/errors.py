"""Refusals of the checkout."""

from __future__ import annotations

from storefront.foundation.errors import ShopError


class StepMissing(ShopError):
    """An earlier step is not done; `step` says which page to show."""

    status = 409

    def __init__(self, step: str, message: str) -> None:
        super().__init__(message)
        self.step = step


class TooManyAttempts(ShopError):
    """Payments were begun again and again and none was made."""

    status = 429

    def __init__(self) -> None:
        super().__init__("Too many payments were begun and not made. Nothing was charged and your cart is as it was; "
                         "please try again in an hour, or write to us.")


class TotalChanged(ShopError):
    """The total is not the one that the shopper confirmed; the new one must be shown first."""

    status = 409

    def __init__(self) -> None:
        super().__init__("A price or the delivery changed while you were here. Please look at the new total.")
