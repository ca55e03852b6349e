"""Gift cards behind the port: no provider, the balance stands in our own table (payments/gift_cards.py).

Only `refund` is ever asked of it: a gift card's money is held and spent in the order's own transactions.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from storefront.foundation.database import db, transactional
from storefront.payments.errors import InvalidWebhook
from storefront.payments.gateways.port import (
    STOCK_WAITS,
    Created,
    Intent,
    Offer,
    RefundSaid,
    Said,
    WebhookAnswer,
    WebhookSaid,
)
from storefront.payments.gift_cards import give_back
from storefront.payments.models import Payment


class GiftCardGateway:
    """The gateway of stored money; a checkout adds it to another way to pay, so it is never offered alone."""

    code = "gift_card"
    name = "Gift card"
    detail = ""
    stock_waits = STOCK_WAITS
    is_polled = False
    places_order = False

    def missing_settings(self) -> Sequence[str]:
        return ()

    def accepts(self, offer: Offer) -> bool:
        return False

    def account(self) -> str:
        return ""

    def create(self, intent: Intent) -> Created:
        raise NotImplementedError

    def fetch(self, reference: str) -> Said:
        raise NotImplementedError

    def capture(self, reference: str, *, key: uuid.UUID) -> Said:
        raise NotImplementedError

    def void(self, reference: str) -> Said:
        raise NotImplementedError

    def refund(self, reference: str, *, key: uuid.UUID, amount: int, total: int) -> RefundSaid:
        _give_back(reference, key, amount)
        return RefundSaid(str(key), "refunded")

    def list_recent(self, since: datetime) -> Iterator[Said]:
        return iter(())

    def verify_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookSaid:
        raise InvalidWebhook("Gift cards send no events.")

    def answer_webhook(self, problem: str = "") -> WebhookAnswer:
        return WebhookAnswer(status=400, body=problem)


@transactional
def _give_back(reference: str, key: uuid.UUID, amount: int) -> None:
    payment = db.session.get_one(Payment, uuid.UUID(reference))
    give_back(payment=payment, amount=amount, key=f"refunded:{key}", actor="system")
