"""Refusals of accounts."""

from __future__ import annotations

from collections.abc import Mapping

from storefront.foundation.errors import NotFound, ShopError


class InvalidEmail(ShopError):
    """A text that no mail can reach."""

    def __init__(self) -> None:
        super().__init__("Enter an e-mail address, such as name@example.com.")


class WeakPassword(ShopError):
    """A password that is too short, too long or guessed first."""


class EmailTaken(ShopError):
    """A staff member with that e-mail address exists; never said to customers."""

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} already is a staff member.")


class WrongPassword(ShopError):
    """The present password was not given."""

    def __init__(self) -> None:
        super().__init__("That is not your present password.")


class WrongCredentials(ShopError):
    """An e-mail address and a password that do not belong together; which is wrong is not said."""

    def __init__(self) -> None:
        super().__init__("That e-mail address and password do not belong together. Please try again.")


class TooManyTries(ShopError):
    """The throttle of signing in."""

    status = 429

    def __init__(self, minutes: int) -> None:
        super().__init__(f"That was tried many times in a row. Please wait {minutes} minutes, then try again.")


class InvalidAddress(ShopError):
    """An address that no carrier can use; `problems` maps a field to its sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class NoSuchAddress(NotFound):
    """An address that does not exist or is somebody else's."""

    def __init__(self) -> None:
        super().__init__("There is no such address in your account.")


class TooManyAddresses(ShopError):
    """The address book is full."""

    def __init__(self, maximum: int) -> None:
        super().__init__(f"Your account keeps {maximum} addresses. Please remove one first.")
