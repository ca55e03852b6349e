"""The base of every refusal that a person may read."""

from __future__ import annotations


class ShopError(Exception):
    """Something the shop declines to do; `str(error)` is a kind sentence safe to show.

    `way_on` are the words and the address of a link that leads on from there.
    """

    status = 422
    way_on: tuple[str, str] | None = None


class NotFound(ShopError):
    """The thing asked for does not exist, or is not the asker's to see."""

    status = 404


class SettingsError(Exception):
    """The settings are wrong or missing; the message says which and what to do."""
