"""What the ways to pay without a provider have in common: nobody can be asked, staff record the money."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime

from storefront.payments.errors import InvalidWebhook
from storefront.payments.gateways.port import RefundSaid, Said, WebhookAnswer, WebhookSaid


class ByHand:
    """The half of the port that a provider would answer."""

    is_polled = False

    def account(self) -> str:
        return ""

    def fetch(self, reference: str) -> Said:
        return Said(reference, "open", "", 0, "")

    def capture(self, reference: str, *, key: uuid.UUID) -> Said:
        return self.fetch(reference)

    def void(self, reference: str) -> Said:
        return Said(reference, "failed", "", 0, "")  # there is nothing to call off anywhere else

    def refund(self, reference: str, *, key: uuid.UUID, amount: int, total: int) -> RefundSaid:
        """Not done by itself: the refund stays with staff, who send the money and say so."""
        return RefundSaid(key.hex, "failed", "Staff send this money back by hand: by bank transfer, or in cash.")

    def list_recent(self, since: datetime) -> Iterator[Said]:
        return iter(())

    def verify_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookSaid:
        raise InvalidWebhook("Nobody sends events about this way to pay.")

    def answer_webhook(self, problem: str = "") -> WebhookAnswer:
        return WebhookAnswer(problem, 400)
