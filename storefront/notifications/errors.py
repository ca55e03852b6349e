"""Why a message is not on its way yet."""

from __future__ import annotations


class DeliveryBusy(Exception):
    """Another try of the same message is under way, or died less than its lease ago: ask again later."""


class TransportError(Exception):
    """The mail server is away, slow or unwilling; the message waits and is tried again."""
