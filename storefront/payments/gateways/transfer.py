"""Bank transfer: the shop says where the money goes and waits a week; staff record that it came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from storefront.foundation.errors import SettingsError
from storefront.payments.gateways.by_hand import ByHand
from storefront.payments.gateways.iban import compact, is_bic, is_iban
from storefront.payments.gateways.offering import countries, missing, setting, unreadable
from storefront.payments.gateways.port import Created, Intent, Offer

MAX_REFERENCE = 35  # characters that a SEPA transfer carries as its reference


class TransferGateway(ByHand):
    """The gateway of money that the shopper's own bank sends."""

    code = "transfer"
    name = "Bank transfer"
    detail = "You send the money from your own bank; we pack when it has arrived, and keep your things for seven days."
    stock_waits = timedelta(days=7)
    places_order = False

    def missing_settings(self) -> Sequence[str]:
        return [*missing("BANK_ACCOUNT_NAME", "BANK_IBAN"), *unreadable("BANK_IBAN", _check_iban),
                *unreadable("BANK_BIC", _check_bic)]

    def accepts(self, offer: Offer) -> bool:
        wanted = countries("BANK_COUNTRIES")
        return not wanted or offer.country in wanted

    def create(self, intent: Intent) -> Created:
        """Keep what the shopper was told, so that a later change of the settings does not change it."""
        return Created(intent.key.hex, intent.return_url, tell(intent.order_number))


def tell(order_number: str) -> dict[str, str]:
    """Return what a shopper needs to send the money of an order, as the settings say it now."""
    return {"account_name": setting("BANK_ACCOUNT_NAME"), "iban": compact(setting("BANK_IBAN")),
            "bic": compact(setting("BANK_BIC")), "reference": order_number[:MAX_REFERENCE]}


def _check_iban(text: str) -> None:
    if not is_iban(text):
        raise SettingsError("its length or its check digits do not fit: compare it with your bank's letter")


def _check_bic(text: str) -> None:
    if not is_bic(text):
        raise SettingsError("it must have 8 or 11 letters and digits, such as AIBKIE2D")
