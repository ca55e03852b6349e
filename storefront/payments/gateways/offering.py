"""What the gateways share to decide whether they can be offered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from storefront.foundation.errors import SettingsError
from storefront.foundation.shop import facts


def setting(name: str) -> str:
    """Return a provider's setting, or "" when it is not set."""
    return facts().providers.get(name, "")


def countries(name: str) -> frozenset[str]:
    """Return the countries that the setting lists; empty means everywhere."""
    return frozenset(setting(name).upper().replace(",", " ").split())


def missing(*names: str) -> list[str]:
    """Return those of the names that are not set."""
    return [name for name in names if not setting(name)]


def unreadable(name: str, read: Callable[[str], object]) -> Sequence[str]:
    """Return the name with what is wrong about its value; nothing when it reads well or is not set."""
    try:
        if setting(name):
            read(setting(name))
    except SettingsError as error:
        return (f"{name} ({error})",)
    return ()
