"""Refusals of the cart."""

from __future__ import annotations

from storefront.foundation.errors import NotFound, ShopError


class InvalidQuantity(ShopError):
    """A quantity that is no whole number from 1 to 999."""

    def __init__(self) -> None:
        super().__init__("A quantity is a whole number from 1 to 999. Your cart is as it was.")


class NotForSale(NotFound):
    """A variant that does not exist, is archived or has no price."""

    def __init__(self) -> None:
        super().__init__("We no longer sell this one. Your cart is as it was.")


class NoSuchCombination(ShopError):
    """Options that no variant of the product has together."""

    def __init__(self) -> None:
        super().__init__("We do not make this one in that combination. Please choose another.")


class NotEnough(ShopError):
    """More than there are; `available` is how many one cart may hold, `held` how many it holds."""

    def __init__(self, *, available: int, held: int) -> None:
        super().__init__(_not_enough(available, held))
        self.available = available
        self.held = held


class CartFull(ShopError):
    """The cart already holds as many different things as it may."""

    def __init__(self, maximum: int) -> None:
        super().__init__(f"One cart holds {maximum} different things. Please order these first, or write to us.")


class LineGone(NotFound):
    """A line that another tab removed, or that was never in this cart."""

    def __init__(self) -> None:
        super().__init__("That is no longer in your cart. This is how it stands now.")


class CodeRefused(ShopError):
    """A promotion code that cannot count; the sentence says why. `is_unknown`: no promotion has it."""

    def __init__(self, sentence: str, *, is_unknown: bool = False) -> None:
        super().__init__(sentence)
        self.is_unknown = is_unknown


class TooManyCodes(ShopError):
    """As many codes as a cart keeps."""

    def __init__(self, maximum: int) -> None:
        super().__init__(f"A cart keeps {maximum} codes. Please take one out first.")


def _not_enough(available: int, held: int) -> str:
    if available == 0:
        return "This one is sold out, so nothing was added." if held == 0 else "This one has just sold out."
    there = "There is 1 left" if available == 1 else f"There are {available} left"
    if held == 0:
        return f"{there}. Please choose {available}{' or fewer' if available > 1 else ''}."
    if held == available:
        return f"{there}, and you have {'it' if held == 1 else 'all of them'} in your cart."
    return f"{there}; your cart still holds {held}."
