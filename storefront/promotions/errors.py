"""Refusals of promotions."""

from __future__ import annotations

from storefront.foundation.errors import NotFound, ShopError


class InvalidPromotion(ShopError):
    """Terms that make no promotion; the sentence says which."""


class UnknownPromotion(NotFound):
    """A promotion or a code that does not exist."""

    def __init__(self, what: str = "promotion") -> None:
        super().__init__(f"There is no such {what}.")


class CodeTaken(ShopError):
    """Another code is spelled the same."""

    def __init__(self, code: str) -> None:
        super().__init__(f"There is a code {code} already.")


class CodeUsedUp(ShopError):
    """A code that may not be used once more: by anybody, or by this customer."""

    def __init__(self, code: str, *, by_customer: bool) -> None:
        super().__init__(say_used(code) if by_customer else say_used_up(code))
        self.code = code
        self.by_customer = by_customer


class CodeLimitTooLow(ShopError):
    """A limit below what has been used already."""

    def __init__(self, used: int) -> None:
        super().__init__(f"It has been used {used} times already, so its limit cannot be lower than that.")


def say_used(code: str) -> str:
    """Return that this customer has had the code."""
    return f"You have used the code {code} already, so it does not count again."


def say_used_up(code: str) -> str:
    """Return that everybody together has had the code."""
    return f"The code {code} has been used up."
