"""Cash on delivery: the order binds at once, the carrier brings the money, staff record it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from storefront.foundation.errors import SettingsError
from storefront.payments.gateways.by_hand import ByHand
from storefront.payments.gateways.offering import countries, missing, setting, unreadable
from storefront.payments.gateways.port import Created, Intent, Offer


class CashGateway(ByHand):
    """The gateway of money that changes hands at the door."""

    code = "cash"
    name = "Cash on delivery"
    detail = "You pay whoever brings the parcel. Please have the amount ready."
    stock_waits = timedelta(days=7)  # the order is placed at once; this is for one that staff take up again
    places_order = True

    def missing_settings(self) -> Sequence[str]:
        """A shop says where it dares to: without countries it is offered nowhere."""
        return [*missing("CASH_COUNTRIES"), *unreadable("CASH_MAXIMUM", _read_maximum)]

    def accepts(self, offer: Offer) -> bool:
        maximum = _read_maximum(setting("CASH_MAXIMUM"))
        is_small = maximum is None or offer.amount <= maximum
        return is_small and offer.country in countries("CASH_COUNTRIES")

    def create(self, intent: Intent) -> Created:
        return Created(intent.key.hex, intent.return_url)


def _read_maximum(text: str) -> int | None:
    """Minor units of the shop's currency; None when there is no limit."""
    if text and not (text.isascii() and text.isdigit()):
        raise SettingsError("it must be whole minor units, such as 20000 for 200.00")
    return int(text) if text else None
