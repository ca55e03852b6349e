"""Gift cards behind the port: no provider, the balance stands in our own table (payments/gift_cards.py).

Only `refund` is ever asked of it: a gift card's money is held and spent in the order's own transactions.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from storefront.foundation.database import db, transactional
from storefront.payments.gateways.by_hand import ByHand
from storefront.payments.gateways.port import STOCK_WAITS, Created, Intent, Offer, RefundSaid
from storefront.payments.gift_cards import give_back
from storefront.payments.models import Payment


class GiftCardGateway(ByHand):
    """The gateway of stored money; a checkout adds it to another way to pay, so it is never offered alone."""

    code = "gift_card"
    name = "Gift card"
    detail = ""
    stock_waits = STOCK_WAITS
    places_order = False

    def missing_settings(self) -> Sequence[str]:
        return ()

    def accepts(self, offer: Offer) -> bool:
        return False

    def create(self, intent: Intent) -> Created:
        raise NotImplementedError

    def refund(self, reference: str, *, key: uuid.UUID, amount: int, total: int) -> RefundSaid:
        """Put it on the card again, at once."""
        _give_back(reference, key, amount)
        return RefundSaid(str(key), "refunded")


@transactional
def _give_back(reference: str, key: uuid.UUID, amount: int) -> None:
    payment = db.session.get_one(Payment, uuid.UUID(reference))
    give_back(payment=payment, amount=amount, key=f"refunded:{key}", actor="system")
